"""Images of bytes stay bytes, in the caller's memory, until a batch of them is drawn."""

import tracemalloc

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from samplers import (
    each_sampler_others_slow,
    each_trained_sampler_others_slow,
    images,
    quick,
    table,
)

from skgan_resample import (
    BAGANGPSampler,
    CGANSampler,
    ImageCodec,
    RowMixSampler,
    _gan_base,
)
from skgan_resample.nn import run


def test_bytes_become_the_floats_of_the_codec():
    X = np.arange(256, dtype=np.uint8).reshape(4, 64)
    X[0, :4], X[-1, -4:] = 0, 255
    codec = ImageCodec((4, 4, 4)).fit(X)
    laid_out = codec.view(X)
    assert np.shares_memory(laid_out, X)
    floats = run.as_floats(torch.from_numpy(laid_out))
    assert floats.is_contiguous()
    assert_array_equal(floats.numpy(), codec.transform(X), strict=True)


def test_encoded_rows_are_left_alone():
    x = torch.randn(3, 2)
    assert run.as_floats(x) is x


@pytest.mark.parametrize("shape", [(6, 5), (5, 4, 3)])
@each_sampler_others_slow
def test_samples_are_those_learnt_from_floats(Sampler, shape):
    X, y = images(*shape)
    X[0, 0, 0], X[0, 0, 1] = 0, 255  # so that floats have the range of bytes
    from_floats = quick(Sampler).fit(X.astype(np.float32), y)
    X_floats, _ = from_floats.sample(7, random_state=0)
    from_bytes = quick(Sampler).fit(X, y)
    X_bytes, _ = from_bytes.sample(7, random_state=0)
    assert X_bytes.dtype == np.uint8
    off = np.abs(X_bytes.astype(int) - np.rint(X_floats)).ravel()
    assert off.max() <= 1  # where sums of another order lie on the other side of a half
    assert (off > 0).mean() < 0.01


@pytest.mark.parametrize("data", [images(6, 5), table()], ids=["images", "table"])
@each_trained_sampler_others_slow
def test_samples_too_many_for_the_device_go_there_by_the_batch(Sampler, data, monkeypatch):
    """On a machine with a GPU it also shows that every network is there, wherever the rows are."""
    at_once = quick(Sampler).fit(*data).sample(5, random_state=0)[0]
    asked = []  # of the one function that tells; no argument and no CPU says that they do not fit
    monkeypatch.setattr(_gan_base, "fits", lambda *question: asked.append(question))
    by_the_batch = quick(Sampler).fit(*data)
    assert asked == [(data[0].size * (1 if data[0].ndim == 3 else 4), by_the_batch.device_)]
    assert_array_equal(by_the_batch.sample(5, random_state=0)[0], at_once)


@pytest.mark.parametrize("Sampler", [BAGANGPSampler, CGANSampler])
def test_a_read_only_file_is_read_in_place(Sampler, tmp_path):
    seen = []

    class Seeing(Sampler):
        def _fit_gan(self, x, *args):
            seen.append(x)
            return super()._fit_gan(x, *args)

    X, y = images(6, 5)
    X[0, 0, :2] = 0, 255
    (tmp_path / "images").write_bytes(X.tobytes())
    mapped = np.memmap(tmp_path / "images", np.uint8, "r", shape=X.shape)
    X_resampled, _ = quick(Seeing).fit_resample(mapped, y)  # without a warning of torch
    assert np.shares_memory(seen[0].numpy(), mapped)
    assert (tmp_path / "images").read_bytes() == X.tobytes()
    assert type(X_resampled) is np.ndarray
    assert_array_equal(X_resampled, quick(Sampler).fit_resample(X, y)[0])


def test_what_a_sampler_keeps_is_its_own():
    X, y = images(6, 5)
    sampler = RowMixSampler(random_state=0).fit(X, y)
    before, _ = sampler.sample(5, random_state=0)
    X[:] = 0
    assert_array_equal(sampler.sample(5, random_state=0)[0], before)


def test_no_array_of_floats_of_all_images():
    X, y = images(28, 28, counts=(3000, 1500))
    RowMixSampler(random_state=0).fit_resample(X[::100], y[::100])  # late imports
    tracemalloc.start()
    X_resampled, _ = RowMixSampler(random_state=0).fit_resample(X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # as numpy counts, beyond output and the images kept: 13 MB whatever the number of images, of
    # which floats would take 14 MB and 19 MB
    assert peak < X_resampled.nbytes + X.nbytes + 18e6
