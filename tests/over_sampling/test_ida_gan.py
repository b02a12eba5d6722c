"""IDA-GAN: the start from the autoencoder, two heads, codes from q(z|x), adversarial training.

The learning test is that of test_learning.py: digits 3 and 8 are cut to 40 and 20 rows, and no
autoencoder runs first, so that all is learnt by adversarial training.
"""

import pytest
import test_learning
import torch
from samplers import poor_rows_expected, recorded, table
from sklearn.base import clone
from test_learning import qualities, trained

from skgan_resample import IDAGANSampler
from skgan_resample.nn.networks import TwoHeads
from skgan_resample.over_sampling import _ida_gan

digits = test_learning.digits  # the fixture

UNPRETRAINED = IDAGANSampler(
    image_shape=(8, 8), max_iter=1000, autoencoder_max_iter=0, random_state=0
)


@pytest.fixture
def stages():
    """A fit on a small table, with what passes from stage to stage."""
    sampler = IDAGANSampler(autoencoder_max_iter=20, max_iter=3, random_state=0)
    run = recorded(sampler, *table(counts=(40, 20, 1)))
    return sampler, run


def same_weights(network, other):
    pairs = zip(network.parameters(), other.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_both_networks_start_from_the_autoencoder(stages):
    sampler, run = stages
    encoder, decoder = run.autoencoder
    generator, discriminator = run.started_from
    assert same_weights(generator, decoder)
    assert same_weights(discriminator.trunk, encoder.trunk)
    assert not same_weights(sampler.generator_, decoder)


def test_the_discriminator_has_two_heads_and_sees_no_label(stages):
    _, run = stages
    assert isinstance(run.discriminator, TwoHeads)
    source, classes = run.discriminator(run.x)
    assert source.shape == (61,)
    assert classes.shape == (61, 3)


def test_the_generator_sees_code_and_class(stages):
    sampler, _ = stages
    generator, z = sampler.generator_, torch.ones(1, sampler.latent_dim_)
    rows = [generator(z, torch.tensor([c])) for c in range(3)]
    assert (rows[0] - rows[1]).abs().max() > 1e-3
    assert (generator(2 * z, torch.tensor([0])) - rows[0]).abs().max() > 1e-3


def test_class_gaussians_come_from_mean_and_variance_of_each_code(stages):
    """A class's Gaussian has the mean of mu; the mean of sigma^2 widens it."""
    sampler, run = stages
    encoder, _ = run.autoencoder
    mean, free = encoder(run.x).detach().double().chunk(2, dim=1)
    gaussian, y = sampler.latent_, run.y
    of_means = _ida_gan.ClassGaussians.fit(mean, y, 3)
    for c in range(3):
        torch.testing.assert_close(
            gaussian.means[c].double(), mean[y == c].mean(0), atol=1e-5, rtol=0
        )
        covariance = (gaussian.factors[c] @ gaussian.factors[c].T).double()
        own = covariance - of_means.factors[c] @ of_means.factors[c].T
        expected = torch.sigmoid(free[y == c]).mean(0).diag()
        torch.testing.assert_close(own, expected, atol=1e-4, rtol=0)


def test_no_posterior_is_wider_than_the_prior():
    """One row at 10,000 deviations would otherwise give its class an infinite variance."""
    X, y = table(counts=(400, 40))
    X[y.argmax()] = 1e9
    sampler = IDAGANSampler(autoencoder_max_iter=0, max_iter=2, random_state=0).fit(X, y)
    assert sampler.latent_.factors.isfinite().all()
    assert abs(sampler.sample(50)[0]).max() < 1e12


@pytest.mark.slow
def test_scarce_digits_are_learnt_in_the_game(digits):
    # worst of seeds 0, 1, 2, digit 3 / digit 8: accuracy 1.00 / 0.88, variance 0.49 / 0.57,
    # coverage 0.46 / 0.36
    learnt = qualities(trained(UNPRETRAINED, digits), digits)
    for made in learnt.values():
        assert made.accuracy >= 0.8, learnt
        assert 0.35 <= made.variance <= 1.3, learnt
        assert made.coverage >= 0.3, learnt


@pytest.mark.slow
def test_without_the_game_nothing_is_learnt(digits):
    untrained = qualities(trained(clone(UNPRETRAINED).set_params(max_iter=0), digits), digits)
    for made in untrained.values():
        assert made.accuracy < 0.5
        assert made.coverage < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["logistic_g", "cross_entropy"])
@poor_rows_expected
def test_a_broken_loss_is_noticed(digits, loss, monkeypatch):
    """Either of the generator's two terms with the wrong sign."""
    # one term of a sum: only where the sampler looks it up can it be broken alone
    sound = getattr(_ida_gan, loss)
    monkeypatch.setattr(_ida_gan, loss, lambda *args: -sound(*args))
    broken = qualities(trained(UNPRETRAINED, digits), digits)
    # logistic_g: accuracy 0.00, coverage 0.00; cross_entropy: 0.04, 0.12 at the most
    for made in broken.values():
        assert made.accuracy < 0.5, broken
        assert made.coverage < 0.2, broken


@pytest.mark.slow
def test_the_game_improves_on_the_autoencoder(digits):
    # digit 8 without and with adversarial training: 0.92 -> 0.98, 0.91 -> 0.99, 0.96 -> 0.99
    sampler = IDAGANSampler(
        image_shape=(8, 8), autoencoder_max_iter=800, max_iter=800, random_state=0
    )
    with_game = qualities(trained(sampler, digits), digits)
    without = qualities(trained(clone(sampler).set_params(max_iter=0), digits), digits)
    assert with_game[8].accuracy >= without[8].accuracy + 0.02
    assert with_game[8].accuracy >= 0.9
