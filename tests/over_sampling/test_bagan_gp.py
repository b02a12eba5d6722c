"""BAGAN-GP's critic: its loss is the equation of the docstring, however few passes it takes."""

import pytest
import torch
from samplers import table
from torch.nn.functional import softplus

from skgan_resample import BAGANGPSampler
from skgan_resample.nn import losses
from skgan_resample.over_sampling import _bagan_gp


@pytest.fixture
def game(monkeypatch):
    """Both players' losses and the sampler, as a fit would play with them."""

    def of(**params):
        kept = {}

        def instead(generator, critic, d_loss, g_loss, *_):
            kept.update(generator=generator, critic=critic, d_loss=d_loss, g_loss=g_loss)
            return {"critic": torch.zeros(1), "generator": torch.zeros(1)}

        monkeypatch.setattr(_bagan_gp, "train_adversarial", instead)
        X, y = table(counts=(40, 20, 12))
        sampler = BAGANGPSampler(autoencoder_max_iter=3, random_state=0, **params).fit(X, y)
        kept["x"], kept["y"] = torch.from_numpy(sampler.codec_.transform(X)), torch.from_numpy(y)
        return sampler, kept

    return of


def squared_slopes(critic, points, y):
    """|dD/dx|^2 row by row, each row on its own."""
    slopes = []
    for point, label in zip(points, y, strict=True):
        point = point[None].clone().requires_grad_()
        slope = torch.autograd.grad(critic(point, label[None]).sum(), point, create_graph=True)[0]
        slopes.append(slope.square().sum())
    return torch.stack(slopes)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"penalty_weight": 0},
        {"fake_labels": "data"},
        {"anchored": False},
        {"anchored": False, "penalty_points": "real", "penalty_weight": 3.0},
    ],
    ids=str,
)
def test_the_critics_loss_is_its_equation(game, params):
    sampler, kept = game(**params)
    critic, x, y, rng = kept["critic"], kept["x"], kept["y"], sampler._rng
    state = rng.get_state()
    loss = kept["d_loss"](x, y)
    gradients = torch.autograd.grad(loss, [*critic.parameters()])

    rng.set_state(state)  # the same draws, in the same order
    balanced = sampler.fake_labels == "balanced"
    fake_y = torch.randint(3, y.shape, generator=rng) if balanced else y
    fake = sampler._draw(kept["generator"], fake_y, rng).detach()
    wrong_y = (y + torch.randint(1, 3, y.shape, generator=rng)) % 3
    expected = (
        softplus(-critic(x, y)).mean()
        + softplus(critic(fake, fake_y)).mean()
        + softplus(critic(x, wrong_y)).mean()
    )
    if sampler.anchored:
        penalty = squared_slopes(critic, x, y).mean()
    else:
        between = sampler.penalty_points == "between"
        points = losses.points_between(x, fake, rng) if between else losses.points_around(x, rng)
        penalty = (squared_slopes(critic, points, y).sqrt() - 1).square().mean()
    expected = expected + sampler.penalty_weight * penalty

    torch.testing.assert_close(loss, expected)
    wanted = torch.autograd.grad(expected, [*critic.parameters()])
    torch.testing.assert_close(gradients, wanted, rtol=1e-4, atol=1e-6)


def test_the_critic_looks_at_each_real_row_once(game):
    _, kept = game()
    passed = []
    kept["critic"].trunk.register_forward_hook(lambda _, args, __: passed.append(args[0]))
    kept["d_loss"](kept["x"], kept["y"])
    assert [torch.equal(rows, kept["x"]) for rows in passed] == [True, False]
    assert [len(rows) for rows in passed] == [len(kept["x"])] * 2
