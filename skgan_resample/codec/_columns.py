"""The columns of the caller's container one by one, and the same container of decoded columns."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .._containers import is_dataframe, is_polars
from ._values import array_values, pandas_series, polars_series

_COLUMNS_AT_ONCE = 8  # the float64 of a row of them fill one line of the processor's cache


class Container:
    """What kind of container a table came in, and how to build it again.

    Parameters
    ----------
    X : {ndarray, DataFrame, sparse matrix}
        The table.

    Attributes
    ----------
    names : list
        The caller's names of the columns; their numbers in an array.
    """

    def __init__(self, X):
        self._type, self._dtype, self._index = type(X), getattr(X, "dtype", None), None
        self.names = list(X.columns if is_dataframe(X) or is_polars(X) else range(X.shape[1]))
        if is_dataframe(X):
            self._index = X.columns
            if not X.columns.is_unique:
                twice = list(X.columns[X.columns.duplicated()].unique())
                raise ValueError(f"Got several columns named {twice}. Give each its own name.")

    def build(self, made, n_rows):
        """A table of decoded columns: an iterable of (Column, values, missing)."""
        if self._index is not None:
            import pandas as pd

            series = {j: pandas_series(*one) for j, one in enumerate(made)}
            frame = pd.DataFrame(series, copy=False)
            frame.columns = self._index
            return frame
        if self._dtype is None:
            import polars as pl

            pairs = zip(self.names, made, strict=True)
            return pl.DataFrame([polars_series(name, *one) for name, one in pairs])
        if issubclass(self._type, (sparse.sparray, sparse.spmatrix)):
            return self._type(_sparse(made, n_rows, self._dtype))
        rows = np.empty((n_rows, len(self.names)), dtype=self._dtype)
        for j, one in enumerate(made):
            rows[:, j] = array_values(*one)
        return rows


def as_table(X):
    """Lists as an array, of objects where types are mixed; other tables as they are."""
    if is_polars(X) and not hasattr(X, "shape"):
        raise TypeError("Got a polars LazyFrame, but expected a DataFrame. Call its collect().")
    if is_polars(X) or (is_dataframe(X) and X.ndim == 2) or sparse.issparse(X):
        return X
    array = np.asarray(X)
    mixed = isinstance(X, (list, tuple)) and array.dtype.kind in "USMm"
    return np.array(X, dtype=object) if mixed else array


def label_of(name):
    """What error messages call a column."""
    return f"column {name!r}" if isinstance(name, str) else f"column {name}"


def columns_of(X):
    """The columns of a table one by one; those of an array contiguous, as sums depend on it."""
    if is_polars(X):
        yield from X.iter_columns()
    elif is_dataframe(X):
        yield from (series for _, series in X.items())
    else:
        X = X.tocsc() if sparse.issparse(X) else X
        for start in range(0, X.shape[1], _COLUMNS_AT_ONCE):
            some = X[:, start : start + _COLUMNS_AT_ONCE]
            yield from (some.toarray() if sparse.issparse(some) else some).T.copy()


def _sparse(made, n_rows, dtype):
    """Decoded columns as a sparse array, with one of them dense at a time."""
    indices, data = [], []
    for one in made:
        values = array_values(*one).astype(dtype)
        indices.append(np.flatnonzero(values))
        data.append(values[indices[-1]])
    starts = np.cumsum([0, *map(len, data)])
    return sparse.csc_array(
        (np.concatenate(data), np.concatenate(indices), starts), shape=(n_rows, len(data))
    )


def chosen_columns(wanted, names):
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
