"""Columns of Python objects: read as plain arrays, and made again from them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from numbers import Integral, Real

import numpy as np

from .._containers import is_missing

# What values of a type count as; the first that fits, as numpy's durations are integers, too
_FAMILIES = {
    bool: (bool, np.bool_),
    datetime.time: (datetime.time,),
    "m8": (datetime.timedelta, np.timedelta64),
    "M8": (datetime.date, np.datetime64),
    float: (Real, Decimal),
    complex: (complex, np.complexfloating),
    str: (str,),
}


@dataclass
class Column:
    """What one column holds, or several of one dtype of numbers."""

    labels: list  # what error messages call them
    dtype: object  # the caller's
    kind: str  # "number", "time", or "level": anything that is neither, such as a text
    is_category: bool = False  # whether categorical_features="auto" takes it for a category
    levels: list | None = None  # in ascending order, or in that of the caller's own categories
    unit: object = None  # of times: a dtype of numpy or polars, or the frequency of periods
    zone: datetime.tzinfo | None = None  # that numpy's times are counted in
    make: Callable | None = None  # makes an object of a number or a time, where it holds objects
    missing: object = None  # what stands for a missing value among objects

    def of(self, some):
        """Some of the columns."""
        return replace(self, labels=[self.labels[i] for i in some])

    def objects(self, values, missing):
        """Decoded values as objects, where the column holds such; else as they are."""
        if self.kind != "level" and self.make is None:
            return values
        plain = values.ravel().tolist()
        made = np.fromiter(map(self.make, plain) if self.make else plain, object, count=len(plain))
        made = made.reshape(values.shape)
        made[missing] = self.missing
        return made

    def in_unit_of(self, known, values):
        """Values in the unit of a column seen before; ValueError if they are of another kind."""
        if (self.kind, self.unit) == (known.kind, known.unit):
            return values
        kinds = {getattr(unit, "kind", None) for unit in (self.unit, known.unit)}
        if len(kinds) == 1 and kinds <= {"m", "M"}:
            times = values.view(self.unit)
            found = times.astype(known.unit)
            is_finer = np.promote_types(times.dtype, found.dtype) == found.dtype
            if is_finer and (found.astype(self.unit).view(np.int64) != values).any():
                raise ValueError(
                    f"Got times in {self.labels[0]} that {known.unit}, as seen in fit, has no "
                    "place for. Convert the column to a coarser unit, before fit, too."
                )
            return found.view(np.int64)
        raise ValueError(f"Got {self.dtype} values in {self.labels[0]}, but fit saw {known.dtype}.")


def read_objects(objects, dtype, label, zone=None):
    """Read a column of Python objects by their types; returns what ``_columns.read`` does."""
    absent = is_missing(objects)
    present = objects[~absent] if absent.any() else objects
    kinds = set(map(type, present))
    families = set(map(_family, kinds))
    if len(families) > 1:
        names = " and ".join(sorted({kind.__name__ for kind in kinds}))
        raise ValueError(
            f"Got values of the types {names} in {label}, but expected one type. Convert the "
            "column, to texts or to numbers."
        )
    family = families.pop() if families else str
    missing = objects[absent][0] if absent.any() else None
    column = Column([label], dtype, "number", family is bool, missing=missing)
    if family in (bool, float):
        found, column.make = _read_numbers(present, kinds, label)
    elif family is complex:
        raise ValueError(f"Complex data not supported: got complex numbers in {label}.")
    elif getattr(family, "__hash__", None) is None:
        raise ValueError(
            f"Got values of the type {family.__name__} in {label}, but expected numbers, texts, "
            "booleans, dates or times."
        )
    elif times := _read_times(present, family, zone, label):
        column.kind, (found, column.unit, column.make, column.zone) = "time", times
    else:
        column.kind, column.is_category = "level", True
        found, column.levels = _read_levels(present, label)
    values = np.zeros(len(objects), dtype=found.dtype)
    values[~absent] = found
    return column, values, absent


def _family(kind):
    return next((name for name, kinds in _FAMILIES.items() if issubclass(kind, kinds)), kind)


def _read_levels(present, label):
    """Codes of values, and the list of levels that these index."""
    try:
        levels = list(dict.fromkeys(present))
    except TypeError as error:
        raise ValueError(f"Got values in {label} that cannot be compared: {error}.") from error
    with suppress(TypeError, ValueError):  # without an order that in which they come stays
        levels = sorted(levels)
    index = {level: i for i, level in enumerate(levels)}
    return np.fromiter(map(index.__getitem__, present), np.intp, count=len(present)), levels


# Numbers -----------------------------------------------------------------------------------------


def _read_numbers(present, kinds, label):
    """Numbers as an array, and a function that makes one."""
    others = [kind for kind in kinds if not issubclass(kind, (Integral, np.bool_))]
    if not others:
        native = integer_dtype(min(present), max(present), label)
        return present.astype(native), bool if _family(next(iter(kinds))) is bool else int
    try:
        values = present.astype(np.float64)
    except OverflowError as error:
        raise ValueError(f"Got numbers beyond float64 in {label}. Rescale them.") from error
    nan_mask(values, label)
    if all(issubclass(kind, Decimal) for kind in others):
        digits = (-int(v.as_tuple().exponent) for v in present if isinstance(v, Decimal))
        ends = {"low": min(present), "high": max(present)}
        return values, partial(_decimal, digits=max(0, *digits), **ends)
    if all(issubclass(kind, Fraction) for kind in others):
        return values, partial(_fraction, largest=max(v.denominator for v in present))
    return values, float


def _decimal(value, digits, low, high):
    made = Decimal(f"{value:z.{digits}f}")
    return min(max(made, Decimal(low)), Decimal(high))  # which may have more digits than float64


def _fraction(value, largest):
    return Fraction(value).limit_denominator(largest)


def integer_dtype(low, high, label):
    """The dtype of integers between ``low`` and ``high``."""
    for dtype in (np.int64, np.uint64):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return dtype
    raise ValueError(
        f"Got integers beyond 64 bits in {label}. Convert the column, to floats or to texts."
    )


def nan_mask(values, label):
    """Mask of NaN among numbers; infinity is a ValueError."""
    if np.isinf(values).any():
        raise ValueError(
            f"Got infinity in {label}, but expected finite numbers. Replace it by a missing value "
            "or a large number."
        )
    return np.isnan(values)


# Times -------------------------------------------------------------------------------------------


def _read_times(present, family, zone, label):
    """Times as int64, their unit, a function that makes one, their zone; None without an order.

    Moments are what clocks show in ``zone``, or in their own, which is one.
    """
    if hasattr(family, "freqstr") and len({period.freqstr for period in present}) == 1:  # pandas'
        counts, unit = np.array([period.ordinal for period in present]), present[0].freqstr
        return counts, unit, partial(_time, unit=unit, kind=family, zone=None), None
    zones = [v.tzinfo for v in present if getattr(v, "tzinfo", None) is not None]
    if family not in ("m8", "M8", datetime.time) or 0 < len(zones) < len(present):
        return None
    names = {str(zone) for zone in zones}  # of pytz, too, in winter and in summer the same
    if zone is None and len(names) > 1 and len({v.utcoffset() for v in present}) > 1:
        raise ValueError(
            f"Got times of {len(names)} time zones in {label}, such as "
            f"{' and '.join(sorted(names)[:2])}, but expected one. Convert the column, with "
            "pandas.to_datetime(column, utc=True).dt.tz_convert(zone)."
        )
    zone = (zone or zones[0]) if zones else None
    times = _in_one_unit([_naive(v, zone) for v in present], "M8" if family == "M8" else "m8")
    kind = next((type(v) for v in present if hasattr(v, "asm8")), type(present[0]))
    make = partial(_time, unit=times.dtype, kind=kind, zone=zone)
    return times.view(np.int64), times.dtype, make, zone


def _in_one_unit(times, kind):
    """Times of several units as an array, of the finest unit in which the furthest has a place."""
    found = np.array(times, dtype=kind)
    if np.datetime_data(found.dtype)[0] in ("Y", "M"):  # other units do not divide them
        return found
    for unit in ("us", "ms", "s", "m", "h", "D"):
        coarse = np.array(times, dtype=f"{kind}[{unit}]")
        if (found.astype(coarse.dtype) == coarse).all():
            break
        found = coarse
    return found


def _naive(time, zone):
    """A moment as clocks show it, a time of day as time since midnight: what numpy takes."""
    if isinstance(time, datetime.time):
        return datetime.datetime.combine(datetime.date.min, time, None) - datetime.datetime.min
    if zone is not None:
        time = time.astimezone(zone).replace(tzinfo=None)
    return getattr(time, "asm8", time)


def _time(value, unit, kind, zone):
    if isinstance(unit, str):
        return kind(ordinal=value, freq=unit)
    time = np.int64(value).view(unit)
    if hasattr(kind, "asm8"):  # pandas'
        time = kind(time)
    elif not issubclass(kind, np.generic):
        time = time.item()
    if kind is datetime.time:
        return (datetime.datetime.min + time).time().replace(tzinfo=zone)
    if zone is None:
        return time
    if hasattr(kind, "asm8"):
        return time.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    time = zone.localize(time) if hasattr(zone, "localize") else time.replace(tzinfo=zone)  # pytz
    with suppress(OverflowError):  # in the first and the last hours that there are
        time = time.astimezone(datetime.UTC).astimezone(zone)  # what clocks skip moves forward
    return time
