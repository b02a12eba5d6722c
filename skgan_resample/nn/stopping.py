"""Early stopping of the game by held-out rows, and the distance that it goes by."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

FEWEST_TO_HOLD_OUT = 20  # rows of a class: a tenth of them makes a pair
_MOST_HELD_OUT = 500


def hold_out(y: Tensor, rng: torch.Generator) -> Tensor:
    """Choose a tenth of the rows, 500 at most, of every class of 20 or more.

    Parameters
    ----------
    y : Tensor of shape (n,)
        Class indices.
    rng : torch.Generator
        Stream of the draws.

    Returns
    -------
    held_out : Tensor of shape (n,)
        Mask of the chosen rows.
    """
    held_out = torch.zeros(len(y), dtype=torch.bool)
    for c, count in enumerate(y.bincount().tolist()):
        if count >= FEWEST_TO_HOLD_OUT:
            rows = (y == c).nonzero().flatten()
            chosen = torch.randperm(count, generator=rng)[: min(count // 10, _MOST_HELD_OUT)]
            held_out[rows[chosen]] = True
    return held_out


def energy_distance(x: Tensor, made: Tensor) -> Tensor:
    r"""Measure how far apart the laws of two sets of rows are.

    .. math:: 2 E|X - Y| - E|X - X'| - E|Y - Y'|

    with means over pairs of different rows, so that it may fall below 0 by chance.

    Parameters
    ----------
    x : Tensor of shape (n, d)
        Real rows, one or more.
    made : Tensor of shape (m, d)
        Generated rows, two or more.

    Returns
    -------
    distance : Tensor of shape ()

    References
    ----------
    .. [1] Szekely & Rizzo, Energy statistics: A class of statistics based on distances,
       J. Statistical Planning and Inference 143, 2013.
    """
    within = [
        torch.pdist(rows).mean() if len(rows) > 1 else rows.new_zeros(()) for rows in (x, made)
    ]
    return 2 * torch.cdist(x, made).mean() - within[0] - within[1]


@dataclass
class Patience:
    """When to end the game: a number of updates after its best distance.

    Parameters
    ----------
    distance : callable
        The lower, the better is the generator as it is.
    n_iter_no_change : int
        Updates to wait for a lower one.

    Attributes
    ----------
    distances : dict
        What was measured, by number of updates; nothing if the game never began.
    """

    distance: Callable[[], float]
    n_iter_no_change: int
    distances: dict[int, float] = field(default_factory=dict)

    @property
    def best(self) -> int:
        """Number of updates with the lowest distance."""
        return min(self.distances, key=self.distances.__getitem__)

    def look(self, generator: nn.Module, average: nn.Module, n_iter: int) -> bool:
        """Measure the average of the generator's weights; True if it is time to stop."""
        now = deepcopy(generator.state_dict())
        generator.load_state_dict(average.state_dict())
        distance = self.distance()
        self.distances[n_iter] = math.inf if math.isnan(distance) else distance
        generator.load_state_dict(now)
        if self.best == n_iter:
            self.weights = deepcopy(average.state_dict())
        return n_iter - self.best >= self.n_iter_no_change
