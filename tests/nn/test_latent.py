"""Gaussians of latent codes: estimates, factors and the moments of what is drawn."""

import pytest
import torch
from samplers import make_rng
from sklearn.covariance import ledoit_wolf

from skgan_resample.nn.latent import ClassGaussians, shrunk_covariance

pytestmark = pytest.mark.usefixtures("untouched_globals")


def correlated(n, dim, seed=0):
    rng = make_rng(seed)
    z = torch.randn((n, dim), generator=rng, dtype=torch.float64)
    z = z @ torch.randn((dim, dim), generator=rng, dtype=torch.float64)
    return z - z.mean(0)


def sphere_of(centred):
    return torch.eye(centred.shape[1], dtype=centred.dtype) * centred.square().mean()


@pytest.mark.parametrize(("n", "dim"), [(20, 5), (50, 30), (8, 30), (1000, 3)])
def test_shrinkage_towards_a_sphere_is_ledoit_and_wolfs(n, dim):
    centred = correlated(n, dim)
    covariance, intensity = shrunk_covariance(centred, sphere_of(centred))
    expected, expected_intensity = ledoit_wolf(centred.numpy(), assume_centered=True)
    assert 1 / n < intensity < 1
    assert intensity.item() == pytest.approx(expected_intensity, rel=1e-9)
    torch.testing.assert_close(covariance, torch.from_numpy(expected))


def test_a_pair_of_rows_is_shrunk_by_half():
    # z and -z: the formula sees no noise at all, the floor of 1/n takes over.
    centred = torch.tensor([[1.0, 2.0], [-1.0, -2.0]], dtype=torch.float64)
    _, expected_intensity = ledoit_wolf(centred.numpy(), assume_centered=True)
    assert expected_intensity == pytest.approx(0)
    covariance, intensity = shrunk_covariance(centred, sphere_of(centred))
    assert intensity == 0.5
    expected = torch.tensor([[1.75, 1.0], [1.0, 3.25]], dtype=torch.float64)
    torch.testing.assert_close(covariance, expected)


def test_intensity_never_exceeds_one():
    # A cloud that is a perfect sphere in all but noise: the target explains everything.
    centred = torch.cat([torch.eye(3), -torch.eye(3)]).double()
    covariance, intensity = shrunk_covariance(centred, sphere_of(centred))
    assert intensity == 1
    torch.testing.assert_close(covariance, sphere_of(centred))


