"""Round trips of frames of every column type, and what decoding makes of any numbers."""

import datetime
import string
import tracemalloc
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from skgan_resample import RowMixSampler, TableCodec
from skgan_resample.codec._columns import Column
from skgan_resample.codec._encoders import MAX_BLOCK, Category, base_of

TEXTS = st.text(string.ascii_letters + "é∂ ", max_size=3)
WHOLE = st.integers(-(2**22), 2**22)
REAL = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
TIMES = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1))
DAYS = TIMES.map(lambda time: time.replace(hour=0, minute=0, second=0, microsecond=0))
# midnights of UTC that no clock in Berlin shows for the second time
ONCE = DAYS.filter(lambda day: day.year > 1950)
SPANS = st.integers(-(10**6), 10**6).map(lambda hours: pd.Timedelta(hours=hours))
LEVELS = ["low", "middle", "high", "unused"]

# dtype: (its values, what stands for a missing one, whether values come back exactly)
PANDAS = {
    "float64": (REAL, np.nan, False),
    "float32": (REAL, np.nan, False),
    "int64": (WHOLE, None, True),
    "uint8": (st.integers(0, 255), None, True),
    "bool": (st.booleans(), None, True),
    "Int64": (WHOLE, pd.NA, True),
    "Int16": (st.integers(0, 3), pd.NA, True),
    "Float64": (REAL, pd.NA, False),
    "boolean": (st.booleans(), pd.NA, True),
    "string": (TEXTS, pd.NA, True),
    "object": (TEXTS, None, True),
    "datetime64[ns]": (DAYS, pd.NaT, True),
    "datetime64[ms]": (TIMES.map(lambda t: t.replace(microsecond=0)), pd.NaT, False),
    "datetime64[ns, Europe/Berlin]": (ONCE, pd.NaT, True),
    "timedelta64[ns]": (SPANS, pd.NaT, True),
    pd.CategoricalDtype(LEVELS, ordered=True): (st.sampled_from(LEVELS[:3]), None, True),
    pd.CategoricalDtype([9, 7, 5]): (st.sampled_from([5, 7]), None, True),
}
POLARS = {
    pl.Float64: REAL,
    pl.Float32: REAL,
    pl.Int64: WHOLE,
    pl.UInt8: st.integers(0, 255),
    pl.Boolean: st.booleans(),
    pl.String: TEXTS,
    pl.Categorical: TEXTS,
    pl.Enum(LEVELS): st.sampled_from(LEVELS[:3]),
    pl.Date: TIMES.map(datetime.datetime.date),
    pl.Datetime("us", "Europe/Berlin"): ONCE,
    pl.Duration("ms"): SPANS.map(pd.Timedelta.to_pytimedelta),
}


@st.composite
def pandas_frames(draw):
    n, frame = draw(st.integers(1, 12)), {}
    for name in draw(st.lists(TEXTS, min_size=1, max_size=6, unique=True)):
        dtype = draw(st.sampled_from(list(PANDAS)))
        values, missing, _ = PANDAS[dtype]
        column = draw(st.lists(values, min_size=n, max_size=n))
        is_category = isinstance(dtype, pd.CategoricalDtype)
        if missing is not None or dtype == "object" or is_category:
            lacks = draw(st.lists(st.booleans(), min_size=n, max_size=n))
            lacks[0] = False  # a column of missing values alone is an error
            column = [missing if lack else v for lack, v in zip(lacks, column, strict=True)]
        if "Berlin" in str(dtype):
            frame[name] = pd.Series(column, dtype="datetime64[ns, UTC]").astype(dtype)
        else:
            frame[name] = pd.Series(column, dtype=dtype)
    return pd.DataFrame(frame)


