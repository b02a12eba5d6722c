"""The loops: which samples they see, whose weights they move, and how they end."""

import math
from dataclasses import replace
from itertools import islice, pairwise

import pytest
import torch
from samplers import make_rng
from torch import nn

from skgan_resample.nn.run import TrainingRun, in_batches
from skgan_resample.nn.runtime import Adam

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


def a_run(max_iter=5, learning_rate=0.01, progress=None, **fields):
    return TrainingRun(
        make_rng(1),
        sample_shape=(2,),
        n_classes=2,
        max_iter=max_iter,
        autoencoder_max_iter=max_iter,
        learning_rate=learning_rate,
        progress=progress or Watcher(),
        **fields,
    )


def linear(n_in=2, n_out=2, seed=0):
    return replace(a_run(), rng=make_rng(seed)).build(lambda: nn.Linear(n_in, n_out))


def vector(network):
    return nn.utils.parameters_to_vector(network.parameters()).detach().clone()


def rows(n=64, seed=0):
    return torch.randn((n, 2), generator=make_rng(seed)), torch.arange(n) % 2


def batches(x, y, size, rng, balance=0.0):
    return replace(a_run(batch_size=size), rng=rng).batches(x, y, balance)


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


@pytest.mark.parametrize("size", [2, 6, 40])
def test_batches_by_class_have_as_many_samples_of_each(size):
    x, y = torch.arange(13), torch.tensor([0] * 2 + [1] * 8 + [2] * 3)
    stream, n = a_run().batches_by_class(x, y, [2, 0, 2], size), min(size, 8)
    seen = set()
    for batch, places in islice(stream, 20):
        assert places.tolist() == [0] * n + [1] * n + [2] * n
        assert y[batch].tolist() == [2] * n + [0] * n + [2] * n
        assert batch[n : 2 * n].bincount().tolist() == [n // 2] * 2
        seen.update(batch.tolist())
    assert seen == {0, 1, 10, 11, 12}
    batch, places = next(a_run().batches_by_class(x, y, range(3), size))
    assert places.equal(y[batch])


def test_in_batches_equals_one_call():
    network, (x, _) = linear(), rows(3000)
    outputs = in_batches(network, x)
    torch.testing.assert_close(outputs, network(x).detach())
    assert not outputs.requires_grad


# Noise, labels, networks


def test_noise_and_labels_come_from_the_runs_stream():
    run, twin = a_run(latent_dim=3), a_run(latent_dim=3)
    y = run.labels(torch.zeros(2000, dtype=torch.long))
    assert abs(y.double().mean().item() - 0.5) < 0.05
    assert run.noise(y).shape == (2000, 3)
    with torch.random.fork_rng():  # the process-wide stream is another one
        torch.manual_seed(5)
        assert twin.labels(torch.zeros(2000, dtype=torch.long)).equal(y)
    assert run.labels(y, balanced=False) is y


def test_a_decoder_ends_in_blocks_where_samples_have_some():
    run = replace(a_run(block_sizes=(3, 2)), sample_shape=(6,))
    decoder = run.build(run.decoder)
    made = decoder(torch.randn(50, run.latent_dim, generator=run.rng))
    assert made.shape == (50, 6)
    assert made[:, 1:4].sum(1).detach().round().equal(torch.ones(50))
    assert ((made[:, 1:] - made[:, 1:].round()).abs() < 1e-6).all()
    assert a_run().block_head() is None


@pytest.mark.parametrize("sizes", [(), (3, 2)])
def test_a_trunk_with_noise_gives_blocks_noise_where_samples_have_some(sizes):
    run = replace(a_run(block_sizes=sizes), sample_shape=(6,))
    trunk = run.build(lambda: run.trunk(block_noise=0.4))
    x = torch.randn(4, 6, generator=run.rng)
    assert torch.equal(trunk(x), trunk(x)) == (not sizes)
    assert torch.equal(trunk.eval()(x), trunk(x))


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_momentum_is_that_of_the_adversarial_training(momentum):
    """Of gradients 1 and -0.1, the second step follows the second alone, or their mean."""
    generator, discriminator, seen, slopes = linear(), linear(), [], iter([1.0, -0.1, 0.0])

    def d_loss(x, y):
        seen.append(discriminator.bias[0].item())
        return discriminator.bias.sum() * next(slopes)

    def g_loss(x, y):
        return generator(x).mean()

    run = replace(a_run(3, 0.1), momentum=momentum)
    run.train_adversarial(generator, discriminator, d_loss, g_loss, forever())
    assert seen[1] < seen[0]
    assert (seen[2] > seen[1]) == (momentum == 0)


@pytest.mark.parametrize("shape", [(5,), (1, 9, 12)])
def test_hidden_dim_sizes_the_networks(shape):
    def weights(hidden_dim):
        run = replace(a_run(hidden_dim=hidden_dim), sample_shape=shape)
        networks = run.build(run.trunk), run.build(run.decoder)
        return [sum(p.numel() for p in network.parameters()) for network in networks]

    (small_trunk, small_decoder), (trunk, decoder) = weights(16), weights(64)
    assert trunk > 2 * small_trunk
    assert decoder > 2 * small_decoder


# The autoencoder


def fitting(network):
    return lambda x, y: (network(x) - 1).square().mean()


def test_autoencoder_learns():
    x, y = rows()
    network, run = linear(), a_run(300, 0.02)
    history = run.train_autoencoder(
        network,
        lambda x, y: (network(x) - x).square().mean(),
        batches(x, y, 32, make_rng(0)),
    )
    assert history["autoencoder"].shape == (300,)
    assert history["autoencoder"][-1] < 0.01 * history["autoencoder"][0]
    torch.testing.assert_close(network(x), x, atol=0.1, rtol=0)
    assert run.progress.updates == [("autoencoder", 300, {"autoencoder"})] * 300
    assert not run.progress.warnings


def test_first_step_is_adams():
    network = linear()
    before = vector(network)
    a_run(1).train_autoencoder(network, lambda x, y: network(x).sum(), forever())
    # Adam's first step has the length of the learning rate in every entry.
    torch.testing.assert_close((vector(network) - before).abs(), torch.full((6,), 0.01))


def test_no_updates_leave_the_weights_alone():
    network, discriminator, run = linear(), linear(2, 1), a_run(0)
    before = vector(network)
    history = run.train_autoencoder(network, lambda x, y: network(x).sum(), forever())
    losses = opposed(network, discriminator)
    history |= run.train_adversarial(network, discriminator, *losses, forever())
    assert {name: len(losses) for name, losses in history.items()} == {
        "autoencoder": 0,
        "discriminator": 0,
        "generator": 0,
    }
    assert torch.equal(vector(network), before)


# Adversarial training


def opposed(generator, discriminator):
    """Losses whose gradients reach both networks."""

    def d_loss(x, y):
        return (discriminator(generator(x)) - 1).square().mean()

    def g_loss(x, y):
        return -discriminator(generator(x)).mean()

    return d_loss, g_loss


@pytest.mark.parametrize("n_critic", [1, 3])
def test_each_step_moves_its_own_network(n_critic):
    generator, discriminator = linear(), linear(2, 1)
    weights = {"d": [], "g": []}
    batches_seen = []

    def noting(name, loss):
        def noted(x, y):
            weights[name].append((vector(generator), vector(discriminator)))
            order.append(name)
            batches_seen.append(x)
            if name == "g":
                assert not any(p.requires_grad for p in discriminator.parameters())
                gradients.append([p.grad.clone() for p in discriminator.parameters()])
            return loss(x, y)

        return noted

    order, gradients = [], []
    d_loss, g_loss = opposed(generator, discriminator)
    history = a_run(4, 0.1).train_adversarial(
        generator,
        discriminator,
        noting("d", d_loss),
        noting("g", g_loss),
        batches(*rows(64), 4, make_rng(0)),
        n_critic=n_critic,
    )
    assert "".join(order) == ("d" * n_critic + "g") * 4
    assert {name: len(losses) for name, losses in history.items()} == {
        "discriminator": 4,
        "generator": 4,
    }
    assert all(p.requires_grad for p in discriminator.parameters())
    # the generator's step leaves the discriminator's weights and gradients alone ...
    for after_g, before_g in zip(weights["d"][n_critic::n_critic], weights["g"], strict=False):
        assert torch.equal(after_g[1], before_g[1])
        assert not torch.equal(after_g[0], before_g[0])
    # ... and the discriminator's moves nothing but the discriminator
    for before_d, after_d in zip(weights["d"][::n_critic], weights["g"], strict=True):
        assert torch.equal(before_d[0], after_d[0])
        assert not torch.equal(before_d[1], after_d[1])
    last = [p.grad for p in discriminator.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(last, gradients[-1], strict=True))
    # every update took a batch of its own
    assert not any(torch.equal(a, b) for a, b in pairwise(batches_seen))


def test_the_penalty_of_d_is_due_at_every_fourth_update_four_times_as_large():
    generator, discriminator = linear(), linear(2, 1)
    d_loss, g_loss = opposed(generator, discriminator)

    def zero(x, y):
        return 0 * d_loss(x, y)

    history = a_run(9, 0.1).train_adversarial(
        generator,
        discriminator,
        zero,
        g_loss,
        batches(*rows(64), 4, make_rng(0)),
        d_penalty=lambda x, y: zero(x, y) + 2,
    )
    assert history["discriminator"].tolist() == [8, 0, 0, 0, 8, 0, 0, 0, 8]


def test_history_holds_the_losses_of_each_update():
    generator, discriminator = linear(), linear(2, 1)
    values = {"d": [], "g": []}

    def noting(name, loss):
        def noted(x, y):
            value = loss(x, y)
            values[name].append(value.item())
            return value

        return noted

    d_loss, g_loss = opposed(generator, discriminator)
    losses = noting("d", d_loss), noting("g", g_loss)
    run = a_run(5)
    history = run.train_adversarial(generator, discriminator, *losses, forever(), n_critic=2)
    assert history["discriminator"].tolist() == pytest.approx(values["d"][1::2])
    assert history["generator"].tolist() == pytest.approx(values["g"])
    assert history["discriminator"].dtype == torch.float32
    assert run.progress.updates == [("adversarial training", 5, {"discriminator", "generator"})] * 5


@pytest.mark.parametrize(("max_iter", "decay"), [(40, 0.75), (25, 0.6), (10, 0.0), (1, 0.0)])
def test_the_generator_ends_as_its_moving_average(max_iter, decay):
    generator, discriminator = linear(), linear(2, 1)
    after_updates = []

    class Noting(Watcher):
        def update(self, *args):
            after_updates.append(vector(generator))
            return super().update(*args)

    a_run(max_iter, 0.05, Noting()).train_adversarial(
        generator, discriminator, *opposed(generator, discriminator), forever()
    )
    average = after_updates[0]
    for weights in after_updates[1:]:
        average = decay * average + (1 - decay) * weights
    torch.testing.assert_close(vector(generator), average)
    assert torch.equal(vector(generator), after_updates[-1]) == (decay == 0)


def test_the_same_streams_give_the_same_weights():
    ends = []
    for _ in range(2):
        generator, discriminator = linear(), linear(2, 1)
        losses = opposed(generator, discriminator)
        a_run(30, 0.05).train_adversarial(generator, discriminator, *losses, forever())
        ends.append(vector(generator))
    assert torch.equal(*ends)


@pytest.mark.parametrize("after", [1, 30, 50, 70])
def test_a_watcher_can_end_a_stage(after):
    network, watcher = linear(), Watcher(stop_after=after)
    run = a_run(100, progress=watcher)
    history = run.train_autoencoder(network, lambda x, y: network(x).mean(), forever())
    assert len(history["autoencoder"]) == len(watcher.updates) == after
    assert not watcher.warnings


def test_ending_early_keeps_what_was_learnt():
    generator, discriminator = linear(), linear(2, 1)
    before = vector(generator)
    run, losses = a_run(100, 0.05, Watcher(stop_after=7)), opposed(generator, discriminator)
    history = run.train_adversarial(generator, discriminator, *losses, forever())
    assert len(history["generator"]) == len(history["discriminator"]) == 7
    assert not torch.equal(vector(generator), before)


# Losses that are not finite


def poisoned(loss, at):
    """The loss, but NaN from its ``at``-th call on (counted from one)."""
    calls = 0

    def wrapped(x, y):
        nonlocal calls
        calls += 1
        return loss(x, y) * (float("nan") if calls >= at else 1)

    return wrapped


@pytest.mark.parametrize(("at", "kept"), [(51, 50), (60, 50), (100, 50), (101, 100), (130, 100)])
def test_a_stage_that_diverges_ends_at_its_last_finite_check(at, kept):
    def train(max_iter, loss_of):
        network, run = linear(), a_run(max_iter)
        history = run.train_autoencoder(network, loss_of(network), forever())
        return vector(network), history["autoencoder"], run.progress.warnings

    weights, history, warnings = train(130, lambda network: poisoned(fitting(network), at))
    expected, expected_history, _ = train(kept, fitting)
    assert warnings == [("autoencoder", at, kept)]
    assert torch.equal(weights, expected)
    assert torch.equal(history, expected_history)


def test_adversarial_training_that_diverges_ends_with_the_average_of_its_last_check():
    def train(max_iter, at=math.inf):
        generator, discriminator, run = linear(), linear(2, 1), a_run(max_iter)
        run.max_iter = 120
        d_loss, g_loss = opposed(generator, discriminator)
        data = forever()
        if at == math.inf:
            run.progress.stop_after = max_iter
        history = run.train_adversarial(
            generator, discriminator, d_loss, poisoned(g_loss, at), data
        )
        return vector(generator), history, run.progress.warnings

    weights, history, warnings = train(120, at=60)
    expected, expected_history, _ = train(50)
    assert warnings == [("adversarial training", 60, 50)]
    assert torch.equal(weights, expected)
    assert all(torch.equal(history[name], expected_history[name]) for name in history)


def test_a_weight_that_is_not_finite_is_noticed_though_no_loss_shows_it():
    network, run = linear(), a_run(60)

    def loss(x, y):
        if len(run.progress.updates) == 59:  # after the last loss was computed
            handle = network.weight.register_hook(lambda gradient: gradient * float("inf"))
            value = network(x).square().mean()
            assert handle
            return value
        return network(x).square().mean()

    history = run.train_autoencoder(network, loss, forever())
    assert run.progress.warnings == [("autoencoder", 60, 50)]
    assert len(history["autoencoder"]) == 50
    assert vector(network).isfinite().all()


@pytest.mark.parametrize(("at", "max_iter"), [(1, 500), (50, 500), (3, 10)])
def test_divergence_from_the_start_is_an_error(at, max_iter):
    network = linear()
    loss = poisoned(lambda x, y: network(x).mean(), at)
    message = rf"autoencoder diverged .*first {at} update{'s' * (at > 1)}:.*learning_rate=0\.125"
    with pytest.raises(FloatingPointError, match=message):
        a_run(max_iter, 0.125).train_autoencoder(network, loss, forever())


def test_a_loss_that_is_not_finite_as_the_watcher_stops_is_noticed():
    network, watcher = linear(), Watcher(stop_after=60)
    loss = poisoned(lambda x, y: network(x).mean(), 60)
    history = a_run(100, progress=watcher).train_autoencoder(network, loss, forever())
    assert watcher.warnings == [("autoencoder", 60, 50)]
    assert len(history["autoencoder"]) == 50


# Adam


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
