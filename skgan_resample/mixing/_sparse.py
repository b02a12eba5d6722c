"""New rows of sparse tables, computed where they may be other than zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..codec._encoders import firsts
from ._table import Members, tied_columns

_BATCH_VALUES = 3 << 19  # entries of a batch, of which only a mask and places are dense


@dataclass(frozen=True)
class SparseMixture:
    """The distribution of :class:`TableMixture`, for tables of numbers that are mostly zeros.

    A value is computed where one of the three rows that a new one is made of is not zero: three
    zeros make a zero, but in columns whose values do not recur and, by chance, in those of both
    signs. Numbers are not standardised, as interpolation does not depend on their scale.
    """

    x: sparse.csr_array  # (n, d), float64, sorted, without stored zeros
    members: Members
    means: np.ndarray  # (K, d), means of classes
    values: np.ndarray  # distinct values of each column, zero too, sorted, column after column
    first: np.ndarray  # (d + 1,), where those of each column begin
    groups: np.ndarray  # (d,), number of the columns that come from one row together, or -1
    noise_scale: float = 0.4

    @classmethod
    def fit(cls, x: sparse.csr_array, y: np.ndarray, n_classes: int) -> SparseMixture:
        """Learn from (n, d) rows and their (n,) class indices, as :meth:`TableMixture.fit` does."""
        (n, d), (row, column) = x.shape, x.nonzero()
        members = Members.fit(y, n_classes)
        sums = np.bincount(y[row] * d + column, x.data, n_classes * d).reshape(n_classes, d)
        zeros = np.flatnonzero(np.bincount(column, minlength=d) < n)
        column, value = np.append(column, zeros), np.append(x.data, np.zeros(len(zeros)))
        order = np.argsort(value)
        rank = np.arange(len(order))  # by column, then by value; several times as fast as lexsort
        order = order[np.sort(column[order] * len(order) + rank) % len(order)]
        column, value = column[order], value[order]
        is_new = firsts(np.stack([column, value])).any(axis=0)
        column, value = column[is_new], value[is_new]
        first = np.searchsorted(column, np.arange(d + 1))
        two, groups = np.flatnonzero(np.diff(first) == 2), np.full(d, -1)
        groups[two] = tied_columns(sparse.csc_array(x[:, two] != 0))
        return cls(x, members, sums / members.counts[:, None], value, first, groups)

    def sample(self, y: np.ndarray, rng: np.random.Generator) -> sparse.csr_array:
        """Draw rows: class indices of shape (m,) -> (m, d)."""
        step = max(1, _BATCH_VALUES // len(self.groups))
        rows = [self._rows(y[i : i + step], rng) for i in range(0, len(y), step)]
        return sparse.vstack([self.x[:0], *rows], format="csr")

    def _rows(self, y, rng):
        """Draw a few rows."""
        d, n_values = len(self.groups), np.diff(self.first)
        recurs = n_values < self.x.shape[0] / 2
        draws = self.members.draw_mix(y, self.groups.max() + 1, rng)
        first, second, t, from_second, labels, third = draws
        rows = [self.x[some] for some in (first, second, third)]
        entries = [
            np.repeat(np.arange(some.shape[0]) * d, np.diff(some.indptr)) + some.indices
            for some in rows
        ]
        free = np.arange(len(y))[:, None] * d + np.flatnonzero(~recurs)
        is_set = np.zeros(len(y) * d, dtype=bool)
        for some in (*entries, free):
            is_set[some] = True
        entry = np.flatnonzero(is_set)
        place = np.empty(len(is_set), dtype=np.int32)  # of an entry among those that are set
        place[entry] = np.arange(len(entry))
        row = entry // d
        column = entry - row * d
        values = np.zeros((3, len(entry)))
        for value, where, some in zip(values, entries, rows, strict=True):
            value[place[where]] = some.data
        a, b, k = values
        new = np.where(from_second[row, np.maximum(self.groups[column], 0)], b, a)
        number = a + t[row, 0] * (b - a)
        least, largest = self.values[self.first[:-1]], self.values[self.first[1:] - 1]
        if len(third):
            noisy = number + self.noise_scale * (k - self.means[labels[row], column])
            is_inside = (noisy >= least[column]) & (noisy <= largest[column])
            number = np.where(is_inside, noisy, number)
        is_number = n_values[column] > 2
        new = np.where(is_number, number, new)
        rounded = np.flatnonzero(is_number & recurs[column])
        low, high = self._between(new[rounded], column[rounded])
        new[rounded] = _round(new[rounded], low, high, rng)
        starts = np.searchsorted(row, np.arange(len(y) + 1))
        made = sparse.csr_array((new, column, starts), (len(y), d))
        signed = np.flatnonzero((least < 0) & (largest > 0))
        if not len(signed) or not len(third):
            return made
        return made + self._zeros(signed, labels, ~is_set.reshape(len(y), d), rng)

    def _zeros(self, signed, labels, is_zero, rng):
        """What becomes of zeros in columns of both signs, by the residuals of zeros."""
        number = -self.noise_scale * self.means[:, signed]
        low, high = self._between(number, np.broadcast_to(signed, number.shape))
        new = _round(number[labels], low[labels], high[labels], rng) * is_zero[:, signed]
        row, i = new.nonzero()
        return sparse.csr_array((new[row, i], (row, signed[i])), is_zero.shape)

    def _between(self, number, column):
        """The observed values below and above numbers, or the two at an end of the column."""
        low, high = self.first[column] + 1, self.first[column + 1] - 1
        while (low < high).any():  # bisection
            middle = (low + high) // 2
            is_above = self.values[middle] < number
            low, high = np.where(is_above, middle + 1, low), np.where(is_above, high, middle)
        return self.values[high - 1], self.values[high]


def _round(number, low, high, rng):
    """Round to the observed value below or above at random, keeping the mean, within the two."""
    is_up = rng.random(number.shape) * (high - low) < number - low
    return np.where(is_up, high, low)
