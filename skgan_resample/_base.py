"""BaseSampler: validate, encode, fit, generate, decode, append. It imports no torch."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from numbers import Real

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy, check_target_type
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from ._containers import (
    append,
    flatten_images,
    is_dataframe,
    is_polars,
    read_labels,
    warn,
    with_room,
)
from .codec import ImageCodec, TableCodec

_SAMPLES_AT_ONCE, _VALUES_AT_ONCE = 1024, 1 << 22
_MOST_LISTED = 5  # classes in a message
_OF_SCIKIT_LEARN = ("_sk", "_metadata", "_callback", "_parent")  # attributes that are not ours


class BaseSampler(BaseOverSampler, metaclass=ABCMeta):
    """Base of all samplers: validation, encoding and decoding around a learnt distribution.

    A sampler adds its ``__init__``, the constraints of its own parameters, and two hooks on encoded
    samples, which are rows of shape (d,) for a table and arrays of shape (c, h, w) for images:

    ``_fit(x, y, rng)``
        Learn from x, (n, *sample_shape), and y, (n,) class indices. x is float32 or, for images of
        bytes, uint8. It may be the caller's own memory, and must not be changed.
    ``_sample(y, rng)``
        Generate one sample per class index, (m,) -> (m, *sample_shape) float32.

    ``rng`` is what ``_stream(seed)`` makes: by default a numpy.random.Generator.
    """

    _doc_link_module = "skgan_resample"
    _doc_link_template = "https://skgan-resample.readthedocs.io/en/stable/generated/skgan_resample.{estimator_name}.html"

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "image_shape": [tuple, list, None],
        "categorical_features": TableCodec._parameter_constraints["categorical_features"],
        "random_state": ["random_state"],
    }

    @abstractmethod
    def _fit(self, x, y, rng):
        """Learn from encoded samples."""

    @abstractmethod
    def _sample(self, y, rng):
        """Generate one encoded sample per class index."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn to generate samples of every class.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features), or array of \
shape (n_samples, height, width) or (n_samples, height, width, channels)
            Training samples: a table or images.
        y : array-like of shape (n_samples,)
            Class of each sample; two classes or more.

        Returns
        -------
        self : object
            The fitted sampler: ``sample`` generates.
        """
        self._learn(*self._validate(X, y))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X, y):
        """Learn, and append the samples that ``sampling_strategy`` asks for.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features), or array of \
