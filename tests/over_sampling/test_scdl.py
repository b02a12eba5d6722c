"""SCDL's codes tell the classes apart better than WAE-GAN's; the game is on real rows' codes."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from skgan_resample import SCDLSampler, WAEGANSampler
from skgan_resample.over_sampling import _scdl


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600], y[:600]


def codes_of(sampler, X, y, monkeypatch):
    """The codes of the training rows, as the game is played on them."""
    kept = []

    def keep(encoder, x):
        kept.append(in_batches(encoder, x))
        return kept[-1]

    in_batches = _scdl.in_batches
    monkeypatch.setattr(_scdl, "in_batches", keep)
    sampler.fit(X, y)
    return kept[0].numpy()


def share_named(codes, y):
    """Accuracy of a linear classifier on 300 rows that was trained on the other 300."""
    probe = LogisticRegression(max_iter=2000).fit(codes[:300], y[:300])
    return probe.score(codes[300:], y[300:])


def test_supervision_separates_the_classes_in_latent_space(digits, monkeypatch):
    X, y = digits
    settings = {"autoencoder_max_iter": 200, "max_iter": 0, "latent_dim": 8, "random_state": 0}
    plain = share_named(codes_of(WAEGANSampler(**settings), X, y, monkeypatch), y)
    supervised = share_named(
        codes_of(SCDLSampler(**settings, supervision_weight=1.0), X, y, monkeypatch), y
    )
    assert supervised > plain + 0.05


def test_without_supervision_scdl_is_wae_gan(digits):
    X, y = digits
    settings = {"autoencoder_max_iter": 3, "max_iter": 3, "random_state": 0}
    rows = WAEGANSampler(**settings).fit(X, y).sample(3)[0]
    same = SCDLSampler(**settings, supervision_weight=0.0).fit(X, y).sample(3)[0]
    np.testing.assert_array_equal(rows, same)


def test_the_generator_is_trained_on_codes_of_real_rows(digits, monkeypatch):
    X, y = digits
    seen = []
    forward = _scdl.UnlabelledGenerator.forward

    def watch(self, z, labels):
        seen.append(z.detach().clone())
        return forward(self, z, labels)

    monkeypatch.setattr(_scdl.UnlabelledGenerator, "forward", watch)
    sampler = SCDLSampler(autoencoder_max_iter=3, max_iter=2, random_state=0)
    codes = torch.from_numpy(codes_of(sampler, X, y, monkeypatch))
    assert len(seen) == 4  # a draw for each player's update
    for z in seen:
        exact = torch.cdist(z, codes, compute_mode="donot_use_mm_for_euclid_dist")
        assert exact.amin(1).max() == 0


def test_rows_come_from_independent_coordinates(digits):
    law = SCDLSampler(autoencoder_max_iter=2, max_iter=0, random_state=0).fit(*digits).latent_
    covariance = law.factors @ law.factors.mT
    off = covariance - torch.diag_embed(covariance.diagonal(dim1=1, dim2=2))
    assert off.abs().max() < 1e-6
