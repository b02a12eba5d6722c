"""Round trips of images, and values at the ends of their range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.exceptions import NotFittedError

from skgan_resample.codec import ImageCodec

IMAGE_SHAPES = st.tuples(*[st.integers(1, 6)] * 2) | st.tuples(*[st.integers(1, 6)] * 3)


@st.composite
def images(draw, dtype, elements=None):
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
    shape, X = data.draw(images(np.dtype(dtype)))
    np.testing.assert_array_equal(round_trip(shape, X).astype(dtype), X)


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**24 - 1), st.data())
def test_integers_that_span_less_than_2_24_come_back_exactly(low, span, data):
    shape, X = data.draw(images(np.int64, st.integers(low, low + span)))
    np.testing.assert_array_equal(round_trip(shape, X), X)


@pytest.mark.parametrize("low", [0, 1 - 2**23])
@pytest.mark.parametrize("start", [0, 2**23 - 1000, 2**24 - 2000])
def test_integers_all_over_the_widest_span_come_back_exactly(low, start):
    seen = np.linspace(0, 2**24 - 1, 2000).astype(int)
    codec = ImageCodec((50, 40)).fit(low + seen[None])
    X = low + (start + np.arange(2000)).reshape(1, -1)
    np.testing.assert_array_equal(codec.inverse_transform(codec.transform(X)), X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(data=st.data())
def test_floats_come_back_within_1e_5_of_the_range(dtype, data):
    bits = np.finfo(dtype).bits
    largest = 2.0**126 if bits == 32 else 2.0**1023
    elements = st.floats(-largest, largest, width=bits).map(
        lambda value: 0.0 if abs(value) < 1e-30 else value
    )
    shape, X = data.draw(images(np.dtype(dtype), elements))
    wide = X.astype(np.float64)
    error = np.abs(round_trip(shape, X) - wide).max()
    # halves, as the range itself may be beyond float64
    span = wide.max() / 2 - wide.min() / 2
    assert error <= 2e-5 * span + 1e-14 * np.abs(wide).max()


def test_pixels_lie_where_they_belong():
    """Channels last in the caller's array, first in the tensor."""
    X = np.arange(2 * 3 * 4 * 2, dtype=np.uint8).reshape(2, 3, 4, 2)
    X[0, 0, 0], X[1, 2, 3] = 0, 255
    x = ImageCodec((3, 4, 2)).fit(X.reshape(2, -1)).transform(X.reshape(2, -1))
    np.testing.assert_allclose(x, X.transpose(0, 3, 1, 2) / 127.5 - 1, atol=1e-6)
    assert x.flags["C_CONTIGUOUS"]


def test_a_view_of_bytes_lies_in_their_memory_and_others_are_encoded():
    X = np.arange(24, dtype=np.uint8).reshape(2, 12)
    X[0, :2], X[1, -2:] = 0, 255
    view = ImageCodec((2, 3, 2)).fit(X).view(X)
    assert np.shares_memory(view, X)
    np.testing.assert_array_equal(view, X.reshape(2, 2, 3, 2).transpose(0, 3, 1, 2))
    codec = ImageCodec((2, 3, 2)).fit(X.astype(float))
    np.testing.assert_array_equal(codec.view(X.astype(float)), codec.transform(X.astype(float)))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("values", [(0, 1), (0, 3, 16), (-7, 240)])
def test_floats_that_are_all_whole_stay_whole(dtype, values):
    rng = np.random.default_rng(0)
    X = rng.choice(values, (150, 6)).astype(dtype)
    codec, integers = ImageCodec((3, 2)).fit(X), ImageCodec((3, 2)).fit(X.astype(int))
    made = codec.inverse_transform(rng.normal(size=(99, *codec.sample_shape_)))
    assert (made % 1 == 0).all()
    assert len(values) > 2 or values[1] > 1 or set(made.ravel()) == {0, 1}
    np.testing.assert_array_equal(codec.step_, integers.step_)
    X[-1, -1] = 0.5  # one fraction, in the last image
    codec.fit(X)
    assert not codec.integer_.any()
    codec.fit(X.round(), integer=np.arange(6) == 2)
    assert codec.integer_.tolist() == [False, False, True, False, False, False]


# The range ---------------------------------------------------------------------------------------


