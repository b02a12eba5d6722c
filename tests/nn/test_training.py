"""The loops: which rows they see, whose weights they move, and how they end."""

import math
from itertools import islice, pairwise

import pytest
import torch
from torch import nn

from skgan_resample.nn import pixels, ranks
from skgan_resample.nn.adam import Adam
from skgan_resample.nn.device import make_rng
from skgan_resample.nn.networks import build
from skgan_resample.nn.pixels import in_batches
from skgan_resample.nn.training import (
    Schedule,
    _adam,
    batches,
    train_adversarial,
    train_autoencoder,
)

pytestmark = pytest.mark.usefixtures("untouched_globals")


class Watcher:
    """A Progress that takes notes, and asks to stop after an update."""

    def __init__(self, stop_after=math.inf):
        self.stop_after, self.updates, self.warnings = stop_after, [], []

    def update(self, stage, max_iter, losses):
        self.updates.append((stage, max_iter, set(losses)))
        return len(self.updates) >= self.stop_after

    def diverged(self, *what):
        self.warnings.append(what)

    def interrupted(self, stage, n_iter, error):
        self.warnings.append((stage, n_iter, error))


def linear(n_in=2, n_out=2, seed=0):
    return build(lambda: nn.Linear(n_in, n_out), make_rng(seed), "cpu")


def vector(network):
    return nn.utils.parameters_to_vector(network.parameters()).detach().clone()


def rows(n=64, seed=0):
    return torch.randn((n, 2), generator=make_rng(seed)), torch.arange(n) % 2


def forever(n=8):
    return batches(*rows(n), n, make_rng(1))


# Batches


