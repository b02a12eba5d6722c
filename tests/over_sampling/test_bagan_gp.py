"""BAGAN-GP: the discriminator's loss is its equation, and where both networks start from."""

import pytest
import torch
from samplers import recorded, table
from torch.nn.functional import softplus

from skgan_resample import BAGANGPSampler
from skgan_resample.nn import losses


def started(**params):
    """The sampler and its run, as adversarial training would begin."""
    sampler = BAGANGPSampler(autoencoder_max_iter=3, max_iter=0, random_state=0, **params)
    return sampler, recorded(sampler, *table(counts=(40, 20, 12)))


def slopes(discriminator, points, y):
    """|dD/dx| sample by sample, each on its own."""
    norms = []
    for point, label in zip(points, y, strict=True):
        point = point[None].clone().requires_grad_()
        score = discriminator(point, label[None]).sum()
        slope = torch.autograd.grad(score, point, create_graph=True)[0]
        norms.append(slope.norm())
    return torch.stack(norms)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"penalty_weight": 0},
        {"fake_labels": "data"},
        {"penalty_points": "real", "penalty_weight": 3.0},
        {"latent": "standard", "wrong_labels": False},
    ],
    ids=str,
)
def test_the_discriminators_loss_is_its_equation(params):
    sampler, run = started(**params)
    D, x, y, rng = run.discriminator, run.x, run.y, run.rng
    with torch.no_grad():
        D.embedding.weight *= 0.05
    state = rng.get_state()
    loss = run.d_loss(x, y)
    gradients = torch.autograd.grad(loss, [*D.parameters()])

    rng.set_state(state)  # the same draws, in the same order
    fake_y = run.labels(y, balanced=sampler.fake_labels == "balanced")
    matched = sampler.latent == "matched"
    z = sampler.latent_.sample(0 * fake_y, rng) if matched else run.noise(fake_y)
    fake = run.generator(z, fake_y).detach()
    expected = softplus(-D(x, y)).mean() + softplus(D(fake, fake_y)).mean()
    if sampler.wrong_labels:
        wrong_y = (y + torch.randint(1, 3, y.shape, generator=rng)) % 3
        expected = expected + softplus(D(x, wrong_y)).mean()
    between = sampler.penalty_points == "between"
    points = losses.points_between(x, fake, rng) if between else losses.points_around(x, rng)
    penalty = (slopes(D, points, y) - 1).square().mean()
    expected = expected + sampler.penalty_weight * penalty

    # a rounding error may lie on the other side of a kink of D, whose slope it then changes
    torch.testing.assert_close(loss, expected, rtol=1e-3, atol=0)
    wanted = torch.autograd.grad(expected, [*D.parameters()])
    for gradient, by_hand in zip(gradients, wanted, strict=True):
        assert (gradient - by_hand).norm() <= 0.01 * by_hand.norm()


def test_the_discriminator_looks_at_each_real_sample_once():
    _, run = started(penalty_weight=0)
    passed = []
    run.discriminator.trunk.register_forward_hook(lambda _, args, __: passed.append(args[0]))
    run.d_loss(run.x, run.y)
    assert sorted(torch.equal(x, run.x) for x in passed) == [False, True]
    assert [len(x) for x in passed] == [len(run.x)] * 2


def test_both_networks_start_from_the_autoencoder():
    _, run = started()
    encoder, decoder = run.autoencoder
    generator, discriminator = run.started_from
    pairs = [(encoder.trunk, discriminator.trunk), (decoder, generator)]
    for network, other in pairs:
        weights = zip(network.parameters(), other.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in weights)


def test_matched_codes_have_the_moments_of_all_codes():
    sampler, run = started(latent_dim=3)
    encoder, _ = run.autoencoder
    codes = encoder(run.x).detach()
    z = sampler._codes(torch.arange(40_000) % 3, run)
    scale = codes.std(0)
    torch.testing.assert_close(z.mean(0) / scale, codes.mean(0) / scale, atol=0.03, rtol=0)
    correlation = torch.corrcoef(z.T)
    # 72 samples: the covariance is shrunk towards a sphere a little
    torch.testing.assert_close(correlation, torch.corrcoef(codes.T), atol=0.15, rtol=0)
    standard, run = started(latent_dim=3, latent="standard")
    z = standard._codes(torch.zeros(40_000, dtype=torch.long), run)
    torch.testing.assert_close(z.T.cov(), torch.eye(3), atol=0.03, rtol=0)


def test_without_supervision_the_autoencoder_sees_no_label():
    sampler, run = started(supervised_autoencoder=False)
    start = run.autoencoder[1].embedding.weight
    assert torch.equal(start, run.started_from[0].embedding.weight)
    rebuilt = [run.autoencoder[1](torch.ones(1, sampler.latent_dim_), None) for _ in range(2)]
    assert torch.equal(*rebuilt)
