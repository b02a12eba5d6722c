"""A column of categories <-> one-hot blocks."""

from itertools import accumulate

import numpy as np

MAX_BLOCK = 64


class Category:
    """The levels of a column, whose ranks are written in digits, with a one-hot block for each.

    Attributes
    ----------
    levels : ndarray
        The levels seen, in ascending order or in that of the caller's own categories.
    fill : int
        Rank of what stands in for a missing value: the most frequent level.
    block_sizes : tuple of int
        The base of the digits, once for each of them.
    width : int
        Encoded columns: the sum of the block sizes.
    """

    def fit(self, column, values, missing):
        """Learn from what ``read`` in ``_values.py`` returns."""
        levels, codes = _levels_and_codes(column, values)
        counts = np.bincount(codes[~missing], minlength=len(levels))
        seen = np.flatnonzero(counts)
        dtype = object if column.kind == "level" else values.dtype
        self.levels = np.fromiter((levels[i] for i in seen), dtype, count=len(seen))
        self.fill = counts[seen].argmax()
        base, n_digits = base_of(len(seen))
        self.block_sizes, self.width = (base,) * n_digits, base * n_digits
        return self

    def encode(self, column, values, missing, out):
        """Write one-hot blocks into ``out``, (n, width) of zeros."""
        levels, codes = _levels_and_codes(column, values)
        rank = {level: i for i, level in enumerate(self.levels.tolist())}
        ranks = np.array([*(rank.get(level, -1) for level in levels), -1])[codes]
        for code in codes[(ranks < 0) & ~missing]:
            raise ValueError(
                f"Got the value {levels[code]!r} in {column.label}, which was not there in fit."
            )
        ranks[missing] = self.fill
        rows = np.arange(len(out))
        digits = digits_of(ranks, len(self.levels))
        for block, digit in zip(blocks_of(out, self.block_sizes), digits, strict=True):
            block[rows, digit] = 1

    def decode(self, x):
        """Take the level of the largest entries; (n, width) -> (n,)."""
        digits = [block.argmax(axis=1) for block in blocks_of(x, self.block_sizes)]
        return self.levels[rank_of(digits, len(self.levels))]


def _levels_and_codes(column, values):
    """The levels of a column of any kind, and their places in that list."""
    if column.kind == "level":
        return column.levels, values
    levels, codes = np.unique(values, return_inverse=True)
    return levels.tolist(), codes


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
    """Views of encoded columns, as blocks of the given sizes."""
    ends = accumulate(sizes, initial=0)
    return [encoded[:, end : end + size] for end, size in zip(ends, sizes, strict=False)]
