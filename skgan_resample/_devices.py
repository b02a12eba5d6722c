"""Several devices for one training: a process each, and rank 0's sampler brought back.

Lightning Fabric starts the processes, or finds those that torchrun has started, gives each its
device and joins them. What they do to train one set of networks is in ``nn/ranks.py``.
"""

import copy
import os
import pickle
import signal
import sys
import threading
import warnings
from contextlib import contextmanager, suppress
from multiprocessing import active_children, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from joblib.parallel import get_active_backend
from threadpoolctl import threadpool_limits
from torch import distributed
from torch.multiprocessing import ProcessExitedException

from ._progress import with_callbacks
from .nn.device import thread_count, torch_threads
from .nn.ranks import Ranks

_ONE_AT_A_TIME = threading.Lock()  # the devices are the same ones, and so is the port


def is_alone(sampler):
    """Whether a sampler trains in this process: it wants one device, or is in a worker already."""
    in_worker = parent_process() is not None or bool(get_active_backend()[0].nesting_level)
    return sampler.devices == 1 or in_worker


def train_together(sampler, *data):
    """Train on ``sampler.devices`` devices; leave in the sampler what rank 0 has learnt.

    Parameters
    ----------
    sampler : BaseGANSampler
        Validated.
    *data : object
        What its ``_train_here`` takes.

    Returns
    -------
    interrupt : KeyboardInterrupt or None
        The user's, if updates were kept.
    """
    with _ONE_AT_A_TIME, _surroundings_kept():
        fabric = _fabric(sampler)
        if fabric.strategy.cluster_environment.creates_processes_externally:
            outcome = fabric.launch(_train_as_rank, sampler, data)
        else:
            outcome = _launch(fabric, sampler, data)
    for warning in outcome["warnings"]:
        warnings.warn(warning, stacklevel=2)
    vars(sampler).update(outcome["learnt"])
    return outcome["interrupt"]


