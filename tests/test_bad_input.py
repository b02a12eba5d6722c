"""Bad and odd input: a clear error, or a correct result."""

import re
from types import MappingProxyType

import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from samplers import (
    ALL_SAMPLERS,
    assert_extends,
    dense,
    each_base_sampler,
    each_trained_sampler,
    images,
    others_slow,
    quick,
    table,
)
from scipy import sparse
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits, load_sample_image

from skgan_resample import (
    BAGANGPSampler,
    BAGANSampler,
    CGANSampler,
    ImageCodec,
    RowMixSampler,
)


def refuses(message, X, y, error=ValueError, Sampler=BAGANGPSampler, **parameters):
    """Check that both ways to train raise an error whose text matches."""
    for method in ("fit", "fit_resample"):
        with pytest.raises(error, match=message):
            getattr(quick(Sampler, **parameters), method)(X, y)


def balances(X, y, Sampler=BAGANGPSampler, **parameters):
    """Check that classes come out equal and columns within their range; return the new rows."""
    X_resampled, y_resampled = quick(Sampler, **parameters).fit_resample(X, y)
    assert len(set(np.unique(y_resampled, return_counts=True)[1])) == 1
    assert_extends(X, X_resampled)
    new = dense(X_resampled)[len(y) :]
    assert np.isfinite(new).all()
    if new.ndim == 2 and "image_shape" not in parameters:
        assert (new >= dense(X).min(axis=0)).all()
        assert (new <= dense(X).max(axis=0)).all()
    return new


# Shapes ------------------------------------------------------------------------------------------


def test_image_shape_that_does_not_fit_the_width():
    X, y = table()
    refuses(
        r"image_shape=\(3, 3\), which needs 9 values a row, but X has 4", X, y, image_shape=(3, 3)
    )
    refuses("needs 12 values a row, but X has 4", X, y, image_shape=(2, 2, 3))


def test_image_shape_that_contradicts_the_pictures():
    X, y = images(4, 3)
    refuses(r"but the images in X have shape \(4, 3\).*None", X, y, image_shape=(3, 4))
    refuses(r"image_shape=\(4, 3, 2\), but the images", X, y, image_shape=(4, 3, 2))
    balances(X.reshape(-1, 4, 3, 1), y, image_shape=(4, 3))


@pytest.mark.parametrize("shape", [(4,), (0, 4), (-2, -2), (2.0, 2), (1, 2, 2, 1), ("2", "2"), ()])
def test_malformed_image_shape(shape):
    refuses(r"Got image_shape=.* but expected \(height, width\)", *table(), image_shape=shape)


def test_image_shape_of_a_wrong_type():
    refuses("'image_shape' parameter of BAGANGPSampler must be", *table(), image_shape="2x2")
    refuses("'image_shape' parameter of BAGANGPSampler must be", *table(), image_shape=4)


def test_wrong_dimensions():
    X, y = table()
    refuses("Expected 2D array, got 1D array", X[:, 0], y)
    refuses(
        r"X of shape \(20, 1, 2, 2, 1\), but.* X.reshape\(len\(X\), -1\)",
        X.reshape(20, 1, 2, 2, 1),
        y,
    )
    refuses(r"inconsistent numbers of samples: \[20, 19\]", X, y[:-1])
    refuses(r"inconsistent numbers of samples: \[20, 19\]", X.reshape(-1, 2, 2), y[:-1])


def test_empty():
    X, y = table()
    refuses(r"Found array with 0 sample\(s\)", X[:0], y[:0])
    refuses(r"Found array with 0 sample\(s\)", X[:0].reshape(0, 2, 2), y[:0])
    refuses(r"Found array with 0 feature\(s\)", X[:, :0], y)
    refuses(r"Found array with 0 feature\(s\)", np.empty((20, 0, 3)), y)


@pytest.mark.parametrize("X", [[{"a": 1.0}] * 6, ({"a": 1.0},) * 6, {"a": [1.0] * 6}])
def test_dicts_are_to_be_made_a_frame(X):
    with pytest.raises(TypeError, match=r"Got dicts.*pandas\.DataFrame\(X\)"):
        RowMixSampler().fit_resample(X, [0, 0, 0, 0, 1, 1])


