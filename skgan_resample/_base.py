"""The template of every sampler: validate, count, encode, train, generate, decode, append."""

from __future__ import annotations

import math
import warnings
from abc import ABCMeta, abstractmethod
from functools import partial
from numbers import Integral, Real

import numpy as np
import torch
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy, check_target_type
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from ._containers import (
    agreed_image_shape,
    append,
    as_labels,
    flatten_pictures,
    integer_columns,
    plain_labels,
    refuse_masked,
    with_room,
    writable,
)
from ._devices import is_alone, train_together
from ._generation import GeneratesRows, new_seed
from ._persistence import Persists
from ._progress import CallbackSupportMixin, TrainingProgress, with_callbacks
from ._warnings import warn_of_single_samples
from .codec import ImageCodec, TableCodec
from .nn.blocks import BlockHead, GapRates
from .nn.device import fits, make_rng, resolve_device, thread_count, torch_threads
from .nn.pixels import as_floats
from .nn.ranks import Ranks
from .nn.stopping import FEWEST_TO_HOLD_OUT, Patience, hold_out
from .nn.training import Schedule

_ROWS_TO_COUNT_GAPS = 1000
_SET_BY_VALIDATION = frozenset(
    {"classes_", "sampling_strategy_", "device_", "n_features_in_", "feature_names_in_"}
)


class BaseGANSampler(CallbackSupportMixin, GeneratesRows, Persists, metaclass=ABCMeta):
    """Base of the samplers: everything but the networks and their training.

    A sampler adds its ``__init__``, the constraints of its own parameters, and two hooks:

    ``_fit_gan(x, y, rng)``
        Train on x, a tensor of shape (n, *sample_shape), and y, its (n,) int64 class indices, both
        on ``device_`` or, where they do not fit there, on the CPU; networks go to ``device_``. x is
        float32 or, for pictures of bytes, the caller's own memory as uint8, which
        ``nn.training.batches`` and ``nn.pixels.as_floats`` make float32; it is only read. Set
        the fitted attributes and return the history, a dict of tensors.
    ``_generate(y, rng)``
        Make one row per class index: (m,) int64 -> (m, *sample_shape) tensor.

    All randomness comes from ``rng``, a torch.Generator on the CPU.
    """

    _doc_link_module = "skgan_resample"
    _doc_link_template = "https://skgan-resample.readthedocs.io/en/stable/generated/skgan_resample.{estimator_name}.html"

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "image_shape": [tuple, list, None],
        "categorical_features": TableCodec._parameter_constraints["categorical_features"],
        "latent_dim": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "max_iter": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "device": [str],
        "devices": [Interval(Integral, 1, None, closed="left")],
        "strategy": [StrOptions({"auto", "ddp_spawn", "ddp_fork"})],
        "precision": [StrOptions({"float32", "bf16"})],
        "verbose": ["verbose"],
    }

    retains_training_data_ = False

    @abstractmethod
    def _fit_gan(self, x, y, rng):
        """Train the networks."""

    @abstractmethod
    def _generate(self, y, rng):
        """Generate one row per class index."""

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Train the generator.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features), or array of \
shape (n_samples, height, width) or (n_samples, height, width, channels)
            Training rows or pictures.
        y : array-like of shape (n_samples,)
            Class of each row; two classes or more.

        Returns
        -------
        self : object
            The trained sampler: ``sample`` makes rows.
        """
        self._train(*self._validate(X, y))
        return self

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X, y):
        """Train the generator and append the rows that ``sampling_strategy`` asks for.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features), or array of \
