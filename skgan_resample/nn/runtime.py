"""How torch is run here: on which device, with how many threads, from which random stream.

What torch keeps for the whole process (number of threads, default device, gradients, autocast) is
the caller's: :func:`torch_settings` sets it for a block and puts it back. The last section avoids
the import of torch's compiler, which costs every process that trains a second and 60 MB.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from inspect import unwrap

import torch
from torch import nn

_SMALL_BATCH = 1 << 15
_LOCK = threading.Lock()
_CALLERS: dict[int, int] = {}  # per thread inside a block: the count to be put back
_MKLDNN = torch.backends.mkldnn
_PRECISE = [getattr(_MKLDNN, name) for name in ("matmul", "conv") if hasattr(_MKLDNN, name)]
_PRECISION: list[str] = []  # that the caller's process has for these, inside blocks
_IS_FORKED = False


def resolve_device(device: str) -> torch.device:
    """Turn a ``device`` parameter into a device that this machine has.

    ``"auto"`` is CUDA, then Apple's MPS, then the CPU; others have torch's names. A device that
    torch does not know, or this machine does not have, is a ValueError.
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
    """Whether data of that many bytes are to be on a device all at once.

    On CUDA only if they take at most half of its free memory: networks, gradients and feature maps
    need room, too. Other devices share the CPU's memory.
    """
    if torch.device(device).type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(torch.device(device))
    return n_bytes <= free // 2


def moved(x: torch.Tensor, device: str) -> torch.Tensor:
    """Bring a batch to a device; from the CPU to CUDA through pinned memory, without waiting."""
    if x.device.type == "cpu" and device.startswith("cuda"):
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)


@contextmanager
def torch_settings(n_values: int) -> Iterator[None]:
    """Run a block under settings of its own, whatever the caller's are, and put those back.

    Gradients are recorded, autocast is off, tensors are made on the CPU where no device is named,
    and, from torch 2.9 on, the CPU multiplies in float32, not in bfloat16
    (``torch.set_float32_matmul_precision``).
    Batches of fewer than 32,768 values, samples times columns or pixels, are worked on by one
    thread, larger ones by as many as the caller has; in a forked process by one, since libgomp
    would wait for the parent's threads. The default dtype belongs to all threads of the process:
    tensors are made with a dtype instead.
    """
    with ExitStack() as stack:
        stack.enter_context(_threads(1 if _IS_FORKED or n_values < _SMALL_BATCH else None))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        if torch.get_default_device().type != "cpu":  # costly: it hooks into every operation
            stack.enter_context(torch.device("cpu"))
        for kind in {"cpu", "cuda"} if torch.cuda.is_available() else {"cpu"}:
            stack.enter_context(torch.autocast(kind, enabled=False))
        yield


@contextmanager
def _threads(n_threads: int | None) -> Iterator[None]:
    """Set torch's number of threads for a block, None leaves the caller's, and full precision.

    Blocks may be nested, and may overlap in several threads: a thread that is born inside another
    one's block sees that block's count, so it takes over what that block is going to put back.
    """
    thread = threading.get_ident()
    with _LOCK:
        nested = thread in _CALLERS
        inherited = bool(_CALLERS) and not nested
        before = next(iter(_CALLERS.values())) if inherited else torch.get_num_threads()
        if not _CALLERS:
            inherited_one = getattr(_MKLDNN, "fp32_precision", None)
            found = [place.fp32_precision for place in _PRECISE]
            _PRECISION[:] = ["none" if name == inherited_one else name for name in found]
            _set_precision(["ieee"] * len(_PRECISE))
        _CALLERS.setdefault(thread, before)
        torch.set_num_threads(n_threads or before)
    try:
        yield
    finally:
        with _LOCK:
            if not nested:
                del _CALLERS[thread]
            if not _CALLERS:
                _set_precision(_PRECISION)
            torch.set_num_threads(before)


def _set_precision(names: list[str]) -> None:
    for place, name in zip(_PRECISE, names, strict=True):
        place.fp32_precision = name


def _begin_as_forked() -> None:
    """Note that of this process's threads only the one that forked is left."""
    global _IS_FORKED
    _IS_FORKED = True
    thread, counts = threading.get_ident(), [*_CALLERS.values()]
    if counts and thread not in _CALLERS:
        torch.set_num_threads(counts[0])  # what the threads that are gone would have put back
        _set_precision(_PRECISION)
    for gone in _CALLERS.keys() - {thread}:
        del _CALLERS[gone]
    _LOCK.release()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(
        before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_begin_as_forked
    )

# A first training without torch's compiler -------------------------------------------------------


class Adam(torch.optim.Adam):
    """torch's Adam, whose decorated methods would import torch's compiler without using it."""

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))


def give_storage(network: nn.Module) -> None:
    """Replace parameters that were made without storage by float32 ones on the CPU.

    ``nn.Module.to_empty`` does the same, for which torch imports sympy.
    """
    for layer in network.modules():
        for name, weight in layer.named_parameters(recurse=False):
            empty = torch.empty(weight.shape, dtype=torch.float32, device="cpu")
            setattr(layer, name, nn.Parameter(empty, weight.requires_grad))