@pytest.mark.parametrize("image_shape", [None, (2, 2)])
@pytest.mark.parametrize(
    "of", [lambda X: (x for x in X), lambda X: map(list, X), lambda X: zip(*X.T, strict=True)]
)
def test_iterators_are_to_be_made_a_list(of, image_shape):
    X, y = table()
    name = type(of(X)).__name__
    message = rf"Got X of the type {name}, but expected an array.* Make a list of it: list\(X\)"
    refuses(message, of(X), y, TypeError, image_shape=image_shape)
    balances(list(of(X)), y, RowMixSampler, image_shape=image_shape)


def test_images_that_are_no_one_array():
    X, y = images(4, 3, counts=(3, 2))
    objects = np.empty(5, dtype=object)
    objects[:] = list(X)
    refuses(r"array of objects, the first of shape \(4, 3\), but .* np.stack\(X\)", objects, y)
    refuses("samples of different shapes.* Crop, pad or resize", [*X[:-1], X[0, :2]], y)
    refuses("samples of different shapes", [[1, 2], [1, 2, 3], [1, 2]], [0, 0, 1])


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (4, 9, 5)])
def test_channels_first(shape):
    X, y = images(*shape, counts=(3, 2))
    refuses(r"X of shape .* take X.transpose\(0, 2, 3, 1\).*image_shape=", X, y)
    balances(X.transpose(0, 2, 3, 1), y, RowMixSampler)
    balances(X, y, RowMixSampler, image_shape=shape)  # the user has decided


@pytest.mark.parametrize("shape", [(3, 3, 20), (4, 4, 10), (1, 4, 9), (1, 9, 3)])
def test_small_images_of_many_channels(shape):
    balances(*images(*shape, counts=(3, 2)), RowMixSampler)


def series(dtype, *scales):
    """Features of a scale each: (300, 50, features)."""
    X = np.random.default_rng(0).normal(size=(300, 50, len(scales)))
    return (X * scales + [10 * scale for scale in scales]).astype(dtype)


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize(
    "X",
    [
        series(np.float64, 1, 1e4),
        series(np.float32, 100, 1, 1e-2),
        series(np.int64, 3, 1e5),
        series(np.float64, 1e-9, 1, 1, 1),
        series(np.float64, 100, 0.05) * [100, 0] + [0, 0.5] + series(np.float64, 0, 0.05),
        np.exp(series(np.float64, 1, 1)) * [1, 1e4],
        series(np.float64, 1e4, 1, 1, 1, 1, 1),
        series(np.float64, *10.0 ** np.arange(6)),
        series(np.float64, 1e4, 1, 1e4, 1, 1).cumsum(axis=1),
    ],
    ids=[
        "two",
        "float32",
        "integers",
        "tiny",
        "pressure and valve",
        "lognormal",
        "one large",
        "ladder",
        "walks",
    ],
)
def test_time_series_of_features_of_different_units(X, axis):
    y, X = np.arange(300) < 30, np.moveaxis(X, 2, axis)
    refuses(
        rf"along axis {axis} it has values of different units.* X.reshape\(len\(X\), -1\)", X, y
    )
    refuses(rf"along axis {axis}", X[..., None], y)
    assert quick(RowMixSampler, image_shape=X.shape[1:]).fit_resample(X, y)[0].shape[0] == 540


BLURS = [0.5, 0.7, 1, 2]
PHOTOS = ["photos", "photos of integers", "grey photos", "alpha", "empty channel", "image and mask"]
OTHERS = [
    "digits",
    "bars",
    "blurred bars",
    "noisy bars",
    "bright frame",
    "filtered",
    "bright spots",
]


