"""Drafts of new rows, laid between real rows of a class: what an anchored generator starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    blur : float
        Share of another row's deviation that is added to a draft.
    units : Tensor of shape (d,)
        Columns of one positive number stand for one column of the table: blocks, and numbers with
        missing values. 0 elsewhere.
    gaps : Tensor of shape (2, g)
        Columns of numbers with missing values, and those that are 1 where they are missing.
    """

    x: Tensor
    deviation: Tensor
    counts: Tensor
    values: Tensor
    blur: float
    units: Tensor
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
        """Sort the rows by class and learn which columns have recurring values.

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
        owners = torch.tensor(units or [0] * x.shape[1])
        values = _recurring_values(known)
        return cls(x, deviation, counts, values, blur, owners, pairs)

    def draw(self, y: Tensor, rng: torch.Generator) -> Tensor:
        r"""Draft one row per label.

        .. math:: x = (1 - t) x_i + t x_j + b (x_k - \mu_{y_k}), \qquad t = u / (u + v)

        with i, j two rows of the class, u, v ~ U(0, 1), and k a row of any class, every class
        equally likely: a class of few rows borrows the variation within the others. Columns of
        two values come from one of the two rows, the same for all of them, so that columns that
        exclude each other (one-hot) go on doing so; they are not blurred. Columns of one unit come
        from one of the two rows, too, a row of their own: each category is drawn from the mixture
        of its two. Where this row lacks a number, so does the draft; where only the other one
        does, the number is this row's, blurred.

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
        u, v, w = torch.rand((3, len(y), 1), generator=rng)
        t = u / (u + v).clamp_min(1e-12)
        blur = self.blur * self._borrow(len(y), rng)
        between = torch.lerp(self.x[first], self.x[second], t)
        n_units = int(self.units.max())
        own = torch.rand((len(y), n_units), generator=rng) if n_units else w[:, :0]
        w = torch.cat([w, own], 1)[:, self.units]
        one_parent = torch.where(w < t, self.x[second], self.x[first])
        alone = _absent(self.x[first], self.gaps) | _absent(self.x[second], self.gaps)
        blurred = torch.where(alone, one_parent, between) + blur
        free = self.is_free & ~_absent(one_parent, self.gaps)
        return torch.where(free, blurred, one_parent)

    @property
    def is_free(self) -> Tensor:
        """Mask of shape (d,) of the columns of numbers that have more than two values."""
        n_values = self.values.isfinite().sum(1)
        is_number = self.units == 0
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
    """Mask of shape (n, d) of the numbers that are missing; (n, d) rows and (2, g) columns."""
    absent = torch.zeros(x.shape, dtype=torch.bool)
    absent[:, gaps[0]] = x[:, gaps[1]] > 0.5
    return absent


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
