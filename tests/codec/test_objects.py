"""Columns of Python objects: ordered ones are numbers, and come back as what they were."""

import datetime
import pickle
import warnings
from decimal import Decimal, localcontext
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest

from skgan_resample import RowMixSampler, SCDLSampler, TableCodec

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime.date(2020, 1, 1)
NOON = datetime.datetime(2020, 1, 1, 12, 0, 0, 7)
SPAN = datetime.timedelta


# kind: (what number i is, what stands for a missing one)
ORDERED = {
    "Decimal": (lambda i: Decimal(f"{i}.50"), Decimal("NaN")),
    "Decimal, signalling": (lambda i: Decimal(f"-{i}.25"), Decimal("sNaN")),
    "Fraction": (lambda i: Fraction(i, 3), None),
    "date": (lambda i: DAY + SPAN(i), None),
    "far date": (lambda i: datetime.date(9999, 12, 31) - SPAN(i), pd.NaT),
    "datetime": (lambda i: NOON + SPAN(i, i), None),
    "datetime with zone": (lambda i: NOON.replace(tzinfo=BERLIN) + SPAN(i), None),
    "Timestamp": (lambda i: pd.Timestamp("2020") + pd.Timedelta(i, "D"), pd.NaT),
    "Timestamp with zone": (
        lambda i: pd.Timestamp(5, tz="Europe/Berlin") + pd.Timedelta(i, "D"),
        pd.NaT,
    ),
    "datetime64": (lambda i: np.datetime64("2020-01-01") + i, np.datetime64("NaT")),
    "time": (lambda i: datetime.time(i % 24, i % 60, 9), None),
    "time with zone": (lambda i: datetime.time(i % 24, i % 60, tzinfo=datetime.UTC), None),
    "timedelta": (lambda i: SPAN(i, i), None),
    "Timedelta": (lambda i: pd.Timedelta(i, "h"), pd.NaT),
    "timedelta64": (lambda i: np.timedelta64(i, "h"), np.timedelta64("NaT")),
    "Period": (lambda i: pd.Period("2020-01", "M") + i, pd.NaT),
}
CONTAINERS = {
    "frame": lambda rows: pd.DataFrame(rows, columns=["a"], dtype=object),
    "array": lambda rows: rows,
    "list": lambda rows: rows.tolist(),
    "polars": lambda rows: pl.DataFrame({"a": pl.Series(rows[:, 0].tolist(), dtype=pl.Object)}),
}


def column(values, missing=None):
    """Objects as an array of one column, some of them missing."""
    rows = np.empty((len(values), 1), dtype=object)
    rows[:, 0] = values
    rows[3::9] = missing
    return rows


def values_of(X):
    """The first column of any container as a list."""
    return X["a"].to_list() if hasattr(X, "columns") else [row[0] for row in X]


def is_missing(value):
    return value.is_nan() if isinstance(value, Decimal) else bool(pd.isna(value))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("kind", ORDERED)
def test_ordered_objects_are_numbers_and_come_back_as_what_they_were(kind, container):
    make, missing = ORDERED[kind]
    order = np.random.default_rng(0).permutation(700).tolist()
    rows = column([make(i) for i in order], missing)
    with warnings.catch_warnings():  # that of numpy, of zones that it does not know, too
        warnings.simplefilter("error")
        codec = TableCodec().fit(CONTAINERS[container](rows))
    encoded = codec.transform(CONTAINERS[container](rows))
    assert codec.categories_ == {}
    codec = pickle.loads(pickle.dumps(codec))
    seen = rows[:, 0].tolist()
    for old, same in zip(seen, values_of(codec.inverse_transform(encoded)), strict=True):
        assert type(same) is type(old)
        assert repr(same) == repr(old)
    noise = np.random.default_rng(1).normal(size=(90, encoded.shape[1]))
    new = [v for v in values_of(codec.inverse_transform(noise)) if not is_missing(v)]
    known = [v for v in seen if not is_missing(v)]
    assert {*map(type, new)} == {type(known[0])}
    assert min(known) <= min(new) <= max(new) <= max(known)
    for part in ("tzinfo", "freq", "unit"):
        parts = {str(getattr(v, part, None)) for v in new}
        assert parts == {str(getattr(known[0], part, None))}
    if isinstance(new[0], Decimal):
        assert {v.as_tuple().exponent for v in new} == {-2}


@pytest.mark.parametrize("kind", ORDERED)
def test_other_rows_are_encoded_on_the_same_scale(kind):
    make, _ = ORDERED[kind]
    rows = column([make(i) for i in range(40)])
    codec = TableCodec().fit(rows)
    encoded = codec.transform(rows)
    for i in (0, 4, 12):
        assert codec.transform(rows[[i]]).tolist() == encoded[[i]].tolist()