def real_images(kind):
    """Images as they are, with borders and channels as they come."""
    digits = np.pad(load_digits().images[:60], ((0, 0), (4, 4), (4, 4)))
    if kind in BLURS:
        return gaussian_filter(digits, (0, kind, kind))
    photo = load_sample_image("china.jpg")
    photos = np.stack([photo[i : i + 40, j : j + 50] for i in (0, 90, 300) for j in (0, 99, 500)])
    bars, noise = np.zeros((9, 60, 60, 3)), np.random.default_rng(0)
    bars[:, 10:50, 5:55] = photos / 255
    alpha = np.full((9, 40, 50, 1), 255)
    return {
        "digits": digits,
        "photos": photos,
        "photos of integers": photos.astype(int),
        "grey photos": photos.mean(axis=3),
        "alpha": np.concatenate([photos, alpha], axis=3),
        "empty channel": np.concatenate([photos * 1e4, 0 * alpha], axis=3),
        "image and mask": np.concatenate([photos * 1e4, photos[..., :1] > 100], axis=3),
        "bars": bars,
        "blurred bars": gaussian_filter(bars, (0, 0.7, 0.7, 0)),
        "noisy bars": bars + (bars == 0) * noise.integers(3, size=bars.shape) / 255,
        "bright frame": np.pad(bars, ((0, 0), (3, 3), (3, 3), (0, 0)), constant_values=1e4),
        "filtered": np.fft.ifft2(np.fft.fft2(bars, axes=(1, 2)), axes=(1, 2)).real,
        "bright spots": 1.0 + (noise.random((20, 40, 40)) < 1e-3) * 1e5,
    }[kind]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", BLURS + PHOTOS + OTHERS)
def test_real_images_are_taken_for_images(kind, dtype):
    X = real_images(kind).astype(dtype)
    y = np.arange(len(X)) < 2
    assert quick(RowMixSampler).fit_resample(X, y)[0].shape[1:] == X.shape[1:]


def odd_rows(kind):
    """Images of 16 bits or of floats with rows in a unit of their own."""
    rng, X = np.random.default_rng(0), 257.0 * real_images("grey photos")
    if kind == "dark noisy border":
        X = np.pad(X, ((0, 0), (5, 5), (8, 8)))
        return np.where(X == 0, rng.integers(95, 120, X.shape), X).astype(np.uint16)
    X[:, 0 if kind == "first row" else -1] = 9 * rng.random(X[:, 0].shape)
    return X


@pytest.mark.parametrize("kind", ["dark noisy border", "first row", "last row"])
def test_odd_rows_of_images_are_warned_of_not_refused(kind):
    X = odd_rows(kind)
    y = np.arange(len(X)) < 2
    with pytest.warns(UserWarning, match="values of different units.* say image_shape") as warned:
        X_resampled, _ = quick(RowMixSampler).fit_resample(X, y)
    assert X_resampled.shape[1:] == X.shape[1:]
    assert [warning.filename for warning in warned] == [__file__]
    balances(X, y, RowMixSampler, image_shape=X.shape[1:])  # no word


@pytest.mark.parametrize("axis", [1, 2])
def test_spectrograms_are_images(axis):
    decay, rng = np.exp(-np.arange(64) / 4)[:, None], np.random.default_rng(0)
    X = np.moveaxis(decay * rng.gamma(1, 1, (40, 64, 30)), 1, axis)
    balances(X, np.arange(40) < 9, RowMixSampler)


@given(
    st.tuples(st.integers(4, 12), st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)),
    st.sampled_from(["uint8", "int16", "float32"]),
    st.sampled_from([0.001, 0.1, 0.9]),
)
def test_images_of_bytes_are_images_in_every_dtype(shape, dtype, density):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, shape) * (rng.random(shape) < density)
    X_new, _ = RowMixSampler(random_state=0).fit_resample(X.astype(dtype), np.arange(len(X)) < 2)
    assert X_new.shape[1:] == X.shape[1:]


# Values ------------------------------------------------------------------------------------------


@each_base_sampler
def test_not_finite(Sampler):
    X, y = table()
    X[3, 1] = np.inf
    message = r"Got infinity in column {}, but expected finite numbers"
    refuses(message.format(1), X, y, Sampler=Sampler)
    refuses(message.format("'b'"), pd.DataFrame(X, columns=list("abcd")), y, Sampler=Sampler)
    refuses(message.format(1), sparse.csr_array(X), y, Sampler=Sampler)
    for value in (np.inf, np.nan):
        X[3, 1] = value
        message = r"Got NaN or infinity in images.*nan_to_num"
        refuses(message, X.reshape(-1, 2, 2), y, Sampler=Sampler)
        refuses(message, X, y, Sampler=Sampler, image_shape=(2, 2))


