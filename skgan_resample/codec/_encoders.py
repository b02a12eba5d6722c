"""One column of a table <-> what networks take: a standardised number, or one-hot blocks."""

import math

import numpy as np

MAX_BLOCK = 64
_EXACT = 2.0**23
_MOST_DECIMALS = 6
_FEWEST_VALUES = 10  # ten values are all multiples of ten by chance once in 10**10 times
_LARGEST_UINT64 = np.nextafter(2.0**64, 0)  # that float64 can represent


class Number:
    """Scale a column to mean 0 and standard deviation 1, and back to values seen.

    Scaling is done in float64, only the networks' input is float32. Values with a step are counted
    in steps from the lowest, exactly. The step is the largest power of ten that divides all
    numbers, or the largest unit that divides all times.
    """

    width, block_sizes, decimals = 1, (), None

    def fit(self, column, values, missing):
        """Learn from what ``read`` in ``_columns.py`` returns."""
        present = values[~missing]
        seen, counts = np.unique(present, return_counts=True)
        self.fill = seen[counts.cumsum() >= len(present) / 2][0]  # the lower median
        self.values = seen if len(seen) < len(present) / 2 else None  # where they recur
        self.range = seen[0], seen[-1]
        may_have_step = self.values is None and len(seen) >= _FEWEST_VALUES
        if may_have_step and seen.dtype.kind == "f":
            self.decimals = _decimals(seen)
            if self.decimals is not None:
                seen = np.rint(seen * 10.0**self.decimals).astype(np.int64)
        self.low, self.high, self.step = seen[0], seen[-1], 1
        if column.kind == "time":
            self.step = int(np.gcd.reduce(seen.astype(np.uint64) - self.low.astype(np.uint64))) or 1
        elif may_have_step and seen.dtype.kind != "f":
            self.step = 10 ** _zeros(seen)
        steps = self.steps(np.where(missing, self.fill, values))
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
            self.centre, self.scale = steps.mean(), steps.std()
        low, high = steps.min(), steps.max()
        if not np.isfinite(self.scale):
            raise ValueError(
                f"Got values up to {max(-low, high):g} in {column.label}: their variance is not a "
                "finite float64. Rescale the column, or take its logarithm."
            )
        if self.scale <= len(steps) * np.finfo(float).eps * abs(self.centre):  # rounding alone
            self.centre, self.scale = low / 2 + high / 2, high - low or 1.0
        # float32 is exact for whole numbers up to 2**24: a centre within 2**23 of both ends
        # keeps every integer column that spans less than 2**24 exact, however skewed it is.
        if self.low.dtype.kind in "iu" and high < 2 * _EXACT:
            self.centre = np.clip(self.centre, high - _EXACT, _EXACT)
        # a zero comes back from float32 as about 1e-8, which would fill a sparse table
        self._nearly_zero = 1e-6 * (float(self.high) - float(self.low)) if (seen == 0).any() else 0
        if self.values is not None:
            steps = self.steps(seen)
            self._middles = steps[:-1] / 2 + steps[1:] / 2
        return self

    def steps(self, values):
        """Values as float64: floats as they are, whole numbers and times in steps from the lowest.

        The difference of two int64 may be beyond int64, but not beyond uint64.
        """
        if self.decimals is not None:
            values = values * 10.0**self.decimals
        if self.low.dtype.kind == "f":
            return values.astype(np.float64, copy=False)
        if values.dtype != self.low.dtype:
            return (values.astype(np.float64) - float(self.low)) / self.step
        above = values.astype(np.uint64) - self.low.astype(np.uint64)
        below = values < self.low
        steps = above.astype(np.float64)
        steps[below] = -(~above[below] + 1.0)
        return steps / self.step

    def encode(self, column, values, missing, out):
        """Standardise values into ``out``, (n, 1) float32."""
        out[:, 0] = (self.steps(np.where(missing, self.fill, values)) - self.centre) / self.scale

    def decode(self, x):
        """Go back to values that the column could hold; (n, 1) -> (n,) of the dtype of fit."""
        steps = x[:, 0].astype(np.float64) * self.scale + self.centre
        if self.values is not None:
            return self.values[np.searchsorted(self._middles, steps)]
        if self.low.dtype.kind == "f":
            steps[np.abs(steps) < self._nearly_zero] = 0
            return steps.clip(*self.range)
        last = np.uint64((int(self.high) - int(self.low)) // self.step)
        steps = np.rint(steps).clip(0, float(last))
        below = np.minimum(steps.clip(max=_LARGEST_UINT64).astype(np.uint64), last)
        above = np.where(steps == float(last), last, below) * np.uint64(self.step)
        whole = (above + self.low.astype(np.uint64)).astype(self.low.dtype)  # modulo 2**64
        if self.decimals is None:
            return whole
        return np.round(whole / 10.0**self.decimals, self.decimals).clip(*self.range)


def _decimals(seen):
    """Decimals of the largest power of ten that divides some floats, below 0 from tens up; or None.

    None if more than six are needed, or if the step is less than ten times the spacing of floats of
    their size and precision, of which any floats are multiples.

    Examples
    --------
    >>> [_decimals(np.array(seen)) for seen in ([1.25, 3.5], [9e4, 2e3], [1e-7])]
    [2, -3, None]
    """
    largest = np.abs(seen).max()
    allowed = np.minimum(np.spacing(largest), 1e-9 * np.abs(seen))  # 0.1 + 0.2 are three tenths
    for precision in np.float64, np.float32:
        smallest = 10 * float(np.finfo(precision).eps) * largest or 1.0
        decimals = min(_MOST_DECIMALS, -math.ceil(math.log10(smallest)))
        with np.errstate(over="ignore"):
            rounded = np.round(seen, decimals).astype(precision)
        if (np.abs(rounded - seen) <= allowed).all():
            return decimals - _zeros(np.rint(seen * 10.0**decimals))
    return None


def _zeros(whole):
    """Zeros that all of some whole numbers end in."""
    zeros = 0
    while whole.any() and not (whole % 10).any():
        whole, zeros = whole // 10, zeros + 1
    return zeros


class Category:
    """The levels of a column, whose ranks are written in digits, with a one-hot block for each.

    ``levels`` are those seen, in ascending order or in that of the caller's own categories.
    """

    def fit(self, column, values, missing):
        """Learn from what ``read`` in ``_columns.py`` returns."""
        levels, codes = _levels_and_codes(column, values)
        counts = np.bincount(codes[~missing], minlength=len(levels))
        seen = np.flatnonzero(counts)
        dtype = object if column.kind == "level" else values.dtype
        self.levels = np.fromiter((levels[i] for i in seen), dtype, count=len(seen))
        self.fill = counts[seen].argmax()  # rank of the most frequent level
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
        for place, digit in enumerate(np.unravel_index(ranks, self.block_sizes)):
            out[np.arange(len(out)), place * self.block_sizes[0] + digit] = 1

    def decode(self, x):
        """Take the level of the largest entries, the last for higher ranks; (n, width) -> (n,)."""
        digits = x.reshape(len(x), len(self.block_sizes), self.block_sizes[0]).argmax(axis=2)
        ranks = np.ravel_multi_index(tuple(digits.T), self.block_sizes)
        return self.levels[np.minimum(ranks, len(self.levels) - 1)]


class TwoValues(Category):
    """A column of two numbers, encoded as a category, since no value lies between them."""

    def encode(self, column, values, missing, out):
        """Write the block of the nearer of the two values."""
        low, high = self.levels
        halves = values.astype(float) / 2 - np.array([[high / 2], [low / 2]])  # none overflows
        nearer = np.where(np.less(*np.abs(halves)) | (values == high), high, low)
        super().encode(column, nearer, missing, out)


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
