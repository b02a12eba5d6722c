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
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
import torch
import torch.distributed as dist
from numpy.testing import assert_array_equal
from samplers import make_rng, needs_callbacks
from sklearn.exceptions import NotFittedError
from torch.multiprocessing import ProcessExitedException, ProcessRaisedException

from skgan_resample import (
    BAGANGPSampler,
    BAGANSampler,
    CGANSampler,
    CycleGANSampler,
    IntraClassACGANSampler,
    RowMixSampler,
    SubclassDiscovery,
)
from skgan_resample.distributed import DistributedRun, _launch, fit
from skgan_resample.nn.losses import gradient_penalty, logistic_d
from skgan_resample.nn.networks import PerClass, ProductDiscriminator
from skgan_resample.nn.run import TrainingRun
from skgan_resample.nn.runtime import Adam

LIMIT = 600  # seconds until a script counts as hanging
SHAPES = (6,), (1, 8, 8)
LABELS = [0, 0, 1, 0, 0, 0, 2], [0, 0, 0, 0, 0, 0, 0]  # a class of one process, classes of none


def table():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [30, 14, 7])
    return rng.normal(size=(len(y), 5)) + y[:, None], y


def mixed_table():
    X, y = table()
    X = X.astype(object)
    X[:, 0] = np.where(X[:, 0] > 0, "a", "b")
    X[::3, 1] = np.nan
    return X, y


def on_the_cpu(Sampler, **parameters):
    return Sampler(**{"max_iter": 4, "random_state": 0, "device": "cpu"} | parameters)


