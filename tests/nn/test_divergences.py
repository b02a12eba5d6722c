"""What keeps codes near their prior, against double loops and torch's own distributions."""

import math

import pytest
import torch
from samplers import make_rng
from torch.distributions import Normal, kl_divergence

from skgan_resample.nn.latent import ClassGaussians
from skgan_resample.nn.losses import mmd_imq, negative_elbo

pytestmark = pytest.mark.usefixtures("untouched_globals")

SCALES = [0.1, 0.2, 0.5, 1, 2, 5, 10]


def normal(*shape, seed=0):
    return torch.randn(shape, generator=make_rng(seed), dtype=torch.float64)


def mmd_by_hand(prior, codes):
    """The estimate of the authors' code, pair by pair."""
    (n, d), m = prior.shape, len(codes)

    def kernel(a, b):
        distance = sum((float(u) - float(v)) ** 2 for u, v in zip(a, b, strict=True))
        return sum(2 * d * s / (2 * d * s + distance) for s in SCALES)

    total = 0.0
    for sample, size in ((prior, n), (codes, m)):
        for i in range(size):
            for j in range(size):
                if i != j:
                    total += kernel(sample[i], sample[j]) / (size * (size - 1))
    for a in prior:
        for b in codes:
            total -= 2 * kernel(a, b) / (n * m)
    return total


@pytest.mark.parametrize(("n", "m", "d"), [(5, 5, 3), (7, 4, 2), (6, 6, 1), (30, 30, 2)])
def test_mmd_is_the_double_loop(n, m, d):
    prior, codes = normal(n, d), 2 * normal(m, d, seed=1) + 1
    expected = mmd_by_hand(prior, codes)
    assert mmd_imq(prior, codes).item() == pytest.approx(expected, rel=1e-12)


def test_mmd_of_a_standard_normal_prior_far_from_zero_and_in_float32():
    prior, codes = normal(40, 3) + 1000, normal(40, 3, seed=1) + 1000
    single = mmd_imq(prior.float(), codes.float()).item()
    assert single == pytest.approx(mmd_imq(prior, codes).item(), abs=1e-4)


def test_mmd_of_one_distribution_is_unbiased_about_zero():
    values = torch.stack(
        [mmd_imq(normal(64, 8, seed=s), normal(64, 8, seed=-s)) for s in range(1, 201)]
    )
    assert values.min() < 0 < values.max()
    assert values.mean().abs() < 4 * values.std() / math.sqrt(200)
    assert values.std() < 0.02


def test_mmd_grows_with_a_shift_and_with_a_change_of_scale():
    prior, codes = normal(300, 8), normal(300, 8, seed=1)
    for change in (lambda t: codes + t, lambda t: codes * (1 + t)):
        values = [mmd_imq(prior, change(t)).item() for t in (0, 0.25, 0.5, 1, 2)]
        assert values == sorted(values)
        assert abs(values[0]) < 0.01
        assert values[-1] > 0.5


@pytest.mark.slow
def test_mmd_pulls_codes_towards_the_prior():
    codes = (normal(128, 4, seed=1) * 0.3 + 2).requires_grad_()
    optimiser = torch.optim.Adam([codes], lr=0.05)
    for step in range(300):
        loss = mmd_imq(normal(128, 4, seed=step), codes)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert codes.mean(0).abs().max() < 0.2
    # codes repel each other in the unbiased estimate, so they end a little wider than the prior
    assert codes.std(0).min() > 0.8
    assert codes.std(0).max() < 1.5


def test_mmd_of_single_rows_and_of_equal_rows_is_finite():
    codes = torch.ones((4, 3), requires_grad=True)  # distances of zero
    (mmd_imq(torch.zeros(1, 3), codes[:1]) + mmd_imq(torch.ones(4, 3), codes)).backward()
    assert codes.grad.isfinite().all()


def test_mmd_has_the_gradient_of_finite_differences():
    codes = normal(5, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: mmd_imq(normal(4, 3), z), (codes,))


def test_divergence_is_torchs():
    mean, log_variance = normal(9, 4), normal(9, 4, seed=1)
    gaussians, prior = Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)
    expected = kl_divergence(gaussians, prior).sum(1).mean().item()
    x = normal(9, 1, seed=2)  # reconstructed without an error
    loss = negative_elbo(x, x, mean, log_variance, 1.0)
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    assert negative_elbo(x, x, torch.zeros(9, 4), torch.zeros(9, 4), 1.0) == 0


@pytest.mark.parametrize("shape", [(6,), (2, 3, 4)])
@pytest.mark.parametrize("kl_weight", [0.01, 1.0])
def test_negative_elbo_is_the_bound_of_a_normal_likelihood(shape, kl_weight):
    x, reconstruction = normal(9, *shape), normal(9, *shape, seed=1)
    mean, log_variance = normal(9, 4, seed=2), normal(9, 4, seed=3)
    n_values, noise = math.prod(shape), kl_weight / 2
    likelihood = Normal(reconstruction, math.sqrt(noise)).log_prob(x).flatten(1).sum(1)
    divergence = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    bound = (likelihood - divergence).mean().item()
    expected = -bound * 2 * noise / n_values - noise * math.log(2 * math.pi * noise)
    loss = negative_elbo(x, reconstruction, mean, log_variance, kl_weight)
    assert loss.item() == pytest.approx(expected, rel=1e-10)


def test_gaussians_of_uncertain_codes_have_the_moments_of_the_mixture():
    """Against 200,000 codes drawn from the Gaussians of single rows."""
    n, rng = 200_000, make_rng(0)
    mean = normal(500, 3) @ normal(3, 3, seed=1)
    variance = normal(500, 3, seed=2).square() / 2
    y = torch.arange(500) % 2
    gaussians = ClassGaussians.fit(mean, y, 2, variance)
    for c in range(2):
        rows = (y == c).nonzero().squeeze(1)[torch.randint(250, (n,), generator=rng)]
        drawn = mean[rows] + variance[rows].sqrt() * normal(n, 3, seed=3)
        covariance = gaussians.factors[c] @ gaussians.factors[c].T
        torch.testing.assert_close(gaussians.means[c], drawn.mean(0), atol=0.03, rtol=0)
        # the classes have one distribution, so their covariances are pooled: what stays is the
        # sampling error of 250 rows, sqrt(2 / 250) = 9 % of a variance
        torch.testing.assert_close(covariance, drawn.T.cov(), atol=0.3, rtol=0.09)
        without = ClassGaussians.fit(mean, y, 2).factors[c]
        own = covariance - without @ without.T
        torch.testing.assert_close(own, variance[y == c].mean(0).diag())