def test_units_of_times_may_differ_between_fit_and_transform():
    days = pd.date_range("2020", periods=40, unit="ns")
    codec = TableCodec().fit(pd.DataFrame({"a": days}))
    encoded = codec.transform(pd.DataFrame({"a": days}))
    seconds = pd.DataFrame({"a": days.as_unit("s")})
    np.testing.assert_array_equal(codec.transform(seconds), encoded)
    with pytest.raises(ValueError, match=r"Got timedelta64\[ns\] values in column 'a', but fit"):
        codec.transform(pd.DataFrame({"a": days - days[0]}))
    periods = TableCodec().fit(pd.DataFrame({"a": days.to_period("D")}))
    with pytest.raises(ValueError, match=r"Got period\[M\] values in column 'a', but fit saw"):
        periods.transform(pd.DataFrame({"a": days.to_period("M")}))


MIXED = {  # kind: (values, whether they are numbers, type of new ones)
    "Decimals and ints": (lambda i: Decimal(i) / 2 if i % 2 else i, Decimal),
    "Decimals and floats": (lambda i: Decimal(i) / 2 if i % 2 else i / 4, float),
    "Fractions and ints": (lambda i: Fraction(i, 2) if i % 2 else i, Fraction),
    "Decimals and Fractions": (lambda i: Fraction(i, 2) if i % 2 else Decimal(i), float),
    "dates and datetimes": (lambda i: (DAY if i % 2 else NOON) + SPAN(i), datetime.datetime),
    "datetimes and Timestamps": (
        lambda i: (NOON if i % 2 else pd.Timestamp(NOON)) + SPAN(i),
        pd.Timestamp,
    ),
    "with and without zone": (
        lambda i: NOON.replace(tzinfo=BERLIN if i % 2 else None) + SPAN(i),
        None,
    ),
    "two frequencies": (lambda i: pd.Period("2020-01", "MD"[i % 2]) + i, None),
}


@pytest.mark.parametrize("kind", MIXED)
def test_mixed_objects_are_numbers_where_they_have_an_order_else_categories(kind):
    make, expected = MIXED[kind]
    seen = [make(i) for i in range(20)]
    X = pd.DataFrame({"a": pd.Series(seen * 3, dtype=object)})
    codec = TableCodec().fit(X)
    assert (codec.categories_ == {}) == (expected is not None)
    made = codec.inverse_transform(codec.transform(X))["a"].tolist()
    if expected is None:
        assert made == seen * 3
    else:
        assert {*map(type, made)} == {expected}


def test_times_of_two_zones_are_refused():
    zones = datetime.UTC, BERLIN
    seen = [NOON.replace(tzinfo=zones[i % 2]) + SPAN(i) for i in range(20)]
    with pytest.raises(ValueError, match="zones in column 'a', such as Europe/Berlin and UTC"):
        TableCodec().fit(pd.DataFrame({"a": pd.Series(seen, dtype=object)}))


@pytest.mark.parametrize(
    "far",
    [
        datetime.datetime(9999, 12, 31),
        datetime.datetime(1066, 1, 1),
        pd.Timestamp("9999-12-31"),
        np.datetime64("9999-12-31"),
    ],
)
def test_times_out_of_reach_of_nanoseconds_come_back(far):
    near = [pd.Timestamp("2020-01-01") + pd.Timedelta(days=i) for i in range(20)]
    X = pd.DataFrame({"a": pd.Series([*near, far], dtype=object)})
    codec = TableCodec().fit(X)
    made = codec.inverse_transform(codec.transform(X))["a"].tolist()
    assert made == [*near, pd.Timestamp(far)]
    later = pd.DataFrame({"a": pd.Series([far], dtype=object)})
    with pytest.raises(ValueError, match=r"column 'a' that datetime64\[ns\], as seen in fit"):
        TableCodec().fit(X[:20]).transform(later)


TYPED = {
    pd.ArrowDtype(pyarrow.decimal128(10, 2)): lambda i: Decimal(i) / 4,
    pd.ArrowDtype(pyarrow.time64("us")): lambda i: (NOON + SPAN(seconds=13 * i)).time(),
    pd.ArrowDtype(pyarrow.date32()): lambda i: DAY + SPAN(i),
    pd.ArrowDtype(pyarrow.timestamp("us")): lambda i: NOON + SPAN(i),
    pd.PeriodDtype("Q"): lambda i: pd.Period("2020Q1") + i,
    pl.Decimal(10, 2): lambda i: Decimal(i) / 4,
    pl.Time(): lambda i: (NOON + SPAN(seconds=13 * i)).time(),
}