@given(pandas_frames())
def test_pandas_frames_come_back(X):
    before = X.copy(deep=True)
    codec = TableCodec().fit(X)
    encoded = codec.transform(X)
    assert encoded.dtype == np.float32
    assert encoded.shape == (len(X), *codec.sample_shape_)
    assert np.isfinite(encoded).all()
    made = codec.inverse_transform(encoded)
    pd.testing.assert_frame_equal(X, before)
    for name, column in X.items():
        if PANDAS[column.dtype if column.dtype.name == "category" else str(column.dtype)][2]:
            pd.testing.assert_series_equal(made[name], column, check_exact=True)
            continue
        assert made[name].dtype == column.dtype
        assert_array_equal(made[name].isna(), column.isna())
        is_time = column.dtype.kind == "M"
        numbers = [c.dropna().astype("int64" if is_time else float) for c in (made[name], column)]
        numbers = [c.to_numpy(dtype=float) for c in numbers]
        assert_allclose(*numbers, rtol=1e-14, atol=1e-5 * np.ptp(numbers[1]))


@given(st.data())
def test_polars_frames_come_back(data):
    n, frame = data.draw(st.integers(1, 12)), []
    for j, dtype in enumerate(data.draw(st.lists(st.sampled_from(list(POLARS)), min_size=1))):
        column = st.lists(POLARS[dtype] | st.none(), min_size=n, max_size=n)
        values = data.draw(column.filter(lambda v: v[0] is not None))
        frame.append(pl.Series(f"c{j}", values).cast(dtype))
    X = pl.DataFrame(frame)
    codec = TableCodec().fit(X)
    made = codec.inverse_transform(codec.transform(X))
    spans = [np.ptp(c.drop_nulls().to_numpy()) for c in X.select(pl.selectors.float())]
    pl.testing.assert_frame_equal(made, X, rel_tol=1e-6, abs_tol=1e-5 * max(spans, default=0))


def test_a_polars_column_without_a_name_keeps_none():  # the index of a CSV that pandas wrote
    X = pl.DataFrame({"": [1, 2, 3, 4], "a": ["x", "y", "x", "x"]})
    codec = TableCodec().fit(X)
    assert codec.inverse_transform(codec.transform(X)).equals(X)


@pytest.mark.parametrize("dtype", [">f8", ">f2", ">i4", ">M8[D]"])
def test_the_byte_order_of_other_machines_is_kept_or_refused(dtype):
    X, y = np.arange(80).reshape(-1, 2).astype(dtype), np.repeat([0, 1], [30, 10]).astype(">i4")
    made, labels = RowMixSampler(random_state=0).fit_resample(X, y)
    assert (made.dtype, labels.dtype) == (X.dtype, y.dtype)
    assert (made[:40] == X).all()
    if dtype != ">M8[D]":  # of which pandas makes its own
        with pytest.raises(TypeError, match="byte order of other machines"):
            RowMixSampler().fit(pd.DataFrame(X), y)


def test_missing_floats_of_polars_are_null_or_nan_as_before():
    X = pl.DataFrame({"null": [1.0, None, 2.0], "nan": [1.0, float("nan"), 2.0]})
    codec = TableCodec().fit(X)
    pl.testing.assert_frame_equal(codec.inverse_transform(codec.transform(X)), X)


@pytest.mark.parametrize(
    "dtype", ["timestamp[ms]", "timestamp[us, Europe/Berlin]", "date32", "date64", "duration[s]"]
)
def test_times_of_arrow_come_back(dtype):
    values = pd.Series(pd.to_datetime(["2020-10-25", None, "2024-02-29", "2024-03-01"]))
    if "Berlin" in dtype:
        held, values = pyarrow.timestamp("us", "Europe/Berlin"), values.dt.tz_localize("UTC")
    else:
        held = pyarrow.type_for_alias(dtype)
    if dtype == "duration[s]":
        values = values - values[0]
    X = pd.DataFrame({"time": values.astype(pd.ArrowDtype(held))})
    codec = TableCodec().fit(X)
    pd.testing.assert_frame_equal(codec.inverse_transform(codec.transform(X)), X)


