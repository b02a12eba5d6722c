"""The objectives against values worked out by hand."""

import math

import pytest
import torch
from samplers import make_rng

from skgan_resample.nn import losses

pytestmark = pytest.mark.usefixtures("untouched_globals")


def log_sigmoid(logit):
    return -math.log(1 + math.exp(-logit))


@pytest.mark.parametrize("target", [1.0, 0.9])
def test_logistic_d_by_hand(target):
    real, fake = [2.0, -1.0, 0.5], [0.3, -4.0]
    expected = -sum(
        target * log_sigmoid(logit) + (1 - target) * log_sigmoid(-logit) for logit in real
    ) / len(real) - sum(log_sigmoid(-logit) for logit in fake) / len(fake)
    loss = losses.logistic_d(torch.tensor(real), torch.tensor(fake), real_target=target)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_logistic_d_adds_a_term_for_every_kind_of_fake():
    real, fake, wrong = torch.tensor([1.0]), torch.tensor([2.0, 3.0]), torch.tensor([-2.0])
    both = losses.logistic_d(real, fake, wrong)
    without = losses.logistic_d(real, fake)
    assert (both - without).item() == pytest.approx(-log_sigmoid(2.0), rel=1e-5)


def test_smoothed_target_is_reached_at_its_own_logit():
    best = math.log(0.9 / 0.1)
    logits = torch.tensor([best - 0.1, best, best + 0.1])
    values = [losses.logistic_d(logit[None], real_target=0.9).item() for logit in logits]
    assert values[1] == min(values)


def test_logistic_g_by_hand():
    fake = [0.3, -4.0, 2.0]
    expected = -sum(map(log_sigmoid, fake)) / 3
    assert losses.logistic_g(torch.tensor(fake)).item() == pytest.approx(expected, rel=1e-6)


def test_weighted_losses_by_hand():
    real, fake = [2.0, -1.0], [0.3, -4.0, 1.0]
    w_real, w_fake = [0.5, 3.0], [2.0, 0.0, 1.5]
    expected = -(0.5 * log_sigmoid(2.0) + 3.0 * log_sigmoid(-1.0)) / 2
    expected -= (2.0 * log_sigmoid(-0.3) + 1.5 * log_sigmoid(-1.0)) / 3
    loss = losses.weighted_logistic_d(*map(torch.tensor, (real, fake, w_real, w_fake)))
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    expected = -(2.0 * log_sigmoid(0.3) + 1.5 * log_sigmoid(1.0)) / 3
    loss = losses.weighted_logistic_g(torch.tensor(fake), torch.tensor(w_fake))
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_weights_of_one_are_no_weights():
    real, fake = torch.tensor([2.0, -1.0, 0.5]), torch.tensor([0.3, -4.0])
    weighted = losses.weighted_logistic_d(real, fake, torch.ones(3), torch.ones(2))
    assert weighted.item() == pytest.approx(losses.logistic_d(real, fake).item(), rel=1e-6)
    weighted = losses.weighted_logistic_g(fake, torch.ones(2))
    assert weighted.item() == pytest.approx(losses.logistic_g(fake).item(), rel=1e-6)


def test_balancing_losses_by_hand():
    # Softmax over two classes and "fake", with odds 1:2:3 and 4:1:3 of the real rows.
    real = torch.tensor([[1.0, 2.0, 3.0], [4.0, 1.0, 3.0]]).log()
    fake = torch.tensor([[1.0, 1.0, 2.0], [5.0, 1.0, 4.0], [1.0, 7.0, 2.0]]).log()
    y = torch.tensor([1, 0])
    by_hand = -(math.log(2 / 6) + math.log(4 / 8) + math.log(2 / 4) + math.log(4 / 10)) / 5
    by_hand -= math.log(2 / 10) / 5
    assert losses.balancing_d(real, fake, y).item() == pytest.approx(by_hand, rel=1e-6)


def test_class_losses_by_hand():
    real = torch.tensor([[1.0, 3.0], [4.0, 1.0]]).log()
    fake = torch.tensor([[1.0, 1.0], [1.0, 9.0], [3.0, 1.0]]).log()
    y, fake_y = torch.tensor([1, 1]), torch.tensor([0, 1, 0])
    of_fakes = -(math.log(1 / 2) + math.log(9 / 10) + math.log(3 / 4)) / 3
    of_real = -(math.log(3 / 4) + math.log(1 / 5)) / 2
    loss = losses.auxiliary_d(real, fake, y, fake_y)
    assert loss.item() == pytest.approx(of_real + of_fakes, rel=1e-6)


def test_squared_losses_by_hand():
    real, fake = torch.tensor([1.5, -2.0]), torch.tensor([3.0, 0.0, -1.0])
    loss = losses.least_squares_d(real, fake)
    assert loss.item() == pytest.approx((0.5**2 + 3**2) / 2 + (3**2 + 0 + 1) / 3)
    assert losses.least_squares_g(fake).item() == pytest.approx((2**2 + 1 + 2**2) / 3)
    # softmax of 1/4, 3/4 and 4/5, 1/5: each entry's distance from its target, twice a row
    logits, y = torch.tensor([[1.0, 3.0], [4.0, 1.0]]).log(), torch.tensor([1, 1])
    assert losses.squared_classes(logits, y).item() == pytest.approx((0.25**2 + 0.8**2) / 2)
    assert losses.squared_confusion(logits, y).item() == pytest.approx((0.75**2 + 0.2**2) / 2)


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("shape", [(4,), (2, 3, 5)])
def test_gradient_penalty_of_a_linear_critic(scale, shape):
    w = torch.randn(shape, generator=make_rng(0))
    w *= scale / w.norm()
    points = torch.randn((7, *shape), generator=make_rng(1)).requires_grad_()
    penalty = losses.gradient_penalty((points * w).flatten(1).sum(1) + 5, points)
    assert penalty.item() == pytest.approx((scale - 1) ** 2, abs=1e-6)