def _fabric(sampler):
    """Fabric for what the sampler asks for, if this machine has it."""
    try:
        from lightning_fabric import Fabric
        from lightning_fabric.plugins.environments import (
            LightningEnvironment,
            TorchElasticEnvironment,
        )
    except ImportError as error:
        raise ImportError(
            f"Got devices={sampler.devices}, which needs Lightning Fabric: "
            "pip install lightning-fabric. devices=1 does without."
        ) from error
    n_here, n_all, strategy = sampler.devices, sampler.devices, sampler.strategy
    by_torchrun = TorchElasticEnvironment.detect()
    if by_torchrun:
        n_here, n_all = (int(os.environ[name]) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
        strategy = "ddp"
    elif strategy == "auto":  # an interactive session has no script that could be imported
        strategy = "ddp_fork" if hasattr(sys, "ps1") else "ddp_spawn"
    if n_all != sampler.devices:
        raise ValueError(
            f"Got devices={sampler.devices}, but torchrun has started {n_all} processes. "
            f"Use devices={n_all}."
        )
    return Fabric(
        accelerator=_kind(sampler, n_here),
        strategy=strategy,
        devices=n_here,
        num_nodes=n_all // n_here,
        plugins=TorchElasticEnvironment() if by_torchrun else LightningEnvironment(),
    )


def _kind(sampler, n_wanted):
    """Kind of the devices, of which this machine has to have enough; the CPU takes any number."""
    kind = torch.device(sampler.device_).type
    n_there = {"cpu": n_wanted, "cuda": torch.cuda.device_count()}.get(kind, 1)
    if n_there < n_wanted:
        raise ValueError(
            f"Got devices={n_wanted}, but expected at most {n_there}, which is what this machine "
            f"has of {kind!r}. Use fewer, or device='cpu'."
        )
    if kind == "cuda" and ":" in sampler.device:
        raise ValueError(
            f"Got device={sampler.device!r} and devices={n_wanted}, but expected device='cuda'. "
            "Set CUDA_VISIBLE_DEVICES to choose among the cards."
        )
    return kind


def _launch(fabric, sampler, data):
    """Have the processes started; the outcome of rank 0, or the first error of any."""
    asked, others = torch.zeros(1).share_memory_(), set(active_children())
    with TemporaryDirectory() as folder, _interrupts_noted(asked):
        path = Path(folder, "outcome")
        try:
            fabric.launch(_train_as_launched, sampler, data, asked, path)
        except Exception as error:  # it tells that some process has failed, and where
            left = pickle.loads(path.read_bytes()) if path.exists() else None
            if isinstance(error, ProcessExitedException) and _is_of_connection(left):
                raise error from left  # the one that died was what the other had lost
            _raise_if_error(left, error)
            _raise_if_error(KeyboardInterrupt() if asked.any() else None, error)
            raise
        finally:
            for process in set(active_children()) - others:
                process.terminate()
        outcome = pickle.loads(path.read_bytes())
    _raise_if_error(outcome)
    return outcome


def _is_of_connection(error):
    """Whether a rank may have raised it because another is gone; gloo has no type for that."""
    return type(error) is RuntimeError or isinstance(error, distributed.DistError)


def _raise_if_error(outcome, cause=None):
    if isinstance(outcome, BaseException):
        raise outcome from cause


def _train_as_launched(fabric, sampler, data, asked, path):
    """Train in a process of its own, and leave the outcome in a file."""
    _leave_interrupts_to_caller()
    limit = min(thread_count(sys.maxsize), torch.get_num_threads())
    try:
        with threadpool_limits(limit):
            outcome = _train_as_rank(fabric, sampler, data, asked)
        if fabric.global_rank == 0:
            _leave(outcome, path, 0)
    except BaseException as error:
        _leave(error, path, fabric.global_rank)
        if isinstance(error, Exception):
            raise


def _leave_interrupts_to_caller():
    """Ignore Ctrl-C, but not what torch has the system send when the caller's process dies."""
    caller = os.getppid()

    def end_if_left(number, frame):
        if os.getppid() != caller:
            os._exit(1)

    signal.signal(signal.SIGINT, end_if_left)


def _leave(outcome, path, rank):
    """Write a file whole, or not at all where another rank was first."""
    own = path.with_suffix(f".{rank}")
    own.write_bytes(pickle.dumps(outcome))
    with suppress(FileExistsError):
        os.link(own, path)


def _train_as_rank(fabric, sampler, data, asked=None):
    """Train as one of many: the same on every rank, but for the noise and what the user sees."""
    rank, n_ranks = fabric.global_rank, fabric.world_size
    # torch.distributed knows the group that Fabric has made; tensors on the CPU need one of gloo
    group = distributed.new_group(backend="gloo")
    sampler, (*rows, seed) = copy.copy(sampler), data
    sampler.device_ = str(fabric.device)
    if rank:
        sampler.verbose = 0
        vars(sampler).pop("_skl_callbacks", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ranks = Ranks(rank, n_ranks, group, asked)
        train = with_callbacks(type(sampler)._train_here)  # which tears them down in this process
        try:
            interrupt = train(sampler, *rows, fabric.broadcast(seed), ranks)
        finally:  # torchrun's processes go on after an error, too
            distributed.destroy_process_group(group)
    learnt = {name: vars(sampler)[name] for name in [*sampler._learnt, "_learnt"]}
    told = [] if rank else [warning.message for warning in caught]
    return {"learnt": learnt, "interrupt": interrupt, "warnings": told}


@contextmanager
def _interrupts_noted(asked):
    """Have Ctrl-C ask the ranks to stop after an update; a second one is as it always was."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield  # interrupts are not for this thread, or ignored
        return

    def note(number, frame):
        asked.fill_(1)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _surroundings_kept():
    """Put back what Fabric sets for its processes: variables, and torch's number of threads."""
    names = ("MASTER_PORT", "OMP_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    try:
        with torch_threads(torch.get_num_threads()):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