class Opaque:
    """Neither a number nor a text, and without an order."""

    __hash__ = None


BAD_COLUMNS = {
    "types int and str in": [1, "x"] * 10,
    "only missing values in": [None] * 20,
    "complex numbers in": [1j] * 20,
    "type list in": [[1]] * 20,
    "type Opaque in": [Opaque()] * 20,
}


@pytest.mark.parametrize("message", BAD_COLUMNS)
def test_columns_that_mean_nothing_are_named(message):
    y = table()[1]
    bad = pd.Series(BAD_COLUMNS[message], dtype=object)
    refuses(f"{message} column 'odd'", pd.DataFrame({"fine": y, "odd": bad}), y)
    refuses(f"{message} column 1", np.array([y, bad], dtype=object).T, y)


def test_columns_of_one_name():
    X, y = table()
    refuses(r"several columns named \['b'\]", pd.DataFrame(X, columns=list("abbc")), y)


def test_strings_that_are_no_categories():
    _, y = table()
    frame = pd.DataFrame({"a": y, "b": "red"})
    message = "type str in column {}, which categorical_features leaves out"
    refuses(message.format("'b'"), frame, y, categorical_features=None)
    refuses(message.format("'b'"), frame, y, categorical_features=["a"])
    refuses(message.format(0), np.full((20, 2), "red"), y, categorical_features=[1])


@pytest.mark.parametrize("wanted", [["c"], [2], [-3], [True, False, True], [0.5]])
def test_categorical_features_that_are_not_there(wanted):
    _, y = table()
    frame = pd.DataFrame({"a": y, "b": y})
    refuses("Got categorical_features with", frame, y, categorical_features=wanted)
    refuses(
        "'categorical_features' parameter of BAGANGPSampler must be",
        frame,
        y,
        categorical_features="all",
    )


def test_complex():
    X, y = table()
    refuses("Complex data not supported", X + 1j, y)
    refuses("Complex data not supported", X.reshape(-1, 2, 2) + 1j, y)


def test_variance_that_overflows():
    X, y = table()
    X[:, 2] *= 1e200
    refuses("values up to 9.*e.201 in column 2: their variance is not a finite", X, y)


def test_pictures_whose_range_overflows():
    X, y = images(4, 3)
    opposite = X / 255
    opposite[0, 0, :2] = [-1.5e308, 1.5e308]
    assert np.isfinite(balances(opposite, y)).all()
    codec = ImageCodec((4, 3)).fit(opposite.reshape(len(X), -1))
    assert (codec.inverse_transform(np.full((1, 1, 4, 3), 1e6, np.float32)) == 1.5e308).all()
    large = 1e308 + X / 255 * 7e307
    assert np.ptp(balances(large, y)) > 1e305


def test_very_large_beside_very_small():
    X, y = table()
    new = balances(X * [1e30, 1e-30, 1e-200, 1], y)
    assert (np.ptp(new, axis=0) > [1e29, 1e-31, 1e-201, 1e-1]).all()


@pytest.mark.parametrize("shape", [None, (2, 2)])
@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_at_the_limits_of_64_bits(dtype, shape):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    X, y = table()
    for extreme in (np.where(X > 50, dtype(high), dtype(low)), np.full(X.shape, dtype(high))):
        X_resampled, _ = quick(BAGANSampler, image_shape=shape).fit_resample(extreme, y)
        assert_extends(extreme, X_resampled)
        assert X_resampled[-5:].max() > high // 4
    # in a float64 the largest value rounds to one beyond the dtype
    many = np.linspace(0, 0.5, len(y))
    mixed = pd.DataFrame({"limit": np.full(len(y), dtype(high)), "real": many})
    shape = shape and (1, 2)
    new = quick(BAGANSampler, image_shape=shape).fit_resample(mixed, y)[0]["limit"].iloc[-1]
    assert new > high // 4


