"""Columns of a table in any container: read as plain arrays, and built again from them."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from numbers import Integral, Real

import numpy as np
from scipy import sparse

from .._containers import is_dataframe, is_polars
from ._objects import Column, integer_dtype, nan_mask, read_objects

_NAT = np.iinfo(np.int64).min
_NATIVE = {"f": np.float64, "u": np.uint64, "i": np.int64, "b": np.int64}
_VALUES_AT_ONCE = 1 << 16  # of columns that are read together: 0.5 MB, which stay in the cache


class Container:
    """The kind of container that a table came in, to build it again; ``names`` of its columns."""

    def __init__(self, X, kind):
        self._type, self._dtype, self._index = kind, getattr(X, "dtype", None), None
        self._attrs = deepcopy(getattr(X, "attrs", None))
        self.names = list(X.columns if is_dataframe(X) or is_polars(X) else range(X.shape[1]))
        if is_dataframe(X):
            self._index = X.columns
            if not X.columns.is_unique:
                twice = list(X.columns[X.columns.duplicated()].unique())
                raise ValueError(f"Got several columns named {twice}. Give each its own name.")

    def build(self, decoded, n_rows):
        """A table of decoded columns: (indices, Column, values, missing) as ``read`` has them."""
        if self._index is not None:
            return self._pandas_frame(decoded)
        if self._dtype is None:
            return self._polars_frame(decoded)
        blocks = (
            (some, array_values(column, values, missing).T)
            for some, column, values, missing in decoded
        )
        if issubclass(self._type, (sparse.sparray, sparse.spmatrix)):
            order, parts = zip(  # with a few columns dense at a time
                *((some, sparse.csc_array(block.astype(self._dtype))) for some, block in blocks),
                strict=True,
            )
            return self._type(sparse.hstack(parts)[:, np.argsort(np.concatenate(order))])
        rows = np.empty((n_rows, len(self.names)), dtype=self._dtype)
        for some, block in blocks:
            rows[:, some] = block
        return rows

    def _pandas_frame(self, decoded):
        import pandas as pd

        order, parts = [], []
        for some, column, values, missing in decoded:
            order.extend(some)
            if len(some) == 1:
                parts.append(pandas_series(column, values[0], missing[0]))
            else:  # of numpy's own numbers
                block = array_values(column, values, missing).T.astype(column.dtype)
                parts.append(pd.DataFrame(block))
        frame = pd.concat(parts, axis=1, ignore_index=True)[np.argsort(order)]
        frame.columns, frame.attrs = self._index, deepcopy(self._attrs)
        return frame

    def _polars_frame(self, decoded):
        import polars as pl

        series = {
            some[0]: polars_series(self.names[some[0]], column, values[0], missing[0])
            for some, column, values, missing in decoded
        }
        # by name, since polars would rename a series that has an empty one
        return pl.DataFrame({name: series[j] for j, name in enumerate(self.names)})


def as_table(X):
    """Lists as an array, of objects where types are mixed; sparse tables as CSC; others as is."""
    if is_polars(X) and not hasattr(X, "shape"):
        raise TypeError("Got a polars LazyFrame, but expected a DataFrame. Call its collect().")
    if sparse.issparse(X):
        return X.tocsc()
    if any(isinstance(d, np.dtype) and not d.isnative for d in getattr(X, "dtypes", ())):
        raise TypeError(
            "Got a frame of numbers in the byte order of other machines, which pandas does not "
            'handle. Convert it: X.astype(X.dtypes.map(lambda dtype: dtype.newbyteorder("="))).'
        )
    if is_polars(X) or (is_dataframe(X) and X.ndim == 2):
        return X
    array = np.asarray(X)
    if isinstance(X, (list, tuple)) and array.ndim == 2:
        lists = X if isinstance(X[0], (list, tuple)) else []
        types = [set(map(type, column)) for column in zip(*lists, strict=True)]
        # numpy makes floats of integers beside floats, or beyond 64 bits, and texts of all
        differ = all(len(kinds) == 1 for kinds in types) and len(set().union(*types)) > 1
        is_beyond = types and all(kinds == {int} for kinds in types) and array.dtype.kind == "f"
        if differ or is_beyond or array.dtype.kind in "USMm":
            return np.array([[*row] for row in X], dtype=object)
    return array


def like_columns(X):
    """Indices of columns that are encoded together: one, or a few of one of numpy's dtypes."""
    groups: dict = {}
    for j, dtype in enumerate(X.dtypes if hasattr(X, "dtypes") else [X.dtype] * X.shape[1]):
        is_plain = isinstance(dtype, np.dtype) and dtype.kind in _NATIVE
        groups.setdefault(dtype if is_plain else j, []).append(j)
    n_values = _VALUES_AT_ONCE // 8 if sparse.issparse(X) else _VALUES_AT_ONCE
    n_at_once = max(1, n_values // X.shape[0])
    for group in groups.values():
        for start in range(0, len(group), n_at_once):
            yield np.array(group[start : start + n_at_once])


def chosen_columns(wanted, names):
    """Names, indices or a mask of columns as a set of indices."""
    wanted, chosen = list(getattr(wanted, "tolist", lambda: wanted)()), set()
    if len(wanted) == len(names) and all(isinstance(entry, (bool, np.bool_)) for entry in wanted):
        return set(np.flatnonzero(wanted).tolist())
    places = {name: j for j, name in enumerate(names)}
    for entry in wanted:
        is_index = isinstance(entry, Integral) and not isinstance(entry, (bool, np.bool_))
        if is_index and -len(names) <= entry < len(names):
            j = entry % len(names)
            if places.get(entry, j) != j:
                raise ValueError(
                    f"Got categorical_features with {entry}, but this is both the index of column "
                    f"{names[j]!r} and the name of the column at index {places[entry]}. Rename the "
                    "columns to strings, X.columns = X.columns.astype(str), or pass a mask."
                )
            if j in chosen:
                raise ValueError(
                    f"Got categorical_features with column {names[j]!r} twice. If it is a mask, "
                    "give booleans: numpy.array(mask, dtype=bool)."
                )
            chosen.add(j)
        elif (is_index or not isinstance(entry, Real)) and entry in names:
            chosen.add(names.index(entry))
        else:
            hint = ". X came without names, as from BaggingClassifier, which hands on an array"
            raise ValueError(
                f"Got categorical_features with {entry!r}, but expected names of columns, indices "
                f"below {len(names)}, or a mask of that length"
                f"{hint if names == [*range(len(names))] else ''}."
            )
    return chosen


def read(X, some, names, zone=None):
    """Read columns of a table: (Column, values, mask of the missing ones), (k, n) each.

    Values are float64 of numbers; int64, or uint64, of whole numbers, booleans and times; of levels
    their places in ``column.levels``. They are anything where a value is missing. Times that have a
    zone are what clocks show in ``zone``, or in their own, so that days are multiples of a day.
    """
    labels = [f"column {names[j]!r}" for j in some]
    if is_polars(X) or (is_dataframe(X) and len(some) == 1):
        block, series = None, ((X if is_polars(X) else X.iloc)[:, j] for j in some.tolist())
    elif is_dataframe(X):
        part = X.iloc[:, some]
        block = part.to_numpy() if part.dtypes.nunique() == 1 else None
        series = (part.iloc[:, i] for i in range(len(some)))
    else:
        block = X[:, some].toarray() if sparse.issparse(X) else X[:, some]
        series = block.T
    if block is not None and block.dtype.kind in _NATIVE:
        values = np.array(block.T, dtype=_NATIVE[block.dtype.kind], order="C")
        for i in np.flatnonzero(np.isinf(values).any(axis=1)):
            nan_mask(values[i], labels[i])
        is_category = is_dataframe(X) and block.dtype.kind == "b"
        return Column(labels, block.dtype, "number", is_category), values, np.isnan(values)
    read_one = partial(_read_one, zone=zone)
    columns, parts, masks = zip(*map(read_one, series, labels), strict=True)
    present = (c for c, mask in zip(columns, masks, strict=True) if not mask.all())
    # of columns that were numbers in fit, the one that is none tells what differs
    column = max(present, key=lambda c: c.kind != "number", default=columns[0])
    return column, np.stack(parts), np.stack(masks)


def _read_one(series, label, zone):
    """Find out what a column holds: (Column, values, mask of the missing ones)."""
    if is_polars(series):
        return _read_polars(series, label)
    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    if kind in "mM":
        plain, own = _plain_and_zone(dtype)
        column = Column([label], dtype, "time", unit=plain)
        if own is not None:  # by way of UTC, since Arrow's have no local times
            utc = series.dt.tz_convert(None).astype(plain).dt.tz_localize("UTC")
            zoned = utc.dt.tz_convert(zone or own)
            column.zone, series = zoned.dt.tz, zoned.dt.tz_localize(None)
        values = np.asarray(series.astype(plain)).astype(np.int64)
        return column, values, values == _NAT
    if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        levels, codes = list(dtype.categories), series.cat.codes.to_numpy()
        return Column([label], dtype, "level", True, levels), codes, codes < 0
    if kind == "c":
        raise ValueError(f"Complex data not supported: got complex numbers in {label}.")
    if kind in _NATIVE:
        filler = {"f": np.nan, "b": False}.get(kind, 0)
        values = series.to_numpy(dtype=_NATIVE[kind], na_value=filler)
        missing = series.isna().to_numpy() | nan_mask(values, label)
        return Column([label], dtype, "number", kind == "b"), values, missing
    return read_objects(np.asarray(series, dtype=object), dtype, label, zone)


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
        if zone is not None:
            series = series.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
        series = series.astype(dtype)
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
        column = Column([label], dtype, "number", dtype == pl.Boolean)
        native = integer_dtype(series.min() or 0, series.max() or 0, label)
        whole = pl.UInt64 if native is np.uint64 else pl.Int64
        return column, series.cast(whole).fill_null(0).to_numpy(), missing
    if dtype.is_numeric() and not dtype.is_decimal():
        column = Column([label], dtype, "number")
        column.missing = None if missing.any() else np.nan
        values = series.cast(pl.Float64).to_numpy()
        return column, values, missing | nan_mask(values, label)
    if dtype.is_temporal():
        if dtype == pl.Datetime:
            series = series.dt.replace_time_zone(None)
        times = series.to_physical().cast(pl.Int64).fill_null(0)
        return Column([label], dtype, "time", unit=dtype), times.to_numpy(), missing
    if dtype.is_nested():
        raise ValueError(f"Got {dtype} values in {label}, but expected numbers, texts or times.")
    if dtype == pl.Enum:
        codes = series.to_physical().fill_null(0).to_numpy()
        return Column([label], dtype, "level", True, dtype.categories.to_list()), codes, missing
    objects = np.fromiter(series.to_list(), dtype=object, count=len(series))
    return read_objects(objects, dtype, label)


def polars_series(name, column, values, missing):
    """A column of polars, of decoded values."""
    import polars as pl

    values = column.objects(values, missing)
    if values.dtype == object:
        return pl.Series(name, values.tolist(), dtype=column.dtype)
    series = pl.Series(name, values)
    if missing.any():  # NaN, which is not null, may have stood for what is missing
        series = series.set(pl.Series(missing), column.missing)
    if zone := getattr(column.dtype, "time_zone", None):
        return _in_zone(series.cast(pl.Datetime(column.dtype.time_unit)), zone)
    return (series.cast(pl.Int32) if column.dtype == pl.Date else series).cast(column.dtype)


def _in_zone(local, zone):
    """Local times of polars as moments, the earlier of two; those that clocks skip move forward."""
    made, later = (
        times.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        for times in (local, local.dt.offset_by("-24h"))
    )
    return made.fill_null(later.dt.offset_by("24h"))
