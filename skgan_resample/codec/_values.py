"""The values of one column: what they are, whoever holds them, and how numbers stand for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral, Real

import numpy as np

from .._containers import is_polars

_NAT = np.iinfo(np.int64).min


@dataclass
class Column:
    """What one column holds, and how its values become numbers.

    Parameters
    ----------
    label : str
        What error messages call it.
    dtype : object
        The caller's dtype.
    kind : {"number", "time", "level"}
        A level is anything that is neither a number nor a time, such as a text.
    type : type
        Of the values of an object column: bool, int or float where they are numbers.
    is_category : bool
        Whether ``categorical_features="auto"`` takes it for a category.
    missing : object
        What stands for a missing value in an object column.
    levels : list
        The levels in ascending order, or in that of the caller's own categories.
    low, step : int
        The earliest time, and the largest unit of which all times since then are multiples.
    """

    label: str
    dtype: object
    kind: str
    type: type = float
    is_category: bool = False
    missing: object = None
    levels: list = field(default_factory=list)
    low: int = 0
    step: int = 1

    @property
    def integer(self):
        """Whether its numbers are whole."""
        whole = getattr(self.dtype, "kind", "O") in "iub"
        return self.kind != "number" or whole or self.type in (int, bool)

    def learn(self, values):
        """Learn levels, or the unit of times, from what :func:`read` returns."""
        if self.kind == "level" and not self.levels:
            seen = set(values[values != None])  # noqa: E711
            try:
                self.levels = sorted(seen)
            except TypeError:  # no order among them
                self.levels = list(dict.fromkeys(values[values != None]))  # noqa: E711
        elif self.kind == "time" and (values != _NAT).any():
            times = values[values != _NAT]
            self.low = int(times.min())
            self.step = int(np.gcd.reduce(times - self.low)) or 1

    def to_numbers(self, values):
        """What :func:`read` returns as float64."""
        if self.kind == "number":
            return values
        if self.kind == "time":
            since = (values - self.low) / self.step
            return np.where(values == _NAT, np.nan, since)
        index = {level: float(i) for i, level in enumerate(self.levels)}
        try:
            return np.array([np.nan if v is None else index[v] for v in values], dtype=np.float64)
        except KeyError as error:
            raise ValueError(
                f"Got the value {error.args[0]!r} in {self.label}, which was not there in fit."
            ) from None

    def from_numbers(self, numbers):
        """Numbers as what :func:`read` returns."""
        if self.kind == "number":
            return numbers
        absent = np.isnan(numbers)
        whole = np.rint(np.where(absent, 0, numbers)).astype(np.int64)
        if self.kind == "time":
            return np.where(absent, _NAT, whole * self.step + self.low)
        values = np.empty(len(whole), dtype=object)
        values[:] = [self.levels[i] for i in whole]
        values[absent] = None
        return values

    def objects(self, values):
        """What :func:`read` returns as the objects of an object column."""
        made = np.empty(len(values), dtype=object)
        if self.kind == "level":
            made[:] = [self.missing if v is None else v for v in values]
        else:
            made[:] = [self.missing if v != v else self.type(v) for v in values.tolist()]
        return made


def read(series, label):
    """Find out what a column holds.

    Returns
    -------
    column : Column
        All but what its method ``learn`` learns.
    values : ndarray of shape (n,)
        float64 with NaN of numbers, int64 of times, objects with None of levels.
    """
    if is_polars(series):
        return _read_polars(series, label)
    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    is_array = isinstance(series, np.ndarray)
    if kind in "mM":
        utc = series if getattr(dtype, "tz", None) is None else series.dt.tz_convert(None)
        return Column(label, dtype, "time"), np.asarray(utc).astype(np.int64)
    if kind in "biufc" and not hasattr(dtype, "categories"):
        if kind == "c":
            raise ValueError(f"Complex data not supported: got complex numbers in {label}.")
        numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return Column(label, dtype, "number", is_category=kind == "b"), numbers
    if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        column = Column(label, dtype, "level", is_category=True, levels=list(dtype.categories))
        levels = np.fromiter([*column.levels, None], dtype=object)
        return column, levels[series.cat.codes]  # a missing value has the code -1, that of None
    objects = np.asarray(series, dtype=object) if is_array else series.astype(object).to_numpy()
    return _read_objects(objects, dtype, label)


def _read_objects(objects, dtype, label):
    """Tell a column of Python objects by their types."""
    absent = _is_missing(objects)
    present = objects[~absent]
    families = {_family(kind) for kind in set(map(type, present))}
    if len(families) > 1:
        names = " and ".join(sorted({kind.__name__ for kind in set(map(type, present))}))
        raise ValueError(
            f"Got values of the types {names} in {label}, but expected one type. Convert the "
            "column, to texts or to numbers."
        )
    family = families.pop() if families else str
    missing = objects[absent][0] if absent.any() else None
    if family in (bool, float):
        numbers = np.full(len(objects), np.nan)
        numbers[~absent] = present.astype(np.float64)
        whole = all(issubclass(kind, Integral) for kind in set(map(type, present)))
        value_type = bool if family is bool else int if whole else float
        column = Column(label, dtype, "number", value_type, family is bool, missing)
        return column, numbers
    if family is complex:
        raise ValueError(f"Complex data not supported: got complex numbers in {label}.")
    if getattr(family, "__hash__", None) is None:
        raise ValueError(
            f"Got values of the type {family.__name__} in {label}, but expected numbers, texts, "
            "booleans, dates or times."
        )
    values = objects.copy()
    values[absent] = None
    return Column(label, dtype, "level", family, is_category=True, missing=missing), values


def _family(kind):
    """What values of a type count as."""
    if issubclass(kind, (bool, np.bool_)):
        return bool
    if issubclass(kind, Real):
        return float
    if issubclass(kind, (complex, np.complexfloating)):
        return complex
    return str if issubclass(kind, str) else kind


def _is_missing(objects):
    """Mask of None, NaN, pandas' NA and NaT."""
    return np.array(
        [
            v is None
            or (isinstance(v, (float, np.floating)) and v != v)
            or type(v).__name__ in ("NAType", "NaTType")
            for v in objects
        ],
        dtype=bool,
    )


