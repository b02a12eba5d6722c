"""Columns of a table in any container: read as plain arrays, and built again from them."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from scipy import sparse

from .._containers import is_dataframe, is_polars
from ._objects import Column, integer_dtype, nan_mask, read_objects

_NAT = np.iinfo(np.int64).min
_COLUMNS_AT_ONCE = 8  # the float64 of a row of them fill one line of the processor's cache


class Container:
    """The kind of container that a table came in, to build it again; ``names`` of its columns."""

    def __init__(self, X):
        self._type, self._dtype, self._index = type(X), getattr(X, "dtype", None), None
        self._attrs = getattr(X, "attrs", None)
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
            frame.columns, frame.attrs = self._index, self._attrs
            return frame
        if self._dtype is None:
            import polars as pl

            pairs = zip(self.names, made, strict=True)
            return pl.DataFrame([polars_series(name, *one) for name, one in pairs])
        if issubclass(self._type, (sparse.sparray, sparse.spmatrix)):
            return self._type(_sparse(made, self._dtype))
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


def _sparse(made, dtype):
    """Decoded columns as a sparse array, with one of them dense at a time."""
    columns = (array_values(*one).astype(dtype)[:, None] for one in made)
    return sparse.hstack([sparse.csc_array(column) for column in columns])


def chosen_columns(wanted, names):
    """Names, indices or a mask of columns as a set of indices."""
    wanted, chosen = list(getattr(wanted, "tolist", lambda: wanted)()), set()
    if len(wanted) == len(names) and all(isinstance(entry, (bool, np.bool_)) for entry in wanted):
        return set(np.flatnonzero(wanted).tolist())
    for entry in wanted:
        is_index = isinstance(entry, Integral) and not isinstance(entry, (bool, np.bool_))
        if is_index and -len(names) <= entry < len(names):
            chosen.add(entry % len(names))
        elif not isinstance(entry, Real) and entry in names:
            chosen.add(names.index(entry))
        else:
            hint = ". X came without names, as from BaggingClassifier, which hands on an array"
            raise ValueError(
                f"Got categorical_features with {entry!r}, but expected names of columns, indices "
                f"below {len(names)}, or a mask of that length"
                f"{hint if names == [*range(len(names))] else ''}."
            )
    return chosen


def read(series, name):
    """Find out what a column of a table holds: (Column, values, mask of the missing ones).

    Values are float64 of numbers; int64, or uint64, of whole numbers, booleans and times; of levels
    their places in ``column.levels``. They are anything where a value is missing.
    """
    label = f"column {name!r}" if isinstance(name, str) else f"column {name}"
    if is_polars(series):
        return _read_polars(series, label)
    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    is_array = isinstance(series, np.ndarray)
    if kind in "mM":
        plain, zone = _plain_and_zone(dtype)
        utc = series if zone is None else series.dt.tz_convert(None)
        values = np.asarray(utc.astype(plain)).astype(np.int64)
        return Column(label, dtype, "time", unit=plain), values, values == _NAT
    if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        levels, codes = list(dtype.categories), series.cat.codes.to_numpy()
        return Column(label, dtype, "level", True, levels), codes, codes < 0
    if kind in "biufc":
        if kind == "c":
            raise ValueError(f"Complex data not supported: got complex numbers in {label}.")
        native = {"f": np.float64, "u": np.uint64}.get(kind, np.int64)
        if is_array:
            values, missing = series.astype(native, copy=False), np.zeros(len(series), dtype=bool)
        else:
            missing = series.isna().to_numpy()
            filler = {"f": np.nan, "b": False}.get(kind, 0)
            values = series.to_numpy(dtype=native, na_value=filler)
        column = Column(label, dtype, "number", kind == "b" and not is_array)
        return column, values, missing | nan_mask(values, label)
    objects = np.asarray(series, dtype=object) if is_array else series.astype(object).to_numpy()
    return read_objects(objects, dtype, label)


def _plain_and_zone(dtype):
    """Numpy's dtype and the time zone, or None, of times: numpy's own, pandas' or Arrow's."""
    if isinstance(dtype, np.dtype):
        return dtype.newbyteorder("="), None
    held = getattr(dtype, "pyarrow_dtype", dtype)
    unit = getattr(held, "unit", "s")  # Arrow's dates have none
    return np.dtype(f"{dtype.kind}8[{unit}]"), getattr(held, "tz", None)


def pandas_series(column, values, missing):
    """A column of pandas, of decoded values."""
    import pandas as pd

    dtype, values = column.dtype, column.objects(values, missing)
    if values.dtype == object:
        return pd.Series(values, dtype=dtype)
    if column.kind == "number":
        series = pd.Series(values.astype(bool) if dtype.kind == "b" else values).astype(dtype)
    else:
        plain, zone = _plain_and_zone(dtype)
        series = pd.Series(values.view(plain))
        series = (series if zone is None else series.dt.tz_localize("UTC")).astype(dtype)
    return series.mask(missing) if missing.any() else series


def array_values(column, values, missing):
    """A column of an array, of decoded values."""
    values = column.objects(values, missing)
    if missing.any() and values.dtype != object:
        values[missing] = _NAT if column.kind == "time" else np.nan
    return values


def _read_polars(series, label):
    import polars as pl

    dtype = series.dtype
    missing = series.is_null().to_numpy()
    if dtype == pl.Boolean or dtype.is_integer():
        column = Column(label, dtype, "number", dtype == pl.Boolean)
        native = integer_dtype(series.min() or 0, series.max() or 0, label)
        whole = pl.UInt64 if native is np.uint64 else pl.Int64
        return column, series.cast(whole).fill_null(0).to_numpy(), missing
    if dtype.is_numeric():
        column = Column(label, dtype, "number")
        column.missing = None if missing.any() else np.nan
        values = series.cast(pl.Float64).to_numpy()
        return column, values, missing | nan_mask(values, label)
    if dtype.is_temporal():
        times = series.to_physical().cast(pl.Int64).fill_null(0)
        return Column(label, dtype, "time", unit=dtype), times.to_numpy(), missing
    if dtype.is_nested():
        raise ValueError(f"Got {dtype} values in {label}, but expected numbers, texts or times.")
    objects = np.fromiter(series.to_list(), dtype=object, count=len(series))
    column, codes, missing = read_objects(objects, dtype, label)
    if dtype == pl.Enum:
        levels = dtype.categories.to_list()
        place = np.array([*map(levels.index, column.levels), 0])
        column.levels, codes = levels, place[codes]
    return column, codes, missing


def polars_series(name, column, values, missing):
    """A column of polars, of decoded values."""
    import polars as pl

    values = column.objects(values, missing)
    if values.dtype == object:
        return pl.Series(name, values.tolist(), dtype=column.dtype)
    series = pl.Series(name, values)
    if missing.any():  # NaN, which is not null, may have stood for what is missing
        series = series.set(pl.Series(missing), column.missing)
    return (series.cast(pl.Int32) if column.dtype == pl.Date else series).cast(column.dtype)
