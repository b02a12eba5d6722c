"""Rows of tables mixed from two rows of their class, with a smoothed bootstrap's noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from ._members import Members

_BATCH_VALUES = 1 << 17  # numbers of a batch: 0.5 MB, which stays in the cache


@dataclass(frozen=True)
class TableMixture:
    r"""Proposal distribution of new rows of a table.

    A candidate lies between two rows of its class, plus noise:

    .. math:: x = (1 - t) x_i + t x_j + b (x_k - \mu_{y_k}), \qquad t = u / (u + v)

    with i, j two different rows of the class, u, v ~ U(0, 1), b the noise scale, and k a row of any
    class of two rows or more, every such class equally likely: the residuals are pooled over
    classes, so that a class of few rows gets the variation within the others.

    Columns of two values are not interpolated. Each comes from one of the two rows, from the second
    with probability t, and tied columns (one-hot, or with a pair of values that is never seen) from
    the same one. Columns of more values that recur are rounded to the observed value below or
    above, at random with odds that keep the mean. Where the row chosen lacks a number, so does the
    new row; where only the other one does, the number is the chosen row's, plus noise.

    Parameters
    ----------
    x : ndarray of shape (n, d)
        Encoded rows, float32.
    members : Members
        Rows of each class.
    means : ndarray of shape (K, d)
        Means of the classes, of the numbers that are not missing.
    values : tuple of ndarray
        The values of each column in ascending order, where it has fewer than half as many of them
        as rows; else an empty array.
    groups : ndarray of shape (d,)
        Number of the group of columns that come from the same row; -1 for columns of numbers.
    interpolated : ndarray of shape (d,)
        Mask of the columns of numbers that have more than two values.
    missing : ndarray of shape (g, 2)
        Columns of numbers with missing values, and those that are 1 where they are missing.
    noise_scale : float
        Share of a residual that is added, b.

    Notes
    -----
    SMOTE [1]_ interpolates between near neighbours with a uniform t, mixup [2]_ between any two
    samples with a Beta weight. The noise is a smoothed bootstrap's (ROSE [3]_, ``shrinkage`` of
    imbalanced-learn's RandomOverSampler), with residuals of real rows in place of a Gaussian.

    References
    ----------
    .. [1] Chawla, Bowyer, Hall, Kegelmeyer, "SMOTE: synthetic minority over-sampling technique",
       JAIR 16, 2002.
    .. [2] Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018.
    .. [3] Menardi, Torelli, "Training and assessing classification rules with imbalanced data",
       Data Mining and Knowledge Discovery 28, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.mixing import TableMixture
    >>> x, y = np.eye(4, 3, dtype=np.float32), np.array([0, 0, 1, 1])
    >>> mixture = TableMixture.fit(x, y, 2, np.random.default_rng(0))
    >>> mixture.sample(np.array([1, 1]), np.random.default_rng(1)).shape
    (2, 3)
    """

    x: NDArray[np.float32]
    members: Members
    means: NDArray[np.float32]
    values: tuple[NDArray[np.float32], ...]
    groups: NDArray[np.int64]
    interpolated: NDArray[np.bool_]
    missing: NDArray[np.int64]
    noise_scale: float

    @classmethod
    def fit(
        cls,
        x: NDArray[np.float32],
        y: NDArray[np.int64],
        n_classes: int,
        rng: np.random.Generator,
        units: Sequence[int] = (),
        missing: Sequence[tuple[int, int]] = (),
        noise_scale: float = 0.4,
    ) -> TableMixture:
        """Learn which columns have values that recur, and which belong together.

        Parameters
        ----------
        x : ndarray of shape (n, d)
            Encoded rows, float32; kept, not copied.
        y : ndarray of shape (n,)
            Class index, each of ``0 .. n_classes - 1`` at least once.
        n_classes : int
            Number of classes, K.
        rng : numpy.random.Generator
            Not used here; images need one.
        units : sequence of int
            For each column 0, or the number of the column of the table that it stands for with
            others; all 0 by default.
        missing : sequence of tuple of int
            Pairs of a column of numbers and the column that is 1 where they are missing.
        noise_scale : float, default=0.4
            Share of a residual that is added to a candidate.

        Returns
        -------
        mixture : TableMixture
        """
        pairs = np.array(missing, dtype=np.int64).reshape(-1, 2)
        known = np.where(_is_missing(x, pairs), np.float32(np.nan), x) if len(pairs) else x
        members = Members.fit(y, n_classes)
        means = np.stack([_known_mean(known[rows]) for rows in members.of_each_class()])
        values = tuple(_recurring_values(column) for column in known.T)
        owners = np.array(units or [0] * x.shape[1])
        n_values = np.array([len(v) for v in values])
        groups = tied_columns(x, (n_values == 2) & (owners == 0))
        groups = np.where(owners > 0, groups.max() + owners, groups)
        interpolated = groups < 0
        interpolated[pairs[:, 0]] = True
        interpolated &= (n_values == 0) | (n_values > 2)
        return cls(x, members, means, values, groups, interpolated, pairs, noise_scale)

    def sample(self, y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
        """Draw one row per label.

        Parameters
        ----------
        y : ndarray of shape (m,)
            Class indices.
        rng : numpy.random.Generator
            Stream of the draws.

        Returns
        -------
        rows : ndarray of shape (m, d)
            float32.
        """
        rows = np.empty((len(y), self.x.shape[1]), dtype=np.float32)
        step = max(1, _BATCH_VALUES // self.x.shape[1])
        for start in range(0, len(y), step):
            rows[start : start + step] = self._candidates(y[start : start + step], rng)
        self._round_to_observed(rows, rng)
        return rows

    def _candidates(self, y, rng):
        """Interpolate numbers, choose the rest from one row: (m,) labels -> (m, d) candidates."""
        first, second = self.members.draw_pairs(y, rng)
        a, b = self.x[first], self.x[second]
        u, v = rng.random((2, len(y), 1), dtype=np.float32)
        t = u / np.maximum(u + v, 1e-12)
        from_second = rng.random((len(y), max(1, self.groups.max() + 1)), dtype=np.float32) < t
        chosen = np.where(from_second[:, np.maximum(self.groups, 0)], b, a)
        number = a + t * (b - a)
        if len(self.missing):
            one_lacks_it = _is_missing(a, self.missing) | _is_missing(b, self.missing)
            number = np.where(one_lacks_it, chosen, number)
        number += self.noise_scale * self._residuals(len(y), rng)
        present = ~_is_missing(chosen, self.missing)
        return np.where(self.interpolated & present, number, chosen)

    def _residuals(self, m, rng):
        """Differences of m rows from the means of their classes, each class equally likely."""
        with_others = np.flatnonzero(self.members.counts > 1)
        if not len(with_others):
            return np.zeros((m, self.x.shape[1]), dtype=np.float32)
        labels = rng.choice(with_others, m)
        rows = self.x[self.members.draw(labels, rng)]
        residuals = rows - self.means[labels]
        residuals[_is_missing(rows, self.missing)] = 0
        return residuals

    def _round_to_observed(self, rows, rng):
        """Round numbers that recur, in place, to the value below or above, keeping their mean."""
        is_missing = np.broadcast_to(_is_missing(rows, self.missing), rows.shape)
        for j in np.flatnonzero(self.interpolated):
            if not len(values := self.values[j]):
                continue
            column = rows[:, j].clip(values[0], values[-1])
            above = np.searchsorted(values, column).clip(1)
            low, high = values[above - 1], values[above]
            up = rng.random(len(rows), dtype=np.float32) * (high - low) < column - low
            rows[:, j] = np.where(is_missing[:, j], rows[:, j], np.where(up, high, low))


def _is_missing(x, missing):
    """Mask of shape (n, d) of the numbers of rows x that are missing; () without such columns."""
    if not len(missing):
        return np.zeros((), dtype=bool)
    mask = np.zeros(x.shape, dtype=bool)
    mask[:, missing[:, 0]] = x[:, missing[:, 1]] > 0.5
    return mask


def _known_mean(x):
    """Mean of each column, NaN left out; 0 where there is nothing else."""
    count = np.maximum(1, np.count_nonzero(~np.isnan(x), axis=0))
    return (np.nansum(x, axis=0, dtype=np.float64) / count).astype(np.float32)


def _recurring_values(column):
    """Sorted values of a column, NaN left out, if they are fewer than half of its entries."""
    present = column[~np.isnan(column)]
    values = np.unique(present)
    return values if len(values) < len(present) / 2 else values[:0]


def tied_columns(x: NDArray[np.float32], two_valued: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number the groups of two-valued columns that must come from the same row.

    Neighbouring columns of which exactly one is high in every row are one category, one-hot
    encoded: a group. Of the others, two columns are tied if one of the four pairs of their values
    is never seen, and a group is what ties connect: no new pair comes about.

    Parameters
    ----------
    x : ndarray of shape (n, d)
        Rows.
    two_valued : ndarray of shape (d,)
        Mask of the columns that have two values.

    Returns
    -------
    groups : ndarray of shape (d,)
        From 0; -1 for columns that do not have two values.
    """
    columns = np.flatnonzero(two_valued)
    groups = np.full(x.shape[1], -1)
    if not len(columns):
        return groups
    high = x[:, columns] == x[:, columns].max(axis=0)
    n_groups = 0
    for start, end in _one_hot_runs(high):
        groups[columns[start:end]] = n_groups
        n_groups += 1
    rest = groups[columns] < 0
    if rest.any():
        on = high[:, rest].astype(np.float32)
        groups[columns[rest]] = n_groups + connected_components(_pair_unseen(on))[1]
    return groups


def _one_hot_runs(high) -> Iterator[tuple[int, int]]:
    """Bounds of the runs of columns of which exactly one is true in every row, left to right."""
    n, d = high.shape
    so_far = np.pad(high.cumsum(axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    total, start = so_far.sum(axis=0, dtype=np.int64), 0
    while start < d:
        end = int(np.searchsorted(total, total[start] + n))
        found = end <= d and bool((so_far[:, end] - so_far[:, start] == 1).all())
        if found:
            yield start, end
        start = end if found else start + 1


def _pair_unseen(on):
    """For (n, d) columns of 0 and 1, the (d, d) mask of those that lack a pair of values."""
    count, both = on.sum(axis=0), on.T @ on
    never_alone = both == count
    never_neither = count[:, None] + count - both == len(on)
    return (both == 0) | never_alone | never_alone.T | never_neither