def pandas_series(column, values):
    """A column of pandas, of what :func:`read` returns."""
    import pandas as pd

    dtype = column.dtype
    if column.kind == "number" and not pd.api.types.is_object_dtype(dtype):
        return pd.Series(values).astype(dtype)
    if column.kind != "time":
        return pd.Series(column.objects(values), dtype=dtype)
    zone, unit = getattr(dtype, "tz", None), getattr(dtype, "unit", None)
    unit = unit or np.datetime_data(dtype)[0]
    series = pd.Series(values.view(f"{dtype.kind}8[{unit}]"))
    return series if zone is None else series.dt.tz_localize("UTC").dt.tz_convert(zone)


def _read_polars(series, label):
    import polars as pl

    dtype = series.dtype
    if dtype == pl.Boolean or dtype.is_numeric():
        column = Column(label, dtype, "number", is_category=dtype == pl.Boolean)
        column.type = bool if dtype == pl.Boolean else int if dtype.is_integer() else float
        column.missing = None if series.null_count() else np.nan
        return column, series.cast(pl.Float64).to_numpy()
    if dtype.is_temporal():
        times = series.to_physical().cast(pl.Int64).fill_null(_NAT)
        return Column(label, dtype, "time"), times.to_numpy()
    objects = np.empty(len(series), dtype=object)
    if dtype.is_nested():
        raise ValueError(f"Got {dtype} values in {label}, but expected numbers, texts or times.")
    objects[:] = series.to_list()
    column, values = _read_objects(objects, dtype, label)
    if dtype == pl.Enum:
        column.levels = dtype.categories.to_list()
    return column, values


def polars_series(name, column, values):
    """A column of polars, of what :func:`read` returns."""
    import polars as pl

    if column.kind == "level" or column.dtype == pl.Object:
        return pl.Series(name, column.objects(values).tolist(), dtype=column.dtype)
    series = pl.Series(name, values)
    if column.kind == "time":
        series = series.to_frame().select(pl.when(pl.first() != _NAT).then(pl.first())).to_series()
        series = series.cast(pl.Int32 if column.dtype == pl.Date else pl.Int64)
    elif column.missing is None:  # else NaN, which is not null, stood for what is missing
        series = series.fill_nan(None)
    return series.cast(column.dtype)
