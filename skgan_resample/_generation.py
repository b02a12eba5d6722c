"""What a fitted sampler does: generate rows of the classes asked for, in bounded batches."""

from __future__ import annotations

import math
from abc import ABCMeta
from collections.abc import Mapping
from numbers import Integral

import numpy as np
import torch
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._containers import append
from ._sanity import FEWEST, FEWEST_UPDATES, warn_of_poor_rows
from .nn.blocks import BlockHead
from .nn.device import make_rng, thread_count, torch_threads
from .nn.stopping import energy_distance

_GENERATED_AT_ONCE = 1024
_JUDGED = 2000  # generated rows that are looked at, of all classes together


class GeneratesRows(BaseOverSampler, metaclass=ABCMeta):
    """The half of :class:`~skgan_resample._base.BaseGANSampler` that follows the training."""

    def sample(self, n_samples=100, random_state=None):
        """Generate more rows from the trained generator.

        Parameters
        ----------
        n_samples : int or dict, default=100
            Rows per class, or ``{class label: rows}``.
        random_state : int, RandomState instance or None, default=None
            An int gives the same rows at every call; None goes on from the seed of the fit, so
            that repeated calls give different rows.

        Returns
        -------
        X_new : same type as X, of shape (n_new, n_features) or of the pictures' own shape
            Synthetic rows, class by class, in the container and dtypes of the training rows; an
            ndarray for a list.
        y_new : ndarray of shape (n_new,)
            Their classes.

        Raises
        ------
        NotFittedError
            If there is no trained generator: ``fit`` was not called, or ``fit_resample`` met data
            in which no class needed a row.
        """
        check_is_fitted(self, "generator_")
        counts = self._counts(n_samples)
        new_index = np.repeat(np.arange(len(counts)), counts)
        rng = self._rng if random_state is None else make_rng(new_seed(random_state))
        return self._make(new_index, rng), self.classes_[new_index]

    def _counts(self, n_samples):
        """Rows to make of each class, in the order of ``classes_``."""
        if isinstance(n_samples, Mapping):
            known = set(self.classes_.tolist())
            unknown = [label for label in n_samples if label not in known]
            if unknown:
                raise ValueError(
                    f"Got n_samples for the classes {unknown}, but the classes seen in fit are "
                    f"{self.classes_.tolist()}."
                )
            counts = [n_samples.get(label, 0) for label in self.classes_.tolist()]
        else:
            counts = [n_samples] * len(self.classes_)
        if any(not isinstance(count, Integral) or count < 0 for count in counts):
            raise ValueError(f"Got n_samples={n_samples!r}, but expected whole numbers >= 0.")
        return counts

    def _make(self, y_index, rng):
        """Generate and decode one row per class index."""
        labels = torch.from_numpy(y_index)
        encoded = torch.empty((len(labels), *self.codec_.sample_shape_))
        start = 0
        for made in self._generate_in_batches(labels, rng):
            if not made.isfinite().all():
                raise FloatingPointError(
                    f"The generator of {type(self).__name__} makes values that are not finite. "
                    "Train again with a smaller learning_rate."
                )
            encoded[start : start + len(made)] = made
            start += len(made)
        if self._gap_rates is not None:
            encoded = self._gap_rates.settle(encoded, labels, rng)
        self._hand_over(encoded, labels)
        rows = self.codec_.inverse_transform(encoded.numpy())
        return rows if encoded.ndim == 2 else append(self._picture, rows)

    def _judge(self, x, y):
        """Warn of classes, among those that lack rows, of which the generator makes poor ones.

        The rows are drawn from a stream of their own, and are nobody's.
        """
        if self.n_iter_ < FEWEST_UPDATES:
            return
        counts = np.bincount(y)
        judged = np.flatnonzero(self._lacking(counts >= FEWEST))
        n_each = _rows_each(judged)
        rng = make_rng(0)

        def made(c):
            labels = torch.from_numpy(np.full(n_each, c))
            rows = torch.cat(list(self._generate_in_batches(labels, rng)))
            return rows if self._gap_rates is None else self._gap_rates.settle(rows, labels, rng)

        warn_of_poor_rows(
            type(self).__name__,
            (
                (self.classes_[c], x[y == c].reshape(counts[c], -1), made(c).flatten(1).numpy())
                for c in judged
            ),
        )

    def _distance_to(self, x, y):
        """Mean energy distance, over classes, of generated rows to real ones, while training.

        The noise is the same at every call, so that only the generator makes a difference.
        """
        there = np.bincount(y, minlength=len(self.classes_)) > 0
        lacking = self._lacking(there)
        judged = np.flatnonzero(lacking if lacking.any() else there)
        n_each, rng, distances = _rows_each(judged), make_rng(0), []
        self._draw_blocks_from(rng)
        self.generator_.eval()
        with torch.no_grad():
            for c in judged:
                made = self._generate(torch.from_numpy(np.full(n_each, c)), rng).cpu().flatten(1)
                distances.append(energy_distance(x[y == c], made))
        self.generator_.train()
        self._draw_blocks_from(self._rng)
        return torch.stack(distances).mean().item()

    def _lacking(self, classes):
        """Those of some classes (a mask) that lack rows; all of them where no class does."""
        lacks = np.array([self.sampling_strategy_.get(c, 0) for c in self.classes_.tolist()]) > 0
        return classes & lacks if lacks.any() else classes

    def _draw_blocks_from(self, rng):
        """Have the one-hot blocks of generated rows drawn from a stream."""
        for module in self.generator_.modules():
            if isinstance(module, BlockHead):
                module.rng = rng

    def _hand_over(self, x, y):
        """Take note of encoded rows that the caller is about to get; most samplers do not."""

    def _generate_in_batches(self, y, rng):
        """Generate one row per class index, in batches of bounded size, on the CPU."""
        width = math.prod(self.codec_.sample_shape_)
        n_threads = thread_count(width * min(len(y), _GENERATED_AT_ONCE))
        self._draw_blocks_from(rng)
        self.generator_.to(self.device_)
        try:
            for start in range(0, len(y), _GENERATED_AT_ONCE):
                with torch_threads(n_threads), torch.no_grad():
                    made = self._generate(y[start : start + _GENERATED_AT_ONCE], rng).cpu()
                yield made
        finally:
            self.generator_.cpu()


def _rows_each(classes):
    """How many rows to generate of each class that is judged."""
    return min(200, max(20, _JUDGED // max(len(classes), 1)))


def new_seed(random_state):
    """A seed for torch; None takes fresh entropy and leaves numpy's global stream alone."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return int(check_random_state(random_state).randint(2**31 - 1))
