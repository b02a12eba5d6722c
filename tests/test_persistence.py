"""What a fitted sampler is kept as: pickles that know their versions, weights without pickle."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from safetensors.torch import load_file, save_file
from samplers import each_sampler, pictures, quick, table
from sklearn.exceptions import NotFittedError

import skgan_resample
from skgan_resample import BAGANSampler, CGANSampler

# Versions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("package", ["skgan_resample", "torch"])
def test_a_pickle_of_another_version_is_told(package, fitted, monkeypatch):
    sampler = quick(BAGANSampler)
    expected = sampler.fit(*table()).sample(3, random_state=0)[0] if fitted else None
    with monkeypatch.context() as patch:
        module = {"skgan_resample": skgan_resample, "torch": torch}[package]
        patch.setattr(module, "__version__", "0.0.7")
        pickled = pickle.dumps(sampler)
        pickle.loads(pickled)  # warnings are errors: the same version has none
    with pytest.warns(UserWarning, match=f"BAGANSampler .* {package} 0.0.7, but this is") as told:
        loaded = pickle.loads(pickled)
    assert len(told) == 1
    if fitted:
        assert_array_equal(loaded.sample(3, random_state=0)[0], expected)
    pickle.loads(pickle.dumps(loaded))  # written anew by the versions that are here


def test_a_pickle_without_versions_is_told():
    state = quick(BAGANSampler).fit(*table()).__getstate__()
    del state["_written_by"]
    with pytest.warns(UserWarning, match="an unknown version") as told:
        BAGANSampler().__setstate__(state)
    assert len(told) == 2


def test_another_build_of_torch_is_the_same_version(monkeypatch):
    pickled = pickle.dumps(BAGANSampler())
    monkeypatch.setattr(torch, "__version__", torch.__version__.partition("+")[0] + "+cu999")
    pickle.loads(pickled)


@each_sampler
def test_the_versions_are_in_the_file_alone(Sampler):
    sampler = pickle.loads(pickle.dumps(quick(Sampler)))
    assert str(vars(sampler)) == str(vars(quick(Sampler)))


# Weights -----------------------------------------------------------------------------------------


def gaps():
    X, y = table((30, 20))
    X[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    return X, y


DATA = {"table": table, "gaps": gaps, "pictures": lambda: pictures(6, 5)}


@pytest.mark.slow
@pytest.mark.parametrize("data", DATA)
@each_sampler
def test_weights_go_through_a_file_without_pickle(Sampler, data, tmp_path):
    X, y = DATA[data]()
    sampler = quick(Sampler).fit(X, y)
    updates = {"max_iter", "autoencoder_max_iter"} & sampler.get_params().keys()
    twin = quick(Sampler, **dict.fromkeys(updates, 0)).fit(X, y)
    (expected, labels), (before, _) = (s.sample(5, random_state=1) for s in (sampler, twin))
    save_file(sampler.state_dict(), tmp_path / "weights.safetensors")
    loaded = twin.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    X_new, y_new = loaded.sample(5, random_state=1)
    assert_array_equal(X_new, expected)
    assert_array_equal(y_new, labels)
    assert np.array_equal(before, expected, equal_nan=True) == (not updates)
    assert not any(p.requires_grad for p in loaded.generator_.parameters())


def test_state_dicts_are_copies():
    sampler = quick(CGANSampler).fit(*table())
    expected, _ = sampler.sample(3, random_state=0)
    tensors = sampler.state_dict()
    twin = quick(CGANSampler).fit(*table()).load_state_dict(tensors)
    for tensor in tensors.values():
        tensor.zero_()
    for same in (sampler, twin):
        assert_array_equal(same.sample(3, random_state=0)[0], expected)


@pytest.mark.parametrize(
    "other",
    [quick(BAGANSampler, latent_dim=3), quick(CGANSampler)],
    ids=["another shape", "another sampler"],
)
def test_weights_that_do_not_fit_are_refused(other):
    sampler = quick(BAGANSampler).fit(*table())
    expected, _ = sampler.sample(3, random_state=0)
    with pytest.raises(ValueError, match=r"Got tensors that do not fit this BAGANSampler: '\w+\."):
        sampler.load_state_dict(other.fit(*table()).state_dict())
    assert_array_equal(sampler.sample(3, random_state=0)[0], expected)


def test_only_a_fitted_sampler_has_weights():
    with pytest.raises(NotFittedError):
        BAGANSampler().state_dict()
    with pytest.raises(NotFittedError):
        BAGANSampler().load_state_dict({})
