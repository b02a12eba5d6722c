"""Round trips of pictures, and what happens at their borders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.exceptions import NotFittedError

from skgan_resample.codec import ImageCodec

IMAGE_SHAPES = st.tuples(*[st.integers(1, 6)] * 2) | st.tuples(*[st.integers(1, 6)] * 3)


@st.composite
def pictures(draw, dtype, elements=None):
    shape = draw(IMAGE_SHAPES)
    n = draw(st.integers(1, 5))
    return shape, draw(hnp.arrays(dtype, (n, int(np.prod(shape))), elements=elements))


def round_trip(shape, X):
    codec = ImageCodec(shape).fit(X)
    x = codec.transform(X)
    height, width, channels = (*shape, 1)[:3]
    assert x.shape == (len(X), channels, height, width) == (len(X), *codec.sample_shape_)
    assert x.dtype == np.float32
    assert np.abs(x).max() <= 1
    return codec.inverse_transform(x)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "bool"])
@given(data=st.data())
def test_integers_come_back_exactly(dtype, data):
    shape, X = data.draw(pictures(np.dtype(dtype)))
    np.testing.assert_array_equal(round_trip(shape, X).astype(dtype), X)


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**24 - 1), st.data())
def test_integers_that_span_less_than_2_24_come_back_exactly(low, span, data):
    shape, X = data.draw(pictures(np.int64, st.integers(low, low + span)))
    np.testing.assert_array_equal(round_trip(shape, X), X)


@pytest.mark.parametrize("low", [0, 1 - 2**23])
@pytest.mark.parametrize("start", [0, 2**23 - 1000, 2**24 - 2000])
def test_integers_all_over_the_widest_span_come_back_exactly(low, start):
    X = low + np.append(start + np.arange(2000), [0, 2**24 - 1]).reshape(1, -1)
    np.testing.assert_array_equal(round_trip((77, 26), X), X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(data=st.data())
def test_floats_come_back_within_1e_5_of_the_range(dtype, data):
    bits = np.finfo(dtype).bits
    largest = 2.0**126 if bits == 32 else 2.0**1023
    elements = st.floats(-largest, largest, width=bits).map(
        lambda value: 0.0 if abs(value) < 1e-30 else value
    )
    shape, X = data.draw(pictures(np.dtype(dtype), elements))
    wide = X.astype(np.float64)
    error = np.abs(round_trip(shape, X) - wide).max()
    # halves, as the range itself may be beyond float64
    span = wide.max() / 2 - wide.min() / 2
    assert error <= 2e-5 * span + 1e-14 * np.abs(wide).max()


def test_pixels_lie_where_they_belong():
    """Channels last in the caller's array, first in the tensor."""
    X = np.arange(2 * 3 * 4 * 2, dtype=np.uint8).reshape(2, 3, 4, 2)
    x = ImageCodec((3, 4, 2)).fit(X.reshape(2, -1)).transform(X.reshape(2, -1))
    np.testing.assert_allclose(x, X.transpose(0, 3, 1, 2) / 127.5 - 1, atol=1e-6)
    assert x.flags["C_CONTIGUOUS"]


def test_a_view_of_bytes_lies_in_their_memory_and_others_are_encoded():
    X = np.arange(24, dtype=np.uint8).reshape(2, 12)
    view = ImageCodec((2, 3, 2)).fit(X).view(X)
    assert np.shares_memory(view, X)
    np.testing.assert_array_equal(view, X.reshape(2, 2, 3, 2).transpose(0, 3, 1, 2))
    codec = ImageCodec((2, 3, 2)).fit(X.astype(float))
    np.testing.assert_array_equal(codec.view(X.astype(float)), codec.transform(X.astype(float)))


def test_bytes_have_a_range_of_their_own():
    X = np.array([[10, 200]], dtype=np.uint8)
    codec = ImageCodec((1, 2)).fit(X)
    assert (codec.low_, codec.high_) == (0, 255)
    codec = ImageCodec((1, 2)).fit(X.astype(int))
    assert (codec.low_, codec.high_) == (10, 200)


@given(
    st.sampled_from(["uint8", "int8", "int16", "int64", "uint64", "float32", "float64", "bool"]),
    st.floats(0, 1e6),
    st.data(),
)
def test_decode_stays_within_the_range_and_the_dtype(dtype, scale, data):
    dtype = np.dtype(dtype)
    elements = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False)
    if dtype.kind == "f":
        elements = elements.filter(lambda value: abs(value) < 1e30)
    shape, X = data.draw(pictures(dtype, elements))
    codec = ImageCodec(shape).fit(X)
    noise = np.random.default_rng(0).normal(size=(20, *codec.sample_shape_))
    made = codec.inverse_transform(scale * noise)
    # in float64, which tells integers apart up to 2**53
    low, high = (0, 255) if dtype == np.uint8 else (float(X.min()), float(X.max()))
    assert (made <= high).all()
    assert (made >= min(low, codec.high_)).all()
    if dtype.kind in "iub":
        assert (made.astype(dtype) == made).all()  # whole, and nothing wraps around


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64"])
def test_the_ends_of_the_dtype_never_wrap(dtype):
    limits = np.iinfo(dtype)
    codec = ImageCodec((1, 2)).fit(np.array([[limits.min, limits.max]], dtype))
    ends = codec.inverse_transform(np.array([[[[-7.0, 7.0]]]])).astype(dtype).ravel().tolist()
    assert ends[0] == limits.min
    assert ends[1] == min(limits.max, int(np.nextafter(float(limits.max) + 1, 0)))


@pytest.mark.parametrize("value", [0, 7, -1.5, 1e300])
def test_constant_pictures_stay_constant(value):
    X = np.full((3, 4), value)
    np.testing.assert_array_equal(round_trip((2, 2), X), X)
    codec = ImageCodec((2, 2)).fit(X)
    np.testing.assert_array_equal(codec.inverse_transform(np.full((3, 1, 2, 2), 0.9)), X)


@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 2), (5, 1)])
def test_a_shape_that_does_not_fit_names_both_numbers(shape):
    message = rf"image_shape=\({shape[0]}, .*needs {np.prod(shape)} values a row, but X has 4"
    with pytest.raises(ValueError, match=message):
        ImageCodec(shape).fit(np.ones((3, 4)))


def test_fit_leaves_its_input_alone():
    X = np.array([[1.0, 5.0], [2.0, 3.0]])
    X.flags.writeable = False
    round_trip((1, 2), X)


def test_a_codec_that_is_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        ImageCodec((1, 1)).transform(np.ones((1, 1)))
    with pytest.raises(NotFittedError):
        ImageCodec((1, 1)).inverse_transform(np.ones((1, 1, 1, 1)))
