"""What a fitted sampler does: generate rows of the classes asked for, in bounded batches."""

from __future__ import annotations

import math
from abc import ABCMeta
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral

import numpy as np
import torch
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._containers import append
from ._warnings import FEWEST, FEWEST_UPDATES, LOOKED_AT, warn_of_poor_samples
from .nn.blocks import BlockHead
from .nn.device import make_rng, thread_count, torch_threads
from .nn.pixels import as_floats, rows_at_once
from .nn.stopping import energy_distance

_GENERATED_AT_ONCE = 1024  # rows
_VALUES_AT_ONCE = 1 << 22
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
        counts, rng = self._order(n_samples, random_state)
        return self._make(counts, rng), np.repeat(self.classes_, counts)

    def sample_batches(self, n_samples=100, batch_size=10_000, random_state=None):
        """Generate more rows, a batch at a time, for more of them than memory holds.

        The rows are those of :meth:`sample` with the same seed, whatever the size of the batches.
        They are generated as they are asked for, so memory depends on ``batch_size`` alone.

        Parameters
        ----------
        n_samples : int or dict, default=100
            Rows per class, or ``{class label: rows}``.
        batch_size : int, default=10_000
            Rows in a batch; the last one may have fewer.
        random_state : int, RandomState instance or None, default=None
            An int gives the same rows at every call; None goes on from the seed of the fit, so
            that repeated calls give different rows. Each batch then draws from the sampler's own
            stream when it is asked for, as does every other call without a seed in between.

        Returns
        -------
        batches : iterator of tuple (X_new, y_new)
            Each as :meth:`sample` returns them. Rows come class by class, so a batch holds one
            class, or a few that follow each other.

        Raises
        ------
        NotFittedError
            If there is no trained generator, see :meth:`sample`.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from skgan_resample import BAGANGPSampler
        >>> X, y = make_classification(200, weights=[0.9], random_state=0)
        >>> sampler = BAGANGPSampler(max_iter=20, random_state=0).fit(X, y)
        >>> [len(y_new) for _, y_new in sampler.sample_batches({1: 2500}, batch_size=1000)]
        [1000, 1000, 500]
        """
        counts, rng = self._order(n_samples, random_state)
        if not isinstance(batch_size, Integral) or batch_size < 1:
            raise ValueError(f"Got batch_size={batch_size!r}, but expected a whole number >= 1.")
        encoded = regroup(self._encoded_batches(counts, rng), int(batch_size))
        starts = range(0, sum(counts), batch_size)
        return (
            (self._decode(x), self.classes_[_class_indices(counts, start, len(x))])
            for start, x in zip(starts, encoded, strict=True)
        )

    def _order(self, n_samples, random_state):
        """What to make, in the order of ``classes_``, and the stream to draw it from."""
        check_is_fitted(self, "generator_")
        counts = self._counts(n_samples)
        return counts, self._rng if random_state is None else make_rng(new_seed(random_state))

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

    def _make(self, counts, rng, room=None):
        """Generate and decode rows, as many of each class as ``counts`` says.

        Pictures are decoded a batch at a time, into the array ``room`` if there is one.
        """
        is_table = len(self.codec_.sample_shape_) == 1
        if is_table:
            rows = np.empty((sum(counts), *self.codec_.sample_shape_), np.float32)
        elif room is None:
            rows = np.empty((sum(counts), *self._picture.shape[1:]), self._picture.dtype)
        else:
            rows = room
        start = 0
        for made in self._encoded_batches(counts, rng):
            rows[start : start + len(made)] = made if is_table else self._decode(made)
            start += len(made)
        return self._decode(rows) if is_table else rows

    def _decode(self, encoded):
        """Encoded rows as those of the caller."""
        rows = self.codec_.inverse_transform(encoded)
        return rows if encoded.ndim == 2 else append(self._picture, rows)

    def _encoded_batches(self, counts, rng):
        """Generate the rows in batches of bounded size, with the gaps of their class; as arrays."""
        for y, made in self._generate_in_batches(counts, rng):
            with torch_threads(self._n_threads(len(y))):
                if not made.isfinite().all():
                    raise FloatingPointError(
                        f"The generator of {type(self).__name__} makes values that are not finite. "
                        "Train again with a smaller learning_rate."
                    )
                made = self._settle_gaps(made, y, rng)
                self._hand_over(made, y)
            yield made.numpy()

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

        def real(c):
            rows = torch.from_numpy(x[np.flatnonzero(y == c)[:LOOKED_AT]])
            return as_floats(rows).flatten(1).numpy()

        def made(c):
            each = n_each * (np.arange(len(counts)) == c)
            labels, rows = self._generate_at_once(each, rng)
            return self._settle_gaps(rows, labels, rng).flatten(1).numpy()

        classes = ((self.classes_[c], counts[c], real(c), made(c)) for c in judged)
        warn_of_poor_samples(type(self).__name__, classes)

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

    def _settle_gaps(self, x, y, rng):
        """Encoded rows with missing values at the rates of their class."""
        return x if self._gap_rates is None else self._gap_rates.settle(x, y, rng)

    def _hand_over(self, x, y):
        """Take note of encoded rows that the caller is about to get; most samplers do not."""

    def _n_threads(self, n_rows):
        return thread_count(math.prod(self.codec_.sample_shape_) * min(n_rows, self._at_once()))

    def _at_once(self):
        width = math.prod(self.codec_.sample_shape_)
        return min(max(_VALUES_AT_ONCE // width, 1), _GENERATED_AT_ONCE)

    def _generate_in_batches(self, counts, rng):
        """Generate rows as the networks make them: (class indices, rows) on the CPU."""
        n_rows = sum(counts)
        n_threads, at_once = self._n_threads(n_rows), self._at_once()
        for start in range(0, n_rows, at_once):
            size = min(at_once, n_rows - start)
            y = torch.from_numpy(_class_indices(counts, start, size))
            with torch_threads(n_threads), torch.no_grad(), self._drawing_from(rng):
                made = self._generate(y, rng).cpu()
            yield y, made

    def _generate_at_once(self, counts, rng):
        """The same as one pair, for few rows."""
        y, made = zip(*self._generate_in_batches(counts, rng), strict=True)
        return torch.cat(y), torch.cat(made)

    def _run_generator(self, z, y):
        """Outputs of the generator: (m, ...) inputs and (m,) class indices -> (m, *sample_shape).

        A few at a time: the layers between are much larger than the pictures that they end in.
        """
        size = rows_at_once(self.codec_.sample_shape_)
        parts = zip(z.to(self.device_).split(size), y.to(self.device_).split(size), strict=True)
        return torch.cat([self.generator_(*part) for part in parts])

    @contextmanager
    def _drawing_from(self, rng):
        """Have the generator on its device and on a stream; whoever waits for rows sees it idle."""
        self._draw_blocks_from(rng)
        self.generator_.to(self.device_)
        try:
            yield
        finally:
            self.generator_.cpu()


def regroup(batches: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Join and split batches of any number of rows into such of ``size``, the last perhaps less."""
    held: list[np.ndarray] = []
    n_held = 0
    for batch in batches:
        while n_held + len(batch) >= size:
            yield np.concatenate([*held, batch[: size - n_held]])
            batch, held, n_held = batch[size - n_held :], [], 0
        held.append(batch)
        n_held += len(batch)
    if n_held:
        yield np.concatenate(held)


def _class_indices(counts, start, size):
    """Class indices of ``size`` rows from ``start`` on, where rows are laid out class by class."""
    return np.searchsorted(np.cumsum(counts), np.arange(start, start + size), side="right")


def _rows_each(classes):
    """How many rows to generate of each class that is judged."""
    return min(200, max(20, _JUDGED // max(len(classes), 1)))


def new_seed(random_state):
    """A seed for torch; None takes fresh entropy and leaves numpy's global stream alone."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return int(check_random_state(random_state).randint(2**31 - 1))
