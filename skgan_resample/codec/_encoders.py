"""Columns of a table <-> what networks take: standardised numbers, or one-hot blocks.

Numbers of one dtype are handled together, as arrays (k, n) with a row for each of k columns.
"""

import numpy as np

MAX_BLOCK = 64
_EXACT = 2.0**23
_FAR = 2.0**10  # interquartile ranges
_MOST_DECIMALS = 6
_FEWEST_VALUES = 10  # ten values are all multiples of ten by chance once in 10**10 times
_LARGEST_UINT64 = np.nextafter(2.0**64, 0)  # that float64 can represent


def number_encoders(column, values, missing):
    """Fit what encodes columns of numbers or times: pairs of (their indices, encoder).

    ``column``, values and mask of the missing ones, (k, n), are what ``read`` in ``_columns.py``
    returns; each of the k columns has a value.
    """
    n_present = np.count_nonzero(~missing, axis=1)
    largest = np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).max
    seen = np.sort(np.where(missing, values.dtype.type(largest), values))
    np.minimum(seen, np.take_along_axis(seen, n_present[:, None] - 1, axis=1), out=seen)
    fill = np.take_along_axis(seen, (n_present[:, None] - 1) // 2, axis=1)  # the lower median
    values = np.where(missing, fill, values)
    is_pair = (firsts(seen).sum(axis=1) == 2) & (n_present > 4)
    for Encoder, chosen in ((Numbers, ~is_pair), (TwoValues, is_pair)):
        if chosen.any():
            some = slice(None) if chosen.all() else chosen
            encoder = Encoder().fit(column, values[some], seen[some], fill[some], n_present[some])
            yield np.flatnonzero(chosen), encoder


class Numbers:
    """Scale columns to mean 0 and standard deviation 1, and back to values seen.

    Scaling is done in float64, only the networks' input is float32. Values with a step are counted
    in steps from the lowest, exactly. The step is the largest power of ten that divides all
    numbers, or the largest unit that divides all times.
    """

    width, block_sizes, categories = 1, (), ()

    def fit(self, column, values, seen, fill, n_present):
        """Learn from values without missing ones, (k, n), unsorted and sorted.

        ``fill``, (k, 1), is what stands for missing ones; ``n_present``, (k,), counts the others.
        """
        self.low, self.high, self.fill = seen[:, :1], seen[:, -1:], fill
        is_first = firsts(seen)
        n_seen = is_first.sum(axis=1)
        recurs = n_seen < n_present / 2
        self._find_steps(column, seen, ~recurs & (n_seen >= _FEWEST_VALUES))
        steps = self.steps(seen)
        self._standardise(column, steps, self.steps(values), is_first)
        # a zero comes back from float32 as about 1e-8, which would fill a sparse table
        has_zero = (seen == 0).any(axis=1, keepdims=True)
        self.nearly_zero = np.where(has_zero, 1e-6 * (steps[:, -1:] - steps[:, :1]), 0)
        self.recurring = {}  # values of columns where they recur, and the steps between them
        for i in np.flatnonzero(recurs):
            known, at = seen[i, is_first[i]], steps[i, is_first[i]]
            self.recurring[i] = known, at[:-1] / 2 + at[1:] / 2
        return self

    def _find_steps(self, column, seen, may_have_step):
        """Find what values are counted in: ``decimals`` of floats, ``step`` of whole numbers."""
        some = np.flatnonzero(may_have_step)
        if seen.dtype.kind == "f":
            self.decimals = np.full(len(seen), np.nan)  # as for values that are not counted
            self.decimals[some] = _decimals(seen[some])
            power = np.array([10.0**d for d in self.decimals.tolist()])[:, None]
            self.power = np.where(np.isnan(power), 1, power)
            self.origin = np.where(np.isnan(power), 0, np.rint(self.low * self.power))
            return
        self.step = np.ones((len(seen), 1), np.uint64)
        if column.kind == "time":
            above = seen.astype(np.uint64) - self.low.astype(np.uint64)
            self.step = np.maximum(np.gcd.reduce(above, axis=1, keepdims=True), np.uint64(1))
        else:
            self.step[some, 0] = [10**zeros for zeros in _zeros(seen[some]).tolist()]

    def steps(self, values):
        """Values as float64: floats as they are, whole numbers and times in steps from the lowest.

        The difference of two int64 may be beyond int64, but not beyond uint64.
        """
        if self.low.dtype.kind == "f":
            return values * self.power - self.origin
        if values.dtype != self.low.dtype:  # float64 is what numpy makes of two dtypes
            return (values - self.low) / self.step
        above = values.astype(np.uint64) - self.low.astype(np.uint64)
        below = values < self.low
        steps = above.astype(np.float64)
        steps[below] = -(~above[below] + 1.0)
        return steps / self.step

    def _standardise(self, column, seen, steps, is_first):
        """Learn ``centre`` and ``scale`` from steps, (k, n), of which ``seen`` are in order.

        ``is_first`` marks the first of equal ones among the latter.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
            self.centre, self.scale = (f(axis=1, keepdims=True) for f in (steps.mean, steps.std))
        low, high = seen[:, :1], seen[:, -1:]
        for i in np.flatnonzero(~np.isfinite(self.scale)):
            raise ValueError(
                f"Got values up to {max(-low[i, 0], high[i, 0]):g} in {column.labels[i]}: their "
                "variance is not a finite float64. Rescale the column, or take its logarithm."
            )
        rounding = steps.shape[1] * np.finfo(float).eps * np.abs(self.centre)
        is_flat, span = self.scale <= rounding, high - low
        self.centre = np.where(is_flat, low / 2 + high / 2, self.centre)
        self.scale = np.where(is_flat, np.where(span, span, 1), self.scale)
        # beside a few huge values the others, far from the mean, would all be the same in float32
        n_distinct = is_first.sum(axis=1, keepdims=True)
        start = n_distinct.cumsum(axis=0) - n_distinct  # of a column among all distinct values
        quartiles = start + (n_distinct - 1) * [1, 2, 3] // 4
        first, median, third = seen[is_first][quartiles].T[:, :, None]
        is_far = (third > first) & (np.abs(self.centre - median) > _FAR * (third - first))
        self.centre = np.where(is_far, median, self.centre)
        # float32 is exact for whole numbers up to 2**24: a centre within 2**23 of both ends
        # keeps every integer column that spans less than 2**24 exact, however skewed it is.
        is_narrow = high < 2 * _EXACT
        if self.low.dtype.kind == "f":
            is_narrow &= ~np.isnan(self.decimals[:, None])
        self.centre = np.where(is_narrow, self.centre.clip(high - _EXACT, _EXACT), self.centre)

    def encode(self, column, values, missing, out):
        """Standardise values into ``out``, (n, k) float32."""
        out.T[:] = (self.steps(np.where(missing, self.fill, values)) - self.centre) / self.scale

    def decode(self, x):
        """Go back to values that the columns could hold; (n, k) -> (k, n) of the dtype of fit."""
        steps = np.multiply(x.T, self.scale, dtype=np.float64, order="C") + self.centre
        made = self._decoded_floats(steps) if self.low.dtype.kind == "f" else self._decoded(steps)
        for i, (known, middles) in self.recurring.items():
            made[i] = known[middles.searchsorted(steps[i])]
        return made

    def _decoded_floats(self, steps):
        made = np.where(np.abs(steps) < self.nearly_zero, 0, steps)
        last = np.rint(self.high * self.power) - self.origin
        for decimals in {*self.decimals[~np.isnan(self.decimals)].astype(int).tolist()}:
            some = np.flatnonzero(self.decimals == decimals)
            whole = np.rint(steps[some]).clip(0, last[some]) + self.origin[some]
            made[some] = np.round(whole / self.power[some], decimals)
        return made.clip(self.low, self.high)

    def _decoded(self, steps):
        last = (self.high.astype(np.uint64) - self.low.astype(np.uint64)) // self.step
        steps = np.rint(steps).clip(0, last)
        below = steps.clip(max=_LARGEST_UINT64).astype(np.uint64)
        above = np.where(steps == last, last, below) * self.step
        return (above + self.low.astype(np.uint64)).astype(self.low.dtype)  # modulo 2**64


def firsts(seen):
    """Mask of the first of equal values in each row of sorted ones, (k, n)."""
    is_first = np.ones(seen.shape, dtype=bool)
    np.not_equal(seen[:, 1:], seen[:, :-1], out=is_first[:, 1:])
    return is_first


def _decimals(seen):
    """Decimals of the largest power of ten that divides the floats of each row, (k, n) -> (k,).

    Below 0 from tens up; NaN if more than six are needed, or if the step is less than ten times the
    spacing of floats of their size and precision, of which any floats are multiples. Rows are in
    order.

    Examples
    --------
    >>> _decimals(np.array([[1.25, 3.5], [2e3, 9e4], [1e-7, 1.0]])).tolist()
    [2.0, -3.0, nan]
    """
    largest, found = np.abs(seen[:, [0, -1]]).max(axis=1), np.full(len(seen), np.nan)
    for precision in np.float64, np.float32:
        smallest = 10 * np.finfo(precision).eps * largest
        most = np.minimum(_MOST_DECIMALS, -np.ceil(np.log10(np.where(smallest, smallest, 1))))
        for decimals in {*most.astype(int).tolist()}:
            some = np.flatnonzero(np.isnan(found) & (most == decimals))
            # some of the values tell of most columns that the others need more decimals, too
            for part in (slice(None, None, 1 + seen.shape[1] // 8), slice(None)):
                values = seen[some, part]
                # 0.1 + 0.2 are three tenths
                allowed = np.minimum(np.spacing(largest[some])[:, None], 1e-9 * np.abs(values))
                with np.errstate(over="ignore"):
                    rounded = np.round(values, decimals).astype(precision)
                some = some[(np.abs(rounded - values) <= allowed).all(axis=1)]
            whole = np.rint(seen[some] * 10.0**decimals).astype(np.int64)
            found[some] = decimals - _zeros(whole)
    return found


def _zeros(whole):
    """Zeros that the whole numbers of each row all end in, (k, n) -> (k,); changes ``whole``."""
    zeros = np.zeros(len(whole), dtype=np.int64)
    rest = np.flatnonzero(whole.any(axis=1))
    while len(rest := rest[~(whole[rest] % 10).any(axis=1)]):
        whole[rest] //= 10
        zeros[rest] += 1
    return zeros


class TwoValues:
    """Encode columns of two numbers as categories, since no value lies between them."""

    width, block_sizes = 2, (2,)

    def fit(self, column, values, seen, fill, n_present):
        """Learn from what ``Numbers.fit`` does."""
        self.low, self.high, self.fill = seen[:, :1], seen[:, -1:], fill
        self.categories = seen[:, [0, -1]]
        return self

    def encode(self, column, values, missing, out):
        """Write the block of the nearer of the two values into ``out``, (n, 2 k)."""
        values = np.where(missing, self.fill, values)
        # halves, since a difference may overflow
        to_high, to_low = (np.abs(values / 2 - end / 2) for end in (self.high, self.low))
        is_high = (to_high < to_low) | (values == self.high)
        out[:, ::2], out[:, 1::2] = ~is_high.T, is_high.T

    def decode(self, x):
        """Take the value of the larger entry; (n, 2 k) -> (k, n)."""
        return np.where((x[:, 1::2] > x[:, ::2]).T, self.high, self.low)


class Category:
    """The levels of a column, whose ranks are written in digits, with a one-hot block for each.

    ``levels`` are those seen, in ascending order or in that of the caller's own categories.
    """

    def fit(self, column, values, missing):
        """Learn from one column of what ``read`` in ``_columns.py`` returns."""
        levels, codes = _levels_and_codes(column, values)
        counts = np.bincount(codes[~missing], minlength=len(levels))
        seen, self.n_present = np.flatnonzero(counts), counts.sum()
        dtype = object if column.kind == "level" else values.dtype
        self.levels = np.fromiter((levels[i] for i in seen), dtype, count=len(seen))
        self.categories = [self.levels]
        self.fill = counts[seen].argmax()  # rank of the most frequent level
        base, n_digits = base_of(len(seen))
        self.block_sizes, self.width = (base,) * n_digits, base * n_digits
        return self

    def encode(self, column, values, missing, out):
        """Write one-hot blocks into ``out``, (n, width) of zeros."""
        values, missing = values.ravel(), missing.ravel()
        levels, codes = _levels_and_codes(column, values)
        rank = {level: i for i, level in enumerate(self.levels.tolist())}
        ranks = np.array([*(rank.get(level, -1) for level in levels), -1])[codes]
        for code in codes[(ranks < 0) & ~missing]:
            raise ValueError(
                f"Got the value {levels[code]!r} in {column.labels[0]}, which was not there in fit."
            )
        ranks[missing] = self.fill
        for place, digit in enumerate(np.unravel_index(ranks, self.block_sizes)):
            out[np.arange(len(out)), place * self.block_sizes[0] + digit] = 1

    def decode(self, x):
        """Take the level of the largest entries, the last for higher ranks; (n, width) -> (n,)."""
        digits = x.reshape(len(x), len(self.block_sizes), self.block_sizes[0]).argmax(axis=2)
        ranks = np.ravel_multi_index(tuple(digits.T), self.block_sizes)
        return self.levels[np.minimum(ranks, len(self.levels) - 1)]


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


def one_hot_runs(high):
    """Bounds of the runs of columns of which exactly one is true in every row, left to right."""
    n, d = high.shape
    weights = np.arange(n) ** 2.0  # that the sum of counts is n may be chance, that of weights not
    count = np.append(0, high.sum(axis=0, dtype=np.int64).cumsum())
    weight = np.append(0, (weights @ high).cumsum())
    ends, start, total = np.searchsorted(count, count + n).tolist(), 0, weights.sum()
    while start < d:
        end = ends[start]
        found = end <= d and weight[end] - weight[start] == total
        found = found and bool((high[:, start:end].sum(axis=1) == 1).all())
        if found:
            yield start, end
        start = end if found else start + 1
