"""Which samples belong to which class, and draws among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Members:
    """The samples of each class.

    Parameters
    ----------
    order : ndarray of shape (n,)
        Numbers of the samples, class by class.
    counts : ndarray of shape (K,)
        Samples of each class.
    """

    order: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def fit(cls, y: NDArray[np.int64], n_classes: int) -> Members:
        """Sort the samples by class: y, (n,), holds class indices 0 .. n_classes - 1."""
        return cls(np.argsort(y, kind="stable"), np.bincount(y, minlength=n_classes))

    def of_each_class(self) -> list[NDArray[np.int64]]:
        """Numbers of the samples of class 0, 1, ..."""
        return np.split(self.order, np.cumsum(self.counts)[:-1])

    def draw(self, y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw a sample of each label's class: (m,) -> (m,) numbers of samples."""
        return self.draw_pairs(y, rng)[0]

    def draw_pairs(
        self, y: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw two different samples of each label's class, the same one twice if it has no other.

        Parameters
        ----------
        y : ndarray of shape (m,)
            Class indices.
        rng : numpy.random.Generator
            Stream of the draws.

        Returns
        -------
        first, second : ndarray of shape (m,)
            Numbers of samples.
        """
        count, start = self.counts[y], (self.counts.cumsum() - self.counts)[y]
        first = rng.integers(count)
        step = rng.integers(1, np.maximum(count, 2))
        return self.order[start + first], self.order[start + (first + step) % count]