def objects(times, make):
    """Times of pandas as objects, missing ones as None."""
    return pd.Series([None if pd.isna(time) else make(time) for time in times], dtype=object)


ZONED = {  # container: times of pandas in it
    "pandas": lambda times, zone: times,
    "seconds of pandas": lambda times, zone: times.dt.as_unit("s"),
    "zoneinfo in pandas": lambda times, zone: times.dt.tz_convert(ZoneInfo(zone)),
    "Arrow": lambda times, zone: times.astype(pd.ArrowDtype(pyarrow.timestamp("us", zone))),
    "polars": lambda times, zone: pl.from_pandas(times),
    "Timestamps": lambda times, zone: times.astype(object),
    "datetimes": lambda times, zone: objects(times, pd.Timestamp.to_pydatetime),
    "zoneinfo in datetimes": lambda times, zone: objects(
        times, lambda time: time.to_pydatetime().astimezone(ZoneInfo(zone))
    ),
}


def present(X):
    """The values that are there of the only column of a frame."""
    return [time for time in X["time"].to_list() if not pd.isna(time)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"])
@pytest.mark.parametrize("freq", ["D", "W", "MS"])
@pytest.mark.parametrize("container", ZONED)
def test_new_days_begin_at_midnight_of_their_zone(container, freq, zone):
    days = pd.Series(pd.date_range("2020", periods=120, freq=freq, tz=zone, unit="ns"))
    days[3::9] = None
    X = ZONED[container](days, zone).to_frame("time")
    codec = TableCodec().fit(X)
    encoded = codec.transform(X)
    assert codec.inverse_transform(encoded).equals(X)
    new = codec.inverse_transform(np.random.default_rng(0).normal(size=(300, 3)))
    assert new["time"].dtype == X["time"].dtype
    seen, times = present(X), present(new)
    assert 100 < len(times) < 200
    assert {*map(type, times)} == {type(seen[0])}
    assert {time.time() for time in times} == {datetime.time(0)}
    assert min(seen) <= min(times) <= max(times) <= max(seen)
    if container != "polars":  # which tells zones apart
        tokyo = ZONED[container](days.dt.tz_convert("Asia/Tokyo"), "Asia/Tokyo").to_frame("time")
        assert_array_equal(codec.transform(tokyo), encoded)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2020-03-29", 1),
        ("Europe/Berlin", "2020-10-25", -1),
        ("America/Santiago", "2020-09-06", 1),
        ("Australia/Lord_Howe", "2020-10-04", 0.5),
        ("Pacific/Apia", "2011-12-30", 24),
    ],
)
@pytest.mark.parametrize("container", ZONED)
def test_local_times_that_clocks_skip_or_show_twice_are_decoded(container, zone, day, hours):
    middle = pd.Timestamp(day, tz="UTC")
    quarters = pd.date_range(middle - pd.Timedelta(3, "D"), periods=577, freq="15min", unit="ns")
    X = ZONED[container](pd.Series(quarters.tz_convert(zone)), zone).to_frame("time")
    codec = TableCodec().fit(X)
    encoded = codec.transform(X)
    local = np.linspace(encoded.min(), encoded.max(), len(X) + int(4 * hours))  # each once
    times = pd.to_datetime(present(codec.inverse_transform(local[:, None])), utc=True)
    assert len(times) == len(local)
    assert {*times} <= {*quarters}
    assert times.nunique() == len(quarters) - (4 if hours < 0 else 0)  # of an hour shown twice one


OBJECTS = [[1, "a", True, 1.5], [2, None, False, None], [3, "b", True, 1.5], [1, "a", True, 1.5]]


def test_arrays_of_objects_and_lists_keep_the_types_of_their_values():
    for X in (np.array(OBJECTS, dtype=object), OBJECTS):
        codec = TableCodec().fit(X)
        made = codec.inverse_transform(codec.transform(X))
        assert made.tolist() == OBJECTS
        assert [type(value) for value in made[0]] == [int, str, bool, float]
        assert codec.categorical_features_.tolist() == [1, 2]


