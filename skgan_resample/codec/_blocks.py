"""Ranks of categories <-> one-hot blocks."""

from itertools import accumulate

import numpy as np

MAX_BLOCK = 64


def base_of(n_levels):
    """Base and number of the digits that ranks below ``n_levels`` are written in.

    One digit up to 64 levels, else as few as possible of at most 64 values.

    Examples
    --------
    >>> base_of(3), base_of(1000)
    ((3, 1), (32, 2))
    """
    n_digits = 1
    while MAX_BLOCK**n_digits < n_levels:
        n_digits += 1
    base = round(n_levels ** (1 / n_digits))
    return (base if base**n_digits >= n_levels else base + 1), n_digits


def digits_of(rank, n_levels):
    """Digits of ranks, the highest first: (n,) -> list of (n,) arrays."""
    base, n_digits = base_of(n_levels)
    return [rank // base**place % base for place in range(n_digits)][::-1]


def rank_of(digits, n_levels):
    """Ranks of digits, the highest first; the last rank where there is none so high."""
    base, rank = base_of(n_levels)[0], 0
    for digit in digits:
        rank = rank * base + digit
    return np.minimum(rank, n_levels - 1)


def blocks_of(encoded, sizes):
    """Views of the last columns of encoded rows, as blocks of the given sizes."""
    ends = accumulate(sizes, initial=encoded.shape[1] - sum(sizes))
    return [encoded[:, end : end + size] for end, size in zip(ends, sizes, strict=False)]