shape (n_samples, height, width) or (n_samples, height, width, channels)
            Training rows or pictures. Sparse input is made dense for training.
        y : array-like of shape (n_samples,)
            Class of each row; two classes or more.

        Returns
        -------
        X_resampled : same type as X
            The rows of X, untouched, then the synthetic ones, class by class.
        y_resampled : same type as y
            Their classes.
        """
        codec, encoded, y_index = self._validate(X, y)
        wanted = np.array([self.sampling_strategy_.get(label, 0) for label in self.classes_])
        new_index = np.repeat(np.arange(len(wanted)), wanted)
        if len(new_index):
            self._train(codec, encoded, y_index)
            extended = with_room(X, len(new_index)) if encoded.ndim == 4 else None
            new = self._make(wanted, self._rng, None if extended is None else extended[len(X) :])
        else:
            self._forget()
            new, extended = new_index, None
        self.is_synthetic_ = np.arange(len(y_index) + len(new_index)) >= len(y_index)
        new_y = self.classes_[new_index]
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            new_y = np.eye(np.shape(y)[1])[new_y]  # one-hot, where a class is its column's number
        X_resampled = append(X, new) if extended is None else extended
        return X_resampled, append(as_labels(y), new_y)

    def _fit_resample(self, X, y):
        """Stand in for imbalanced-learn's hook, which its own ``fit_resample`` would call."""
        return self.fit_resample(X, y)

    def _validate(self, X, y):
        """Check X and y, and learn the columns or the picture's shape, classes and counts.

        Returns
        -------
        codec : TableCodec or ImageCodec
            Fitted.
        encoded : ndarray of shape (n_samples, *sample_shape)
            X as float32, or pictures of bytes as they are.
        y_index : ndarray of shape (n_samples,)
            Index of each row's class in ``classes_``.
        """
        refuse_masked(X)
        refuse_masked(y)
        labels = plain_labels(y)
        check_classification_targets(labels)
        labels = check_target_type(np.asarray(labels) if np.ndim(labels) == 2 else labels)
        flat, own_shape = flatten_pictures(X)
        image_shape = agreed_image_shape(self.image_shape, own_shape)
        if image_shape is None:
            codec = TableCodec(self.categorical_features)
            encoded = codec.fit_transform(X)
            validate_data(self, X, skip_check_array=True)
            labels = column_or_1d(labels, warn=True)
            check_consistent_length(X, labels)
            assert_all_finite(labels, input_name="y")
        else:
            flat, labels = validate_data(
                self, flat, labels, accept_sparse=("csr", "csc"), dtype="numeric"
            )
            flat = np.ascontiguousarray(flat if isinstance(flat, np.ndarray) else flat.toarray())
            codec = ImageCodec(image_shape)
            codec.fit(flat, integer=integer_columns(X, flat.shape[1], flat.dtype))
            encoded = codec.view(flat)
            self._picture = np.empty((0, *(own_shape or flat.shape[1:])), flat.dtype)
        self.classes_, y_index = np.unique(labels, return_inverse=True)
        self.sampling_strategy_ = check_sampling_strategy(
            self.sampling_strategy, labels, self._sampling_type
        )
        self.device_ = str(resolve_device(self.device))
        return codec, encoded, y_index

    def _train(self, codec, encoded, y_index):
        """Train on this sampler's device or devices, and warn of what has come of it."""
        self._forget()
        single = self._lacking(np.bincount(y_index) == 1)
        warn_of_single_samples(type(self).__name__, self.classes_[single])
        train = self._train_here if is_alone(self) else partial(train_together, self)
        interrupt = train(codec, encoded, y_index, new_seed(self.random_state))
        if interrupt is not None:
            raise interrupt
        with torch_threads(self._n_threads_to_train(encoded)):
            self._judge(encoded, y_index)

    def _n_threads_to_train(self, encoded, n_ranks=1):
        n_rows = min(self.batch_size, len(encoded))
        return thread_count(n_rows * math.prod(encoded.shape[1:]) // n_ranks)

    def _train_here(self, codec, encoded, y_index, seed, ranks=None):
        """Train on ``device_``, alone or as one of many, and leave the networks on the CPU.

        Returns the user's KeyboardInterrupt, if updates were kept.
        """
        ranks = ranks or Ranks()
        x = torch.from_numpy(writable(encoded))
        if fits(x.nbytes, self.device_):
            x = x.to(self.device_)  # else a batch at a time
        y = torch.from_numpy(y_index)
        n_threads = self._n_threads_to_train(encoded, ranks.size)
        with torch_threads(n_threads), TrainingProgress(self, encoded, y_index) as progress:
            before = set(vars(self))
            try:
                self.codec_ = codec
                self._learn(x, y, progress, make_rng(seed), ranks)
            except BaseException:  # fitted or not, never by half
                self._learnt = sorted(set(vars(self)) - before)
                self._forget()
                raise
            self._learnt = sorted(set(vars(self)) - before)
        return progress.interrupt

    def _learn(self, x, y, progress, rng, ranks):
        """Train the networks and set everything that is learnt."""
        self._progress, self._rng, self._ranks, self._patience = progress, rng, ranks, None
        ranks.begin(rng)
        training = slice(None) if self.n_iter_no_change is None else self._hold_out(x, y)
        history = self._fit_gan(x[training], y[training].to(x.device), self._rng)
        del self._progress, self._patience, self._ranks  # they hold training rows
        self.history_ = {name: losses.numpy() for name, losses in history.items()}
        self.n_iter_ = len(self.history_["generator"])
        self.generator_.cpu().eval().requires_grad_(False)
        self._gap_rates = self._learn_gap_rates(x.cpu(), y)
        n_done = max([self.n_iter_, *getattr(self, "validation_distances_", ())])
        if n_done == 0 and self.max_iter != 0:
            warnings.warn(
                f"The max_time={self.max_time:g} seconds of {type(self).__name__} were over before "
                "the first update of its generator, which is used as it is. Allow more.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def _learn_gap_rates(self, x, y):
        """What the generator lacks to have the rates of missing values of the classes."""
        columns = getattr(self.codec_, "gaps_", ())
        if not columns:
            return None
        counts = [_ROWS_TO_COUNT_GAPS] * len(self.classes_)
        made_y, made = self._generate_at_once(counts, self._rng)
        return GapRates.fit(columns, (x, y), (made, made_y))

    @property
    def _head(self):
        """What draws the one-hot blocks of generated rows; None where a row has none."""
        sizes = getattr(self.codec_, "block_sizes_", ())
        return BlockHead(sizes, self._rng) if sizes else None

    def _schedule(self, max_iter):
        """What the training loops need to know of this sampler's parameters."""
        return Schedule(
            max_iter,
            self.learning_rate,
            self._progress,
            bf16=self.precision == "bf16",
            deadline=self._progress.deadline,
            patience=self._patience,
            ranks=self._ranks,
        )

    def _hold_out(self, x, y):
        """Choose rows that the game is stopped by; return which of the others there are."""
        held_out = hold_out(y, self._rng)
        if not held_out.any():
            raise ValueError(
                f"Got n_iter_no_change={self.n_iter_no_change}, which holds out rows of classes of "
                f"{FEWEST_TO_HOLD_OUT} rows or more, but there is no such class. Use None."
            )
        rows = as_floats(x[held_out]).cpu().flatten(1)
        ranks, distance = self._ranks, partial(self._distance_to, rows, y[held_out])
        self._patience = Patience(lambda: ranks.first_number(distance()), self.n_iter_no_change)
        self.is_held_out_ = held_out.numpy()
        self.validation_distances_ = self._patience.distances
        return ~held_out

    def _sizes(self, x):
        """Latent size and numbers of updates (adversarial, autoencoder); "auto" by the data."""
        n_values = math.prod(x.shape[1:])
        is_table = x.ndim == 2
        self.latent_dim_ = self._auto("latent_dim", min(max(n_values // 2, 8), 64))
        n_updates = 500 if is_table else 1500
        max_iter = self._auto("max_iter", n_updates)
        return self.latent_dim_, max_iter, self._auto("autoencoder_max_iter", n_updates)

    def _auto(self, name, default):
        """A parameter's value, or what "auto" stands for."""
        value = getattr(self, name, "auto")
        return default if isinstance(value, str) else value

    def _forget(self):
        """Drop what an earlier fit has learnt, so that nothing of it can pass for this one's."""
        public = {name for name in vars(self) if name.endswith("_") and not name.startswith("_")}
        for name in public - _SET_BY_VALIDATION | set(self.__dict__.pop("_learnt", ())):
            self.__dict__.pop(name, None)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        is_table = self.image_shape is None
        tags.input_tags.allow_nan = tags.input_tags.string = is_table
        tags.input_tags.categorical = is_table
        return tags