@pytest.mark.parametrize("size", [1, 5, 10, 30])
def test_batches_show_every_row_once_a_pass(size):
    x, y = torch.arange(30), torch.arange(30) % 3
    stream = batches(x, y, size, make_rng(0))
    passes = [[*islice(stream, 30 // size)] for _ in range(2)]
    orders = [torch.cat([batch for batch, _ in one]) for one in passes]
    for order in orders:
        assert order.sort().values.equal(x)
    assert not torch.equal(*orders)
    for batch, labels in passes[0]:
        assert len(batch) == size
        assert labels.equal(batch % 3)


def test_batches_are_full_where_the_size_does_not_divide_the_rows():
    stream = batches(torch.arange(10), torch.zeros(10, dtype=torch.long), 4, make_rng(0))
    seen = set()
    for _ in range(20):
        one = torch.cat([next(stream)[0] for _ in range(2)]).tolist()
        assert len(set(one)) == 8  # the last two rows of the order wait for another pass
        seen.update(one)
    assert seen == set(range(10))


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_batches_of_fewer_rows_than_asked_for(balance):
    x, y = rows(5)
    batch, labels = next(batches(x, y, 64, make_rng(0), balance))
    assert batch.shape == (5, 2)
    assert labels.shape == (5,)


@pytest.mark.parametrize("balance", [0.0, 0.25, 0.5, 1.0])
def test_batches_draw_classes_as_their_formula_says(balance):
    counts = torch.tensor([160, 30, 10])
    y = torch.arange(3).repeat_interleave(counts)
    stream = batches(torch.arange(200), y, 50, make_rng(0), balance)
    drawn = torch.cat([labels for _, labels in islice(stream, 800)])
    expected = counts ** (1 - balance) / (counts ** (1 - balance)).sum()
    # 40,000 draws: a share has a standard error of 0.0025 at the most.
    shares = drawn.bincount() / len(drawn)
    torch.testing.assert_close(shares, expected.float(), atol=0.012, rtol=0)
    again = batches(torch.arange(200), y, 50, make_rng(0), balance)
    assert next(again)[1].equal(drawn[:50])


def test_batches_reach_every_row_of_a_class_when_balanced():
    y = torch.tensor([0] * 60 + [1] * 4)
    stream = batches(torch.arange(64), y, 32, make_rng(0), 1.0)
    drawn = torch.cat([batch for batch, _ in islice(stream, 400)]).bincount(minlength=64)
    assert drawn.min() > 0
    # each of the four rows of class 1 is drawn 1,600 times on average, give or take 40
    assert (drawn[60:] - 1600).abs().max() < 200


def test_in_batches_equals_one_call():
    network, (x, _) = linear(), rows(7)
    outputs = in_batches(network, x, size=3)
    torch.testing.assert_close(outputs, network(x).detach())
    assert not outputs.requires_grad


def test_rows_are_passed_on_where_the_weights_are(monkeypatch):
    network, x = linear(), torch.zeros(7, 2)
    device, there, asked = next(network.parameters()).device, torch.ones(3, 2), []
    monkeypatch.setattr(pixels, "moved", lambda part, to: asked.append(to) or there)
    outputs = in_batches(network, x, 3)
    assert asked == [device] * 3
    assert torch.equal(outputs[:3], network(there))


def test_a_batch_goes_where_the_weights_are(monkeypatch):
    network, data = linear(), rows(3)
    device, there = next(network.parameters()).device, {data[0]: torch.ones(3, 2), data[1]: None}
    asked, seen = [], []
    monkeypatch.setattr(ranks, "moved", lambda part, to: asked.append(to) or there[part])

    def loss(x, y):
        seen.append((x, y))
        return network(x).mean()

    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    ranks.descend(optimiser, loss, *data, ranks=ranks.Ranks())
    assert asked == [device, device]
    assert seen == [(there[data[0]], None)]


# The autoencoder


def test_autoencoder_learns():
    x, y = rows()
    network, watcher = linear(), Watcher()
    history = train_autoencoder(
        network,
        lambda x, y: (network(x) - x).square().mean(),
        batches(x, y, 32, make_rng(0)),
        Schedule(300, 0.02, watcher),
    )
    assert history["autoencoder"].shape == (300,)
    assert history["autoencoder"][-1] < 0.01 * history["autoencoder"][0]
    torch.testing.assert_close(network(x), x, atol=0.1, rtol=0)
    assert watcher.updates == [("autoencoder", 300, {"autoencoder"})] * 300
    assert not watcher.warnings


def test_first_step_is_adams():
    network = linear()
    before = vector(network)
    train_autoencoder(
        network, lambda x, y: network(x).sum(), forever(), Schedule(1, 0.01, Watcher())
    )
    # Adam's first step has the length of the learning rate in every entry.
    torch.testing.assert_close((vector(network) - before).abs(), torch.full((6,), 0.01))


def test_no_updates_leave_the_weights_alone():
    network, critic, data = linear(), linear(2, 1), forever()
    schedule = Schedule(0, 0.1, Watcher())
    before = vector(network)
    history = train_autoencoder(network, lambda x, y: network(x).sum(), data, schedule)
    history |= train_adversarial(network, critic, *players(network, critic), data, schedule)
    assert {name: len(losses) for name, losses in history.items()} == {
        "autoencoder": 0,
        "critic": 0,
        "generator": 0,
    }
    assert torch.equal(vector(network), before)


def test_networks_run_under_bf16_when_asked_to():
    for bf16, dtype in [(True, torch.bfloat16), (False, torch.float32)]:
        network, seen = linear(), []

        def loss(x, y):
            output = network(x)  # noqa: B023
            seen.append(output.dtype)  # noqa: B023
            return output.float().square().mean()

        train_autoencoder(network, loss, forever(), Schedule(2, 0.01, Watcher(), bf16=bf16))
        assert seen == [dtype] * 2
        assert network.weight.dtype == torch.float32


# The game


def players(generator, critic):
    """Losses whose gradients reach both networks."""

    def d_loss(x, y):
        return (critic(generator(x)) - 1).square().mean()

    def g_loss(x, y):
        return -critic(generator(x)).mean()

    return d_loss, g_loss


@pytest.mark.parametrize("n_critic", [1, 3])
def test_each_step_moves_its_own_player(n_critic):
    generator, critic = linear(), linear(2, 1)
    weights = {"d": [], "g": []}
    batches_seen = []

    def noting(name, loss):
        def noted(x, y):
            weights[name].append((vector(generator), vector(critic)))
            order.append(name)
            batches_seen.append(x)
            if name == "g":
                assert not any(p.requires_grad for p in critic.parameters())
                gradients.append([p.grad.clone() for p in critic.parameters()])
            return loss(x, y)

        return noted

    order, gradients = [], []
    d_loss, g_loss = players(generator, critic)
    history = train_adversarial(
        generator,
        critic,
        noting("d", d_loss),
        noting("g", g_loss),
        batches(*rows(64), 4, make_rng(0)),
        Schedule(4, 0.1, Watcher()),
        n_critic=n_critic,
    )
    assert "".join(order) == ("d" * n_critic + "g") * 4
    assert {name: len(losses) for name, losses in history.items()} == {"critic": 4, "generator": 4}
    assert all(p.requires_grad for p in critic.parameters())
    # the generator's step leaves the critic's weights and gradients alone ...
    for after_g, before_g in zip(weights["d"][n_critic::n_critic], weights["g"], strict=False):
        assert torch.equal(after_g[1], before_g[1])
        assert not torch.equal(after_g[0], before_g[0])
    # ... and the critic's moves nothing but the critic
    for before_d, after_d in zip(weights["d"][::n_critic], weights["g"], strict=True):
        assert torch.equal(before_d[0], after_d[0])
        assert not torch.equal(before_d[1], after_d[1])
    last = [p.grad for p in critic.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(last, gradients[-1], strict=True))
    # every update took a batch of its own
    assert not any(torch.equal(a, b) for a, b in pairwise(batches_seen))


def test_history_holds_the_losses_of_each_update():
    generator, critic = linear(), linear(2, 1)
    values = {"d": [], "g": []}

    def noting(name, loss):
        def noted(x, y):
            value = loss(x, y)
            values[name].append(value.item())
            return value

        return noted

    d_loss, g_loss = players(generator, critic)
    losses = noting("d", d_loss), noting("g", g_loss)
    watcher = Watcher()
    schedule = Schedule(5, 0.01, watcher)
    history = train_adversarial(generator, critic, *losses, forever(), schedule, n_critic=2)
    assert history["critic"].tolist() == pytest.approx(values["d"][1::2])
    assert history["generator"].tolist() == pytest.approx(values["g"])
    assert history["critic"].dtype == torch.float32
    assert watcher.updates == [("game", 5, {"critic", "generator"})] * 5


@pytest.mark.parametrize(("max_iter", "decay"), [(40, 0.75), (25, 0.6), (10, 0.0), (1, 0.0)])
def test_the_generator_ends_as_its_moving_average(max_iter, decay):
    generator, critic = linear(), linear(2, 1)
    after_updates = []

    class Noting(Watcher):
        def update(self, *args):
            after_updates.append(vector(generator))
            return super().update(*args)

    train_adversarial(
        generator,
        critic,
        *players(generator, critic),
        forever(),
        Schedule(max_iter, 0.05, Noting()),
    )
    average = after_updates[0]
    for weights in after_updates[1:]:
        average = decay * average + (1 - decay) * weights
    torch.testing.assert_close(vector(generator), average)
    assert torch.equal(vector(generator), after_updates[-1]) == (decay == 0)


def test_the_same_streams_give_the_same_weights():
    ends = []
    for _ in range(2):
        generator, critic = linear(), linear(2, 1)
        losses = players(generator, critic)
        train_adversarial(generator, critic, *losses, forever(), Schedule(30, 0.05, Watcher()))
        ends.append(vector(generator))
    assert torch.equal(*ends)


@pytest.mark.parametrize("after", [1, 30, 50, 70])
def test_a_watcher_can_end_a_stage(after):
    network, watcher = linear(), Watcher(stop_after=after)
    schedule = Schedule(100, 0.01, watcher)
    history = train_autoencoder(network, lambda x, y: network(x).mean(), forever(), schedule)
    assert len(history["autoencoder"]) == len(watcher.updates) == after
    assert not watcher.warnings


def test_ending_the_game_early_keeps_what_was_learnt():
    generator, critic = linear(), linear(2, 1)
    before = vector(generator)
    schedule = Schedule(100, 0.05, Watcher(stop_after=7))
    history = train_adversarial(generator, critic, *players(generator, critic), forever(), schedule)
    assert len(history["generator"]) == len(history["critic"]) == 7
    assert not torch.equal(vector(generator), before)


# Losses that are not finite


def poisoned(loss, at, until=math.inf):
    """The loss, but NaN from its ``at``-th call on (counted from one), up to a later one."""
    calls = 0

    def wrapped(x, y):
        nonlocal calls
        calls += 1
        return loss(x, y) * (float("nan") if at <= calls < until else 1)

    return wrapped


def fitting(network):
    return lambda x, y: (network(x) - 1).square().mean()


def same_rows(n=8):
    """Batches that are all alike, so that a repeated update repeats the same numbers."""
    x, y = rows(n)
    while True:
        yield x, y


@pytest.mark.parametrize(("at", "kept"), [(51, 50), (60, 50), (100, 50), (101, 100), (130, 100)])
def test_a_stage_that_goes_on_diverging_ends_at_its_last_check(at, kept):
    def train(max_iter, loss_of):
        network, watcher = linear(), Watcher()
        schedule = Schedule(max_iter, 0.01, watcher)
        history = train_autoencoder(network, loss_of(network), forever(), schedule)
        return vector(network), history["autoencoder"], watcher

    weights, history, watcher = train(130, lambda network: poisoned(fitting(network), at))
    expected, expected_history, _ = train(kept, fitting)
    assert watcher.warnings == [
        ("autoencoder", at, kept, pytest.approx(0.001)),
        ("autoencoder", kept + 1, kept, None),
    ]
    assert torch.equal(weights, expected)
    assert torch.equal(history, expected_history)


@pytest.mark.parametrize(("at", "kept"), [(3, 0), (70, 50), (120, 100)])
def test_one_divergence_lowers_the_learning_rate_and_goes_on(at, kept):
    network, watcher, steps = linear(), Watcher(), []

    class Noting(Watcher):
        def update(self, *args):
            steps.append(vector(network))
            return super().update(*args)

    watcher = Noting()
    loss, tried = poisoned(fitting(network), at, at + 1), min(120, kept + 50)
    history = train_autoencoder(network, loss, same_rows(), Schedule(120, 0.01, watcher))
    assert watcher.warnings == [("autoencoder", at, kept, pytest.approx(0.001))]
    assert len(steps) == tried + 120 - kept  # what was undone is done again
    before = steps[kept - 1] if kept else vector(linear())
    # Adam starts afresh: its first step has the length of the learning rate in every entry.
    torch.testing.assert_close(
        (steps[tried] - before).abs(), torch.full((6,), 0.001), atol=1e-6, rtol=0
    )
    # the history is that of the weights: losses by hand, along the way that was not undone
    kept_steps = [vector(linear()), *steps[:kept], *steps[tried:]]
    (x, y), by_hand = rows(8), []
    for weights in kept_steps[:-1]:
        nn.utils.vector_to_parameters(weights, network.parameters())
        by_hand.append(fitting(network)(x, y).item())
    assert history["autoencoder"].tolist() == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("player", ["critic", "generator"])
def test_a_diverged_game_goes_back_to_the_last_check(player):
    generator, critic, watcher = linear(), linear(2, 1), Watcher()
    d_loss, g_loss = players(generator, critic)
    if player == "critic":
        d_loss = poisoned(d_loss, 70)
    else:
        g_loss = poisoned(g_loss, 70)
    averages = []
    schedule = Schedule(500, 0.01, watcher)
    history = train_adversarial(generator, critic, d_loss, g_loss, forever(), schedule)
    assert watcher.warnings == [("game", 70, 50, pytest.approx(0.001)), ("game", 51, 50, None)]
    assert {name: len(losses) for name, losses in history.items()} == {
        "critic": 50,
        "generator": 50,
    }
    assert all(losses.isfinite().all() for losses in history.values())
    # the same run, followed by hand: its moving average after 50 updates
    again, opponent = linear(), linear(2, 1)

    class Noting(Watcher):
        def update(self, *args):
            averages.append(
                vector(again) if not averages else averages[-1].lerp(vector(again), 1 / 50)
            )
            return super().update(*args)

    schedule = Schedule(500, 0.01, Noting(stop_after=50))
    train_adversarial(again, opponent, *players(again, opponent), forever(), schedule)
    torch.testing.assert_close(vector(generator), averages[-1])
    assert torch.equal(vector(critic), vector(opponent))


def test_a_weight_that_is_not_finite_is_noticed_too():
    network, watcher, calls = linear(), Watcher(), 0

    def gradient_of_the_last_update_is_nan(gradient):
        nonlocal calls
        calls += 1
        return gradient * (float("nan") if calls == 99 else 1)

    network.bias.register_hook(gradient_of_the_last_update_is_nan)
    schedule = Schedule(99, 0.01, watcher)
    history = train_autoencoder(
        network, lambda x, y: network(x).square().mean(), forever(), schedule
    )
    assert watcher.warnings == [("autoencoder", 99, 50, pytest.approx(0.001))]
    assert len(history["autoencoder"]) == 99
    assert vector(network).isfinite().all()


def test_buffers_count_as_weights():
    network, watcher = nn.BatchNorm1d(2), Watcher()
    batch = rows(8)[0]

    def data():
        for i in range(1000):
            yield batch * (1e25 if i == 60 else 1), batch  # its variance is infinite

    def loss(x, y):
        network(x)
        return network.weight.square().sum()

    train_autoencoder(network, loss, data(), Schedule(100, 0.01, watcher))
    assert watcher.warnings == [("autoencoder", 100, 50, pytest.approx(0.001))]
    assert network.running_var.isfinite().all()


@pytest.mark.parametrize(("at", "max_iter"), [(1, 500), (50, 500), (3, 10)])
def test_divergence_from_the_start_is_an_error(at, max_iter):
    network = linear()
    loss = poisoned(lambda x, y: network(x).mean(), at)
    schedule = Schedule(max_iter, 0.125, Watcher())
    message = r"autoencoder diverged .*first 1 updates.*tenth.*learning_rate=0\.125"
    with pytest.raises(FloatingPointError, match=message):
        train_autoencoder(network, loss, forever(), schedule)


def test_a_loss_that_is_not_finite_as_the_watcher_stops_is_noticed():
    network, watcher = linear(), Watcher(stop_after=60)
    loss = poisoned(lambda x, y: network(x).mean(), 60)
    history = train_autoencoder(network, loss, forever(), Schedule(100, 0.01, watcher))
    assert watcher.warnings == [("autoencoder", 60, 50, None)]
    assert len(history["autoencoder"]) == 50


# Time and interrupts


class Clock:
    """Stands in for the module ``time``: every update takes a second."""

    def __init__(self):
        self.now = 0

    def monotonic(self):
        return self.now


@pytest.mark.parametrize(("deadline", "n_done"), [(0, 0), (0.5, 1), (7, 7), (7.5, 8), (99, 20)])
def test_no_update_is_begun_after_the_deadline(monkeypatch, deadline, n_done):
    clock = Clock()
    monkeypatch.setattr("skgan_resample.nn.training.time", clock)

    class Slow(Watcher):
        def update(self, *args):
            clock.now += 1
            return super().update(*args)

    generator, critic = linear(), linear(2, 1)
    before, losses = vector(generator), players(generator, critic)
    schedule = Schedule(20, 0.01, Slow(), deadline=deadline)
    history = train_adversarial(generator, critic, *losses, forever(), schedule)
    assert {name: len(values) for name, values in history.items()} == {
        "critic": n_done,
        "generator": n_done,
    }
    assert torch.equal(vector(generator), before) == (n_done == 0)
    assert not schedule.progress.warnings


@pytest.mark.parametrize(("at", "kept"), [(1, 0), (8, 7), (51, 50), (64, 63)])
def test_an_interrupted_stage_keeps_its_updates(monkeypatch, at, kept):
    # the moving average of a short run looks back less far
    monkeypatch.setattr("skgan_resample.nn.training._average_decay", lambda max_iter: 0.5)

    def train(max_iter, interrupt=False):
        generator, critic, calls = linear(), linear(2, 1), 0
        d_loss, g_loss = players(generator, critic)

        def interrupted(x, y):
            nonlocal calls
            calls += 1
            if interrupt and calls == at:
                raise KeyboardInterrupt
            return g_loss(x, y)

        watcher = Watcher()
        history = train_adversarial(
            generator, critic, d_loss, interrupted, forever(), Schedule(max_iter, 0.01, watcher)
        )
        return vector(generator), history, watcher

    weights, history, watcher = train(100, interrupt=True)
    expected, expected_history, _ = train(kept)
    ((stage, n_iter, error),) = watcher.warnings
    assert (stage, n_iter, type(error)) == ("game", kept, KeyboardInterrupt)
    assert torch.equal(weights, expected)
    assert all(torch.equal(history[name], expected_history[name]) for name in history)


def test_an_interrupted_stage_that_had_diverged_goes_back():
    network, watcher = linear(), Watcher()
    loss = poisoned(fitting(network), 60)

    def interrupting(x, y):
        if len(watcher.updates) == 70:
            raise KeyboardInterrupt
        return loss(x, y)

    history = train_autoencoder(network, interrupting, forever(), Schedule(100, 0.01, watcher))
    assert [warning[:2] for warning in watcher.warnings] == [("autoencoder", 50)]
    assert len(history["autoencoder"]) == 50
    assert vector(network).isfinite().all()


# What the schedule says


@pytest.mark.parametrize("bf16", [False, True])
def test_all_losses_run_under_autocast_if_asked(bf16):
    seen = []

    def loss(x, y):
        seen.append(torch.is_autocast_enabled("cpu"))
        return network(x).square().mean()

    network, schedule = linear(), Schedule(1, 0.1, Watcher(), bf16=bf16)
    train_autoencoder(network, loss, forever(), schedule)
    train_adversarial(network, linear(), loss, loss, forever(), schedule)
    assert seen == [bf16] * 3


@pytest.mark.parametrize("betas", [(0.5, 0.9), (0.9, 0.999)])
def test_adam_is_torchs_to_the_bit(betas):
    """With a gradient that is missing now and then, and a rate that is lowered on the way."""
    ours, theirs = linear(), linear()
    theirs.load_state_dict(ours.state_dict())
    made = [
        Class(network.parameters(), 0.1, betas, fused=True)
        for Class, network in ((Adam, ours), (torch.optim.Adam, theirs))
    ]
    x, _ = next(forever())
    for step in range(6):
        for optimiser, network in zip(made, (ours, theirs), strict=True):
            optimiser.zero_grad()
            network.bias.requires_grad_(step % 3 > 0)
            (network(x).square().mean()).backward()
            optimiser.step()
            if step == 3:
                optimiser.state.clear()
                optimiser.param_groups[0]["lr"] *= 0.1
        assert torch.equal(vector(ours), vector(theirs))
    assert not any(p.grad_fn for p in ours.parameters())


def test_adam_takes_its_settings_from_the_schedule():
    made = _adam(linear(), Schedule(1, 0.3, Watcher(), betas=(0.1, 0.2))).defaults
    assert (made["lr"], made["betas"]) == (0.3, (0.1, 0.2))
