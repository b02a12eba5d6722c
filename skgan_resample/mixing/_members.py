"""Which samples belong to which class, and draws among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Members:
    """The samples of each class: their numbers class by class, (n,), and their counts, (K,)."""

    order: np.ndarray
    counts: np.ndarray

    @classmethod
    def fit(cls, y: np.ndarray, n_classes: int) -> Members:
        """Sort samples by class; y, (n,), holds class indices ``0 .. n_classes - 1``."""
        return cls(np.argsort(y, kind="stable"), np.bincount(y, minlength=n_classes))

    def by_class(self) -> list[np.ndarray]:
        """Numbers of the samples of class 0, 1, ..."""
        return np.split(self.order, np.cumsum(self.counts)[:-1])

    def draw(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw a sample of each label's class: (m,) -> (m,) numbers of samples."""
        return self.draw_pairs(y, rng)[0]

    def draw_pairs(self, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw two different samples of each label's class, the same twice where there is one."""
        count, start = self.counts[y], (self.counts.cumsum() - self.counts)[y]
        first = rng.integers(count)
        step = rng.integers(1, np.maximum(count, 2))
        return self.order[start + first], self.order[start + (first + step) % count]