def test_constant_columns_stay_constant():
    X, y = table()
    X[:, 1], X[:, 2] = 0.1, 1e-12
    assert (balances(X, y)[:, 1:3] == [0.1, 1e-12]).all()
    assert (balances(np.full_like(X, 7), y) == 7).all()
    for value in (1e-300 / 3, 1e80 / 7):  # a mean of equal numbers need not be that number
        assert (balances(np.full_like(X, value), y) == value).all()
    barely = np.where(X > 50, 1e80, np.nextafter(1e80, 0))
    assert set(balances(barely, y).ravel()) == {1e80, np.nextafter(1e80, 0)}
    assert (balances(np.full_like(X, 0.1), y, image_shape=(2, 2)) == 0.1).all()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("X", [table()[0], table()[0] > 50, images(2, 2, counts=(15, 5))[0]])
def test_a_generator_of_nonsense_is_refused_not_clipped(X, value):
    class Nonsense(BAGANSampler):
        def _generate(self, y, *_):
            return torch.full((len(y), *self.codec_.sample_shape_), value)

    sampler = quick(Nonsense).fit(X, table()[1])
    with pytest.raises(FloatingPointError, match=r"not finite.* smaller learning_rate"):
        sampler.sample(2)


# Few rows, few columns ---------------------------------------------------------------------------


def test_tables_that_would_lose_their_columns_are_refused():
    X, y = table()
    records = np.rec.fromarrays(X.T)
    for held, remedy in ((pyarrow.table({"a": X[:, 0]}), "to_pandas"), (records, "DataFrame")):
        with pytest.raises(TypeError, match=remedy):
            RowMixSampler().fit(held, y)


def test_lists_of_pictures_of_a_library_are_refused():
    class Picture:
        __array_interface__ = np.zeros((4, 4), np.uint8).__array_interface__

    _, y = table()
    with pytest.raises(TypeError, match=r"list of the type Picture.* numpy.stack"):
        RowMixSampler().fit([Picture() for _ in y], y)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((1, [2]), "values in column 'a' that cannot be compared"),
        (10**400, "beyond float64 in column 'a'"),
    ],
)
def test_objects_that_cannot_be_read_are_named(value, message):
    _, y = table()
    first = [value, *([(1, 2)] if isinstance(value, tuple) else [0.5])]
    column = pd.Series([*first, *first[1:] * (len(y) - 2)], dtype=object)
    with pytest.raises(ValueError, match=message):
        RowMixSampler().fit(pd.DataFrame({"a": column}), y)


def test_one_class_only():
    X, y = table()
    refuses("needs to have more than 1 class. Got 1 class", X, np.zeros_like(y))


@pytest.mark.filterwarnings("ignore:Got 1 sample of class:UserWarning")
@each_base_sampler
def test_one_row_in_a_class_is_enough(Sampler):
    X, y = table((10, 1, 1))
    balances(X, y, Sampler)
    balances(*table((1, 2)), Sampler)


@each_base_sampler
def test_odd_tables_give_correct_results(Sampler):
    X, y = table()
    balances(X[:, :1], y, Sampler)
    balances(np.repeat(X[:2], 10, axis=0), y, Sampler)  # two rows, each ten times


@pytest.mark.parametrize("batch_size", [1, pytest.param(1000, marks=pytest.mark.slow)])
@each_trained_sampler
def test_batches_of_one_and_larger_than_the_data(Sampler, batch_size):
    balances(*table(), Sampler, batch_size=batch_size)


@pytest.mark.parametrize(
    "Sampler", others_slow([S for S in ALL_SAMPLERS if hasattr(S(), "latent_dim")])
)
def test_one_latent_dimension(Sampler):
    balances(*table(), Sampler, latent_dim=1)


def test_float_strategy_already_met():
    message = "classes of 10 and 5 samples have a ratio of 0.5 already: the next one is 0.6"
    refuses(message, *table((10, 5)), sampling_strategy=0.5)
    refuses("the next one would be above 1", *table((6, 6)), sampling_strategy=1.0)


@pytest.mark.parametrize("Sampler", [RowMixSampler, CGANSampler])
def test_whole_counts_of_any_type_are_taken(Sampler):
    X, y = table((12, 5))
    fixed = MappingProxyType({1: 9})
    of_y = [lambda y: {1: 0.75 * sum(y == 0)}, lambda y: fixed]
    for asked in ({1: 9.0}, {1: np.float32(9)}, {1: np.int8(9)}, fixed, *of_y):
        sampler = quick(Sampler, sampling_strategy=asked)
        assert np.bincount(sampler.fit_resample(X, y)[1]).tolist() == [12, 9]
        assert sampler.fit(X, y).sampling_strategy_ == {1: 4}


