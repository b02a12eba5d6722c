"""Drafts of new rows, laid between real rows of a class: what an anchored generator starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class TableAnchors:
    """Real rows of a table, and the law of the drafts made from them.

    Parameters
    ----------
    x : Tensor of shape (n, d)
        Encoded rows, sorted by class.
    deviation : Tensor of shape (n, d)
        The rows less the mean of their class.
    counts : Tensor of shape (K,)
        Rows of each class.
    values : Tensor of shape (d, v)
        The values of each column in ascending order, filled up with infinity, where values recur:
        where a column has fewer than half as many of them as rows. Only infinity elsewhere.
    groups : Tensor of shape (d,)
        Number of the group of columns that come from the same row: of columns of two values, see
        `groups_of_columns`, and of those that stand for one column of the table. -1 elsewhere.
    blur : float
        Share of another row's deviation that is added to a draft.
    gaps : Tensor of shape (2, g)
        Columns of numbers with missing values, and those that are 1 where they are missing.
    """

    x: Tensor
    deviation: Tensor
    counts: Tensor
    values: Tensor
    groups: Tensor
    blur: float
    gaps: Tensor

    @classmethod
    def fit(
        cls,
        x: Tensor,
        y: Tensor,
        n_classes: int,
        rng: torch.Generator,
        blur: float = 0.4,
        *,
        units: Sequence[int] = (),
        gaps: Sequence[tuple[int, int]] = (),
    ) -> TableAnchors:
        """Sort the rows by class and learn which columns have recurring values or go together.

        Parameters
        ----------
        x : Tensor of shape (n, d)
            Encoded rows.
        y : Tensor of shape (n,)
            Class index, each of ``0 .. n_classes - 1`` at least once.
        n_classes : int
            Number of classes, K.
        rng : torch.Generator
            Not used here; pictures need one.
        blur : float, default=0.4
            Share of another row's deviation that is added to a draft.
        units : sequence of int
            For each column 0, or the number of the column of the table that it stands for with
            others; all 0 by default.
        gaps : sequence of tuple of int
            Pairs of a column of numbers and the column that is 1 where they are missing.

        Returns
        -------
        anchors : TableAnchors
        """
        order = y.argsort(stable=True)
        x, y = x[order], y[order]
        pairs = torch.tensor(gaps, dtype=torch.long).reshape(-1, 2).T
        absent = _absent(x, pairs)
        known = torch.where(absent, torch.nan, x)
        means = torch.stack([known[y == c].nanmean(0) for c in range(n_classes)])
        deviation = (known - means[y]).nan_to_num()
        counts = torch.bincount(y, minlength=n_classes)
        values = _recurring_values(known)
        owners = torch.tensor(units or [0] * x.shape[1])
        groups = groups_of_columns(x, (values.isfinite().sum(1) == 2) & (owners == 0))
        groups = torch.where(owners > 0, groups.max() + owners, groups)
        return cls(x, deviation, counts, values, groups, blur, pairs)

    def draw(self, y: Tensor, rng: torch.Generator) -> Tensor:
        r"""Draft one row per label.

        .. math:: x = (1 - t) x_i + t x_j + b (x_k - \mu_{y_k}), \qquad t = u / (u + v)

        with i, j two rows of the class, u, v ~ U(0, 1), and k a row of any class, every class
        equally likely: a class of few rows borrows the variation within the others. Columns of
        two values are not blurred: each comes from one of the two rows, from the second with
        probability t, and columns of one group from the same one, so that columns that exclude
        each other (one-hot) go on doing so. Groups choose independently: each category is drawn
        from the mixture of its two. Where the chosen row lacks a number, so does the draft; where
        only the other one does, the number is the chosen row's, blurred.

        Parameters
        ----------
        y : Tensor of shape (m,)
            Class indices.
        rng : torch.Generator
            Stream of the draws.

        Returns
        -------
        draft : Tensor of shape (m, d)
            The drafts.
        """
        first, second = pairs_of_class(self.counts, y, rng)
        n_groups = max(1, int(self.groups.max()) + 1)
        u, v, *w = torch.rand((2 + n_groups, len(y), 1), generator=rng)
        t = u / (u + v).clamp_min(1e-12)
        blur = self.blur * self._borrow(len(y), rng)
        between = torch.lerp(self.x[first], self.x[second], t)
        from_second = (torch.cat(w, 1) < t)[:, self.groups.clamp_min(0)]
        one_parent = torch.where(from_second, self.x[second], self.x[first])
        alone = _absent(self.x[first], self.gaps) | _absent(self.x[second], self.gaps)
        blurred = torch.where(alone, one_parent, between) + blur
        free = self.is_free & ~_absent(one_parent, self.gaps)
        return torch.where(free, blurred, one_parent)

    @cached_property
    def is_free(self) -> Tensor:
        """Mask of shape (d,) of the columns of numbers that have more than two values."""
        n_values = self.values.isfinite().sum(1)
        is_number = self.groups < 0
        is_number[self.gaps[0]] = True
        return is_number & ((n_values == 0) | (n_values > 2))

    def settle(self, x: Tensor, draft: Tensor, rng: torch.Generator) -> Tensor:
        """Make corrected drafts rows that the table could hold.

        Columns of two values, blocks and what is missing are the draft's. Columns of more values
        that recur are rounded to the value below or above, at random with odds that keep the mean.
        Gradients pass as if nothing had been rounded.

        Parameters
        ----------
        x : Tensor of shape (m, d)
            Drafts after the generator's correction.
        draft : Tensor of shape (m, d)
            The same before it.
        rng : torch.Generator
            Stream of the draws.

        Returns
        -------
        x : Tensor of shape (m, d)
            Settled rows.
        """
        free = self.is_free & ~_absent(draft, self.gaps)
        x, values = torch.where(free, x, draft), self.values
        n_values = values.isfinite().sum(1, keepdim=True)
        columns = x.detach().T.contiguous()
        above = torch.searchsorted(values, columns)
        above = torch.minimum(above, (n_values - 1).clamp_min(0))
        below = (above - 1).clamp_min(0)
        high, low = values.gather(1, above), values.gather(1, below)
        odds = ((columns - low) / (high - low).clamp_min(1e-12)).nan_to_num()
        up = torch.rand(columns.shape, generator=rng) < odds
        settled = torch.where(n_values > 0, torch.where(up, high, low), columns).T
        return x + (settled - x.detach())

    def vary(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """Leave the rows of a table as they are."""
        return x

    def _borrow(self, n: int, rng: torch.Generator) -> Tensor:
        """Deviations of n rows of classes of two rows or more, each such class equally likely."""
        lenders = (self.counts > 1).nonzero().squeeze(1)
        if not len(lenders):
            return torch.zeros((n, self.x.shape[1]))
        lender = lenders[torch.randint(len(lenders), (n,), generator=rng)]
        return self.deviation[pairs_of_class(self.counts, lender, rng)[0]]


def pairs_of_class(counts: Tensor, y: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw two different rows of each label's class, the same one twice if it has no other.

    Parameters
    ----------
    counts : Tensor of shape (K,)
        Rows of each class; rows are numbered class by class.
    y : Tensor of shape (m,)
        Class indices.
    rng : torch.Generator
        Stream of the draws.

    Returns
    -------
    first, second : Tensor of shape (m,)
        Row numbers.
    """
    count, start = counts[y], (counts.cumsum(0) - counts)[y]
    u, v = torch.rand((2, len(y)), generator=rng, dtype=torch.float64)
    first = (u * count).long()
    step = 1 + (v * (count - 1)).long()
    return start + first, start + (first + step) % count