@pytest.mark.parametrize("dtype", ["U3", "S3", "datetime64[D]", "datetime64[3D]", ">m8[h]"])
def test_arrays_of_texts_and_times_come_back(dtype):
    X = np.array([[1, 2], [300, 2], [1, 5]]).astype(dtype)
    codec = TableCodec().fit(X)
    made = codec.inverse_transform(codec.transform(X))
    assert made.dtype == X.dtype
    assert_array_equal(made, X)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_tables_are_made_dense_with_a_warning(container):
    X = container(np.diag([1, 2, 3]))
    with pytest.warns(DataConversionWarning, match="made dense: 9 values"):
        codec = TableCodec().fit(X)
    made = codec.inverse_transform(codec.transform(X))
    assert type(made) is type(X)
    assert_array_equal(made.toarray(), X.toarray())


@pytest.mark.parametrize("format", ["csr", "csc"])
def test_a_sparse_table_is_never_dense_as_a_whole(format):
    X = sparse.random(2000, 400, 0.01, format, random_state=0)
    dense = 8 * X.shape[0] * X.shape[1]
    with pytest.warns(DataConversionWarning):
        codec = TableCodec().fit(X)
    tracemalloc.start()
    encoded = codec.transform(X)
    encoding = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    made = codec.inverse_transform(encoded)
    decoding = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert encoding < 0.6 * dense  # of which the encoded float32 are half
    assert decoding < 0.6 * dense
    assert made.nnz == X.nnz
    assert abs(made - X).max() < 1e-5


def test_zeros_stay_zeros_where_values_do_not_recur():
    X = sparse.csr_array(np.diag([1.0, 2.0, 3.0]))
    with pytest.warns(DataConversionWarning):
        codec = TableCodec().fit(X)
    assert codec.inverse_transform(codec.transform(X)).nnz == 3


# What is a category ------------------------------------------------------------------------------

FRAME = pd.DataFrame(
    {
        "whole": [1, 2, 3, 2],
        "bool": [True, False, True, True],
        "text": list("abca"),
        "category": pd.Categorical([1, 2, 1, 1]),
        "day": pd.to_datetime(["2020-01-01", "2020-03-01", "2021-01-01", "2020-01-01"]),
        "objects that are numbers": pd.Series([1, 2, 3, 4], dtype=object),
    }
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("auto", [1, 2, 3]),
        (["text", "category"], [2, 3]),
        ([2, 3, 0], [0, 2, 3]),
        ([-4, -3], [2, 3]),
        (np.array([False, False, True, True, False, False]), [2, 3]),
        (("category", "text", "day"), [2, 3, 4]),
    ],
)
def test_categorical_features_by_name_index_and_mask(wanted, expected):
    codec = TableCodec(wanted).fit(FRAME)
    assert codec.categorical_features_.tolist() == expected
    pd.testing.assert_frame_equal(codec.inverse_transform(codec.transform(FRAME)), FRAME)


@pytest.mark.parametrize("wanted", [[1, 0, 1, 1, 0, 0], np.eye(6, dtype=int)[2], [2, -4]])
def test_a_mask_of_whole_numbers_is_not_taken_for_indices(wanted):
    with pytest.raises(ValueError, match=r"twice. If it is a mask, give booleans"):
        TableCodec(wanted).fit(FRAME)


