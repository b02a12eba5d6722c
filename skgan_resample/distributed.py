"""One training on several devices or machines.

Lightning Fabric starts a process for each device, or joins those that torchrun has started. All
hold the same weights and draw the same batches from one stream. Each computes the loss of its own
samples of a batch, with noise of its own; averaged gradients make the optimiser's step that of one
process with the whole batch. Networks are not wrapped, so a loss may call them as it likes.
"""

from __future__ import annotations

import copy
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import active_children, current_process
from numbers import Integral
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist
from joblib.parallel import get_active_backend
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.multiprocessing.spawn import ProcessException

from ._containers import warn
from ._gan_base import BaseGANSampler
from .nn.run import Loss, TrainingRun
from .nn.runtime import Adam, moved, resolve_device, torch_settings

_ONE_AT_A_TIME = threading.Lock()  # trainings would share devices and port


@validate_params(
    {
        "sampler": [BaseGANSampler],
        "devices": [Interval(Integral, 1, None, closed="left")],
        "strategy": [StrOptions({"auto", "ddp_spawn", "ddp_fork"})],
    },
    prefer_skip_nested_validation=False,
)
def fit(sampler, X, y, *, devices=2, strategy="auto"):
    """Fit one sampler on several devices or machines, in place of ``sampler.fit(X, y)``.

    Parameters
    ----------
    sampler : BaseGANSampler
        Any sampler that trains networks. Its ``device`` is the kind of the devices, such as
        ``"cuda"``, and its ``batch_size`` that of all processes together.
    X : array-like or DataFrame
        Training samples, as ``sampler.fit`` takes them.
    y : array-like of shape (n_samples,)
        Class of each sample.
    devices : int, default=2
        Number of processes, each with a device of its own or with the CPU; under torchrun that of
        all processes on all machines.
    strategy : {"auto", "ddp_spawn", "ddp_fork"}, default="auto"
        How processes start: afresh ("spawn"; a script needs ``if __name__ == "__main__":``) or as
        copies of this one ("fork"). "auto" forks in an interactive session, and spawns elsewhere.

    Returns
    -------
    sampler : BaseGANSampler
        The same object, fitted by the first process.

    Raises
    ------
    ImportError
        If Lightning Fabric is not installed.
    ValueError
        If torchrun has started another number of processes.
    RuntimeError
        If a process has died, or in a worker of joblib or of a pool of processes. Errors of the
        training keep their type.

    Notes
    -----
    An int ``random_state`` gives the same samples at every call with the same ``devices``. The bar
    and the callbacks are those of the first process, so what a callback keeps stays there; its
    warnings are given again here. An interrupt ends all processes and leaves the sampler unfitted.
    """
    sampler._validate_params()
    if devices == 1:
        return sampler.fit(X, y)
    if current_process().daemon or get_active_backend()[0].nesting_level:
        raise RuntimeError(
            f"Got devices={devices} in a worker of joblib or of a pool of processes, which already "
            "runs fits in parallel. Use devices=1 or the sampler's own fit there."
        )
    with _ONE_AT_A_TIME, _surroundings_kept(), warnings.catch_warnings():
        fabric = _fabric(sampler, devices, strategy)
        if fabric.global_rank:  # of torchrun, where the first process warns for all
            warnings.simplefilter("ignore")
        sampler._learn(*sampler._validate(X, y), fit=partial(_fit_together, fabric, sampler))
    return sampler


def _fabric(sampler, devices, strategy):
    """Fabric for what was asked for, if this machine has it."""
    n_here, environment = devices, "LightningEnvironment"
    if dist.is_torchelastic_launched():
        n_here, n_all = (int(os.environ[name]) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
        strategy, environment = "ddp", "TorchElasticEnvironment"
        if n_all != devices:
            raise ValueError(
                f"Got devices={devices}, but torchrun has started {n_all} processes. "
                f"Use devices={n_all}."
            )
    elif strategy == "auto":  # an interactive session has no script that could be imported
        strategy = "ddp_fork" if hasattr(sys, "ps1") else "ddp_spawn"
    kind = resolve_device(sampler.device).type
    try:
        from lightning_fabric import Fabric
        from lightning_fabric.plugins import environments
    except ImportError as error:
        raise ImportError(
            f"Got devices={devices}, which needs Lightning Fabric: pip install lightning-fabric. "
            "devices=1 does without."
        ) from error
    plugin, n_nodes = getattr(environments, environment)(), devices // n_here
    accelerator = kind if sampler.device == "auto" else sampler.device  # Fabric refuses "cuda:1"
    where = {"accelerator": accelerator, "devices": n_here, "num_nodes": n_nodes}
    return Fabric(**where, strategy=strategy, plugins=plugin)


@contextmanager
def _surroundings_kept():
    """Put back what Fabric sets: variables, and torch's number of threads."""
    names = ("MASTER_ADDR", "MASTER_PORT", "OMP_NUM_THREADS")
    before = {name: os.environ[name] for name in names if name in os.environ}
    try:
        with torch_settings(sys.maxsize):
            yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)


def _fit_together(fabric, sampler, x, y, rng):
    """Do what ``sampler._fit(x, y, rng)`` does, in all processes; keep what the first learns."""
    joins = fabric.strategy.cluster_environment.creates_processes_externally
    launch = fabric.launch if joins else partial(_launch, fabric)
    learnt, state, messages = launch(_train, sampler, x, y, rng.get_state())
    for message in messages:
        warn(message)
    rng.set_state(state)
    vars(sampler).update(learnt)


