"""Round trips of numeric tables, and what happens at their borders."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import DataConversionWarning, NotFittedError

from skgan_resample.codec import TableCodec

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape)


def round_trip(X):
    codec = TableCodec().fit(X)
    x = codec.transform(X)
    assert x.dtype == np.float32
    assert x.shape == (len(X), *codec.sample_shape_)
    assert np.isfinite(x).all()
    return codec.inverse_transform(x)


@st.composite
def integer_tables(draw):
    """Integer tables of any dtype whose columns span less than 2**24."""
    dtype = np.dtype(draw(st.sampled_from(["int8", "int16", "int32", "int64", "uint8", "uint32"])))
    limits = np.iinfo(dtype)
    # float64, which codecs return, knows integers up to 2**53, and fractions well below that
    smallest, largest = max(limits.min, -(2**40)), min(limits.max, 2**40)
    span = min(2**24 - 1, largest - smallest)
    low = draw(st.integers(smallest, largest - span))
    return draw(hnp.arrays(dtype, SHAPES, elements=st.integers(low, low + span)))


@given(integer_tables())
def test_integers_come_back_exactly(X):
    np.testing.assert_array_equal(round_trip(X), X)


@given(hnp.arrays(bool, SHAPES))
def test_booleans_come_back_exactly(X):
    np.testing.assert_array_equal(round_trip(X).astype(bool), X)


@pytest.mark.parametrize("offset", [0, -(2**23), 10**9, -(10**12)])
@pytest.mark.parametrize("span", [2**24 - 1, 2**20, 255, 1])
@pytest.mark.parametrize("n_others", [1, 3, 100_000])
def test_skewed_integers_come_back_exactly(offset, span, n_others):
    """Most rows share one value, at an end of the range; the others lie at its far end."""
    far = [*range(max(span - 200, 1), span + 1)]
    X = np.array([0] * n_others + far)[:, None]
    for column in (X, span - X):
        np.testing.assert_array_equal(round_trip(column + offset), column + offset)


@pytest.mark.parametrize("start", [0, 2**23 - 1000, 2**24 - 2000])
def test_integers_all_over_the_widest_span_come_back_exactly(start):
    X = np.append(start + np.arange(2000), [0, 2**24 - 1])[:, None]
    np.testing.assert_array_equal(round_trip(X), X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(data=st.data())
def test_floats_come_back_within_1e_5_of_their_range(dtype, data):
    largest = 2.0**100 if dtype is np.float32 else 2.0**300
    elements = st.floats(-largest, largest, width=np.finfo(dtype).bits).map(
        lambda value: 0.0 if abs(value) < 1e-30 else value
    )
    X = data.draw(hnp.arrays(dtype, SHAPES, elements=elements))
    wide = X.astype(np.float64)
    error = np.abs(round_trip(X) - wide).max(axis=0)
    # or within what float64 itself tells apart at this size
    assert (error <= 1e-5 * np.ptp(wide, axis=0) + 1e-14 * np.abs(wide).max(axis=0)).all()


@pytest.mark.parametrize("offset", [0.0, 1e9, -1e12])
def test_floats_far_from_zero_come_back_within_1e_5_of_their_range(offset):
    X = offset + np.random.default_rng(0).lognormal(0, 3, size=(1000, 4))
    error = np.abs(round_trip(X) - X).max(axis=0)
    assert (error <= 1e-5 * np.ptp(X, axis=0)).all()


def test_columns_are_standardised():
    X = np.random.default_rng(0).normal([3, -1e6, 0], [1e-3, 1e4, 1e9], size=(500, 3))
    x = TableCodec().fit(X).transform(X)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-5)


@given(
    st.sampled_from(["int8", "uint8", "int16", "int64", "uint64", "float32", "float64", "bool"]),
    st.floats(0, 1e6),
    st.data(),
)
def test_decode_stays_within_the_range_and_the_dtype(dtype, scale, data):
    dtype = np.dtype(dtype)
    elements = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False)
    if dtype.kind == "f":
        elements = elements.filter(lambda value: abs(value) < 1e30)
    X = data.draw(hnp.arrays(dtype, SHAPES, elements=elements))
    codec = TableCodec().fit(X)
    made = codec.inverse_transform(scale * noise(50, *codec.sample_shape_))
    assert made.dtype == dtype
    assert (made <= X.max(axis=0)).all()
    assert (made >= X.min(axis=0)).all()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64"])
def test_the_ends_of_the_dtype_never_wrap(dtype):
    limits = np.iinfo(dtype)
    X = np.array([[limits.min], [limits.max], [limits.max // 2]], dtype)
    codec = TableCodec().fit(X)
    ends = codec.inverse_transform(np.array([[-1e9], [1e9]]))
    assert ends.ravel().tolist() == [limits.min, limits.max]


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "UInt64", "object"])
def test_integers_near_the_ends_of_their_dtype_come_back_exactly(dtype):
    """Two of them next to each other are one number in float64."""
    high = 2**64 if dtype in ("uint64", "UInt64") else 2**63
    near = [high - 1, high - 2, high - 5]
    far = near if high == 2**64 else [-(2**63), 3 - 2**63, 1 - 2**63]
    X = pd.DataFrame({"high": near, "low": far, "number": [0, 5, 3]}, dtype=dtype)
    if dtype[0] in "IU":
        X.iloc[1] = pd.NA
    codec = TableCodec().fit(X)
    pd.testing.assert_frame_equal(codec.inverse_transform(codec.transform(X)), X)


def test_integers_as_far_apart_as_they_can_be_stay_within_their_range():
    X = np.array([[-(2**63)], [2**63 - 1], [-1], [5]])
    codec = TableCodec().fit(X)
    made = codec.inverse_transform(codec.transform(X))
    assert np.abs(made.astype(float) - X).max() < 1e-5 * 2.0**64
    narrow = TableCodec().fit(X[2:]).transform(X)
    assert narrow[0] < narrow[2] < narrow[3] < narrow[1]  # beyond the range of fit, in their order


def test_whole_columns_of_a_frame_are_rounded_not_cut():
    X = pd.DataFrame({"whole": np.arange(9) ** 2, "real": np.arange(9) / 2})
    codec = TableCodec().fit(X)
    between = codec.transform(pd.DataFrame({"whole": [2.9, 3.2], "real": [2.9, 3.2]}))
    made = codec.inverse_transform(between)
    assert made["whole"].tolist() == [3, 3]
    np.testing.assert_allclose(made["real"], [2.9, 3.2], rtol=1e-6)


@pytest.mark.parametrize(("rows", "made"), [([0, 0, 1, 1], 0.4), ([0, 0, 1, 1, 1], 0)])
def test_values_recur_where_they_are_fewer_than_half_as_many_as_rows(rows, made):
    codec = TableCodec().fit(np.array(rows, dtype=float)[:, None])
    between = codec.inverse_transform(codec.transform([[0.4]]))
    np.testing.assert_allclose(between, made, atol=1e-6)


CONTAINERS = {
    "float64": lambda x: x[:, None],
    "float32": lambda x: x[:, None].astype(np.float32),
    "list": lambda x: x[:, None].tolist(),
    "objects": lambda x: x[:, None].astype(object),
    "pandas": lambda x: pd.DataFrame({"a": x}),
    "Float64": lambda x: pd.DataFrame({"a": x}, dtype="Float64"),
    "Arrow": lambda x: pd.DataFrame({"a": x}, dtype="double[pyarrow]"),
    "polars": lambda x: pl.DataFrame({"a": x}, nan_to_null=True),
    "polars float32": lambda x: pl.DataFrame({"a": x.astype(np.float32)}),
}


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("decimals", [6, 2, 1, 0, -3])
@pytest.mark.parametrize("container", CONTAINERS)
def test_numbers_keep_the_decimals_of_those_seen(container, decimals, missing):
    x = np.append(np.round(np.random.default_rng(0).permutation(99) * 10.0**-decimals, 6), -0.0)
    seen = np.where(np.arange(100) % 9 < missing, np.nan, x)
    codec = TableCodec().fit(CONTAINERS[container](seen))
    made = codec.inverse_transform(noise(200, *codec.sample_shape_))
    values = np.asarray(made)[:, 0].astype(float)
    values = values[~np.isnan(values)]
    kind = np.float32 if "float32" in container else float
    assert_array_equal(values, np.round(values, decimals).astype(kind))
    assert len(np.unique(values)) > 50  # none but multiples of ten times the step would be 10
    assert not np.signbit(values[values == 0]).any()


@given(st.data(), st.integers(-3, 6))
def test_multiples_of_a_power_of_ten_come_back_as_such(data, decimals):
    whole = data.draw(st.lists(st.integers(-(10**6), 10**6), min_size=10, unique=True))
    X = np.array([float(f"{n}e{-decimals}") for n in whole])[:, None]
    assert_array_equal(round_trip(X), X)
    codec = TableCodec().fit(X)
    made = codec.inverse_transform(noise(50, 1))
    assert_array_equal(made, np.round(made, decimals))
    assert X.min() <= made.min() <= made.max() <= X.max()


@pytest.mark.parametrize(
    "column",
    [
        np.arange(100) + 1e-7,  # seven decimals
        np.random.default_rng(0).normal(size=100),
        np.random.default_rng(0).normal(size=100).astype(np.float32),
        np.arange(9.0),  # too few to tell
    ],
    ids=["seven decimals", "float64", "float32", "nine values"],
)
def test_columns_of_more_decimals_are_not_rounded(column):
    codec = TableCodec().fit(column[:, None])
    made = codec.inverse_transform(noise(200, 1) / 10)
    assert (made != np.round(made, 6)).mean() > 0.9


def test_sums_of_cents_are_cents_though_floats_miss_them():
    x = np.random.default_rng(0).permutation(100) / 10 + 0.2
    assert (x != np.round(x, 1)).any()
    codec = TableCodec().fit(x[:, None])
    made = codec.inverse_transform(noise(50, 1))
    assert_allclose(made, np.round(made, 1), rtol=1e-15)


@pytest.mark.parametrize("value", [0, 7, -1.5, 1e-300, 1e20, 0.1])
def test_constant_columns_stay_constant(value):
    X = np.full((9, 2), value)
    np.testing.assert_array_equal(round_trip(X), X)
    codec = TableCodec().fit(X)
    np.testing.assert_array_equal(codec.transform(X), 0)
    np.testing.assert_array_equal(codec.inverse_transform(np.full((4, 2), 50.0)), X[:4])


def test_only_columns_with_zeros_make_zeros_of_tiny_values():
    for middle in (0.0, 3e-7):
        X = np.array([[-1.0], [middle], [1.0]])
        assert (round_trip(X)[1] == 0) == (middle == 0)


def test_tiny_and_huge_values_side_by_side_and_halves():
    X = np.array([[1e30, 1e-30, 1e-320], [1e-30, 2e-30, 2e-320], [-1e30, 3e-30, 3e-320]])
    for table in (X, np.array([[1, 65504], [2, -65504], [3.5, 6e-8]], dtype=np.float16)):
        made = round_trip(table)
        assert made.dtype == table.dtype
        assert np.isfinite(made).all()
        span = table.max(axis=0).astype(float) - table.min(axis=0)
        assert (np.abs(made.astype(float) - table) <= 1e-5 * span + 5e-324).all()


def test_one_row_is_enough():
    X = np.array([[3, -4]])
    np.testing.assert_array_equal(round_trip(X), X)


@pytest.mark.parametrize("value", [1e308, np.finfo(float).max, 5e-324])
def test_two_values_near_the_ends_of_float64_come_back(value):
    X = np.where(np.arange(10)[:, None] % 3 > [0, 1], value, -value)
    assert_array_equal(round_trip(X), X)


@pytest.mark.parametrize("huge", [1e200, 1e308])
@pytest.mark.parametrize("other", [-1, 0, 0.5])
def test_a_variance_beyond_float64_names_the_column(huge, other):
    X = np.array([[0.0, 1.0], [1.0, huge], [2.0, other * huge]])
    message = r"column 1.*variance is not a finite float64.*Rescale"
    with pytest.raises(ValueError, match=message):
        TableCodec().fit(X)


def test_fit_leaves_its_input_alone():
    X = np.array([[1.0, 5.0], [2.0, 3.0]])
    X.flags.writeable = False
    round_trip(X)


def test_a_codec_that_is_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        TableCodec().transform(np.ones((1, 1)))
    with pytest.raises(NotFittedError):
        TableCodec().inverse_transform(np.ones((1, 1)))


def test_no_rows_are_decoded_to_none_and_marks_win_by_more_than_half():
    X = np.array([[1.0, np.nan], [2.0, 5.0], [4.0, 6.0]])
    codec = TableCodec().fit(X)
    encoded = codec.transform(X)
    assert codec.inverse_transform(encoded[:0]).shape == (0, 2)
    assert_allclose(codec.inverse_transform(encoded.tolist()), X, rtol=1e-6)
    assert codec.missing_ == (encoded.shape[1] - 1,)
    encoded[:, -2:] = 0.5  # neither there nor missing: there
    assert np.isfinite(codec.inverse_transform(encoded)).all()


@pytest.mark.parametrize("n_columns", [1, 8, 9, 17])
def test_sparse_columns_come_back_whatever_their_number(n_columns):
    dense = np.arange(4 * n_columns).reshape(4, n_columns) % 4
    dense[-1] = 0  # no entry tells of the last row
    X = sparse.csc_array(dense)
    with pytest.warns(DataConversionWarning):
        codec = TableCodec().fit(X)
    made = codec.inverse_transform(codec.transform(X))
    assert made.shape == X.shape
    assert_array_equal(made.toarray(), X.toarray())


def test_a_list_of_mixed_types_keeps_them():
    rows = [[1, "a"], [2, "b"], [3, "a"]]
    codec = TableCodec().fit(rows)
    made = codec.inverse_transform(codec.transform(rows))
    assert [type(value) for value in made[0]] == [int, str]
    assert made.tolist() == rows


def test_a_name_that_no_column_has_is_refused():
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    for wanted in ["c"], [2.5]:
        with pytest.raises(ValueError, match="names of columns, indices"):
            TableCodec(categorical_features=wanted).fit(frame)


def test_categories_keep_their_order_among_many_columns():
    kinds = [str, int] * 20
    frame = pd.DataFrame({f"c{j}": [*map(kind, range(j, j + 3))] for j, kind in enumerate(kinds)})
    codec = TableCodec().fit(frame)
    assert codec.categorical_features_.tolist() == list(range(0, 40, 2))
    encoded = codec.transform(frame)
    numbers = TableCodec().fit_transform(frame.iloc[:, 1::2])
    assert_array_equal(encoded[:, :20], numbers)
    assert codec.inverse_transform(encoded).equals(frame)


def test_booleans_are_categories_in_a_frame_and_numbers_in_an_array():
    values = np.array([[True, False], [False, True], [True, True]])
    assert TableCodec().fit(pd.DataFrame(values)).categorical_features_.tolist() == [0, 1]
    assert TableCodec().fit(values).categorical_features_.tolist() == []


@pytest.mark.parametrize("share", [0.0, 0.2], ids=["complete", "some missing"])
@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame, np.float32], ids=lambda f: f.__name__)
def test_columns_of_one_dtype_are_encoded_as_each_alone(form, share):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 12)) * 10.0 ** rng.integers(-3, 6, 12)
    X[:, 2:5], X[:, 5:7], X[:, 9] = X[:, 2:5].round(2), rng.poisson(3, (60, 2)), 4
    X[rng.random(X.shape) < share] = np.nan
    X = form(X)
    codec = TableCodec().fit(X)
    encoded, made = codec.transform(X), codec.inverse_transform(noise(90, *codec.sample_shape_))
    for j in range(12):
        marks = [codec.missing_[j] - 1, codec.missing_[j]] if share else []
        column = np.asarray(X)[:, [j]]
        alone = TableCodec().fit(column)
        assert_array_equal(alone.transform(column), encoded[:, [j, *marks]])
        one = alone.inverse_transform(noise(90, *codec.sample_shape_)[:, [j, *marks]])
        assert_array_equal(one, np.asarray(made)[:, [j]])


@given(st.lists(st.integers(2, 5), max_size=3), st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_one_hot_columns_share_a_block(sizes, n_flags, seed):
    rng = np.random.default_rng(seed)
    parts = [np.eye(k)[rng.permutation(np.arange(60) % k)] for k in sizes]
    flags = rng.permuted(np.tile(np.arange(60) % 7 < 3, (n_flags, 1)), axis=1).T  # in between
    numbers = rng.normal(size=(60, 1))
    X = np.hstack([numbers, *parts[:1], flags.astype(float), *parts[1:]])
    codec = TableCodec().fit(X)
    assert sorted(codec.block_sizes_) == sorted([*sizes, *[2] * n_flags])
    assert codec.sample_shape_ == (1 + sum(codec.block_sizes_),)
    assert codec.categories_.keys() == {*range(1, X.shape[1])}
    encoded = codec.transform(X)
    assert_array_equal(encoded[:, 1:].sum(axis=1), np.full(60, len(codec.block_sizes_)))
    assert_allclose(codec.inverse_transform(encoded), X, atol=1e-6)
    new = codec.inverse_transform(rng.normal(size=(9, *codec.sample_shape_)).astype(np.float32))
    ends = np.cumsum([1, *sizes[:1], n_flags, *sizes[1:]])
    for i, k in enumerate(sizes):
        end = ends[1] if i == 0 else ends[i + 2]
        assert_array_equal(new[:, end - k : end].sum(axis=1), np.ones(9))


def test_columns_with_missing_values_share_no_block():
    X = pd.get_dummies(list("abcabcabcabc"), dtype=float)
    X.loc[0] = np.nan
    assert TableCodec().fit(X).block_sizes_ == (2,) * 6  # values, and whether they are there


@pytest.mark.parametrize("huge", [10**12, -(2**31) * 10**4])
def test_beside_a_huge_value_the_others_come_back(huge):
    X = np.r_[huge, np.random.default_rng(0).integers(1, 1000, 199)][:, None]
    made = TableCodec().fit(X).inverse_transform(TableCodec().fit_transform(X))
    assert_array_equal(made[1:], X[1:])
    assert_allclose(made[0], huge, rtol=1e-7)
