"""Tables of any columns <-> float32 columns that networks take."""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import FLOAT_DTYPES, check_array, check_is_fitted, validate_data

from .._containers import warn
from ._columns import Container, as_table, chosen_columns, like_columns, read
from ._encoders import Category, number_encoders, one_hot_runs


class TableCodec(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Encode the columns of a table as float32 numbers, and decode them.

    Numbers, dates and durations are scaled to mean 0 and standard deviation 1, dates as multiples
    of the largest unit that divides them all (days, for example), by the clocks of their time zone.
    Categories become one-hot blocks, as do numbers where two values recur, such as 0 and 1.
    Neighbouring columns of two values that are a category, one-hot encoded, become one block. A
    column with missing values has one more block of two entries, present and missing, and missing
    values are filled with a value that occurs: the median, or the most frequent category.

    A time that clocks skip when they go forward is decoded to a later one. Of an hour that they
    show twice, nothing tells the second from the first.

    When decoded, a column of numbers is rounded to its step, whatever its dtype: the largest
    power of ten (1000, 1, 0.01) that divides all values seen by ``fit``. With more than six
    decimals, or fewer than ten values, it has none; integers and booleans are whole in any case. It
    is clipped to the range seen, and where values recur (fewer than half as many values as rows:
    codes, counts, grades) it takes the nearest of the values seen. A block is decoded to the
    category of its largest entry.

    Parameters
    ----------
    categorical_features : "auto", None or array-like, default="auto"
        Which columns are categories: their names, their indices, or a mask. "auto" takes the
        booleans of a frame, and in any container what is neither number nor time: texts,
        pandas' categories. Objects that are decimals, fractions, dates, times, durations or
        periods are not categories. None means no column.

    Attributes
    ----------
    categorical_features_ : ndarray of shape (n_categorical_features,)
        Indices of the columns that are categories to a network.
    categories_ : dict of int to ndarray
        The categories of these columns, in the order of their entries in a block.
    block_sizes_ : tuple of int
        Entries of each block. Blocks stand behind the numbers: those of the categories first,
        then present and missing.
    missing_ : tuple of int
        For each column with missing values the encoded column that is 1 where one is missing.
    units_ : tuple of int
        For each encoded column 0, or a number that it shares with the others that stand for the
        same column of the table: blocks of a category, a number and whether it is missing.
    sample_shape_ : tuple of int
        (n_encoded,), the shape of one encoded row.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where they are all strings.

    Notes
    -----
    More than 64 levels of a category are encoded by their ranks, written in two or more digits of
    at most 64 values, with a block for each digit: 1,000 levels take two blocks of 32. Nothing is
    lost, and memory grows with the square root of the number of levels. But a generator that draws
    the digits independently may combine them into a rare level.

    Columns are read and written one at a time: a sparse table is dense only as encoded float32.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgan_resample import TableCodec
    >>> X = pd.DataFrame({"age": [31, 45, None], "job": ["cook", "clerk", "cook"]})
    >>> codec = TableCodec().fit(X)
    >>> codec.transform(X).shape
    (3, 5)
    >>> codec.inverse_transform(codec.transform(X))
        age    job
    0  31.0   cook
    1  45.0  clerk
    2   NaN   cook
    """

    _parameter_constraints: dict = {
        "categorical_features": ["array-like", StrOptions({"auto"}), None]
    }

    def __init__(self, categorical_features="auto"):
        self.categorical_features = categorical_features

    def fit(self, X, y=None):
        """Learn the columns.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Rows; frames of pandas or polars.
        y : None
            Ignored.

        Returns
        -------
        self : TableCodec
            The fitted codec.

        Raises
        ------
        ValueError
            If a column holds values of several types, no values, complex numbers, lists, infinity,
            integers beyond 64 bits, or text that ``categorical_features`` leaves out; or if two
            columns have the same name. The message names the column.
        """
        self._validate_params()
        table = self._checked(X)
        if sparse.issparse(X) or any(
            hasattr(d, "fill_value") for d in getattr(table, "dtypes", ())
        ):
            message = f"{type(X).__name__}, which is made dense: {math.prod(X.shape):,} values"
            warn(f"Got a sparse {message}.", DataConversionWarning)
        self._container = Container(table, type(X))
        validate_data(self, X, skip_check_array=True)
        names, wanted = self._container.names, self.categorical_features
        is_auto = isinstance(wanted, str)
        chosen = [] if is_auto or wanted is None else chosen_columns(wanted, names)
        self._encoders, incomplete = [], np.zeros(len(names), dtype=bool)
        is_high: dict[int, np.ndarray] = {}  # of columns of two values, where they have the second
        for some in like_columns(table):
            column, values, missing = read(table, some, names)
            for i in np.flatnonzero(missing.all(axis=1)):
                raise ValueError(
                    f"Got only missing values in {column.labels[i]}: there is nothing to learn "
                    "from. Drop the column."
                )
            incomplete[some] = missing.any(axis=1)
            is_category = np.isin(some, [*chosen]) | (is_auto and column.is_category)
            for part, encoder in _encoders(column, values, missing, is_category):
                self._encoders.append((some[part], column.of(part), encoder))
                if encoder.block_sizes == (2,):
                    pairs = np.zeros((len(values[0]), 2 * len(part)), dtype=bool)
                    encoder.encode(column.of(part), values[part], missing[part], pairs)
                    whole = ~missing[part].any(axis=1)
                    is_high |= zip(some[part][whole].tolist(), pairs.T[1::2][whole], strict=True)
        self._lay_out(incomplete, is_high)
        if is_auto:
            self._warn_of_identifiers()
        return self

    def _warn_of_identifiers(self):
        identifiers = [
            column.labels[0]
            for _, column, encoder in self._encoders
            if isinstance(encoder, Category)
            and len(encoder.levels) > max(20, encoder.n_present / 2)
        ]
        if identifiers:
            warn(
                f"Got more than half as many categories as rows in {', '.join(identifiers)}: new "
                "rows can only repeat them. Drop identifiers, convert numbers and dates that are "
                "written as texts, or name in categorical_features what are categories."
            )

    def _lay_out(self, incomplete, is_high):
        """Give columns their places: numbers, categories, then the blocks of missing values.

        Columns of two values, given in ``is_high``, that are one category share a block of one
        entry of each.
        """
        width = np.empty(len(incomplete), dtype=np.intp)
        sizes: dict[int, tuple[int, ...]] = {}
        levels: dict[int, np.ndarray] = {}
        for some, _, encoder in self._encoders:
            width[some] = encoder.width
            levels |= zip(some.tolist(), encoder.categories, strict=False)
            sizes |= dict.fromkeys(some.tolist(), encoder.block_sizes)
        self.categories_ = dict(sorted(levels.items()))
        self.categorical_features_ = np.array([*self.categories_], dtype=np.intp)
        numbers = np.setdiff1d(np.arange(len(width)), self.categorical_features_)
        order, marked = np.append(numbers, self.categorical_features_), np.flatnonzero(incomplete)
        self._starts = np.empty_like(width)
        self._starts[order] = width[order].cumsum() - width[order]
        self._marks = np.where(incomplete, width.sum() + 2 * incomplete.cumsum() - 1, 0)
        owners = np.append(order.repeat(width[order]), marked.repeat(2))
        place, self._joined = np.arange(len(owners), dtype=float), []
        for joined, is_second in _one_hot(is_high):
            sizes |= dict.fromkeys(joined.tolist(), ()) | {int(joined[0]): (len(joined),)}
            own, other = self._starts[joined] + is_second, self._starts[joined] + 1 - is_second
            self._joined.append((own, other))
            place[own], place[other] = own[0] + np.linspace(0, 0.5, len(joined)), np.inf
        self._kept = np.argsort(place, kind="stable")[: np.isfinite(place).sum()]
        blocks = [size for j in self.categories_ for size in sizes[j]]
        self.block_sizes_ = (*blocks, *[2] * len(marked))
        self.sample_shape_ = (len(self._kept),)
        self.missing_ = tuple(np.flatnonzero(np.isin(self._kept, self._marks[marked])).tolist())
        shared = np.union1d(self.categorical_features_, marked)
        number = np.where(np.isin(owners, shared), np.searchsorted(shared, owners) + 1, 0)
        self.units_ = tuple(number[self._kept].tolist())
        self._n_all = len(owners)

    def _places(self, some, encoder):
        """Encoded columns of those that an encoder has."""
        return (self._starts[some][:, None] + np.arange(encoder.width)).ravel()

    def transform(self, X):
        """Encode rows.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Rows with the columns that ``fit`` saw.

        Returns
        -------
        encoded : ndarray of shape (n_samples, n_encoded)
            float32.

        Raises
        ------
        ValueError
            If a column has a category that ``fit`` did not see, or the first missing values.
        """
        check_is_fitted(self)
        table = self._checked(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        encoded = np.zeros((table.shape[0], self._n_all), dtype=np.float32)
        for some, known, encoder in self._encoders:
            column, values, missing = read(table, some, self._container.names, known.zone)
            if not missing.all():
                values = column.in_unit_of(known, values)
            marks = self._marks[some]
            for i in np.flatnonzero(missing.any(axis=1) & (marks == 0)):
                raise ValueError(f"Got missing values in {known.labels[i]}, which had none in fit.")
            part = np.zeros((len(encoded), len(some) * encoder.width), dtype=np.float32)
            encoder.encode(column, values, missing, part)
            encoded[:, self._places(some, encoder)] = part
            lacks, marks = missing[marks > 0].T, marks[marks > 0]
            encoded[:, marks - 1], encoded[:, marks] = ~lacks, lacks
        return encoded[:, self._kept] if self._joined else encoded

    def inverse_transform(self, encoded):
        """Decode rows.

        Parameters
        ----------
        encoded : array-like of shape (n_samples, n_encoded)
            As :meth:`transform` makes it, or a network.

        Returns
        -------
        X : ndarray, DataFrame or sparse matrix of shape (n_samples, n_features)
            Of the type, the names and the dtypes that ``fit`` saw; an array for a list.
        """
        check_is_fitted(self)
        encoded = check_array(encoded, dtype=FLOAT_DTYPES, ensure_min_samples=0)
        if encoded.shape[1:] != self.sample_shape_:
            raise ValueError(
                f"Got encoded rows of {encoded.shape[1]} columns, but expected "
                f"{self.sample_shape_[0]}, as transform makes them."
            )
        if self._joined:
            encoded = self._parted(encoded)
        return self._container.build(self._decoded(encoded), len(encoded))

    def _parted(self, encoded):
        """Rows with a pair of entries for each column that shares a block with others."""
        parted = np.zeros((len(encoded), self._n_all), dtype=encoded.dtype)
        parted[:, self._kept] = encoded
        for own, other in self._joined:
            is_set = parted[:, own].argmax(axis=1)[:, None] == np.arange(len(own))
            parted[:, own], parted[:, other] = is_set, ~is_set
        return parted

    def _decoded(self, encoded):
        """Encoder by encoder its columns, their values, and where they are missing."""
        for some, column, encoder in self._encoders:
            values = np.atleast_2d(encoder.decode(encoded[:, self._places(some, encoder)]))
            marks = self._marks[some]
            missing = (encoded[:, marks] > encoded[:, marks - 1]).T & (marks > 0)[:, None]
            yield some, column, values, missing

    def _checked(self, X):
        """X as a table with columns; its shape is checked on a view of zeros."""
        table = as_table(X)
        zeros = np.broadcast_to(0.0, table.shape) if len(table.shape) == 2 else table
        check_array(zeros, ensure_all_finite=False, estimator=self)
        return table

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _one_hot(is_high):
    """Find columns of two values that are a category, one-hot encoded: (indices, 0 or 1).

    Neighbours of which exactly one has its second value (1), or its first (0), in every row.
    ``is_high`` is {index: (n,) mask of the second value}.
    """
    rest = np.array(sorted(is_high), dtype=np.intp)
    for is_second in (1, 0):
        if len(rest):
            sides = np.column_stack([is_high[j] == is_second for j in rest])
            found = [rest[start:end] for start, end in one_hot_runs(sides)]
            yield from ((joined, is_second) for joined in found)
            rest = np.setdiff1d(rest, [j for joined in found for j in joined])


def _encoders(column, values, missing, is_category):
    """Fit encoders of k columns as ``read`` returns them: pairs of (indices, encoder)."""
    for i in np.flatnonzero(is_category):
        yield np.array([i]), Category().fit(column, values[i], missing[i])
    rest = np.flatnonzero(~is_category)
    if len(rest) and column.kind == "level":
        raise ValueError(
            f"Got values of the type {type(column.levels[0]).__name__} in {column.labels[0]}, "
            "which categorical_features leaves out. Name it there, or use 'auto'."
        )
    if len(rest):
        for some, encoder in number_encoders(column.of(rest), values[rest], missing[rest]):
            yield rest[some], encoder
