"""Several devices for one training: two processes on the CPU, joined by gloo.

What starts processes runs in a script of its own, which is this file: a hang is ended by a timeout,
and no test runner with threads is forked.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import warnings
from multiprocessing import active_children

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from samplers import each_trained_sampler, needs_callbacks
from skgan_resample._devices import _launch, _surroundings_kept
from skgan_resample._progress import TrainingProgress
from skgan_resample.nn.ranks import Ranks, descend
from torch import distributed
from torch.multiprocessing import ProcessExitedException, ProcessRaisedException

from skgan_resample import (
    BAGANGPSampler,
    BAGANSampler,
    CGANSampler,
    CycleGANSampler,
    IntraClassACGANSampler,
    SubclassDiscovery,
)
from skgan_resample.nn.losses import gradient_penalty, logistic_d
from skgan_resample.nn.networks import ProductDiscriminator, build, trunk_for

LIMIT = 600  # seconds until a script counts as hanging
COUNTS = [30, 14, 7]
SHAPES = (6,), (1, 8, 8)


def rows():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], COUNTS)
    return rng.normal(size=(len(y), 5)) + y[:, None], y


def on_two(Sampler, strategy="ddp_fork", **parameters):
    settings = {"max_iter": 4, "random_state": 0, "device": "cpu"} | parameters
    return Sampler(devices=2, strategy=strategy, **settings)


@pytest.fixture(scope="module")
def found():
    """What the functions that start processes return, by name; they run once, in one script."""
    command = [sys.executable, __file__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# A step ------------------------------------------------------------------------------------------


def steps(shape, ranks):
    """Losses and weights of a critic with a gradient penalty; the noise comes with the rows."""
    rng = torch.Generator().manual_seed(0)
    critic = build(lambda: ProductDiscriminator(trunk_for(shape), 2), rng, "cpu").double()
    optimiser = torch.optim.Adam(critic.parameters(), lr=1e-2)

    def loss(x, y):
        real, fake, points = x.unbind(1)
        points = points.detach().requires_grad_()
        penalty = gradient_penalty(critic(points, y), points)
        return logistic_d(critic(real, y), critic(fake, y)) + 10 * penalty

    def step():
        x = torch.randn((7, 3, *shape), generator=rng, dtype=torch.float64)
        return descend(optimiser, loss, x, torch.randint(2, (7,), generator=rng), ranks=ranks)

    losses = torch.stack([step() for _ in range(3)])
    return torch.cat([losses, *(p.detach().flatten() for p in critic.parameters())])


def one_of_two(rank, folder):
    distributed.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    ranks, rng = Ranks(rank, 2), torch.Generator().manual_seed(0)
    ranks.begin(rng)
    with ranks.own_noise():
        own = torch.rand(3, generator=rng)
    results = [*(steps(shape, ranks) for shape in SHAPES), own, torch.rand(3, generator=rng)]
    torch.save(results, f"{folder}/{rank}")


def step_of_two():
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.start_processes(one_of_two, (folder,), 2, start_method="fork")
        results = zip(*(torch.load(f"{folder}/{rank}") for rank in range(2)), strict=True)
    *both, own, common = results
    alone = [steps(shape, Ranks()) for shape in SHAPES]
    return {
        "off alone": [float((a - b).abs().max()) for (a, _), b in zip(both, alone, strict=True)],
        "apart": [float((a - b).abs().max()) for a, b in both],
        "noise alike": [bool((a == b).any()) for a, b in (own, common)],
    }


@pytest.mark.slow
def test_a_penalised_step_of_two_is_that_of_one_process(found):
    step = found["step_of_two"]  # of seven rows, so that one rank has one more
    assert max(step["off alone"]) < 1e-12
    assert step["apart"] == [0, 0]


@pytest.mark.slow
def test_noise_is_a_ranks_own_and_batches_are_not(found):
    assert found["step_of_two"]["noise alike"] == [False, True]


# Samplers ----------------------------------------------------------------------------------------

SAMPLERS = {
    "BAGAN": (BAGANSampler, {"autoencoder_max_iter": 3}),
    "BAGAN-GP": (BAGANGPSampler, {}),
    "BAGAN-GP from noise": (BAGANGPSampler, {"anchored": False, "autoencoder_max_iter": 3}),
    "intra-class": (
        IntraClassACGANSampler,
        {"batch_size": 20, "subclass_discovery": SubclassDiscovery(n_subclasses=2)},
    ),
    "CycleGAN": (CycleGANSampler, {}),
    "early stopping": (CGANSampler, {"n_iter_no_change": 4}),
}


def samplers():
    facts = {}
    for name, (Sampler, parameters) in SAMPLERS.items():
        runs = [on_two(Sampler, **parameters).fit_resample(*rows()) for _ in range(2)]
        facts[name] = {
            "counts": np.bincount(runs[0][1]).tolist(),
            "finite": bool(np.isfinite(runs[0][0]).all()),
            "same": np.array_equal(runs[0][0], runs[1][0]),
        }
    sampler = on_two(BAGANSampler, autoencoder_max_iter=3).fit(*rows())
    untrained = on_two(BAGANSampler, autoencoder_max_iter=3, max_iter=0).fit(*rows())
    spawned = on_two(BAGANSampler, autoencoder_max_iter=3, strategy="ddp_spawn").fit(*rows())
    made = [s.sample(5)[0] for s in (sampler, spawned, untrained)]
    facts["BAGAN"] |= {
        "history": {name: len(losses) for name, losses in sampler.history_.items()},
        "spawned as forked": np.array_equal(made[0], made[1]),
        "trained": not np.allclose(made[0], made[2]),
        "left over": sorted({"_ranks", "_progress", "_patience"} & set(vars(sampler))),
        "port": os.environ.get("MASTER_PORT"),
    }
    return facts


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLERS)
def test_two_processes_fill_up_every_class(name, found):
    facts = found["samplers"][name]
    assert facts["counts"] == [30, 30, 30]
    assert facts["finite"]
    assert facts["same"]


@pytest.mark.slow
def test_what_rank_0_has_learnt_is_brought_back(found):
    facts = found["samplers"]["BAGAN"]
    assert facts["history"] == {"autoencoder": 3, "critic": 4, "generator": 4}
    assert facts["spawned as forked"]
    assert facts["trained"]
    assert facts["left over"] == []
    assert facts["port"] is None


# Ends --------------------------------------------------------------------------------------------


class Failing(CGANSampler):
    """Fails in rank 1 alone, while rank 0 waits for it."""

    def _fit_gan(self, x, y, rng):
        if self._ranks.rank and self.max_iter == 1:
            os._exit(3)
        if self._ranks.rank:
            raise LookupError("rank 1 alone")
        return super()._fit_gan(x, y, rng)


class StopsAtThree:
    """A callback, with a note of where it was torn down."""

    def __init__(self, path):
        self.path, self.updates = path, 0

    def setup(self, estimator, context): ...

    def teardown(self, estimator, context):
        with open(self.path, "a") as file:
            file.write(f"{os.getpid()}\n")

    def on_fit_task_begin(self, estimator, context, **of_task): ...

    def on_fit_task_end(self, estimator, context, **of_task):
        self.updates += context.task_name == "update"
        return self.updates == 3


def stopped_by_callback():
    sampler = on_two(CGANSampler, max_iter=10)
    if not hasattr(sampler, "set_callbacks"):  # scikit-learn before 1.9
        return None
    with tempfile.NamedTemporaryFile("r") as torn_down:
        sampler.set_callbacks(StopsAtThree(torn_down.name)).fit(*rows())
        pids = torn_down.read().split()
    return [sampler.n_iter_, len(pids), str(os.getpid()) not in pids]


def error_of(sampler):
    try:
        sampler.fit(*rows())
    except BaseException as error:
        return type(error).__name__, str(error)
    return None


def interrupting_at(number):
    """Have rank 0 interrupt the process that fits, when it is told of an update."""
    update, told = TrainingProgress.update, []

    def updating(self, *args):
        told.append(args)
        if len(told) == number and self.estimator._ranks.rank == 0:
            os.kill(os.getppid(), signal.SIGINT)
        return update(self, *args)

    TrainingProgress.update = updating
    return update


def ends():
    update = TrainingProgress.update
    facts = {
        "diverged": error_of(on_two(CGANSampler, learning_rate=1e30)),
        "one fails": error_of(on_two(Failing)),
        "one dies": error_of(on_two(Failing, max_iter=1)),
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hurried = on_two(CGANSampler, max_time=1e-9).fit(*rows())
    facts["hurried"] = [str(w.message) for w in caught if "max_time" in str(w.message)]
    facts["hurried updates"] = hurried.n_iter_
    facts["callback"] = stopped_by_callback()
    for stage, number in (("autoencoder", 2), ("game", 5)):
        interrupting_at(number)
        sampler = on_two(BAGANSampler, autoencoder_max_iter=3, max_iter=10**6)
        facts[stage] = [error_of(sampler), getattr(sampler, "n_iter_", None)]
        TrainingProgress.update = update
    facts["rows after the interrupt"] = len(sampler.sample(5)[0])
    facts["handler back"] = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    facts["children"] = len(active_children())
    return facts


@pytest.mark.slow
def test_divergence_ends_both(found):
    name, message = found["ends"]["diverged"]
    assert name == "FloatingPointError"
    assert "The game diverged within its first" in message


@pytest.mark.slow
def test_an_error_of_one_rank_ends_both(found):
    assert found["ends"]["one fails"] == ["LookupError", "rank 1 alone"]
    # where both have ended by the time that torch looks, it tells of the broken connection only
    assert found["ends"]["one dies"][0] in {"ProcessExitedException", "RuntimeError"}
    assert found["ends"]["children"] == 0


class FailingFabric:
    """A launcher that leaves one error in the file, as a rank does, and raises another."""

    def __init__(self, left, raised):
        self.left, self.raised = left, raised

    def launch(self, train, sampler, data, asked, path):
        if self.left:
            path.write_bytes(pickle.dumps(self.left))
        raise self.raised


def died():
    return ProcessExitedException("process 1 terminated with exit code 3", 1, 0, 3)


def raised():
    return ProcessRaisedException("process 0 terminated", 0, 0)


@pytest.mark.parametrize("left", [RuntimeError("closed"), distributed.DistNetworkError(), None])
def test_the_death_of_a_rank_comes_before_the_connection_that_it_broke(left):
    with pytest.raises(ProcessExitedException) as caught:
        _launch(FailingFabric(left, died()), None, ())
    assert type(caught.value.__cause__) is type(left)


@pytest.mark.parametrize(
    ("left", "launchers"),
    [
        (RuntimeError("a"), raised()),
        (LookupError("a"), died()),
        (torch.cuda.OutOfMemoryError(), died()),
    ],
)
def test_what_a_rank_has_raised_comes_before_what_the_launcher_makes_of_it(left, launchers):
    with pytest.raises(type(left)) as caught:
        _launch(FailingFabric(left, launchers), None, ())
    assert type(caught.value) is type(left)
    assert caught.value.__cause__ is launchers


@pytest.mark.slow
def test_max_time_ends_both_with_one_warning(found):
    (message,) = found["ends"]["hurried"]
    assert "were over before the first update" in message
    assert found["ends"]["hurried updates"] == 0


@pytest.mark.slow
@needs_callbacks
def test_a_callback_of_rank_0_stops_both(found):
    assert found["ends"]["callback"] == [3, 1, True]  # updates, tearings down, not in this process


@pytest.mark.slow
def test_an_interrupt_ends_both_and_keeps_the_game(found):
    facts = found["ends"]
    assert facts["autoencoder"] == [["KeyboardInterrupt", ""], None]
    error, n_iter = facts["game"]
    assert error == ["KeyboardInterrupt", ""]
    assert n_iter >= 2
    assert facts["rows after the interrupt"] == 15
    assert facts["handler back"]


# One process after all ---------------------------------------------------------------------------


def in_worker(sampler):
    new = sampler.fit(*rows()).sample(3)[0]
    return new, "lightning_fabric" in sys.modules, os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_in_a_worker_of_joblib_it_stays_single(backend):
    task = joblib.delayed(in_worker)(on_two(CGANSampler))
    ((new, imported, pid),) = joblib.Parallel(n_jobs=2, backend=backend)([task])
    alone = CGANSampler(max_iter=4, random_state=0, device="cpu").fit(*rows()).sample(3)[0]
    assert_array_equal(new, alone)
    assert not imported
    assert (pid == os.getpid()) == (backend == "threading")


@each_trained_sampler
def test_every_sampler_that_trains_has_both_parameters(Sampler):
    given = {"devices": 2, "strategy": "ddp_fork"}
    assert Sampler(**given).get_params().items() >= given.items()


def test_without_fabric_its_name_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    sampler = on_two(CGANSampler)
    with pytest.raises(ImportError, match="pip install lightning-fabric"):
        sampler.fit(*rows())
    assert not hasattr(sampler, "generator_")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"device": "cuda", "devices": 3}, "Got devices=3, but expected at most 2"),
        ({"device": "cuda:1"}, "Got device='cuda:1' and devices=2, but expected device='cuda'"),
        ({"device": "mps"}, "Got devices=2, but expected at most 1"),
    ],
)
def test_devices_that_are_not_there_are_refused(parameters, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(ValueError, match=message):
        on_two(CGANSampler).set_params(**parameters).fit(*rows())


@pytest.mark.parametrize("before", [None, "7"])
@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MASTER_PORT"])
def test_what_fabric_sets_is_put_back(name, before, monkeypatch):
    monkeypatch.setenv(name, before or "")
    if before is None:
        monkeypatch.delenv(name)
    with _surroundings_kept():
        os.environ[name] = "1"
    assert os.environ.get(name) == before


def test_another_number_than_torchruns_is_refused(monkeypatch):
    for name, value in {
        "TORCHELASTIC_RUN_ID": "1",
        "LOCAL_WORLD_SIZE": "2",
        "WORLD_SIZE": "4",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"torchrun has started 4 processes. Use devices=4"):
        on_two(CGANSampler).fit(*rows())


if __name__ == "__main__":
    sys.stdout.write(json.dumps({job.__name__: job() for job in (step_of_two, samplers, ends)}))