@pytest.fixture(scope="module")
def found():
    """What the functions that start processes return, by name; they run once, in one script."""
    command = [sys.executable, __file__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# A step ------------------------------------------------------------------------------------------


def penalised_steps(run, shape):
    """Losses and weights of a discriminator with a penalty; the noise comes with the samples."""
    rng = make_rng(0)
    weights = TrainingRun(rng, shape, 3)
    discriminator = weights.build(lambda: ProductDiscriminator(weights.trunk(), 3)).double()
    discriminator.embedding.weight.data *= 0.05  # large scores would enlarge rounding
    of_class = weights.build(lambda: PerClass([torch.nn.Linear(1, 1) for _ in range(3)])).double()
    optimiser = Adam([*discriminator.parameters(), *of_class.parameters()], lr=1e-2)

    def loss(x, y):
        real, fake, points = x.unbind(1)
        points = points.detach().requires_grad_()
        penalty = gradient_penalty(discriminator(points, y), points)
        real_scores = of_class(discriminator(real, y)[:, None], y)
        return logistic_d(real_scores, discriminator(fake, y)) + 10 * penalty

    losses = []
    for labels in LABELS:
        x = torch.randn((7, 3, *shape), generator=rng, dtype=torch.float64)
        losses.append(run.step(optimiser, loss, x, torch.tensor(labels)))
    weights = [*discriminator.parameters(), *of_class.parameters()]
    return torch.cat([torch.stack(losses), *(w.detach().flatten() for w in weights)])


def one_of_two(rank, folder):
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    runs = [DistributedRun(make_rng(0), shape, 3, rank=rank, size=2) for shape in SHAPES]
    results = [penalised_steps(run, run.sample_shape) for run in runs]
    mean, first = (f(torch.tensor([rank + 1.0])) for f in (runs[0].mean, runs[0].first))
    torch.save([*results, torch.cat([mean, first])], f"{folder}/{rank}")


def step_of_two():
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.start_processes(one_of_two, (folder,), 2, start_method="fork")
        results = zip(*(torch.load(f"{folder}/{rank}") for rank in range(2)), strict=True)
    *both, numbers = results
    alone = [penalised_steps(TrainingRun(make_rng(0), shape, 3), shape) for shape in SHAPES]
    return {
        "off alone": [float((a - b).abs().max()) for (a, _), b in zip(both, alone, strict=True)],
        "apart": [float((a - b).abs().max()) for a, b in both],
        "numbers": [values.tolist() for values in numbers],
    }


@pytest.mark.slow
def test_a_penalised_step_of_two_is_that_of_one_process(found):
    step = found["step_of_two"]  # of seven samples, so that one process has one more
    assert max(step["off alone"]) < 1e-12
    assert step["apart"] == [0, 0]


@pytest.mark.slow
def test_the_mean_and_the_first_value_are_the_same_in_both(found):
    assert found["step_of_two"]["numbers"] == [[1.5, 1.0]] * 2


def two_runs():
    return [DistributedRun(make_rng(0), (4,), 3, rank=rank, size=2) for rank in range(2)]


def test_noise_is_a_processs_own_and_what_is_drawn_outside_is_not():
    drawn = []
    for run in two_runs():
        with run.own_noise():
            own = run.noise(torch.zeros(3))
        drawn.append((own, run.noise(torch.zeros(3))))
    (own, common), (others, same) = drawn
    assert not (own == others).any()
    assert torch.equal(common, same)


@pytest.mark.parametrize("n", [2, 7, 8])
def test_the_samples_of_a_batch_are_dealt_out(n):
    x = torch.arange(n)
    (a, _, share_a), (b, _, share_b) = (run.part(x, x) for run in two_runs())
    assert torch.cat([a, b]).sort().values.equal(x)
    assert (share_a, share_b) == (len(a) / n, len(b) / n)


def test_a_batch_of_fewer_samples_than_processes_goes_to_all():
    x = torch.zeros(1, 4)
    for run in two_runs():
        part, _, share = run.part(x, torch.zeros(1))
        assert part is x
        assert share == 1 / 2


# Samplers ----------------------------------------------------------------------------------------

SAMPLERS = {
    "BAGAN": (BAGANSampler, {"autoencoder_max_iter": 3}),
    "BAGAN-GP": (BAGANGPSampler, {"autoencoder_max_iter": 3, "n_critic": 2}),
    "intra-class": (
        IntraClassACGANSampler,
        {"batch_size": 20, "subclass_discovery": SubclassDiscovery(n_subclasses=2)},
    ),
    "CycleGAN": (CycleGANSampler, {}),
    "mixed table": (CGANSampler, {}),
}


class Telling(CGANSampler):
    """Notes how the processes differ."""

    def _fit_gan(self, x, y, run):
        warnings.warn(f"of process {run.rank}", UserWarning, stacklevel=2)
        self.verbose_ = float(run.mean(torch.tensor(float(self.verbose))))
        generator, history = super()._fit_gan(x, y, run)
        weights = torch.cat([w.detach().flatten() for w in generator.parameters()])
        self.apart_ = float(run.mean((weights - run.first(weights)).abs().max()))
        return generator, history


def samplers():
    from conftest import global_state

    facts = {}
    for name, (Sampler, parameters) in SAMPLERS.items():
        data = mixed_table() if name == "mixed table" else table()
        sampler = fit(on_the_cpu(Sampler, **parameters), *data, strategy="ddp_fork")
        X_new, y_new = sampler.sample(5)
        facts[name] = [np.bincount(y_new).tolist(), X_new.shape[1]]
    before = [global_state(), dict(os.environ)]  # Fabric's import has set variables of its own
    made = [
        fit(on_the_cpu(BAGANSampler, **parameters), *table(), strategy=strategy).sample(5)[0]
        for strategy, parameters in (
            ("ddp_fork", {"autoencoder_max_iter": 3}),
            ("ddp_spawn", {"autoencoder_max_iter": 3}),
            ("ddp_fork", {"autoencoder_max_iter": 3, "max_iter": 0}),
        )
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        telling = fit(on_the_cpu(Telling, verbose=1), *table(), strategy="ddp_fork")
    return facts | {
        "spawned as forked": np.array_equal(made[0], made[1]),
        "trained": not np.allclose(made[0], made[2]),
        "history": {name: len(losses) for name, losses in telling.history_.items()},
        "parameters": [telling.verbose, telling.device, telling.device_],
        "verbose": telling.verbose_,
        "apart": telling.apart_,
        "warnings": [str(w.message) for w in caught if "of process" in str(w.message)],
        "surroundings": [global_state(), dict(os.environ)] == before,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLERS)
def test_two_processes_fit_what_generates_every_class(name, found):
    assert found["samplers"][name] == [[5, 5, 5], 5]


@pytest.mark.slow
def test_what_the_first_process_has_learnt_is_brought_back(found):
    facts = found["samplers"]
    assert facts["history"] == {"discriminator": 4, "generator": 4}
    assert facts["parameters"] == [1, "cpu", "cpu"]
    assert facts["spawned as forked"]
    assert facts["trained"]


@pytest.mark.slow
def test_the_processes_agree_and_the_first_one_speaks(found):
    facts = found["samplers"]
    assert facts["apart"] == 0
    assert facts["verbose"] == 0.5  # the bar is that of one of two
    assert facts["warnings"] == ["of process 0"]


@pytest.mark.slow
def test_variables_streams_and_threads_are_left_alone(found):
    assert found["samplers"]["surroundings"]


# Ends --------------------------------------------------------------------------------------------


class Failing(CGANSampler):
    """Fails in the second process alone, while the first one waits for it."""

    def _fit_gan(self, x, y, run):
        if run.rank and self.max_iter == 1:
            os._exit(3)
        if run.rank:
            raise LookupError("the second one alone")
        return super()._fit_gan(x, y, run)


class Interrupted(CGANSampler):
    """Has the process that fits interrupted."""

    def _fit_gan(self, x, y, run):
        if run.rank == 0:
            os.kill(os.getppid(), signal.SIGINT)
        return super()._fit_gan(x, y, run)


class Unpicklable(Exception):
    def __init__(self, one, two):
        super().__init__(one)
        self.two = lambda: two


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
    sampler = on_the_cpu(CGANSampler, max_iter=10)
    if not hasattr(sampler, "set_callbacks"):  # scikit-learn before 1.9
        return None
    with tempfile.NamedTemporaryFile("r") as torn_down:
        callback = StopsAtThree(torn_down.name)
        fit(sampler.set_callbacks(callback), *table(), strategy="ddp_fork")
        pids = torn_down.read().split()
    kept = sampler._skl_callbacks == [callback]
    return [sampler.n_iter_, len(pids), str(os.getpid()) not in pids, kept]


def error_of(sampler):
    """Type and message of the error, and whether the sampler is unfitted."""
    try:
        fit(sampler, *table(), strategy="ddp_fork")
    except BaseException as error:
        return type(error).__name__, str(error), not sampler.__sklearn_is_fitted__()
    return None


def ends():
    fitted = fit(on_the_cpu(CGANSampler), *table(), strategy="ddp_fork")
    return {
        "diverges": error_of(fitted.set_params(learning_rate=1e30)),
        "fails": error_of(on_the_cpu(Failing)),
        "dies": error_of(on_the_cpu(Failing, max_iter=1)),
        "is interrupted": error_of(on_the_cpu(Interrupted, max_iter=10**6)),
        "is stopped": stopped_by_callback(),
        "handler": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "children": len(active_children()),
    }


@pytest.mark.slow
def test_divergence_ends_both(found):
    name, message, is_unfitted = found["ends"]["diverges"]
    assert name == "FloatingPointError"
    assert "The adversarial training diverged within its first" in message
    assert is_unfitted


@pytest.mark.slow
def test_an_error_of_one_process_ends_both(found):
    assert found["ends"]["fails"] == ["LookupError", "the second one alone", True]


@pytest.mark.slow
def test_a_dead_process_is_told_as_such(found):
    name, message, is_unfitted = found["ends"]["dies"]
    assert name == "RuntimeError"
    assert "has died without an error of its own" in message
    assert is_unfitted


@pytest.mark.slow
def test_an_interrupt_ends_both_and_leaves_the_sampler_unfitted(found):
    assert found["ends"]["is interrupted"] == ["KeyboardInterrupt", "", True]
    assert found["ends"]["handler"]
    assert found["ends"]["children"] == 0


@pytest.mark.slow
@needs_callbacks
def test_a_callback_of_the_first_process_stops_both(found):
    # updates, tearings down, not in this process, whose callback is still the same
    assert found["ends"]["is stopped"] == [3, 1, True, True]


class FailingFabric:
    """A launcher in place of Fabric: it leaves an error in the file, and raises another."""

    global_rank = 1

    def __init__(self, left, raised):
        self.left, self.raised = left, raised

    def launch(self, run, *job):
        def train(fabric):
            raise self.left

        before = signal.getsignal(signal.SIGINT)
        try:
            if self.left is not None:
                with pytest.raises(RuntimeError, match="The training has failed"):
                    run(self, *job[:1], train)
        finally:
            signal.signal(signal.SIGINT, before)
        raise self.raised


def died():
    return ProcessExitedException("process 1 terminated with exit code 3", 1, 0, 3)


def raised():
    return ProcessRaisedException("process 0 terminated", 0, 0)


@pytest.mark.parametrize("launchers", [died(), raised()], ids=["died", "raised"])
@pytest.mark.parametrize(
    "left", [RuntimeError("[gloo/transport/tcp/pair.cc:1] closed"), dist.DistNetworkError(), None]
)
def test_a_lost_connection_is_told_as_a_dead_process(left, launchers):
    with pytest.raises(RuntimeError, match="has died without an error of its own") as caught:
        _launch(FailingFabric(left, launchers), None)
    assert caught.value.__cause__ is launchers


@pytest.mark.parametrize("launchers", [died(), raised()], ids=["died", "raised"])
@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (LookupError("a"), LookupError("a")),
        (RuntimeError("shapes"), RuntimeError("shapes")),
        (torch.cuda.OutOfMemoryError(), torch.cuda.OutOfMemoryError()),
        (KeyboardInterrupt(), KeyboardInterrupt()),  # of a callback
        (Unpicklable("a", "b"), RuntimeError("Unpicklable: a")),
    ],
)
def test_what_a_process_has_raised_comes_before_what_the_launcher_makes_of_it(
    left, expected, launchers
):
    with pytest.raises(type(expected)) as caught:
        _launch(FailingFabric(left, launchers), None)
    assert type(caught.value) is type(expected)
    assert str(caught.value) == str(expected)
    assert caught.value.__cause__ is launchers