@pytest.mark.parametrize("dtype", TYPED, ids=str)
def test_ordered_columns_of_typed_frames_are_numbers(dtype):
    values = [*(TYPED[dtype](i * i) for i in range(50)), None]
    is_polars = isinstance(dtype, pl.DataType)
    X = pl.Series("a", values, dtype) if is_polars else pd.Series(values, dtype=dtype, name="a")
    X = X.to_frame()
    codec = TableCodec().fit(X)
    assert codec.categories_ == {}
    assert codec.inverse_transform(codec.transform(X)).equals(X)
    new = codec.inverse_transform(np.random.default_rng(0).normal(size=(200, 3)))
    assert new["a"].dtype == X["a"].dtype
    assert len({*new["a"].to_list()}) > 60


def test_decimals_named_as_categories_come_back_as_decimals():
    X = pd.DataFrame({"a": [Decimal("1.50"), Decimal("2.50")] * 4, "b": [DAY, DAY + SPAN(1)] * 4})
    codec = TableCodec(["a", "b"]).fit(X)
    assert codec.block_sizes_ == (2, 2)
    assert codec.inverse_transform(codec.transform(X)).map(repr).equals(X.map(repr))


def test_decimals_do_not_depend_on_the_callers_context():
    rows = column([Decimal(f"123456.{i:02}") for i in range(99)])
    with localcontext(prec=3):
        codec = TableCodec().fit(rows)
        made = codec.inverse_transform(codec.transform(rows))
    assert [*map(str, made[:9, 0])] == [*map(str, rows[:9, 0])]
    assert "-0" not in str(codec.inverse_transform(np.zeros((1, codec.sample_shape_[0]))))


@pytest.mark.parametrize("container", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("most", ["9999999999999999.99", "12345678901234567890.12"])
def test_decimals_of_more_digits_than_float64_has_stay_in_range(most, container):
    values = [Decimal(most) - i // 2 for i in range(60)]
    if container == "polars":
        X = pl.DataFrame({"a": pl.Series(values, dtype=pl.Decimal(22, 2))})
    elif container == "arrow":
        X = pd.DataFrame({"a": pd.Series(values, dtype=pd.ArrowDtype(pyarrow.decimal128(22, 2)))})
    else:
        X = pd.DataFrame({"a": values})
    codec = TableCodec().fit(X)
    made = codec.inverse_transform(np.linspace(-3, 3, 99)[:, None] * [1.0])["a"].to_list()
    assert min(values) <= min(made)
    assert max(made) <= max(values)


@pytest.mark.parametrize("value", [Decimal("Infinity"), Decimal("1e400")])
def test_infinite_decimals_are_refused(value):
    with pytest.raises(ValueError, match="Got infinity in column 'a'"):
        TableCodec().fit(pd.DataFrame({"a": [Decimal(1), value]}))


@pytest.mark.parametrize(
    "Sampler",
    [
        RowMixSampler(random_state=0),
        SCDLSampler(max_iter=2, autoencoder_max_iter=2, random_state=0),
    ],
    ids=["RowMixSampler", "SCDLSampler"],
)
def test_new_decimals_are_those_of_the_same_floats(Sampler):
    price = np.random.default_rng(0).gamma(2, 100, 400).round(2)
    floats = pd.DataFrame({"price": price, "tax": price * 0.2})
    decimals = floats.assign(price=[Decimal(f"{p:.2f}") for p in price])
    y = np.arange(400) < 40
    new, same = (Sampler.fit_resample(X, y)[0][400:] for X in (decimals, floats))
    assert new.astype(float).equals(same)
    assert {*map(type, new["price"])} == {Decimal}
    assert not new["price"].isin(decimals["price"]).all()


# Categories that are none ------------------------------------------------------------------------

TEXTS = {
    "identifiers": [f"id{i}" for i in range(60)],
    "decimal commas": [f"{i},5" for i in range(60)],
    "a question mark": ["?", *map(str, range(59))],
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_categories_of_nearly_as_many_levels_as_rows_warn_once(kind, frame):
    colour = list("abcdef") * 10
    X = frame({"first": TEXTS[kind], "colour": colour, "other": TEXTS["identifiers"]})
    y = np.arange(60) < 20
    with pytest.warns(UserWarning, match="as many categories") as caught:
        RowMixSampler(random_state=0).fit_resample(X, y)
    (message,) = [str(w.message) for w in caught if "as many categories" in str(w.message)]
    assert "column 'first', column 'other'" in message
    assert "colour" not in message
    for remedy in ("Drop", "convert", "categorical_features"):
        assert remedy in message
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = RowMixSampler(categorical_features=["first", "colour", "other"], random_state=0)
        named.fit_resample(X, y)
        RowMixSampler(random_state=0).fit_resample(X[["colour"]], y)
