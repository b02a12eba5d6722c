"""Equations 6 and 7 of the intra-class AC-GAN by hand, and an actor that finds a known optimum."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from samplers import make_rng
from torch.testing import assert_close

from skgan_resample.nn import impacts
from skgan_resample.nn.impacts import ActorCriticImpacts, FixedImpacts, Subclasses
from skgan_resample.nn.losses import weighted_logistic_g

CLASSES = torch.tensor([0, 0, 1, 1, 1])


# Impacts -----------------------------------------------------------------------------------------


def test_impacts_of_bias_gan_by_hand():
    # class 0: 40 rows in 2 subclasses; class 1: 60 in 3
    sizes = torch.tensor([10, 30, 10, 20, 30])
    by_hand = torch.tensor([20 / 10, 20 / 30, 20 / 10, 20 / 20, 20 / 30])
    assert_close(impacts.proportional(sizes, CLASSES), by_hand)
    assert impacts.proportional(torch.tensor([8, 8, 5, 5, 5]), CLASSES).tolist() == [1.0] * 5


def test_impacts_are_scaled_within_each_class_by_hand():
    by_hand = torch.tensor([1 / 4, 3 / 4, 2 / 8, 5 / 8, 1 / 8])
    assert_close(impacts.normalised(torch.tensor([1.0, 3, 2, 5, 1]), CLASSES), by_hand)
    # none below half of the average, 1/2 and 1/3
    lifted = impacts.normalised(torch.tensor([-1.0, 0.75, 0.0, 0.5, 0.5]), CLASSES)
    least = torch.tensor([0.25, 0.75, 1 / 6, 0.5, 0.5])
    assert_close(lifted, least / torch.tensor([1, 1, *[7 / 6] * 3]))


@given(
    classes=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    data=st.data(),
)
def test_impacts_are_of_sum_one_whatever_comes_in(classes, data):
    index = torch.repeat_interleave(torch.tensor(classes))
    values = st.floats(-1e3, 1e3, width=32)
    raw = data.draw(st.lists(values, min_size=len(index), max_size=len(index)))
    scaled = impacts.normalised(torch.tensor(raw), index)
    assert (scaled > 0).all()
    for c in range(len(classes)):
        assert scaled[index == c].sum().item() == pytest.approx(1, abs=1e-5)


@given(sizes=st.lists(st.integers(1, 1000), min_size=5, max_size=5))
def test_impacts_of_bias_gan_are_weights_of_mean_one_over_the_rows_of_a_class(sizes):
    sizes = torch.tensor(sizes)
    rows = torch.arange(5).repeat_interleave(sizes)
    weights = FixedImpacts(impacts.proportional(sizes, CLASSES)).weights(rows)
    for c in (0, 1):
        assert weights[CLASSES[rows] == c].mean().item() == pytest.approx(1, rel=1e-4)


def test_weights_are_impacts_times_the_number_of_subclasses():
    rows, policy = torch.tensor([4, 0, 2, 2]), ActorCriticImpacts(CLASSES, make_rng(0))
    assert_close(policy.weights(rows), torch.tensor([3, 2, 3, 3]) * policy.impacts[rows])


@pytest.mark.parametrize(
    ("sign", "shares"),
    [(1, [0.671, 0.193, 0.077, 0.041, 0.017]), (-1, [0.130, 0.182, 0.212, 0.229, 0.247])],
    ids=["non-saturating", "saturating"],
)
def test_impacts_of_bias_gan_move_the_shares_at_which_the_generator_is_at_rest(sign, shares):
    """With D at its best, p / (p + q), the gradient of G's loss in q is the same everywhere."""
    p = torch.tensor([0.40, 0.24, 0.16, 0.12, 0.08])
    W = impacts.proportional((100 * p).round().long(), torch.zeros(5, dtype=torch.long))
    logits = (p / torch.tensor(shares)).log()
    gradients = torch.stack([weighted_logistic_g(sign * logits, W * row) for row in torch.eye(5)])
    assert_close(gradients, gradients.mean().expand(5), rtol=0.03, atol=0)


# Subclasses --------------------------------------------------------------------------------------


def test_a_row_belongs_to_the_nearest_center_of_its_own_class():
    x = torch.tensor([[0.0, 0], [2, 0], [10, 0], [1, 9], [1, 11]])
    labels, classes = torch.tensor([0, 0, 1, 2, 2]), torch.tensor([0, 0, 1])
    subclasses = Subclasses.of(x, labels, classes)
    assert subclasses.centers.tolist() == [[1, 0], [10, 0], [1, 10]]
    assert subclasses.sizes.tolist() == [2, 1, 2]
    rows = torch.tensor([[2.0, 1], [8, 1], [2, 1], [1, 10]])
    assert subclasses.nearest(rows, torch.tensor([0, 0, 1, 0])).tolist() == [0, 1, 2, 0]
    images = Subclasses.of(x.reshape(5, 1, 1, 2), labels, classes)
    assert images.nearest(rows.reshape(4, 1, 2, 1), torch.tensor([0, 0, 1, 0])).tolist() == [
        *[0, 1, 2, 0]
    ]


