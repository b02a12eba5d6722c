"""What the bases of the samplers work out by themselves, in closed forms."""

import inspect

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from samplers import (
    TRAINED,
    each_sampler,
    each_trained_sampler_others_slow,
    images,
    quick,
    recorded,
    table,
)
from scipy import sparse

from skgan_resample import ACGANSampler, BAGANSampler, CGANSampler, GANSampler, RowMixSampler
from skgan_resample._base import new_seed


@pytest.mark.parametrize(
    ("data", "latent_dim", "hidden_dim", "n_updates"),
    [
        (table(n_features=3), 8, 128, 500),
        (table(n_features=40), 40, 128, 500),
        (table(n_features=300), 64, 300, 500),
        (table(n_features=600), 64, 512, 500),
        (images(6, 6), 18, 128, 1500),
        (images(32, 32, 3), 64, 128, 1500),
    ],
    ids=str,
)
def test_auto_goes_by_the_data(data, latent_dim, hidden_dim, n_updates):
    sampler = Asking(random_state=0).fit(*data)
    assert sampler.latent_dim_ == latent_dim
    assert sampler.sizes_ == [latent_dim, hidden_dim, n_updates, n_updates]
    sampler.set_params(latent_dim=5, hidden_dim=6, max_iter=0, autoencoder_max_iter=7).fit(*data)
    assert sampler.sizes_ == [5, 6, 0, 7]


class Asking(BAGANSampler):
    """Notes the sizes of its run, and makes no update."""

    def _fit_gan(self, x, y, run):
        self.sizes_ = [run.latent_dim, run.hidden_dim, run.max_iter, run.autoencoder_max_iter]
        run.max_iter = run.autoencoder_max_iter = 0
        return super()._fit_gan(x, y, run)


def test_a_seed_comes_from_numpys_stream_or_from_nowhere():
    assert new_seed(3) == np.random.RandomState(3).randint(2**31 - 1)
    stream, twin = np.random.RandomState(5), np.random.RandomState(5)
    assert new_seed(stream) == twin.randint(2**31 - 1)
    assert new_seed(stream) == twin.randint(2**31 - 1)
    before = np.random.get_state()[1].tolist()
    assert new_seed(None) != new_seed(None)
    assert np.random.get_state()[1].tolist() == before


@each_sampler
def test_every_parameter_has_a_constraint_and_every_constraint_a_parameter(Sampler):
    # scikit-learn passes a parameter without a constraint as it is
    assert set(inspect.signature(Sampler).parameters) == set(Sampler._parameter_constraints)


@each_sampler
def test_constructors_stay_small(Sampler):
    most = {RowMixSampler: 5, CGANSampler: 12, ACGANSampler: 12, GANSampler: 12}
    assert len(inspect.signature(Sampler).parameters) <= most.get(Sampler, 20)


@each_trained_sampler_others_slow
def test_one_parameter_sizes_the_networks(Sampler):
    def n_weights(data, hidden_dim):
        run = recorded(quick(Sampler, hidden_dim=hidden_dim, max_iter=0), *data)
        networks = run.generator, run.discriminator
        return [sum(p.numel() for p in network.parameters()) for network in networks]

    for data in (table(), images(9, 9)):
        sizes = zip(n_weights(data, 16), n_weights(data, 64), strict=True)
        assert all(1.5 * small < large for small, large in sizes)


@pytest.mark.parametrize(
    "Sampler", [pytest.param(BAGANSampler, marks=pytest.mark.slow), RowMixSampler]
)
def test_a_sample_has_its_class_whatever_the_batches(Sampler):
    """More samples than are generated at once, of classes that lie far apart."""
    X = np.repeat([[0.0], [100.0], [200.0]], 40, axis=0)
    X += np.random.RandomState(0).normal(scale=10, size=X.shape)
    updates = {"max_iter": 100, "autoencoder_max_iter": 200} if Sampler in TRAINED else {}
    sampler = quick(Sampler, **updates)
    X_new, y_new = sampler.fit(X, np.repeat(list("abc"), 40)).sample({"c": 1500, "b": 700})
    assert y_new.tolist() == ["b"] * 700 + ["c"] * 1500
    assert np.median(np.abs(X_new[:, 0] - np.repeat([100, 200], [700, 1500]))) < 30


def test_one_hot_labels_of_two_classes():
    X, y = table((9, 4))
    _, y_resampled = quick(CGANSampler).fit_resample(X, np.eye(2, dtype=int)[y])
    assert y_resampled.sum(0).tolist() == [9, 9]
    # imbalanced-learn's own hook gives the same
    _, by_hook = quick(CGANSampler)._fit_resample(X, np.eye(2, dtype=int)[y])
    assert_array_equal(by_hook, y_resampled)


def test_pictures_may_be_sparse():
    X, y = table((9, 4))
    X_resampled, _ = quick(CGANSampler, image_shape=(2, 2)).fit_resample(sparse.csr_array(X), y)
    assert_array_equal(X_resampled[:13].toarray(), X)


def test_pixels_are_whole_where_a_frames_columns_are():
    X, y = table((9, 4))
    frame = pd.DataFrame(X).astype({0: int, 2: int})
    sampler = quick(CGANSampler, image_shape=(2, 2)).fit(frame, y)
    assert sampler.codec_.integer_.tolist() == [True, False, True, False]