@given(st.integers(0, 255), st.integers(0, 255), st.integers(1, 3))
def test_a_view_of_bytes_of_any_range_is_stretched_to_all_of_them(low, high, channels):
    low, high = sorted((low, high))
    X = np.linspace(low, high, 256).astype(np.uint8).repeat(channels).reshape(1, -1)
    codec = ImageCodec((16, 16, channels)).fit(X)
    view = codec.view(X)
    assert view.dtype == np.uint8
    if low < high:
        assert (view.min(), view.max()) == (0, 255)
    floats = view / 127.5 - 1
    assert np.abs(floats - codec.transform(X)).max() <= 0.501 / 127.5
    np.testing.assert_array_equal(codec.inverse_transform(floats), X)
    # what decodes to the same image differs by at most half a step
    edge = codec.inverse_transform(floats + 0.501 * codec.step_)
    assert (low == high) or (edge != X)[high > X].all()


SCALES = {"uint8": (0, 16, 255), "uint16": (200, 4000, 65535), "float32": (-1.0, 1.0, 300.0)}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", SCALES)
@given(n_hot=st.integers(0, 5))
def test_a_few_hot_pixels_do_not_count(dtype, sign, n_hot):
    low, high, hot = SCALES[dtype]
    rng = np.random.default_rng(0)
    X = np.where(rng.random((50, 80)) < 0.5, low, high)
    X.flat[rng.choice(X.size, n_hot, replace=False)] = hot
    if sign < 0:
        X, (high, low, hot) = hot - X + low, (hot, hot - high + low, low)
    X = X.astype(dtype)
    codec = ImageCodec((8, 10)).fit(X)
    counted = hot if n_hot > 3 else high if sign > 0 else low
    if n_hot:
        assert counted in (codec.low_.item(), codec.high_.item())
    expected = X.clip(codec.low_.item(), codec.high_.item())
    np.testing.assert_allclose(codec.inverse_transform(codec.transform(X)), expected, atol=1e-4)


@given(st.integers(1, 50), st.sampled_from([1, 50, 255]), st.booleans())
def test_sparse_masks_and_strokes_keep_all_of_their_range(n_set, level, noisy):
    """One pixel of an image may be what the images are about."""
    rng = np.random.default_rng(0)
    X = np.zeros((400, 400), np.uint8)
    images = rng.choice(400, max(n_set, 5 * noisy), replace=False)
    X[images] = noisy * rng.integers(0, 2, (len(images), 400))
    X[images, rng.integers(0, 400, len(images))] = level
    codec = ImageCodec((20, 20)).fit(X)
    assert codec.high_.item() == level or (noisy and level > 1 and n_set <= 4)


def test_images_of_a_bright_class_are_no_hot_pixels():
    X = np.random.default_rng(0).integers(0, 17, (300, 64))
    X[:2] *= 15
    assert ImageCodec((8, 8)).fit(X).high_.item() == 240


def test_every_channel_has_a_range_of_its_own():
    rng = np.random.default_rng(0)
    X = rng.random((20, 5, 4, 3)) * [1e-3, 1e5, 0] + [0, 0, 255]
    codec = ImageCodec((5, 4, 3)).fit(X.reshape(20, -1))
    x = codec.transform(X.reshape(20, -1))
    np.testing.assert_allclose(x.min(axis=(0, 2, 3)), [-1, -1, 0])
    np.testing.assert_allclose(x.max(axis=(0, 2, 3)), [1, 1, 0])
    made = codec.inverse_transform(rng.normal(size=(20, 3, 5, 4))).reshape(-1, 3)
    assert (made.min(axis=0) >= X.min(axis=(0, 1, 2))).all()
    assert (made.max(axis=0) <= X.max(axis=(0, 1, 2))).all()


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
    shape, X = data.draw(images(dtype, elements))
    codec = ImageCodec(shape).fit(X)
    noise = np.random.default_rng(0).normal(size=(20, *codec.sample_shape_))
    made = codec.inverse_transform(scale * noise)
    # in float64, which tells integers apart up to 2**53
    assert (made <= float(X.max())).all()
    assert (made >= min(float(X.min()), codec.high_.min())).all()
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


@pytest.mark.parametrize("values", [(0, 255), (-1, 1), (0.0, 0.5, 1.0), (0, 7, 200, 255)])
def test_channels_of_few_values_take_no_others(values):
    rng = np.random.default_rng(0)
    X = np.stack([rng.choice(values, (20, 36)), rng.normal(size=(20, 36))], axis=2)
    codec = ImageCodec((6, 6, 2)).fit(X.reshape(20, -1))
    np.testing.assert_allclose(codec.step_.ravel(), [2 * np.diff(values).max() / np.ptp(values), 0])
    made = codec.inverse_transform(rng.uniform(-1, 1, (50, 2, 6, 6))).reshape(50, 6, 6, 2)
    assert set(made[..., 0].ravel()) == set(values)
    assert len(np.unique(made[..., 1])) > 1000