def test_nearest_is_exact_under_autocast():
    centers = torch.tensor([[100.0, 1], [101, 1]])
    subclasses = Subclasses(centers, torch.tensor([1, 1]), torch.tensor([0, 0]))
    rows = torch.tensor([[100.6, 1], [100.4, 1]]).repeat(20, 1)  # torch takes a matmul from 26 on
    with torch.autocast("cpu", torch.bfloat16):
        nearest = subclasses.nearest(rows, torch.zeros(40, dtype=torch.long))
    assert nearest.tolist() == [1, 0] * 20


# Actor and critic --------------------------------------------------------------------------------


def test_the_state_is_random_and_of_sum_one():
    starts = [ActorCriticImpacts(CLASSES, make_rng(seed)).history[0] for seed in (0, 0, 1)]
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    assert_close(starts[0][:2].sum(), torch.tensor(1.0))
    assert_close(starts[0][2:].sum(), torch.tensor(1.0))


def test_one_step_of_the_critic_by_hand():
    """delta = r + 0.9 V(s') - V(s) with the first forecasts r_1 / (1 - 0.9): r_2 - r_1."""
    policy = ActorCriticImpacts(CLASSES, make_rng(0))
    policy.learn(torch.tensor(1.0))  # r_1 = 1 / 1.1, before any action
    state, action, successor = policy.state, policy.action, policy.impacts
    moved = impacts.normalised(state + 0.05 * action, CLASSES)
    assert torch.equal(successor, moved)
    assert policy.critic(state).item() == pytest.approx(10 / 1.1, rel=1e-5)

    policy.learn(torch.tensor(0.4))  # r_2 = 2
    *_, bias = policy.critic.parameters()
    # the gradient of delta**2, that of V(s) alone: -2 delta
    assert bias.grad.item() == pytest.approx(-2 * (2 - 1 / 1.1), rel=1e-4)
    *_, bias = policy.actor.parameters()
    # the gradient of -delta log pi at a mean of zero: -delta a / 0.4**2
    assert_close(bias.grad, -(2 - 1 / 1.1) * action / 0.16, rtol=1e-4, atol=1e-4)


def test_the_error_of_the_critics_forecast_by_hand():
    policy = ActorCriticImpacts(CLASSES, make_rng(0))
    policy.learn(torch.tensor(1.0))
    *_, weight, bias = policy.critic.parameters()
    torch.nn.init.normal_(weight, std=100, generator=make_rng(1))  # forecasts differ by state
    value, next_value = (policy.critic(s).item() for s in (policy.state, policy.impacts))
    assert abs(next_value - value) > 0.1
    policy.learn(torch.tensor(0.4))  # r = 2
    assert bias.grad.item() == pytest.approx(-2 * (2 + 0.9 * next_value - value), rel=1e-4)


@pytest.mark.parametrize("reward_changes", [True, False])
def test_the_actor_moves_towards_what_was_rewarded(reward_changes):
    policy = ActorCriticImpacts(CLASSES, make_rng(0))
    policy.learn(torch.tensor(1.0))
    state, action = policy.state, policy.action
    before = policy.actor(state).detach()
    policy.learn(torch.tensor(0.5 if reward_changes else 2.0))
    change = policy.actor(state).detach() - before
    assert (change @ action > 0) == reward_changes


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_actor_and_critic_find_a_known_optimum(seed):
    """A loss that is least where the first of two subclasses has an impact of 0.7."""
    policy = ActorCriticImpacts(torch.tensor([0, 0, 1]), make_rng(seed))
    for _ in range(1500):
        policy.learn(0.2 + 4 * (policy.impacts[0] - 0.7) ** 2)
    first = torch.stack(policy.history)[:, 0]
    assert abs(first[-300:].mean() - 0.7) < 0.1
    assert (policy.impacts[2:] == 1).all()


def test_a_loss_that_is_not_finite_teaches_nothing():
    policy = ActorCriticImpacts(CLASSES, make_rng(0))
    for loss, length in ((math.nan, 1), (1.0, 2), (math.inf, 2), (1.0, 3)):
        policy.learn(torch.tensor(loss))
        assert len(policy.history) == length
    assert torch.stack(policy.history).isfinite().all()


@pytest.mark.parametrize("Policy", ["fixed", "learning"])
def test_impacts_change_after_some_batches_and_not_before(Policy):
    if Policy == "fixed":
        policy = FixedImpacts(torch.ones(5))
    else:
        policy = ActorCriticImpacts(CLASSES, make_rng(0))
    before, losses = len(policy.history), []
    heard = []
    learn = policy.learn
    policy.learn = lambda loss: (heard.append(loss.item()), learn(loss))
    data = policy.learn_every(3, iter(range(7)), losses)
    for batch in data:
        losses.append(torch.tensor(float(batch)))
    assert heard == [1.0, 4.0]
    assert len(policy.history) == before + 2
    assert [loss.item() for loss in losses] == [6.0]
    assert torch.equal(policy.history[-1], policy.history[-2]) == (Policy == "fixed")


def test_the_global_streams_are_left_alone(untouched_globals):
    policy = ActorCriticImpacts(CLASSES, make_rng(0))
    for _ in range(3):
        policy.learn(torch.tensor(1.0))
