"""Tables of any columns <-> float32 columns that networks take."""

from __future__ import annotations

import math
import warnings

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from .._containers import is_polars
from ._blocks import base_of, blocks_of, digits_of, rank_of
from ._columns import Columns
from ._numbers import Numbers


class TableCodec(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Encode the columns of a table as float32 numbers, and decode them.

    Numbers, dates and durations are scaled to mean 0 and standard deviation 1, dates as multiples
    of the largest unit that divides them all (days, for example). Categories become one-hot
    blocks. A column with missing values has a block of two entries more, present and missing,
    and its gaps are filled with a value that occurs: the median, or the most frequent category.

    On the way back integer and boolean columns are rounded, every column of numbers is clipped to
    the range seen by ``fit``, and one in which values recur (fewer than half as many values as
    rows: codes, counts, grades) takes the nearest of the values seen. A block stands for its
    largest entry.

    Parameters
    ----------
    categorical_features : "auto", None or array-like, default="auto"
        Which columns are categories: their names, their indices, or a mask. "auto" are the
        booleans of a frame, and in any container what is neither number nor time: texts,
        pandas' categories. What an object column holds decides. None are no columns.

    Attributes
    ----------
    categorical_features_ : ndarray of shape (n_categorical_features,)
        Indices of the columns that are categories.
    categories_ : dict of int to ndarray
        What the categories of these columns are internally: the numbers themselves, or the
        ranks of the levels.
    numbers_ : Numbers
        Scale, range and recurring values of the columns of numbers, dates and durations.
    block_sizes_ : tuple of int
        Entries of each block. Blocks stand behind the numbers: those of the categories first,
        then present and missing.
    gaps_ : tuple of int
        For each column with missing values the encoded column that is 1 where one is missing.
    number_gaps_ : tuple of (int, int)
        The same for columns of numbers, behind the encoded column of the number.
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
    A category of more than 64 levels has no block of its own size: its ranks are written in two
    or more digits of at most 64 values, with a block for each. 1,000 levels take two blocks of
    32. Nothing is lost, and memory grows with the square root of the number of levels; but a
    generator that draws the digits one by one may put together a level that is rare.

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
            If a column holds values of several types, none at all, complex numbers, lists, or
            text where ``categorical_features`` leaves it out; or if two have one name. The
            message names the column.
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Learn the columns and encode them.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        encoded : ndarray of shape (n_samples, n_encoded)
            float32.
        """
        self._validate_params()
        if sparse.issparse(X):
            warnings.warn(
                f"Got a sparse {type(X).__name__}, which is made dense: {math.prod(X.shape):,} "
                "values.",
                DataConversionWarning,
                stacklevel=2,
            )
        self._columns = Columns()
        numbers = self._checked(self._columns.fit(X))
        validate_data(self, X, skip_check_array=True)
        missing = np.isnan(numbers)
        self._refuse_empty(missing)
        chosen = self._columns.categorical(self.categorical_features)
        self.categorical_features_ = np.flatnonzero(chosen)
        self._numeric, self._gappy = np.flatnonzero(~chosen), np.flatnonzero(missing.any(axis=0))
        self._fill = self._learn_fill(numbers)
        self.numbers_ = Numbers([self._columns.columns[j] for j in self._numeric])
        filled = self._filled(numbers)
        self.numbers_.fit(self._numbers_of(filled), missing[:, self._numeric])
        self._learn_blocks(numbers)
        return self._encode(filled, missing)

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
            If a column has a category, or a gap, that ``fit`` did not see in it.
        """
        check_is_fitted(self)
        if not is_polars(X) and np.ndim(X) != 2:
            check_array(X, estimator=self)
        validate_data(self, X, reset=False, skip_check_array=True)
        numbers = self._checked(self._columns.to_numbers(X))
        missing = np.isnan(numbers)
        self._refuse_unseen_gaps(missing)
        return self._encode(self._filled(numbers), missing)

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
        encoded = np.asarray(encoded)
        n_numbers = len(self._numeric)
        numbers = np.empty((len(encoded), self.n_features_in_))
        numbers[:, self._numeric] = self.numbers_.inverse_transform(encoded[:, :n_numbers])
        digits = [block.argmax(axis=1) for block in blocks_of(encoded, self.block_sizes_)]
        for column, seen in self.categories_.items():
            n_digits = base_of(len(seen))[1]
            numbers[:, column] = seen[rank_of(digits[:n_digits], len(seen))]
            del digits[:n_digits]
        for column, is_missing in zip(self._gappy, digits, strict=True):
            numbers[is_missing == 1, column] = np.nan
        return self._columns.from_numbers(numbers)

    def _checked(self, numbers):
        """Numbers as C-ordered float64: sums, and so the scaling, depend on the order."""
        numbers = check_array(
            numbers, dtype=np.float64, order="C", ensure_all_finite=False, estimator=self
        )
        for j in np.flatnonzero(np.isinf(numbers).any(axis=0)):
            raise ValueError(
                f"Got infinity in {self._columns.columns[j].label}, but expected finite numbers. "
                "Replace it by a missing value or a large number."
            )
        return numbers

    def _refuse_empty(self, missing):
        for j in np.flatnonzero(missing.all(axis=0)):
            raise ValueError(
                f"Got only missing values in {self._columns.columns[j].label}: there is nothing "
                "to learn from. Drop the column."
            )

    def _learn_fill(self, numbers):
        """A value that occurs, for each column with gaps: the median or the most frequent one."""
        fill = {}
        for column in self._gappy:
            values, counts = np.unique(numbers[:, column], return_counts=True)
            values, counts = values[:-1], counts[:-1]  # NaN comes last
            if column in self.categorical_features_:
                fill[column] = values[counts.argmax()]
            else:
                fill[column] = values[counts.cumsum() >= counts.sum() / 2][0]
        return fill

    def _filled(self, numbers):
        if not self._fill:
            return numbers
        numbers = numbers.copy()
        for column, value in self._fill.items():
            numbers[np.isnan(numbers[:, column]), column] = value
        return numbers

    def _numbers_of(self, X):
        return np.ascontiguousarray(X[:, self._numeric])

    def _learn_blocks(self, numbers):
        """Categories, and which encoded columns belong together."""
        self.categories_, sizes, owners = {}, [], list(self._numeric)
        for column in self.categorical_features_:
            values = numbers[:, column]
            self.categories_[column] = seen = np.unique(values[~np.isnan(values)])
            base, n_digits = base_of(len(seen))
            sizes += [base] * n_digits
            owners += [column] * (base * n_digits)
        owners += list(np.repeat(self._gappy, 2))
        self.block_sizes_ = (*sizes, *[2] * len(self._gappy))
        self.sample_shape_ = (len(owners),)
        self.gaps_ = tuple(range(len(owners) - 2 * len(self._gappy) + 1, len(owners), 2))
        number = {column: j for j, column in enumerate(self._numeric)}
        marks = zip(self._gappy, self.gaps_, strict=True)
        self.number_gaps_ = tuple((number[c], mark) for c, mark in marks if c in number)
        shared = np.union1d(self.categorical_features_, self._gappy)
        unit = {column: j + 1 for j, column in enumerate(shared)}
        self.units_ = tuple(unit.get(column, 0) for column in owners)

    def _encode(self, filled, missing):
        """Numbers without gaps, and where the gaps were, as encoded rows."""
        encoded = np.zeros((len(filled), *self.sample_shape_), dtype=np.float32)
        encoded[:, : len(self._numeric)] = self.numbers_.transform(self._numbers_of(filled))
        digits = []
        for column, seen in self.categories_.items():
            digits += digits_of(self._ranks(filled[:, column], column, seen), len(seen))
        digits += [missing[:, column].astype(np.int64) for column in self._gappy]
        rows = np.arange(len(filled))
        for block, digit in zip(blocks_of(encoded, self.block_sizes_), digits, strict=True):
            block[rows, digit] = 1
        return encoded

    def _ranks(self, values, column, seen):
        rank = np.searchsorted(seen, values).clip(max=len(seen) - 1)
        for value in values[seen[rank] != values]:
            known = self._columns.columns[column]
            unseen = known.levels[int(value)] if known.levels else value
            raise ValueError(
                f"Got the value {unseen!r} in {known.label}, which was not there in fit."
            )
        return rank

    def _refuse_unseen_gaps(self, missing):
        for j in np.setdiff1d(np.flatnonzero(missing.any(axis=0)), self._gappy):
            raise ValueError(
                f"Got missing values in {self._columns.columns[j].label}, which had none in fit."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = []
        return tags
