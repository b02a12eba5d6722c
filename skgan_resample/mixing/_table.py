"""New rows of tables: interpolation between two rows of a class, and pooled residuals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..codec._encoders import firsts, one_hot_runs

_BATCH_VALUES = 1 << 17  # values of a batch: 0.5 MB an array, which stays in the cache
_NODES_AT_ONCE = 64


@dataclass(frozen=True)
class Members:
    """The samples of each class: their indices class by class, (n,), and their counts, (K,)."""

    order: np.ndarray
    counts: np.ndarray

    @classmethod
    def fit(cls, y: np.ndarray, n_classes: int) -> Members:
        """Sort samples by class; y, (n,), holds class indices ``0 .. n_classes - 1``."""
        return cls(np.argsort(y, kind="stable"), np.bincount(y, minlength=n_classes))

    def by_class(self) -> list[np.ndarray]:
        """Indices of the samples of class 0, 1, ..."""
        return np.split(self.order, np.cumsum(self.counts)[:-1])

    def draw(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw a sample of each label's class: (m,) -> (m,) indices of samples."""
        return self.draw_pairs(y, rng)[0]

    def draw_pairs(self, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw two different samples of each label's class, the same twice where there is one."""
        count, start = self.counts[y], (self.counts.cumsum() - self.counts)[y]
        first = rng.integers(count)
        step = rng.integers(1, np.maximum(count, 2))
        return self.order[start + first], self.order[start + (first + step) % count]

    def draw_mix(
        self, y: np.ndarray, n_groups: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, ...]:
        """Draw what new rows of classes y, (m,), are made of.

        Numbers of two rows of the class, (m,) each; the weight t of the second, (m, 1); which
        groups of columns come from it, (m, n_groups); a class and the row of it that lends its
        residual, (m,) each, any class of two rows or more equally likely, empty if there is none.
        """
        first, second = self.draw_pairs(y, rng)
        u, v = rng.random((2, len(y), 1), dtype=np.float32)
        t = u / np.maximum(u + v, 1e-12)
        from_second = rng.random((len(y), max(1, n_groups)), dtype=np.float32) < t
        shared = np.flatnonzero(self.counts > 1)
        labels = rng.choice(shared, len(y)) if len(shared) else shared
        return first, second, t, from_second, labels, self.draw(labels, rng)


@dataclass(frozen=True)
class TableMixture:
    """Proposal distribution of new rows of a table.

    The notes of :class:`~skgan_resample.RowMixSampler` describe it; here the noise scale, b, is a
    parameter. The row that lends its residual is of any class with two rows or more, each such
    class equally likely.

    A column of two values comes from one of the two rows, from the second with probability t. Tied
    ones (one-hot, or with a pair of values that is never seen) come from the same row, be they
    numbers or categories. Stochastic rounding keeps the mean. A number is missing where it is
    missing in the row chosen so; where it is missing in the other row, it is that of the chosen
    row, plus noise.
    """

    x: np.ndarray  # (n, d), encoded rows
    members: Members
    means: np.ndarray  # (K, d), class means of what is not missing
    low: np.ndarray  # (d,), the smallest value of each column that is not missing
    high: np.ndarray  # (d,), the largest
    values: dict[int, np.ndarray]  # of each column where three or more recur, sorted
    groups: np.ndarray  # (d,), group of the columns that come from the same row, or -1
    interpolated: np.ndarray  # (d,), mask of the numbers of more than two values
    missing: np.ndarray  # (g, 2), columns of values, and those that are 1 where they are missing
    noise_scale: float  # b

    @classmethod
    def fit(
        cls,
        x: np.ndarray,
        y: np.ndarray,
        n_classes: int,
        units: Sequence[int] = (),
        missing: Sequence[int] = (),
        noise_scale: float = 0.4,
    ) -> TableMixture:
        """Learn which columns hold recurring values, fewer than half as many as rows, or are tied.

        x are (n, d) encoded rows, float32, kept and not copied; y their (n,) class indices, each of
        the K classes at least once. ``units`` gives each column 0, or a number shared by those that
        stand for one column of the table: a number or a one-hot block and, next to each other, what
        is 1 where it is present and, named in ``missing``, what is 1 where it is missing.
        ``noise_scale`` is the share of a residual that is added to a candidate.
        """
        owners, marks = np.array(units or [0] * x.shape[1]), np.array(missing, dtype=np.int64)
        is_value = ~np.isin(np.arange(len(owners)), [marks, marks - 1])
        size = np.bincount(owners[is_value])[owners]
        is_number = is_value & ((owners == 0) | (size == 1))
        is_second = is_value & (size == 2) & (np.append(0, owners[:-1]) == owners)
        pairs = np.argwhere((owners[:, None] == owners[marks]) & is_value[:, None])
        pairs[:, 1] = marks[pairs[:, 1]]
        is_missing = _is_missing(x, pairs)
        present = np.broadcast_to(~is_missing, x.shape)
        means = np.empty((n_classes, x.shape[1]), dtype=np.float32)
        low, high = np.empty((2, x.shape[1]), dtype=np.float32)
        n_values = np.empty(x.shape[1], dtype=np.intp)
        values: dict[int, np.ndarray] = {}
        step = max(1, _BATCH_VALUES // len(x))
        for start in range(0, x.shape[1], step):
            some = slice(start, start + step)
            means[:, some] = _class_means(x[:, some], present[:, some], y, n_classes)
            known = np.where(present[:, some], x[:, some], np.float32(np.nan))
            low[some], high[some], n_values[some], found = _values(known)
            values |= {start + i: column for i, column in found.items()}
        two = np.flatnonzero((n_values == 2) & (is_number | is_second))
        ties = tied_columns(x[:, two] == high[two], present[:, two])
        # marks only to equal and opposite columns: by chance rare ones are unseen together
        flags = np.append(two[present[:, two].all(axis=0)], marks)
        # as bytes, which numpy compares much faster than columns
        columns = [column.tobytes() for column in (x[:, flags] == x[0, flags]).T]
        alike = np.unique(columns, return_inverse=True)[1]
        groups = _groups(owners, np.append(two, flags), np.append(ties, len(two) + alike))
        interpolated = is_number & (n_values != 1) & (n_values != 2)
        members = Members.fit(y, n_classes)
        return cls(x, members, means, low, high, values, groups, interpolated, pairs, noise_scale)

    def sample(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw rows: class indices of shape (m,) -> float32 of shape (m, d)."""
        rows = np.empty((len(y), self.x.shape[1]), dtype=np.float32)
        step = max(1, _BATCH_VALUES // self.x.shape[1])
        for start in range(0, len(y), step):
            rows[start : start + step] = self._candidates(y[start : start + step], rng)
        self._round_to_observed(rows, rng)
        return rows

    def _candidates(self, y, rng):
        """Interpolate numbers, choose the rest from one row: (m,) labels -> (m, d)."""
        draws = self.members.draw_mix(y, self.groups.max() + 1, rng)
        first, second, t, from_second, labels, third = draws
        a, b = self.x[first], self.x[second]
        chosen = np.where(from_second[:, np.maximum(self.groups, 0)], b, a)
        number = a + t * (b - a)
        if len(self.missing):
            either_missing = _is_missing(a, self.missing) | _is_missing(b, self.missing)
            number = np.where(either_missing, chosen, number)
        if len(third):
            rows = self.x[third]
            residuals = np.where(_is_missing(rows, self.missing), 0, rows - self.means[labels])
            noisy = number + self.noise_scale * residuals
            number = np.where((noisy < self.low) | (noisy > self.high), number, noisy)
        present = ~_is_missing(chosen, self.missing)
        return np.where(self.interpolated & present, number, chosen)

    def _round_to_observed(self, rows, rng):
        """Round numbers that recur, in place, stochastically to the value below or above."""
        columns = [j for j in self.values if self.interpolated[j]]
        step = max(1, _BATCH_VALUES // max(1, len(rows)))
        for some in (columns[i : i + step] for i in range(0, len(columns), step)):
            numbers, values = rows[:, some].T, [self.values[j] for j in some]
            low, high = (np.array([v[end] for v in values])[:, None] for end in (0, -1))
            numbers = np.clip(numbers, low, high, order="C")
            above = np.array([v.searchsorted(x) for v, x in zip(values, numbers, strict=True)])
            start = np.cumsum([0, *map(len, values[:-1])])[:, None]
            above, known = start + above.clip(1), np.concatenate(values)
            low, high = known[above - 1], known[above]
            up = rng.random(numbers.shape, dtype=np.float32) * (high - low) < numbers - low
            new = np.where(up, high, low).T
            if len(self.missing):
                new = np.where(_is_missing(rows, self.missing)[:, some], rows[:, some], new)
            rows[:, some] = new


def _is_missing(x, missing):
    """Mask of shape (n, d) of the values of rows x that are missing; () without such columns."""
    if not len(missing):
        return np.False_
    mask = np.zeros(x.shape, dtype=bool)
    mask[:, missing[:, 0]] = x[:, missing[:, 1]] > 0.5
    return mask


def _class_means(x, present, y, n_classes):
    """Means of what is present in the columns of each class, (n, k) -> (K, k)."""
    size = n_classes, x.shape[1]
    entry = np.ravel_multi_index((y[:, None], np.arange(x.shape[1])), size).ravel()
    sums, counts = (np.bincount(entry, a.ravel(), math.prod(size)) for a in (x * present, present))
    return np.reshape(sums / np.maximum(counts, 1), size)


def _values(x):
    """Ends of columns, NaN left out, and their values where these are fewer than half of the rows.

    (n, k) -> (k,) smallest and largest; (k,) counts of the values, 0 where they are more; and the
    sorted values where there are three or more.
    """
    ordered = np.sort(x.T)  # NaN comes last
    present = ~np.isnan(ordered)
    is_first = firsts(ordered) & present
    n_values, n_present = is_first.sum(axis=1), present.sum(axis=1)
    n_values[n_values >= n_present / 2] = 0
    some = np.flatnonzero(n_values > 2)
    values = ordered[some][is_first[some]]
    ends = n_values[some].cumsum()
    found = {i: values[end - n_values[i] : end] for i, end in zip(some, ends, strict=True)}
    return ordered[:, 0], ordered[np.arange(len(ordered)), n_present - 1], n_values, found


def _groups(owners, two_valued, ties):
    """Number the groups of columns that come from the same row; the other columns get -1.

    These are columns of one unit, tied columns, and what both together connect.
    """
    n, units = len(owners), np.flatnonzero(owners)
    columns = np.concatenate([units, two_valued])
    nodes = np.concatenate([n + owners[units], n + owners.max() + 1 + ties])
    edges = sparse.coo_array((np.ones(len(nodes)), (columns, nodes)), (5 * n + 1, 5 * n + 1))
    groups = np.where(np.isin(np.arange(n), columns), connected_components(edges)[1][:n], -1)
    return np.unique(np.append(-1, groups), return_inverse=True)[1][1:] - 1


def tied_columns(
    high: np.ndarray | sparse.csc_array, present: np.ndarray | None = None
) -> np.ndarray:
    """Number the groups of two-valued columns that must come from the same row: (n, d) -> (d,).

    ``high``, (n, d), is where a column has the larger of its values, dense or a sparse CSC array;
    ``present``, dense, where it has any, by default everywhere. Neighbouring columns of which
    exactly one is high in every row, or exactly one low, are one category, one-hot encoded: a
    group. Of the others, two columns are tied if one of the four pairs of their values is never
    seen, and a group is what ties connect: no new pair comes about.
    """
    n, d = high.shape
    sides = [high] if present is None else [high & present, present & ~high]
    groups = np.full(d, -1)
    for side in sides:
        rest = np.flatnonzero(groups < 0)
        for start, end in one_hot_runs(side[:, rest]):
            groups[rest[start:end]] = groups.max() + 1
    rest = np.flatnonzero(groups < 0)
    on: Any = sides[0][:, rest].astype(np.float32)
    seen = None if present is None or present.all() else present[:, rest].astype(np.float32)
    n_on = on.sum(axis=0)

    def is_tied(i, j):
        """Whether columns i are tied to columns j: (p,) and (q,) numbers -> (p, q)."""
        both, all_seen, on_i, on_j = on[:, i].T @ on[:, j], n, n_on[i][:, None], n_on[j]
        if sparse.issparse(both):
            both = both.toarray()
        if seen is not None:
            all_seen = seen[:, i].T @ seen[:, j]
            on_i, on_j = on[:, i].T @ seen[:, j], seen[:, i].T @ on[:, j]
        unseen = (both == 0) | (both == on_i) | (both == on_j)
        return unseen | (all_seen - on_i - on_j + both == 0)

    groups[rest] = groups.max(initial=-1) + 1 + _connected(len(rest), is_tied)
    return groups


def _connected(n_nodes, is_tied):
    """Number the components of a graph, (n_nodes,), by their first nodes, each tied to itself.

    Ties are asked for a few nodes at a time, and only to those that are in no component yet: a
    large component, as of words that are all rare, is found in a few steps.
    """
    groups, n_groups = np.full(n_nodes, -1), 0
    while len(rest := np.flatnonzero(groups < 0)):
        for node, tied in zip(rest, is_tied(rest[:_NODES_AT_ONCE], rest), strict=False):
            if groups[node] < 0:
                found = rest[tied & (groups[rest] < 0)]
                groups[found], found = n_groups, found[found != node]
                while len(found) and len(left := np.flatnonzero(groups < 0)):
                    new = left[is_tied(found[:_NODES_AT_ONCE], left).any(axis=0)]
                    groups[new] = n_groups
                    found = np.append(found[_NODES_AT_ONCE:], new)
                n_groups += 1
    return groups
