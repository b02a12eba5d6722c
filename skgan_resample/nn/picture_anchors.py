"""Drafts of new pictures, put together from two real ones of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .anchors import TableAnchors, pairs_of_class
from .run import as_floats

_SHARPNESS = 8.0
_POOL = 4096


@dataclass(frozen=True)
class PictureAnchors:
    """Real pictures, and the law of the drafts made from them.

    Parameters
    ----------
    x : Tensor of shape (n, c, h, w)
        Encoded pictures, or bytes, sorted by class.
    counts : Tensor of shape (K,)
        Pictures of each class.
    neighbours : Tensor of shape (n, k)
        Indices of the nearest pictures of the same class.
    mirrored : Tensor of shape (K,)
        Probability that a picture of a class is mirrored.
    """

    x: Tensor
    counts: Tensor
    neighbours: Tensor
    mirrored: Tensor

    @classmethod
    def fit(
        cls, x: Tensor, y: Tensor, n_classes: int, rng: torch.Generator, n_neighbors: int = 5
    ) -> PictureAnchors:
        """Sort the pictures by class, find neighbours, and see which classes may be mirrored.

        Parameters
        ----------
        x : Tensor of shape (n, c, h, w)
            Encoded pictures, or bytes.
        y : Tensor of shape (n,)
            Class index, each of ``0 .. n_classes - 1`` at least once.
        n_classes : int
            Number of classes, K.
        rng : torch.Generator
            Chooses among the pictures of very large classes.
        n_neighbors : int, default=5
            Neighbours of each picture, k.

        Returns
        -------
        anchors : PictureAnchors
        """
        order = y.argsort(stable=True)
        x, counts = x[order], torch.bincount(y, minlength=n_classes)
        starts = (counts.cumsum(0) - counts).tolist()
        neighbours, hits = [], []
        for start, part in zip(starts, x.split(counts.tolist()), strict=True):
            neighbours.append(start + _nearest(part, n_neighbors, rng))
            hits.append(_mirror_hits(part, rng))
        return cls(x, counts, torch.cat(neighbours), _mirror_odds(torch.stack(hits)))

    def draw(self, y: Tensor, rng: torch.Generator) -> Tensor:
        r"""Draft one picture per label.

        .. math:: x = x_i + m (x_j - x_i), \qquad m = \mathrm{sigmoid}(8 (f + u))

        with i a picture of the class, j one of its neighbours, f a smooth random field and u a
        random level: parts of the one and parts of the other, joined by soft seams. Every other
        draft is picture i itself, so that seams do not tell a classifier the class.

        Parameters
        ----------
        y : Tensor of shape (m,)
            Class indices.
        rng : torch.Generator
            Stream of the draws.

        Returns
        -------
        draft : Tensor of shape (m, c, h, w)
            The drafts.
        """
        n, size = len(y), self.x.shape[2:]
        first, _ = pairs_of_class(self.counts, y, rng)
        which = torch.randint(self.neighbours.shape[1], (n,), generator=rng)
        second = self.neighbours[first, which]
        field = F.interpolate(
            torch.randn((n, 1, 3, 3), generator=rng), size, mode="bicubic", align_corners=True
        )
        level = 0.7 * torch.randn((n, 1, 1, 1), generator=rng)
        mask = (_SHARPNESS * (field + level)).sigmoid() * _coin(n, rng)
        return torch.lerp(as_floats(self.x[first]), as_floats(self.x[second]), mask)

    def settle(self, x: Tensor, draft: Tensor, rng: torch.Generator) -> Tensor:
        """Bring corrected drafts back into the pixels' range, [-1, 1]; (m, c, h, w) -> same."""
        return x.clamp(-1, 1)

    def vary(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """Change half of the pictures in brightness, and shift and perhaps mirror half of them.

        A picture's brightness goes a random part of the way to another one's of its class.

        Parameters
        ----------
        x : Tensor of shape (m, c, h, w)
            Pictures in [-1, 1].
        y : Tensor of shape (m,)
            Class indices.
        rng : torch.Generator
            Stream of the draws.

        Returns
        -------
        x : Tensor of shape (m, c, h, w)
            Varied pictures in [-1, 1].
        """
        n = len(y)
        other, _ = pairs_of_class(self.counts, y, rng)
        unit, part = (x + 1) / 2, torch.rand((n, 1, 1, 1), generator=rng)
        exponent = (_log_level((as_floats(self.x[other]) + 1) / 2) / _log_level(unit)).log() * part
        toned = unit.clamp(0, 1) ** exponent.clamp(-0.7, 0.7).exp() * 2 - 1
        x = torch.where(_coin(n, rng), toned, x)
        return torch.where(_coin(n, rng), shift_and_mirror(x, self.mirrored[y], rng), x)


def fit_anchors(
    x: Tensor,
    y: Tensor,
    n_classes: int,
    rng: torch.Generator,
    units: Sequence[int] = (),
    gaps: Sequence[tuple[int, int]] = (),
) -> TableAnchors | PictureAnchors:
    """Learn the law of the drafts from rows of a table, (n, d), or from pictures, (n, c, h, w).

    The other arguments are those of :meth:`TableAnchors.fit`; pictures have no units and no gaps.
    """
    if x.ndim == 4:
        return PictureAnchors.fit(x, y, n_classes, rng)
    return TableAnchors.fit(x, y, n_classes, rng, units=units, gaps=gaps)


def shift_and_mirror(x: Tensor, mirrored: Tensor, rng: torch.Generator) -> Tensor:
    """Shift pictures by up to a fourteenth of their size, edges repeated, and mirror some.

    Parameters
    ----------
    x : Tensor of shape (n, c, h, w)
        Pictures.
    mirrored : Tensor of shape (n,)
        Probability of mirroring each.
    rng : torch.Generator
        Stream of the draws.

    Returns
    -------
    x : Tensor of shape (n, c, h, w)
        Moved pictures.
    """
    n, channels, height, width = x.shape
    reach = max(height, width) // 14
    shift = torch.randint(-reach, reach + 1, (2, n, 1), generator=rng)
    rows = (torch.arange(height) + shift[0]).clamp(0, height - 1)
    columns = (torch.arange(width) + shift[1]).clamp(0, width - 1)
    flip = (torch.rand(n, generator=rng) < mirrored)[:, None]
    columns = torch.where(flip, columns.flip(1), columns)
    picture, channel = torch.arange(n)[:, None, None, None], torch.arange(channels)[:, None, None]
    return x[picture, channel, rows[:, None, :, None], columns[:, None, None, :]]


def _coarse(x: Tensor) -> Tensor:
    """Pictures as they are compared, averaged over squares: (n, c, h, w) -> (n, c, h', w')."""
    grain = max(1, min(max(x.shape[2:]) // 14, *x.shape[2:]))
    return F.avg_pool2d(as_floats(x), grain, ceil_mode=True)


def _coin(n: int, rng: torch.Generator) -> Tensor:
    return torch.rand((n, 1, 1, 1), generator=rng) < 0.5


def _log_level(unit: Tensor) -> Tensor:
    return unit.mean((1, 2, 3), keepdim=True).clamp(0.02, 0.98).log()


def _nearest(x: Tensor, k: int, rng: torch.Generator) -> Tensor:
    """(n, k) indices of nearest other pictures; where there are fewer than k, some repeat."""
    n = len(x)
    pool = torch.randperm(n, generator=rng)[:_POOL]
    if n == 1:
        return torch.zeros((1, k), dtype=torch.long)
    found, others = [], _coarse(x[pool]).flatten(1)
    for rows in torch.arange(n).split(1024):
        distance = torch.cdist(_coarse(x[rows]).flatten(1), others)
        distance[rows[:, None] == pool] = torch.inf
        found.append(pool[distance.topk(min(k, n - 1), largest=False).indices])
    nearest = torch.cat(found)
    return nearest[:, torch.arange(k) % nearest.shape[1]]


def _mirror_hits(x: Tensor, rng: torch.Generator) -> Tensor:
    """How many of up to 300 pictures are nearer to another's mirror image than to any other."""
    some = _coarse(x[torch.randperm(len(x), generator=rng)[:300]])
    flat, mirror = some.flatten(1), some.flip(3).flatten(1)
    itself = torch.eye(len(some), dtype=torch.bool)
    straight = torch.cdist(flat, flat).masked_fill(itself, torch.inf).amin(1)
    turned = torch.cdist(flat, mirror).masked_fill(itself, torch.inf).amin(1)
    return torch.tensor([float((turned < straight).sum()), float(len(some))])


def _mirror_odds(hits: Tensor) -> Tensor:
    """Probability of mirroring by class: its share of hits, drawn to all classes' by ten rows."""
    share = hits[:, 0].sum() / hits[:, 1].sum()
    return ((hits[:, 0] + 10 * share) / (hits[:, 1] + 10)).clamp_max(0.5)
