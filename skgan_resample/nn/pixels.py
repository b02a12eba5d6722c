"""Pictures kept as bytes, a quarter of the memory, and made floats a batch at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .device import moved

_MIDDLE = 127.5
_AT_ONCE = 1 << 17  # pixels; a layer of 32 maps then takes 17 MB


def as_floats(x: Tensor) -> Tensor:
    """Rows as networks take them.

    Parameters
    ----------
    x : Tensor of shape (n, ...)
        Encoded rows, or pictures of bytes, uint8, of any strides.

    Returns
    -------
    x : Tensor of shape (n, ...)
        Bytes as contiguous float32 in [-1, 1], 0 as -1 and 255 as 1: bitwise what
        ``ImageCodec.transform`` makes of them. Encoded rows as they are.
    """
    if x.dtype != torch.uint8:
        return x
    return (x.contiguous().float() - _MIDDLE) / _MIDDLE


def rows_at_once(sample_shape: tuple[int, ...]) -> int:
    """How many rows a network takes at once where no gradients are wanted, for bounded memory."""
    if len(sample_shape) == 1:
        return 1024
    return min(max(_AT_ONCE // (sample_shape[1] * sample_shape[2]), 1), 1024)


@torch.no_grad()
def in_batches(network: nn.Module, x: Tensor, size: int | None = None) -> Tensor:
    """Outputs of a network for all rows of x, on the CPU: (n, ...) -> (n, ...)."""
    device = next(network.parameters()).device
    parts = x.split(size or rows_at_once(x.shape[1:]))
    return torch.cat([network(as_floats(moved(part, device))).cpu() for part in parts])