def test_what_is_no_error_of_a_process_is_raised_as_it_is():
    with pytest.raises(pickle.PicklingError, match="a lambda"):
        _launch(FailingFabric(None, pickle.PicklingError("a lambda")), None)


# Before anything starts --------------------------------------------------------------------------


def test_one_device_is_the_samplers_own_fit(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    sampler = fit(on_the_cpu(CGANSampler), *table(), devices=1)
    alone = on_the_cpu(CGANSampler).fit(*table())
    assert_array_equal(sampler.sample(3)[0], alone.sample(3)[0])


@pytest.mark.parametrize(
    ("sampler", "parameters", "message"),
    [
        (RowMixSampler(), {}, "'sampler' parameter of fit"),
        (CGANSampler(), {"devices": 0}, "'devices' parameter"),
        (CGANSampler(), {"strategy": "ddp"}, "'strategy' parameter"),
        (CGANSampler(max_iter=-1), {}, "'max_iter' parameter of fit"),
        (CGANSampler(device="abacus"), {}, "Got device='abacus'"),
    ],
)
def test_parameters_are_checked(sampler, parameters, message):
    with pytest.raises(ValueError, match=message):
        fit(sampler, *table(), **parameters)


@pytest.mark.slow
def test_data_are_checked():
    X, y = table()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fit(on_the_cpu(CGANSampler), X, y[1:])


@pytest.mark.parametrize(
    "backend",
    [
        "threading",
        pytest.param("loky", marks=pytest.mark.slow),
        pytest.param("multiprocessing", marks=pytest.mark.slow),
    ],
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_in_a_worker_of_joblib_it_is_refused(backend):
    task = joblib.delayed(fit)(on_the_cpu(CGANSampler), *table())
    with pytest.raises(RuntimeError, match="Use devices=1 or the sampler's own fit"):
        joblib.Parallel(n_jobs=2, backend=backend)([task])


def test_without_fabric_its_name_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    sampler = on_the_cpu(CGANSampler)
    with pytest.raises(ImportError, match="pip install lightning-fabric"):
        fit(sampler, *table())
    with pytest.raises(NotFittedError):
        sampler.sample(1)


def test_a_device_by_its_index_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match="cuda:1"):
        fit(on_the_cpu(CGANSampler, device="cuda:1"), *table())


@pytest.mark.parametrize("before", [None, "7"])
@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MASTER_ADDR", "MASTER_PORT"])
def test_what_fabric_sets_is_put_back(name, before, monkeypatch, untouched_globals):
    monkeypatch.setenv(name, before or "")
    if before is None:
        monkeypatch.delenv(name)

    def setting(**where):  # in place of Fabric
        os.environ[name] = "1"
        torch.set_num_threads(torch.get_num_threads() + 1)
        raise LookupError(where["devices"])

    environments = SimpleNamespace(LightningEnvironment=object)
    modules = {
        "lightning_fabric": SimpleNamespace(Fabric=setting),
        "lightning_fabric.plugins": SimpleNamespace(environments=environments),
    }
    for module, stub in modules.items():
        monkeypatch.setitem(sys.modules, module, stub)
    with pytest.raises(LookupError, match="2"):
        fit(on_the_cpu(CGANSampler), *table())
    assert os.environ.get(name) == before


def test_another_number_than_torchruns_is_refused(monkeypatch):
    for name, value in {
        "TORCHELASTIC_RUN_ID": "1",
        "LOCAL_WORLD_SIZE": "2",
        "WORLD_SIZE": "4",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"torchrun has started 4 processes. Use devices=4"):
        fit(on_the_cpu(CGANSampler), *table())


# torchrun ----------------------------------------------------------------------------------------


def joined(folder):
    """Fit as one of the processes that torchrun has started."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sampler = fit(on_the_cpu(Telling, random_state=None), *table())
    messages = [str(w.message) for w in caught if "of process" in str(w.message)]
    made = sampler.sample(3)[0].tolist()
    Path(folder, os.environ["RANK"]).write_text(json.dumps([made, messages]))


@pytest.mark.slow
def test_processes_of_torchrun_are_joined(tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", __file__, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    (made, messages), (same, nothing) = (json.loads((tmp_path / r).read_text()) for r in "01")
    assert made == same
    assert (messages, nothing) == (["of process 0"], [])


if __name__ == "__main__":
    if sys.argv[1:]:
        joined(sys.argv[1])
    else:
        sys.stdout.write(json.dumps({job.__name__: job() for job in (step_of_two, samplers, ends)}))