@pytest.mark.parametrize("n", [9.5, np.nan, np.inf, "9", None, True, [9]])
def test_counts_that_are_not_whole(n):
    X, y = table((12, 5))
    message = rf"{re.escape(repr(n))} samples for class ill, but expected a whole number"
    y = np.array(["well", "ill"])[y]
    refuses(message, X, y, sampling_strategy={"ill": n})
    refuses(message, X, y, sampling_strategy=lambda y: {"ill": n})


@pytest.mark.parametrize("returned", [None, 12, 0.9, "auto", [12, 9]])
def test_callables_that_return_no_dict(returned):
    message = f"Got {re.escape(repr(returned))} from the callable sampling_strategy, but .* a dict"
    refuses(message, *table((12, 5)), TypeError, sampling_strategy=lambda y: returned)


@given(st.integers(2, 200), st.integers(2, 200))
def test_the_ratio_that_an_error_names_is_the_next_possible_one(few, many):
    few, many = sorted((few, many))
    X, y = np.arange(few + many)[:, None], np.arange(few + many) < few
    with pytest.raises(ValueError, match=f"classes of {many} and {few} samples have") as error:
        RowMixSampler(sampling_strategy=few / many).fit(X, y)
    if few == many:
        assert "the next one would be above 1" in str(error.value)
        return
    ratio = float(str(error.value).rpartition(" ")[2].rstrip("."))
    sampler = RowMixSampler(sampling_strategy=ratio).fit(X, y)
    assert sampler.sampling_strategy_ == {True: 1}


def test_the_ratio_that_an_error_names_is_short():
    X, y = np.arange(1333)[:, None], np.arange(1333) < 333
    refuses(r"ratio of 0.333 already: the next one is 0.334\.$", X, y, sampling_strategy=0.1)


def test_strategies_that_cannot_be_met():
    refuses(r"The \{7\} target class is/are not present", *table(), sampling_strategy={7: 20})
    refuses("3 samples and 2 samples are asked", *table(), sampling_strategy={2: 2})
    refuses("float only when the type of target is binary", *table(), sampling_strategy=0.9)


# Targets, containers, devices --------------------------------------------------------------------


def test_targets_that_are_no_classes():
    X, y = table()
    refuses("Unknown label type: continuous", X, y + 0.5)
    refuses("Multilabel and multioutput targets are not supported", X, np.ones((20, 2), int))
    refuses("y", X, None)


MISSING = [None, np.nan, float("nan"), pd.NA, pd.NaT]


@pytest.mark.parametrize("missing", MISSING, ids=str)
def test_missing_labels_among_texts(missing):
    X, y = table()
    values = np.array(["no", "yes", "perhaps"], dtype=object)[y]
    values[[5, 7]] = missing
    message = "missing labels in y, 2 of them, the first at index 5, .* Leave these out"
    for labels in (values, values.tolist(), pd.Series(values), pd.DataFrame({"y": values})):
        refuses(message, X, labels, Sampler=RowMixSampler)
    for dtype in ("category", "string"):
        refuses(message, X, pd.Series(values).astype(dtype), Sampler=RowMixSampler)
    refuses(message, X, pl.Series([v if isinstance(v, str) else None for v in values]))


def test_a_polars_frame_of_labels():
    X, y = table()
    refuses("polars DataFrame of 2 columns as y", X, pl.DataFrame({"a": y, "b": y}), TypeError)


def test_masked_values():
    X, y = table()
    remedy = r"masked values. Fill them with its filled\(value\)"
    refuses(remedy, np.ma.array(X, mask=X > 50), y, TypeError)
    refuses(remedy, np.ma.array(X, mask=X > 50).reshape(-1, 2, 2), y, TypeError)
    refuses(remedy, X, np.ma.array(y, mask=y > 1), TypeError)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_without_cuda():
    for device in ("cuda", "cuda:1"):
        refuses(f"device='{device}'.* no such device.*device='auto' or", *table(), device=device)


def test_device_that_torch_does_not_know():
    refuses("device='nonsense', but expected 'auto', 'cpu'", *table(), device="nonsense")