def test_an_index_that_is_the_name_of_another_column_is_refused():
    X = pd.DataFrame([[5, 6, 7, 8], [6, 5, 8, 7]], columns=[1, 3, 0, 2])
    message = (
        "Got categorical_features with 1, but this is both the index of column 3 and the name of "
        r"the column at index 0.* X.columns = X.columns.astype\(str\), or pass a mask"
    )
    with pytest.raises(ValueError, match=message):
        TableCodec([1]).fit(X)
    with pytest.raises(ValueError, match="index of column 2 and the name of the column at index 0"):
        TableCodec([-1]).fit(X.set_axis([-1, 3, 0, 2], axis=1))
    for clear, wanted in (
        (X, [False, True, False, False]),
        (X.sort_index(axis=1), [1]),
        (X.rename(columns=str), [1]),
        (X.set_axis([100, 101, 102, 103], axis=1), [101]),
    ):
        assert TableCodec(wanted).fit(clear).categorical_features_.tolist() == [1]
    assert TableCodec([-1]).fit(X).categorical_features_.tolist() == [3]


def test_categories_that_are_left_out_are_named_by_their_type():
    for levels, message in ([[1, 2], "type int in column 'c'"], [[], "only missing values"]):
        X = pd.DataFrame({"c": pd.Categorical([None, *levels], levels)})
        with pytest.raises(ValueError, match=message):
            TableCodec(None).fit(X)


def test_arrays_of_numbers_have_no_categories_unless_named():
    X = np.array([[0, 1], [1, 0], [2, 1]])
    assert TableCodec().fit(X).block_sizes_ == ()
    assert TableCodec(None).fit(X > 0).block_sizes_ == ()
    codec = TableCodec([0]).fit(X)
    assert codec.block_sizes_ == (3,)
    assert_array_equal(codec.transform(X)[:, 1:], np.eye(3))


# Decoding what a network makes -------------------------------------------------------------------


def test_any_numbers_become_rows_that_could_be_real():
    frame = FRAME.assign(half=[1.5, np.nan, 2.5, 3.5], empty=["x", None, "y", "y"])
    codec = TableCodec().fit(frame)
    encoded = 3 * np.random.default_rng(0).normal(size=(500, *codec.sample_shape_))
    made = codec.inverse_transform(encoded)
    assert (made.dtypes == frame.dtypes).all()
    for name in frame:
        seen, new = set(frame[name].dropna()), made[name].dropna()
        if name in ("bool", "text", "category", "empty"):
            assert set(new) == seen
        assert min(seen) <= min(new) <= max(new) <= max(seen)
        assert made[name].isna().any() == frame[name].isna().any()
    days = (made["day"] - pd.Timestamp("2020-01-01")) / pd.Timedelta(days=1)
    assert (days % 1 == 0).all()


def test_a_block_stands_for_its_largest_entry():
    codec = TableCodec().fit(pd.DataFrame({"c": ["a", "b", "c"]}))
    made = codec.inverse_transform([[-3.0, -1.0, -2.0], [0.3, 0.2, 0.1]])
    assert made["c"].tolist() == ["b", "a"]


def test_missing_values_are_filled_with_a_value_that_occurs():
    X = pd.DataFrame({"n": [1.0, np.nan, 9.0, 9.0, 2.0], "c": ["a", "b", "b", None, "a"]})
    codec = TableCodec().fit(X)
    encoded = codec.transform(X)
    mark, category_mark = codec.missing_
    assert encoded[1, 0] in encoded[[0, 2, 3, 4], 0]
    assert encoded[:, mark].tolist() == [0, 1, 0, 0, 0]
    assert encoded[:, mark - 1].tolist() == [1, 0, 1, 1, 1]
    assert encoded[:, category_mark].tolist() == [0, 0, 0, 1, 0]


def test_encoded_columns_of_one_unit_stand_for_one_column():
    X = pd.DataFrame({"n": [1.0, np.nan], "free": [1.0, 2.0], "c": ["a", None]})
    codec = TableCodec().fit(X)
    assert codec.units_ == (1, 0, 2, 1, 1, 2, 2)


@given(st.integers(1, 10**6))
def test_blocks_stay_small_and_hold_every_rank(n_levels):
    base, n_digits = base_of(n_levels)
    assert base <= MAX_BLOCK
    assert base**n_digits >= n_levels