@pytest.mark.parametrize("rank", [0, 1, 3, 6])
def test_factors_of_codes_of_any_rank(rank):
    half = torch.randn((rank, 6), generator=make_rng(rank), dtype=torch.float64)
    z = torch.randn((20, rank), generator=make_rng(0), dtype=torch.float64) @ half
    (root,) = ClassGaussians.fit(z, torch.zeros(20, dtype=torch.long), 1).factors
    assert root.isfinite().all()
    centred = z - z.mean(0)
    pooled, _ = shrunk_covariance(centred, sphere_of(centred))
    expected, _ = shrunk_covariance(centred, pooled)
    torch.testing.assert_close(root @ root.T, expected, atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("last", [0.0, -1e-9])
def test_factors_of_a_singular_or_slightly_negative_covariance(last):
    """Codes that are all the same have the covariance of their own Gaussians."""
    variance = torch.tensor([4.0, 1.0, last], dtype=torch.float64)
    z, y = torch.ones((5, 3), dtype=torch.float64), torch.zeros(5, dtype=torch.long)
    (root,) = ClassGaussians.fit(z, y, 1, variance.expand(5, 3)).factors
    assert root.isfinite().all()
    torch.testing.assert_close(root @ root.T, torch.diag(variance.clamp_min(0)))


def test_fit_has_the_means_of_the_classes_and_their_shrunk_covariances():
    z = torch.cat([correlated(30, 4) + 5, correlated(12, 4, seed=1) - 3]).float()
    y = torch.tensor([0] * 30 + [1] * 12)
    gaussians = ClassGaussians.fit(z, y, 2)
    assert gaussians.means.dtype == gaussians.factors.dtype == torch.float32
    torch.testing.assert_close(gaussians.means, torch.stack([z[:30].mean(0), z[30:].mean(0)]))
    centred = z.double() - gaussians.means.double()[y]
    pooled, _ = shrunk_covariance(centred, sphere_of(centred))
    for c in range(2):
        expected, _ = shrunk_covariance(centred[y == c], pooled)
        covariance = gaussians.factors[c] @ gaussians.factors[c].T
        torch.testing.assert_close(covariance, expected.float(), atol=1e-4, rtol=1e-4)


def test_the_order_of_rows_does_not_matter():
    z, y = correlated(40, 3).float(), torch.tensor([0, 1, 2, 1] * 10)
    order = torch.randperm(40, generator=make_rng(0))
    gaussians, again = ClassGaussians.fit(z, y, 3), ClassGaussians.fit(z[order], y[order], 3)
    torch.testing.assert_close(again.means, gaussians.means)
    covariances = [gaussian.factors @ gaussian.factors.mT for gaussian in (again, gaussians)]
    torch.testing.assert_close(*covariances)


def test_a_class_of_one_row_takes_the_pooled_covariance():
    z, y = correlated(21, 3).float(), torch.tensor([0] * 20 + [1])
    gaussians = ClassGaussians.fit(z, y, 2)
    torch.testing.assert_close(gaussians.means[1], z[20])
    centred = z.double() - gaussians.means.double()[y]
    pooled, _ = shrunk_covariance(centred, sphere_of(centred))
    torch.testing.assert_close(gaussians.factors[1] @ gaussians.factors[1].T, pooled.float())


def test_identical_codes_give_a_point():
    gaussians = ClassGaussians.fit(torch.ones(6, 2), torch.tensor([0, 0, 0, 1, 1, 1]), 2)
    drawn = gaussians.sample(torch.tensor([0, 1]), make_rng(0))
    torch.testing.assert_close(drawn, torch.ones(2, 2))


def test_moments_of_samples():
    """Means and covariances of 40,000 draws per class, within five standard errors.

    A mean has the standard error sqrt(Sigma_ii / n); a covariance
    sqrt((Sigma_ii Sigma_jj + Sigma_ij^2) / n).
    """
    n, half = 40_000, torch.randn((3, 4, 4), generator=make_rng(1))
    half[1, :, 2:] = 0  # a singular one among them
    gaussians = ClassGaussians(10 * torch.randn((3, 4), generator=make_rng(2)), half)
    y = torch.arange(3).repeat(n)
    z = gaussians.sample(y, make_rng(3))
    assert z.shape == (3 * n, 4)
    for c in range(3):
        sigma = half[c] @ half[c].T
        variances = sigma.diag()
        assert ((z[y == c].mean(0) - gaussians.means[c]).abs() < 5 * (variances / n).sqrt()).all()
        error = (torch.outer(variances, variances) + sigma.square()).div(n).sqrt()
        assert ((z[y == c].T.cov() - sigma).abs() < 5 * error + 1e-6).all()


def test_sample_holds_one_factor_and_not_one_for_each_code():
    n, dim = 1000, 64  # a factor for each code would take 16 MB
    laws = ClassGaussians(torch.zeros(3, dim), torch.eye(dim).repeat(3, 1, 1))
    with torch.profiler.profile(profile_memory=True) as profiled:
        laws.sample(torch.arange(n) % 3, make_rng(0))
    assert max(event.cpu_memory_usage for event in profiled.key_averages()) < 4 * 4 * n * dim


def test_sample_repeats_with_its_stream():
    gaussians = ClassGaussians(torch.zeros(2, 3), torch.eye(3).repeat(2, 1, 1))
    y = torch.tensor([0, 1, 1])
    rng = make_rng(0)
    first, second = gaussians.sample(y, rng), gaussians.sample(y, rng)
    assert torch.equal(gaussians.sample(y, make_rng(0)), first)
    assert not torch.equal(first, second)
    assert gaussians.sample(y[:0], rng).shape == (0, 3)


def test_variances_of_the_codes_come_on_top():
    z, y = correlated(7, 3).float(), torch.tensor([0, 0, 0, 0, 1, 1, 1])
    variance = torch.rand(z.shape, generator=make_rng(0))
    plain, gaussian = ClassGaussians.fit(z, y, 2), ClassGaussians.fit(z, y, 2, variance)
    added = gaussian.factors @ gaussian.factors.mT - plain.factors @ plain.factors.mT
    expected = torch.stack([variance[y == c].mean(0).diag() for c in range(2)])
    torch.testing.assert_close(added, expected, atol=1e-5, rtol=1e-5)
