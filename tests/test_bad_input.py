"""Bad and odd input: a clear error, or a correct result."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from samplers import (
    ALL_SAMPLERS,
    assert_extends,
    dense,
    each_base_sampler,
    each_trained_sampler,
    others_slow,
    pictures,
    quick,
    table,
)
from scipy import sparse

from skgan_resample import BAGANGPSampler, BAGANSampler, ImageCodec


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
    X, y = pictures(4, 3)
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
    refuses("Found array with dim 5", X.reshape(-1, 1, 2, 2, 1), y)
    refuses(r"inconsistent numbers of samples: \[20, 19\]", X, y[:-1])
    refuses(r"inconsistent numbers of samples: \[20, 19\]", X.reshape(-1, 2, 2), y[:-1])


def test_empty():
    X, y = table()
    refuses(r"Found array with 0 sample\(s\)", X[:0], y[:0])
    refuses(r"Found array with 0 sample\(s\)", X[:0].reshape(0, 2, 2), y[:0])
    refuses(r"Found array with 0 feature\(s\)", X[:, :0], y)
    refuses(r"Found array with 0 feature\(s\)", np.empty((20, 0, 3)), y)


# Values ------------------------------------------------------------------------------------------


@each_base_sampler
def test_not_finite(Sampler):
    X, y = table()
    X[3, 1] = np.inf
    message = r"Got infinity in column {}, but expected finite numbers"
    refuses(message.format(1), X, y, Sampler=Sampler)
    refuses(message.format("'b'"), pd.DataFrame(X, columns=list("abcd")), y, Sampler=Sampler)
    refuses(message.format(1), sparse.csr_array(X), y, Sampler=Sampler)
    for value, message in [(np.inf, "infinity"), (np.nan, "X contains NaN")]:
        X[3, 1] = value
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
    X, y = pictures(4, 3)
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
    mixed = pd.DataFrame({"limit": np.full(len(y), dtype(high)), "real": np.full(len(y), 0.5)})
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
@pytest.mark.parametrize("X", [table()[0], table()[0] > 50, pictures(2, 2, counts=(15, 5))[0]])
def test_a_generator_of_nonsense_is_refused_not_clipped(X, value):
    class Nonsense(BAGANSampler):
        def _generate(self, y, *_):
            return torch.full((len(y), *self.codec_.sample_shape_), value)

    sampler = quick(Nonsense).fit(X, table()[1])
    with pytest.raises(FloatingPointError, match=r"not finite.* smaller learning_rate"):
        sampler.sample(2)


# Few rows, few columns ---------------------------------------------------------------------------


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
    message = "increase the ratio"
    refuses(message, *table((10, 5)), sampling_strategy=0.5)
    refuses(message, *table((6, 6)), sampling_strategy=1.0)


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