@pytest.mark.parametrize("n_levels", [1, 2, 64, 65, 1000, 5000])
def test_a_level_comes_back_from_its_digits_and_the_last_one_from_higher_ones(n_levels):
    levels, missing = np.arange(n_levels), np.zeros(n_levels, dtype=bool)
    column = Column("column 0", levels.dtype, "number")
    category = Category().fit(column, levels, missing)
    encoded = np.zeros((n_levels, category.width), dtype=np.float32)
    category.encode(column, levels, missing, encoded)
    assert_array_equal(encoded.sum(axis=1), len(category.block_sizes))
    assert_array_equal(category.decode(encoded), levels)
    base, n_digits = base_of(n_levels)
    highest = np.tile(np.eye(1, base, base - 1), n_digits)
    assert category.decode(highest) == n_levels - 1
    assert category.decode(encoded[:0]).shape == (0,)


def test_a_block_holds_up_to_64_levels():
    assert [base_of(n) for n in (1, 64, 65, 64**2, 64**2 + 1)] == [
        (1, 1), (64, 1), (9, 2), (64, 2), (17, 3)
    ]  # fmt: skip


def test_many_levels_come_back_from_few_columns():
    X = pd.DataFrame({"id": [f"v{j}" for j in np.random.default_rng(0).permutation(1000)]})
    codec = TableCodec(["id"]).fit(X)
    assert codec.block_sizes_ == (32, 32)
    pd.testing.assert_frame_equal(codec.inverse_transform(codec.transform(X)), X)


# What transform refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"text": "z"}, "Got the value 'z' in column 'text', which was not there in fit"),
        ({"category": pd.Categorical([3] * 4)}, "Got the value 3 in column 'category'"),
        ({"text": 5}, f"Got int64 values in column 'text', but fit saw {FRAME['text'].dtype}"),
        ({"text": None}, "Got missing values in column 'text', which had none in fit"),
        ({"day": pd.NaT}, "Got missing values in column 'day'"),
        ({"more": 1}, "feature names"),
    ],
)
def test_transform_names_the_column_that_differs(changed, message):
    codec = TableCodec().fit(FRAME)
    with pytest.raises(ValueError, match=message):
        codec.transform(FRAME.assign(**changed))


def test_an_unused_category_is_unseen_too():
    dtype = pd.CategoricalDtype(LEVELS)
    codec = TableCodec().fit(pd.DataFrame({"c": pd.Series(["low", "high"], dtype=dtype)}))
    with pytest.raises(ValueError, match="Got the value 'unused' in column 'c'"):
        codec.transform(pd.DataFrame({"c": pd.Series(["unused"], dtype=dtype)}))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([2**70, 1], "integers beyond 64 bits in column 'a'"),
        ([1.0, np.inf], "infinity in column 'a'"),
        ([1j, 2j], "complex numbers in column 'a'"),
        ([[1], [2]], "type list in column 'a'"),
        ([1, "x"], "types int and str in column 'a'"),
        ([None, None], "only missing values in column 'a'"),
    ],
)
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_fit_names_the_column_that_it_cannot_take(values, message, frame):
    dtype = pl.Object if frame is pl.DataFrame else object
    column = (
        pl.Series(values, dtype=dtype) if frame is pl.DataFrame else pd.Series(values, dtype=dtype)
    )
    with pytest.raises(ValueError, match=message):
        TableCodec().fit(frame({"a": column}))


def test_categories_that_float64_cannot_tell_apart():
    X = np.array([[1], [2**60 + 1], [2**60 + 2]])
    codec = TableCodec([0]).fit(X)
    assert_array_equal(codec.inverse_transform(codec.transform(X)), X)


def test_encoded_rows_that_no_network_of_this_table_makes():
    codec = TableCodec().fit(FRAME)
    with pytest.raises(ValueError, match=r"Got encoded rows of 3 columns, but expected"):
        codec.inverse_transform(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="NaN"):
        codec.inverse_transform(np.full((2, *codec.sample_shape_), np.nan))


