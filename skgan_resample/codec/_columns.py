"""The caller's columns as float64 numbers with NaN where a value is missing, and back again."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from .._containers import is_dataframe, is_polars
from ._values import Column, pandas_series, polars_series, read


class Columns:
    """The columns of a table, learnt by :meth:`fit` from whatever container it comes in.

    Attributes
    ----------
    columns : list of Column
        In the order of the table.
    names : list
        The caller's names of them; their numbers in an array.
    """

    def fit(self, X):
        """Learn what the columns of X hold, and return them as numbers, (n, n_columns)."""
        self._container = _container_of(X)
        if self._container == "pandas":
            self._index = X.columns
            if not X.columns.is_unique:
                twice = list(X.columns[X.columns.duplicated()].unique())
                raise ValueError(f"Got several columns named {twice}. Give each its own name.")
        elif self._container != "polars":
            self._type = type(X) if sparse.issparse(X) else None
            X = as_array(X)
        self._dtype: Any = getattr(X, "dtype", None)
        if self._is_numeric():
            self.names = list(range(X.shape[1] if X.ndim == 2 else 0))
            self.columns = [
                Column(f"column {j}", X.dtype, "number", X.dtype.type) for j in self.names
            ]
            return X
        self.columns, self.names, numbers = [], [], []
        for name, series in _each_column(X):
            column, values = read(series, _label(name))
            column.learn(values)
            self.columns.append(column)
            self.names.append(name)
            numbers.append(column.to_numbers(values))
        return np.column_stack(numbers) if numbers else np.empty((len(X), 0))

    def to_numbers(self, X):
        """Another table of the same columns as numbers, (n, n_columns)."""
        if _container_of(X) == "array":
            X = as_array(X)
            if self._is_numeric():
                return X
        numbers = []
        for known, (_, series) in zip(self.columns, _each_column(X), strict=True):
            column, values = read(series, known.label)
            if column.kind == known.kind:
                numbers.append(known.to_numbers(values))
            elif all(value is None for value in values):
                numbers.append(np.full(len(values), np.nan))
            else:
                raise ValueError(
                    f"Got {column.dtype} values in {known.label}, but fit saw {known.dtype}."
                )
        return np.column_stack(numbers)

    def from_numbers(self, numbers):
        """Rows of numbers as a table of the caller's kind and dtypes."""
        if self._is_numeric():
            made = numbers.astype(self._dtype)
            return made if self._type is None else self._type(made)
        made = [
            (column, column.from_numbers(values))
            for column, values in zip(self.columns, numbers.T, strict=True)
        ]
        if self._container == "array":
            rows = np.empty(numbers.shape, dtype=self._dtype)
            for j, (column, values) in enumerate(made):
                rows[:, j] = column.objects(values) if self._dtype.kind == "O" else values
            return rows
        if self._container == "polars":
            import polars as pl

            pairs = zip(self.names, made, strict=True)
            return pl.DataFrame([polars_series(name, *pair) for name, pair in pairs])
        import pandas as pd

        frame = pd.DataFrame({j: pandas_series(*pair) for j, pair in enumerate(made)})
        frame.columns = self._index
        return frame

    def categorical(self, wanted):
        """Mask of the columns that ``categorical_features`` means by ``wanted``."""
        if isinstance(wanted, str):
            chosen = np.array([column.is_category for column in self.columns])
        else:
            chosen = _mask([] if wanted is None else wanted, self.names)
        for column, is_category in zip(self.columns, chosen, strict=True):
            if column.kind == "level" and not is_category:
                raise ValueError(
                    f"Got values of the type {column.type.__name__} in {column.label}, which "
                    "categorical_features leaves out. Name it there, or use 'auto'."
                )
        return chosen

    def _is_numeric(self):
        return self._container == "array" and self._dtype.kind in "biufc"


def as_array(X):
    """An array of any container but a frame: sparse ones dense, lists of mixed types as objects."""
    if sparse.issparse(X):
        return X.toarray()
    array = np.asarray(X)
    mixed = isinstance(X, (list, tuple)) and array.dtype.kind in "USMm"
    return np.array(X, dtype=object) if mixed else array


def _container_of(X):
    if is_polars(X):
        return "polars"
    return "pandas" if is_dataframe(X) and X.ndim == 2 else "array"


def _label(name):
    return f"column {name!r}" if isinstance(name, str) else f"column {name}"


def _each_column(X):
    """Pairs (name, column) of a frame or an array."""
    if is_polars(X):
        return ((series.name, series) for series in X.iter_columns())
    return X.items() if is_dataframe(X) else enumerate(X.T if X.ndim == 2 else ())


def _mask(wanted, names):
    """Names, indices or a mask of columns as a mask."""
    wanted, mask = np.asarray(wanted), np.zeros(len(names), dtype=bool)
    if wanted.dtype.kind == "b" and wanted.shape == mask.shape:
        return wanted
    known = {name: j for j, name in enumerate(names)}
    for entry in wanted.tolist():
        is_index = isinstance(entry, int) and not isinstance(entry, bool)
        if is_index and -len(names) <= entry < len(names):
            mask[entry] = True
        elif isinstance(entry, str) and entry in known:
            mask[known[entry]] = True
        else:
            raise ValueError(
                f"Got categorical_features with {entry!r}, but expected names of columns, indices "
                f"below {len(names)}, or a mask of that length."
            )
    return mask