shape (n_samples, height, width) or (n_samples, height, width, channels)
            Training samples: a table or images. Sparse input is made dense for training.
        y : array-like of shape (n_samples,)
            Class of each sample; two classes or more.

        Returns
        -------
        X_resampled : same type as X
            The samples of X, untouched, then the synthetic ones, class by class.
        y_resampled : same type as y
            Their classes.
        """
        x, y_index = self._validate(X, y)
        wanted = self._counts(self.sampling_strategy_)
        new_index = np.repeat(np.arange(len(wanted)), wanted)
        new, extended = new_index, None
        if len(new_index):
            self._learn(x, y_index)
            extended = with_room(X, len(new_index)) if x.ndim == 4 else None
            new = self._make(wanted, self._rng, None if extended is None else extended[len(X) :])
        self.is_synthetic_ = np.arange(len(y_index) + len(new_index)) >= len(y_index)
        new_y = self.classes_[new_index]
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            new_y = np.eye(np.shape(y)[1])[new_y]  # one-hot labels: class k is column k
        if isinstance(y, np.ndarray) and y.shape[1:] == (1,):
            y = y.ravel()  # a column of labels is returned flat
        return append(X, new) if extended is None else extended, append(y, new_y)

    def _fit_resample(self, X, y):
        """Do the same; imbalanced-learn's base class requires this method."""
        return self.fit_resample(X, y)

    def sample(self, n_samples=100, random_state=None):
        """Generate more samples.

        Parameters
        ----------
        n_samples : int or dict, default=100
            Samples per class, or ``{class label: samples}``.
        random_state : int, RandomState instance or None, default=None
            An int gives the same samples at every call; None continues the random stream of the
            fit, so that repeated calls give different ones.

        Returns
        -------
        X_new : same type as X, of shape (n_new, n_features) or of the images' own shape
            Synthetic samples, class by class, in the container and dtypes of the training samples;
            an ndarray for a list.
        y_new : ndarray of shape (n_new,)
            Their classes.

        Raises
        ------
        NotFittedError
            If the sampler is not fitted: ``fit`` was not called, or ``fit_resample`` was called
            with data in which no class needed a sample.
        """
        check_is_fitted(self, msg="This %(name)s is not fitted: call fit, which always trains.")
        counts = self._counts(n_samples)
        rng = self._rng if random_state is None else self._stream(new_seed(random_state))
        made = self._make(counts, rng)
        if hasattr(self, "_container"):  # of flattened images
            made = append(self._container, made)
        return made, np.repeat(self.classes_, counts)

    # Validation and encoding ---------------------------------------------------------------------

    def _validate(self, X, y):
        """Check and encode; set ``codec_``, ``classes_`` and ``sampling_strategy_``.

        Returns
        -------
        x : ndarray of shape (n_samples, *sample_shape)
            Encoded samples.
        y_index : ndarray of shape (n_samples,)
            Index of each one's class in ``classes_``.
        """
        for name in vars(self).keys() - self.get_params(deep=False):
            if not name.startswith(_OF_SCIKIT_LEARN):  # else it is of an earlier fit
                delattr(self, name)
        labels = read_labels(y)
        check_classification_targets(labels)
        labels = check_target_type(np.asarray(labels) if np.ndim(labels) == 2 else labels)
        flat, own_shape, image_shape = flatten_images(X, self.image_shape)
        if image_shape is None:
            self.codec_ = self._table_codec(X)
            x = self.codec_.fit_transform(X)
            validate_data(self, X, skip_check_array=True)
            labels = column_or_1d(labels, warn=True)
            check_consistent_length(X, labels)
            assert_all_finite(labels, input_name="y")
        else:
            x, labels = self._encode_images(X, flat, labels, own_shape, image_shape)
        self.classes_, y_index = np.unique(labels, return_inverse=True)
        self.sampling_strategy_ = check_sampling_strategy(
            _counted(self.sampling_strategy, labels), labels, self._sampling_type
        )
        return x, y_index

    def _table_codec(self, X):
        return TableCodec(self.categorical_features)

    def _encode_images(self, X, flat, labels, own_shape, image_shape):
        flat, labels = validate_data(
            self,
            flat,
            labels,
            accept_sparse=("csr", "csc"),
            dtype="numeric",
            ensure_all_finite=False,
        )
        flat = np.ascontiguousarray(flat if isinstance(flat, np.ndarray) else flat.toarray())
        try:
            assert_all_finite(flat)
        except ValueError as error:
            raise ValueError(
                "Got NaN or infinity in images, but expected finite pixels. Replace them, for "
                "example by numpy.nan_to_num(X)."
            ) from error
        kinds = [getattr(dtype, "kind", "O") for dtype in getattr(X, "dtypes", ())]
        integer = np.isin(kinds, [*"iub"])  # of a frame that has floats, too
        self.codec_ = ImageCodec(image_shape).fit(flat, integer=integer if integer.any() else None)
        self._image_like = np.empty((0, *(own_shape or flat.shape[1:])), flat.dtype)
        if is_dataframe(X) or is_polars(X) or sparse.issparse(X):
            rows = X.tocsr() if sparse.issparse(X) else X
            self._container = deepcopy(type(X)(rows[:0]))  # a view would keep all rows
        return self.codec_.view(flat), labels

    def _learn(self, x, y, fit=None):
        """Learn from encoded samples, by ``_fit`` unless ``fit`` is given."""
        single = self.classes_[self._lacking(np.bincount(y) == 1)]
        if len(single):
            warn(
                f"Got 1 sample of {list_classes([str(label) for label in single])}, which cannot "
                f"show how it varies: {type(self).__name__} makes near-copies of it, or adds the "
                'variation of other classes ("Small classes" in the guide). Collect more samples, '
                "or leave the class out of sampling_strategy."
            )
        rng = self._stream(new_seed(self.random_state))
        (fit or self._fit)(x, y, rng)
        self._check_fit(x, y)
        self._rng = rng  # marks the sampler as fitted

    def _check_fit(self, x, y):
        """Warn of poor samples, which a training may lead to."""

    def _stream(self, seed):
        """Stream of random numbers that the hooks draw from."""
        return np.random.default_rng(seed)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_rng")

    # Generation and decoding ---------------------------------------------------------------------

    def _counts(self, n_samples):
        """Samples to generate of each class, in the order of ``classes_``."""
        if isinstance(n_samples, Mapping):
            known = set(self.classes_)
            unknown = [label for label in n_samples if label not in known]
            if unknown:
                raise ValueError(
                    f"Got n_samples for the classes {unknown}, but the classes seen in fit are "
                    f"{self.classes_.tolist()}."
                )
            counts = [n_samples.get(label, 0) for label in self.classes_]
        else:
            counts = [n_samples] * len(self.classes_)
        if not all(_is_whole(n) and n >= 0 for n in counts):
            raise ValueError(f"Got n_samples={n_samples!r}, but expected whole numbers >= 0.")
        return [int(n) for n in counts]

    def _make(self, counts, rng, out=None):
        """Generate and decode ``counts`` samples of each class.

        Images are decoded a batch at a time, into the array ``out`` if it is given.
        """
        shape = self.codec_.sample_shape_
        is_table = len(shape) == 1
        like = np.empty((0, *shape), np.float32) if is_table else self._image_like
        made = np.empty((sum(counts), *like.shape[1:]), like.dtype) if out is None else out
        labels = np.repeat(np.arange(len(counts)), counts)
        at_once = min(max(_VALUES_AT_ONCE // int(np.prod(shape)), 1), _SAMPLES_AT_ONCE)
        for start in range(0, len(labels), at_once):
            part = slice(start, start + at_once)
            x = self._sample(labels[part], rng)
            if not np.isfinite(x).all():
                raise FloatingPointError(
                    f"The generator of {type(self).__name__} makes values that are not finite. "
                    "Train again with a smaller learning_rate."
                )
            if not is_table:  # in the images' own shape; `made` has their dtype
                x = self.codec_.inverse_transform(x).reshape(made[part].shape)
            made[part] = x
        return self.codec_.inverse_transform(made) if is_table else made

    def _lacking(self, classes):
        """Those of some classes (a mask) that are over-sampled; all of them if no class is."""
        lacks = np.array(self._counts(self.sampling_strategy_)) > 0
        return classes & lacks if lacks.any() else classes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inputs = tags.input_tags
        inputs.allow_nan = inputs.string = inputs.categorical = self.image_shape is None
        return tags


def _counted(strategy, labels):
    """A sampling_strategy in whole numbers, for a ratio of two classes, a callable or a dict."""
    if callable(strategy):
        strategy = strategy(labels)
        if not isinstance(strategy, Mapping):
            raise TypeError(
                f"Got {strategy!r} from the callable sampling_strategy, but expected a dict: the "
                "number of samples wanted by class, originals included."
            )
    classes, counts = np.unique(labels, return_counts=True)
    if isinstance(strategy, Real) and len(classes) == 2:
        few, many = np.sort(counts)
        wanted = _share_of(many, strategy)
        if wanted <= few:
            next_one = f"is {_ratio(few + 1, many)}" if few < many else "would be above 1"
            raise ValueError(
                f"Got sampling_strategy={strategy:g}, but the classes of {many} and {few} samples "
                f"have a ratio of {few / many:g} already: the next one {next_one}."
            )
        strategy = {classes[counts.argmin()]: wanted}
    if not isinstance(strategy, Mapping):
        return strategy
    for label, n in strategy.items():
        if not _is_whole(n):
            raise ValueError(
                f"Got sampling_strategy with {n!r} samples for class {label!s}, but expected a "
                "whole number."
            )
    return {label: int(n) for label, n in strategy.items()}


def _is_whole(n):
    return isinstance(n, Real) and not isinstance(n, bool) and n % 1 == 0


def _share_of(many, ratio):
    return int(ratio * many + 1e-9)  # 0.29 of 100 is 28.999999999999996


def _ratio(few, many):
    """Few / many in as few digits, three or more, as give few again."""
    rounded = (float(f"{few / many:.{digits}g}") for digits in range(3, 18))
    return next(ratio for ratio in rounded if _share_of(many, ratio) == few)


def new_seed(random_state):
    """A seed for a stream; None takes fresh entropy and leaves numpy's global stream alone."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return int(check_random_state(random_state).randint(2**31 - 1))


def list_classes(found):
    """List the first of some classes."""
    more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return f"class{'es' * (len(found) > 1)} {', '.join(found[:_MOST_LISTED])}{more}"
