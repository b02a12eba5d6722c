"""Where tensors live, how many threads work on them, and the random streams they draw from."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch

_LOCK = threading.Lock()
_CALLERS: dict[int, int] = {}  # per thread inside a block: the count to be put back
_IS_FORKED = False
_SMALL_BATCH = 1 << 15
_RUNNING = Path("/proc/loadavg")


def resolve_device(device: str) -> torch.device:
    """Turn a ``device`` parameter into a device that this machine has.

    Parameters
    ----------
    device : str
        ``"auto"`` (CUDA, then Apple's MPS, then the CPU) or a device as torch names it.

    Returns
    -------
    device : torch.device

    Raises
    ------
    ValueError
        If torch does not know the device, or this machine does not have it.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"Got device={device!r}, but expected 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'."
        ) from error
    available = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }
    if (resolved.index or 0) >= available.get(resolved.type, 0):
        raise ValueError(
            f"Got device={device!r}, but torch {torch.__version__} finds no such device on this "
            "machine. Use device='auto' or device='cpu'."
        )
    return resolved


def fits(n_bytes: int, device: str) -> bool:
    """Whether rows are to live on a device, all at once.

    Parameters
    ----------
    n_bytes : int
        Their size.
    device : str
        Where the networks are.

    Returns
    -------
    fits : bool
        False if they would take more than half of what is free on a CUDA device: networks,
        gradients and maps need room, too. Other devices share the CPU's memory.
    """
    if torch.device(device).type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(torch.device(device))
    return n_bytes <= free // 2


def moved(x: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Rows on a device; from the CPU to CUDA by way of pinned memory, without waiting."""
    if x.device == device:
        return x
    if device.type == "cuda":
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)


def thread_count(n_values: int) -> int:
    """Number of torch threads for batches of a given size.

    The count depends on the problem alone, never on the load of the machine, so that a fit does
    the same arithmetic wherever it runs. Two threads that share a core with another process wait
    for each other at every operation, and small batches gain nothing that is worth this risk.

    Parameters
    ----------
    n_values : int
        Numbers in a batch: rows times columns or pixels.

    Returns
    -------
    n_threads : int
        1 below 32,768 values, else 2; always 1 in a forked process.
    """
    return 1 if _IS_FORKED or n_values < _SMALL_BATCH else 2


@contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Run a block with at most ``n_threads`` torch threads, then put the caller's count back.

    A count that the caller has set lower (as joblib does in its workers) is respected. Blocks may
    be nested, and may overlap in several threads: a thread that is born inside another's block
    sees that block's count, so it takes over what that block is going to put back.
    """
    thread = threading.get_ident()
    with _LOCK:
        nested = thread in _CALLERS
        inherited = bool(_CALLERS) and not nested
        before = next(iter(_CALLERS.values())) if inherited else torch.get_num_threads()
        _CALLERS.setdefault(thread, before)
        n_threads = min(n_threads, before)
        torch.set_num_threads(n_threads)
    try:
        with nullcontext() if nested or not _is_shared(n_threads) else _waiting_asleep():
            yield
    finally:
        with _LOCK:
            if not nested:
                del _CALLERS[thread]
            torch.set_num_threads(before)


def _is_shared(n_threads: int) -> bool:
    """Whether other processes keep a core busy that this one's threads need; seen on Linux only.

    Not where this process may use some of the machine's cores only: others may have the rest.
    Asked a few times: for a moment, threads that have nothing to do any more are still running.
    """
    if n_threads < 2 or _IS_FORKED or sys.platform != "linux":
        return False
    n_cores = len(os.sched_getaffinity(0))
    return n_threads >= n_cores == os.cpu_count() and all(_others_run() for _ in range(5))


def _others_run() -> bool:
    time.sleep(0.005)
    try:
        running, _, _ = _RUNNING.read_text().split()[3].partition("/")
        return int(running) > 1
    except (OSError, IndexError, ValueError):  # a system that does not tell
        return False


@contextmanager
def _waiting_asleep() -> Iterator[None]:
    """Let OpenMP's threads sleep, not spin, while they wait for each other.

    GNU's OpenMP lets them spin for milliseconds: where another process has the core of one, the
    other does little else. As soon as it counts more threads than cores it lets them sleep, and a
    second team, with nothing to do, is enough for that. Results are the same.
    """
    begun, over = threading.Event(), threading.Event()

    def wait_elsewhere() -> None:
        try:
            torch.ones(2 * _SMALL_BATCH).add_(1)  # by a team of this thread's own
        finally:
            begun.set()
        over.wait()

    elsewhere = threading.Thread(target=wait_elsewhere, daemon=True)
    elsewhere.start()
    try:
        begun.wait()
        yield
    finally:
        over.set()
        elsewhere.join()


def _begin_as_forked() -> None:
    """Of this process's threads only the one that forked is left.

    libgomp does not know that, and waits for ever for those that worked for the parent as soon as
    a second thread is wanted.
    """
    global _IS_FORKED
    _IS_FORKED = True
    thread, counts = threading.get_ident(), [*_CALLERS.values()]
    if counts and thread not in _CALLERS:
        torch.set_num_threads(counts[0])  # what the threads that are gone would have put back
    for gone in _CALLERS.keys() - {thread}:
        del _CALLERS[gone]
    _LOCK.release()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(
        before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_begin_as_forked
    )


def make_rng(seed: int) -> torch.Generator:
    """Make a stream of random numbers of its own, on the CPU on every machine.

    Noise is drawn on the CPU and moved, so that a seed means the same numbers on every device.
    """
    return torch.Generator().manual_seed(seed)