def _absent(x: Tensor, gaps: Tensor) -> Tensor:
    """Mask of the numbers that are missing, (n, d), or () without any such columns.

    Of (n, d) rows and (2, g) columns.
    """
    if not gaps.shape[1]:
        return torch.tensor(False)
    absent = torch.zeros(x.shape, dtype=torch.bool)
    absent[:, gaps[0]] = x[:, gaps[1]] > 0.5
    return absent


def groups_of_columns(x: Tensor, two_valued: Tensor) -> Tensor:
    """Number the groups of two-valued columns that must come from the same row.

    Neighbouring columns of which exactly one is high in every row are one category, one-hot
    encoded: a group. Of the others, two columns are tied if one of the four pairs of their values
    is never seen, and a group is what ties connect: no new pair comes about.

    Parameters
    ----------
    x : Tensor of shape (n, d)
        Rows.
    two_valued : Tensor of shape (d,)
        Mask of the columns that have two values.

    Returns
    -------
    groups : Tensor of shape (d,)
        From 0; -1 for columns that do not have two values.
    """
    columns = two_valued.nonzero().squeeze(1)
    high = x[:, columns] == x[:, columns].amax(0)
    group = torch.full_like(columns, -1)
    n_groups = 0
    for start, end in _one_hot_runs(high):
        group[start:end] = n_groups
        n_groups += 1
    rest = group < 0
    if rest.any():
        group[rest] = n_groups + _tied(high[:, rest])
    groups = torch.full((x.shape[1],), -1)
    groups[columns] = group
    return groups


def _one_hot_runs(high: Tensor) -> Iterator[tuple[int, int]]:
    """Bounds of the runs of columns of which exactly one is true in every row, left to right."""
    n, d = high.shape
    so_far = torch.nn.functional.pad(high.cumsum(1, dtype=torch.int32), (1, 0))
    total, start = so_far.sum(0), 0
    while start < d:
        end = int(torch.searchsorted(total, total[start] + n))
        found = end <= d and bool((so_far[:, end] - so_far[:, start] == 1).all())
        if found:
            yield start, end
        start = end if found else start + 1


def _tied(high: Tensor) -> Tensor:
    """Number the sets of columns connected by pairs of values that are never seen together."""
    on = high.float()
    count, both = on.sum(0), on.T @ on
    never_alone = both == count
    never_neither = count[:, None] + count - both == len(high)
    tied = (both == 0) | never_alone | never_alone.T | never_neither
    label, before = torch.arange(len(count)), torch.empty(0)
    while not torch.equal(label, before):
        label, before = torch.where(tied, label, len(count)).amin(1), label
    return label.unique(return_inverse=True)[1]


def _recurring_values(x: Tensor) -> Tensor:
    """Values of each column as :class:`TableAnchors` holds them; NaN is none."""
    columns = []
    for column in x.T:
        present = column[~column.isnan()]
        values = present.unique()
        columns.append(values if len(values) < len(present) / 2 else values[:0])
    width = max(1, *(len(values) for values in columns))
    table = torch.full((len(columns), width), torch.inf, dtype=x.dtype)
    for row, values in zip(table, columns, strict=True):
        row[: len(values)] = values
    return table