def test_gradient_penalty_is_taken_row_by_row():
    # D(x) = |x|^2 / 2 has the gradient x.
    points = torch.tensor([[3.0, 4.0], [0.0, 1.0], [0.6, 0.0]], requires_grad=True)
    penalty = losses.gradient_penalty(points.square().sum(1) / 2, points)
    assert penalty.item() == pytest.approx((4**2 + 0 + 0.4**2) / 3)


def test_gradient_penalty_trains_the_critic_and_not_the_points():
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    points = torch.ones((2, 2), requires_grad=True)
    losses.gradient_penalty(points @ w, points).backward()
    # d/dw (|w| - 1)^2 = 2 (|w| - 1) w / |w|
    torch.testing.assert_close(w.grad, 2 * 4 * torch.tensor([0.6, 0.8]))
    assert points.grad is None


@pytest.mark.parametrize("shape", [(3,), (2, 4, 4)])
def test_points_between_lie_on_the_segment_uniformly(shape):
    real = torch.randn((4000, *shape), generator=make_rng(0))
    fake = torch.randn((4000, *shape), generator=make_rng(1))
    points = losses.points_between(real, fake, make_rng(2))
    share = ((points - real) / (fake - real)).flatten(1)
    u = share.median(1).values
    torch.testing.assert_close(points, real + u.view(-1, *[1] * len(shape)) * (fake - real))
    assert 0 <= u.min() < 0.01
    assert 0.99 < u.max() <= 1
    # The quantiles of 4,000 uniform draws have standard deviations below 0.008.
    levels = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9])
    torch.testing.assert_close(u.quantile(levels), levels, atol=0.035, rtol=0)


def test_points_around_lie_on_the_way_to_a_perturbed_sample():
    real = 3 + 2 * torch.randn((4000, 2, 4), generator=make_rng(0))
    offset = ((losses.points_around(real, make_rng(1)) - real) / (0.5 * real.std())).flatten(1)
    assert offset.min() >= 0
    assert 0.95 < offset.max() <= 1.0001
    # a product of independent uniforms, one of them shared by a sample's entries
    assert offset.mean().item() == pytest.approx(1 / 4, abs=0.01)
    assert offset.var().item() == pytest.approx(1 / 9 - 1 / 16, abs=0.005)
    shared = offset.T.cov()[0, 1].item()
    assert shared == pytest.approx(1 / 3 * 1 / 4 - 1 / 16, abs=0.005)


def test_points_take_no_gradient_path_of_their_own_stream():
    real, fake = torch.zeros(3, 2), torch.ones(3, 2)
    first = losses.points_between(real, fake, make_rng(5))
    torch.testing.assert_close(losses.points_between(real, fake, make_rng(5)), first)
    assert not torch.equal(losses.points_between(real, fake, make_rng(6)), first)


def penalty_at(points, critic):
    points = points.detach().requires_grad_()
    return losses.gradient_penalty(critic(points), points)


@pytest.mark.parametrize(("shape", "weight"), [((6,), 0.1), ((1, 2, 3), 0.1 * 6 / 64)])
def test_slope_penalty_of_a_linear_critic_is_that_of_its_weights(shape, weight):
    points, weights = torch.ones(4, *shape), torch.arange(6.0)
    penalty = losses.slope_penalty(lambda x: x.flatten(1) @ weights, points)
    assert penalty.item() == pytest.approx(weight * (weights**2).sum().item())
    labels = torch.tensor([0, 0, 0, 2])  # of four samples one has slopes twice as large
    labelled = losses.slope_penalty(lambda x, y: y * (x.flatten(1) @ weights), points, labels)
    assert labelled.item() == pytest.approx(penalty.item())


OBJECTIVES = {
    "logistic_d": lambda a, b: losses.logistic_d(a[:, 0], b[:, 0], b[:, 1]),
    "logistic_g": lambda a, b: losses.logistic_g(b[:, 0]),
    "balancing_d": lambda a, b: losses.balancing_d(a, b, torch.tensor([0, 1, 1, 0, 1])),
    "slope_penalty": lambda a, b: losses.slope_penalty(lambda x: (x @ b.T).tanh().sum(1), a),
    "gradient_penalty": lambda a, b: penalty_at(a, lambda x: (x @ b.T).tanh().sum(1)),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objectives_are_differentiable_scalars(name):
    real = torch.randn((5, 3), generator=make_rng(0))
    fake = torch.randn((5, 3), generator=make_rng(1)).requires_grad_()
    loss = OBJECTIVES[name](real, fake)
    assert loss.shape == ()
    loss.backward()
    assert fake.grad.isfinite().all()
    assert fake.grad.abs().sum() > 0


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_agree_with_finite_differences(name):
    real = torch.randn((5, 3), generator=make_rng(2), dtype=torch.float64)
    fake = torch.randn((5, 3), generator=make_rng(3), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda b: OBJECTIVES[name](real, b), (fake,))


@pytest.mark.parametrize("logit", [-300.0, 300.0])
def test_logistic_losses_are_finite_for_huge_logits(logit):
    logits = torch.full((2,), logit, requires_grad=True)
    loss = losses.logistic_d(logits, logits, real_target=0.9) + losses.logistic_g(logits)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()