def test_a_lazy_frame_has_to_be_collected():
    with pytest.raises(TypeError, match=r"Got a polars LazyFrame.* Call its collect\(\)"):
        TableCodec().fit(pl.LazyFrame({"a": [1, 2]}))


def test_rows_of_other_dimensions():
    codec = TableCodec().fit(FRAME)
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        codec.transform(np.ones(3))


def test_missing_values_are_filled_with_the_lower_median_or_the_most_frequent_category():
    kinds = pd.Categorical(["a", "b", "b", "b", None])
    X = pd.DataFrame({"number": [1.0, 2.0, 2.5, 100.0, np.nan], "kind": kinds})
    number, a, b, *_ = TableCodec().fit_transform(X).T
    assert number[4] == number[1]
    assert a.tolist() == [1, 0, 0, 0, 0]
    assert b.tolist() == [0, 1, 1, 1, 1]


def test_sparse_frames_come_back_sparse_with_the_warning_of_sparse_matrices():
    X = pd.DataFrame.sparse.from_spmatrix(sparse.random(40, 3, 0.3, random_state=0))
    X = X.assign(dense=np.arange(40.0))
    X.columns = list("abcd")
    with pytest.warns(DataConversionWarning, match="sparse DataFrame, which is made dense: 160"):
        codec = TableCodec().fit(X)
    made = codec.inverse_transform(codec.transform(X))
    assert made.dtypes.equals(X.dtypes)
    assert_allclose(made.to_numpy(float), X.to_numpy(float), atol=1e-5)


def test_names_that_are_tuples_or_that_are_not_there():
    columns = pd.MultiIndex.from_tuples([("left", "number"), ("right", "code")])
    X = pd.DataFrame([[0.1234567, 1], [0.2, 2], [0.3, 1]], columns=columns)
    for wanted in ([("right", "code")], columns[1:]):
        codec = TableCodec(wanted).fit(X)
        assert codec.categorical_features_.tolist() == [1]
        assert codec.inverse_transform(codec.transform(X)).columns.equals(columns)
    with pytest.raises(ValueError, match=r"without names.*BaggingClassifier"):
        TableCodec(["code"]).fit(X.to_numpy())


def test_attrs_of_a_frame_are_kept():
    X = pd.DataFrame({"a": np.arange(9.0), "b": list("xyz") * 3})
    X.attrs = {"source": "survey", "weights": np.arange(4)}  # which has no one truth value
    sampler = RowMixSampler(random_state=0)
    for made in (sampler.fit_resample(X, [0] * 6 + [1] * 3)[0], sampler.sample(1)[0]):
        assert made.attrs["source"] == "survey"
        assert_array_equal(made.attrs["weights"], np.arange(4))
        made.attrs["weights"][:] = 0  # which is nobody else's
        assert_array_equal(X.attrs["weights"], np.arange(4))
    X.attrs["weights"][:] = 1
    assert_array_equal(sampler.sample(1)[0].attrs["weights"], np.arange(4))


@pytest.mark.parametrize("dtypes", [{"b": "float32"}, {"a": "Int64", "b": "Int64"}], ids=str)
def test_columns_that_were_of_one_dtype_in_fit_may_be_of_others_later(dtypes):
    X = pd.DataFrame({"a": 2**60 + 3 * np.arange(30), "b": np.arange(30)})
    codec = TableCodec().fit(X.astype({"a": float, "b": float}))
    expected = codec.transform(X.astype(float))
    assert_array_equal(codec.transform(X.astype(dtypes)), expected)


@pytest.mark.parametrize("other", ["text", pd.Timestamp("2020"), None, np.inf, 1j])
def test_one_of_many_columns_that_is_of_another_kind_is_named(other):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 4)), columns=list("abcd"))
    with pytest.raises(ValueError, match="column 'c'"):
        TableCodec().fit(X).transform(X.assign(c=other))