def _launch(fabric, train, *job):
    """Have processes started; what ``train`` returns in the first, or the first error of any."""
    others = set(active_children())
    with TemporaryDirectory() as folder:
        try:
            fabric.launch(_run_as_launched, Path(folder), train, *job)
        except BaseException as error:
            for process in set(active_children()) - others:
                process.kill()
                process.join()
            if isinstance(error, ProcessException):  # which does not say which error it was
                raise _first_error(Path(folder, "error")) from error
            raise
        return pickle.loads(Path(folder, "result").read_bytes())


def _first_error(path):
    """Error that ended the training: the first that a process has left, but no lost connection."""
    error = pickle.loads(path.read_bytes()) if path.exists() else None
    if error is None or isinstance(error, dist.DistError) or "gloo" in str(error):
        return RuntimeError(
            "A process of the training has died without an error of its own, for example because "
            "memory was exhausted. Use fewer devices or a smaller batch_size."
        )
    return error


def _run_as_launched(fabric, folder, train, *job):
    """Train in a process of its own, and leave the result or the error in a file."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at once, even while it waits for another one
    try:
        with torch_settings(sys.maxsize), threadpool_limits(torch.get_num_threads()):
            result = train(fabric, *job)
        if fabric.global_rank == 0:
            (folder / "result").write_bytes(pickle.dumps(result))
    except BaseException as error:  # left before the others lose this process
        own = folder / f"error.{fabric.global_rank}"
        own.write_bytes(_pickled(error))
        with suppress(FileExistsError):  # whole, or not at all where another process was first
            os.link(own, folder / "error")
        raise RuntimeError("The training has failed.") from error  # torch passes over an exit


def _pickled(error):
    """An error as bytes that can be read again."""
    try:
        content = pickle.dumps(error)
        pickle.loads(content)
    except Exception:
        content = pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return content


def _train(fabric, sampler, x, y, state):
    """Train as one of many; what was learnt, the state of the stream, the first one's warnings."""
    rank, sampler = fabric.global_rank, copy.copy(sampler)
    sampler.device = str(fabric.device)
    if rank:
        sampler.verbose = 0
        vars(sampler).pop("_skl_callbacks", None)
    rng = torch.Generator(device="cpu")
    rng.set_state(fabric.broadcast(state))
    group = dist.new_group(backend="gloo")
    Run = partial(DistributedRun, rank=rank, size=fabric.world_size, group=group)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sampler._fit(x, y, rng, Run=Run)
    dist.destroy_process_group(group)
    callers = {*sampler.get_params(deep=False), "_skl_callbacks"}
    learnt = {name: value for name, value in vars(sampler).items() if name not in callers}
    return learnt, rng.get_state(), [] if rank else [warning.message for warning in caught]


@dataclass
class DistributedRun(TrainingRun):
    """A training run in one of several processes, which train the same networks together."""

    rank: int = 0  # of this process
    size: int = 1  # number of processes
    group: dist.ProcessGroup | None = None  # exchanges tensors on the CPU; None is torch's default
    own: Tensor = field(init=False, repr=False)  # state of the stream of this process's own noise

    def __post_init__(self) -> None:
        seed = int(torch.randint(2**31 - 1, (), generator=self.rng))
        self.own = torch.Generator(device="cpu").manual_seed(seed + self.rank).get_state()

    def step(self, optimiser: Adam, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        """One update of all processes, by the gradient on the whole batch; returns its loss."""
        x, y, share = self.part(x, y)
        with self.own_noise():
            value = loss(moved(x, self.device), moved(y, self.device))
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        value = self.average_gradients(optimiser, value.detach(), share)
        optimiser.step()
        return value

    def mean(self, value: Tensor) -> Tensor:
        """Mean over the processes, of which each has a value of the same shape."""
        return self._sum(value / self.size)

    def first(self, value: Tensor) -> Tensor:
        """Value of the first process, where each has one of the same shape."""
        return self._sum(torch.zeros_like(value) if self.rank else value)

    def part(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, float]:
        """Own samples of a batch and their share in it; all if there are fewer than processes."""
        if len(x) < self.size:
            return x, y, 1 / self.size
        mine = slice(self.rank, None, self.size)
        return x[mine], y[mine], len(x[mine]) / len(x)

    @contextmanager
    def own_noise(self) -> Iterator[None]:
        """Let random numbers within the block come from this process's own stream."""
        common = self.rng.get_state()
        self.rng.set_state(self.own)
        yield
        self.own = self.rng.get_state()
        self.rng.set_state(common)

    def average_gradients(self, optimiser: Adam, value: Tensor, share: float) -> Tensor:
        """Average the gradients over the processes in place; returns the average of the loss.

        Adam leaves a weight without a gradient in any process alone, as it does in a single one:
        a weight of a class that is not in the batch, for example.
        """
        groups = optimiser.param_groups
        weights = [w for group in groups for w in group["params"] if w.requires_grad]
        gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
        used = value.new_tensor([w.grad is not None for w in weights])
        parts = [*(g.flatten() for g in gradients), value[None], used]
        total = self._sum(torch.cat(parts) * share)
        *sums, mean, n_used = total.split([len(part) for part in parts])
        for weight, gradient, summed, n in zip(weights, gradients, sums, n_used, strict=True):
            if weight.grad is not None or n > 0:  # else Adam is to pass over it
                weight.grad = gradient.copy_(summed.view_as(gradient))
        return mean[0]

    def _sum(self, value: Tensor) -> Tensor:
        value = value.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(value, group=self.group if value.device.type == "cpu" else None)
        return value
