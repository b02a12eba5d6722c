"""Trunks and decoders for tables and for pictures of any size.

A *sample shape* is (d,) for a table row and (c, h, w) for a picture; :func:`trunk_for` and
:func:`decoder_for` choose dense or convolutional networks by it, everything else is built on these.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Module = TypeVar("Module", bound=nn.Module)

SLOPE = 0.2
_SMALLEST_SIDE = 7


def build(factory: Callable[[], Module], rng: torch.Generator, device: str) -> Module:
    """Build a network whose weights are drawn from ``rng`` alone.

    torch's layers fill themselves from the process-wide stream when they are made; here they are
    made without storage first and filled afterwards. He-normal weights, zero biases, embeddings
    from U(-0.05, 0.05) (Keras's default, which BAGAN-GP's authors used), :class:`ClassScale`
    from N(0, 1).

    Parameters
    ----------
    factory : callable
        Makes the network.
    rng : torch.Generator
        Stream of the weights, on the CPU: they are the same on every device.
    device : str
        Where the network goes.

    Returns
    -------
    network : nn.Module
        On the device, in float32.

    Raises
    ------
    TypeError
        For a layer with weights of another kind: they would start as whatever the memory held.
    """
    with torch.device("meta"):
        network = factory()
    for layer in network.modules():
        for name, weight in layer.named_parameters(recurse=False):
            # as to_empty() does, for which torch imports sympy: half a second and 37 MB
            empty = torch.empty(weight.shape, dtype=weight.dtype, device="cpu")
            setattr(layer, name, nn.Parameter(empty, weight.requires_grad))
        if isinstance(layer, ClassScale):
            nn.init.normal_(layer.weight, generator=rng)
        elif isinstance(layer, nn.Embedding):
            nn.init.uniform_(layer.weight, -0.05, 0.05, generator=rng)
        elif isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(layer.weight, SLOPE, generator=rng)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]:
            raise TypeError(f"build() does not know how to start the weights of {layer}.")
    # faster convolutions, forth and back; torch's stubs do not know the keyword
    return network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def leaky() -> nn.LeakyReLU:
    """Make an activation that overwrites its input: what backward has to hold is then half."""
    return nn.LeakyReLU(SLOPE, inplace=True)


class ClassEmbedding(nn.Embedding):
    """A vector for each class, (n,) labels -> (n, d)."""

    def reset_parameters(self) -> None:
        """Leave the weights to :func:`build`; without storage, torch's way imports its compiler."""


class ClassScale(ClassEmbedding):
    """A factor per class and entry of a code, (n,) labels -> (n, d), of size one at first.

    Factors near zero can be driven to zero for one class, which then has one row for all codes.
    """


def halvings(height: int, width: int) -> list[tuple[int, int]]:
    """Sizes of the feature maps, halved (rounding up) until the longer side is 7 at the most.

    Examples
    --------
    >>> halvings(28, 28)
    [(28, 28), (14, 14), (7, 7)]
    >>> halvings(37, 53)
    [(37, 53), (19, 27), (10, 14), (5, 7)]
    """
    sizes = [(height, width)]
    while max(sizes[-1]) > _SMALLEST_SIDE:
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes


def _maps(n_sizes: int) -> list[int]:
    """Feature maps at each of the sizes: 16 at the full one, doubled at every halving up to 128."""
    return [min(16 * 2**stage, 128) for stage in range(n_sizes)]


class Dropout(nn.Module):
    """Dropout that draws from a given stream; torch's own knows only the process-wide one.

    Parameters
    ----------
    p : float
        Share of the entries set to zero in training mode.
    rng : torch.Generator
        Stream of the masks.
    """

    def __init__(self, p: float, rng: torch.Generator) -> None:
        super().__init__()
        self.p, self.rng = p, rng

    def forward(self, x: Tensor) -> Tensor:
        """Zero entries and scale up the rest; (n, ...) -> (n, ...)."""
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape, generator=self.rng) >= self.p
        return x * keep.to(x.device) / (1 - self.p)


class ResidualBlock(nn.Module):
    """``x + W2 act(W1 x)`` on (n, width) rows."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(width, width), leaky(), nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(n, width) -> (n, width)."""
        return F.leaky_relu(x + self.body(x), SLOPE, inplace=True)


class DenseTrunk(nn.Sequential):
    """Residual MLP from table rows to features, (n, d) -> (n, n_features).

    Parameters
    ----------
    n_columns : int
        Encoded columns, d.
    n_features : int
        Width of every layer.
    dropout : callable, optional
        Makes a dropout layer.
    """

    def __init__(
        self, n_columns: int, n_features: int, dropout: Callable[[], nn.Module] = nn.Identity
    ) -> None:
        super().__init__(
            nn.Linear(n_columns, n_features),
            leaky(),
            dropout(),
            ResidualBlock(n_features),
            dropout(),
            ResidualBlock(n_features),
        )
        self.n_features = n_features


class ConvTrunk(nn.Sequential):
    """Stride-2 convolutions from pictures to flat features, (n, c, h, w) -> (n, n_features).

    Parameters
    ----------
    sample_shape : tuple of int
        (channels, height, width) of a picture.
    dropout : callable, optional
        Makes a dropout layer.
    """

    def __init__(
        self, sample_shape: tuple[int, ...], dropout: Callable[[], nn.Module] = nn.Identity
    ) -> None:
        channels, height, width = sample_shape
        sizes = halvings(height, width)
        maps = _maps(len(sizes))
        layers: list[nn.Module] = [nn.Conv2d(channels, maps[0], 3, 1, 1), leaky()]
        for before, after in pairwise(maps):
            layers += [nn.Conv2d(before, after, 3, 2, 1), leaky(), dropout()]
        super().__init__(*layers, nn.Flatten())
        self.n_features = maps[-1] * math.prod(sizes[-1])


def trunk_for(
    sample_shape: tuple[int, ...], dropout: Callable[[], nn.Module] = nn.Identity
) -> DenseTrunk | ConvTrunk:
    """Choose the trunk of an encoder or critic by the shape of a sample."""
    if len(sample_shape) == 1:
        return DenseTrunk(sample_shape[0], _dense_width(sample_shape[0]), dropout)
    return ConvTrunk(sample_shape, dropout)


def _dense_width(n_columns: int) -> int:
    """Width of dense layers: 128, or up to 512 for tables of more columns than that."""
    return min(max(128, n_columns), 512)


class LinearHead(nn.Module):
    """A trunk and a linear layer: an encoder to codes, or a classifier to logits.

    Parameters
    ----------
    trunk : DenseTrunk or ConvTrunk
        Features of a sample.
    n_outputs : int
        Size of a code, or number of logits.
    """

    def __init__(self, trunk: DenseTrunk | ConvTrunk, n_outputs: int) -> None:
        super().__init__()
        self.trunk, self.head = trunk, nn.Linear(trunk.n_features, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(n, *sample_shape) -> (n, n_outputs)."""
        return self.head(self.trunk(x))


class DenseDecoder(nn.Sequential):
    """Residual MLP, (n, latent_dim) -> (n, d) standardised columns."""

    def __init__(self, latent_dim: int, n_columns: int, width: int) -> None:
        super().__init__(
            nn.Linear(latent_dim, width),
            leaky(),
            ResidualBlock(width),
            ResidualBlock(width),
            nn.Linear(width, n_columns),
        )


class Upsample(nn.Module):
    """Nearest-neighbour enlargement to a given (height, width), then a 3x3 convolution."""

    def __init__(self, maps: int, new_maps: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size, self.convolution = size, nn.Conv2d(maps, new_maps, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, maps, h, w) -> (n, new_maps, *size)."""
        return self.convolution(F.interpolate(x, size=self.size))


class TransposedConv(nn.Module):
    """Transposed 4x4 convolution of stride 2, cut to a given (height, width)."""

    def __init__(self, maps: int, new_maps: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size, self.convolution = size, nn.ConvTranspose2d(maps, new_maps, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, maps, h, w) -> (n, new_maps, *size)."""
        return self.convolution(x)[:, :, : self.size[0], : self.size[1]]


class ConvDecoder(nn.Module):
    """A dense layer and enlarging stages, (n, latent_dim) -> (n, c, h, w) in (-1, 1).

    Parameters
    ----------
    latent_dim : int
        Size of a code.
    sample_shape : tuple of int
        (channels, height, width) of a picture.
    enlarge : callable
        Makes a stage from (maps, new_maps, size): :class:`Upsample` or :class:`TransposedConv`.
    kernel : int
        Size of the last convolution.
    """

    def __init__(
        self,
        latent_dim: int,
        sample_shape: tuple[int, ...],
        enlarge: Callable[[int, int, tuple[int, int]], nn.Module],
        kernel: int,
    ) -> None:
        super().__init__()
        channels, height, width = sample_shape
        sizes = halvings(height, width)[::-1]
        maps = _maps(len(sizes))[::-1]
        layers: list[nn.Module] = [
            nn.Linear(latent_dim, maps[0] * math.prod(sizes[0])),
            leaky(),
            nn.Unflatten(1, (maps[0], *sizes[0])),
        ]
        for (before, after), size in zip(pairwise(maps), sizes[1:], strict=True):
            layers += [enlarge(before, after, size), leaky()]
        layers += [nn.Conv2d(maps[-1], channels, kernel, padding=kernel // 2), nn.Tanh()]
        self.stages = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """(n, latent_dim) -> (n, c, h, w)."""
        return self.stages(z)


def decoder_for(
    latent_dim: int,
    sample_shape: tuple[int, ...],
    enlarge: Callable[[int, int, tuple[int, int]], nn.Module] = Upsample,
    kernel: int = 3,
    head: nn.Module | None = None,
) -> DenseDecoder | ConvDecoder:
    """Choose the network from codes to samples by the shape of a sample; rows may have a head."""
    if len(sample_shape) == 1:
        decoder = DenseDecoder(latent_dim, sample_shape[0], _dense_width(sample_shape[0]))
        return decoder if head is None else decoder.append(head)
    return ConvDecoder(latent_dim, sample_shape, enlarge, kernel)


def corrector_for(sample_shape: tuple[int, ...]) -> nn.Sequential:
    """Choose the network from drafts to their corrections, of the same shape, by that shape."""
    if len(sample_shape) == 1:
        return DenseDecoder(sample_shape[0], sample_shape[0], _dense_width(sample_shape[0]))
    channels = sample_shape[0]
    return nn.Sequential(
        nn.Conv2d(channels, 32, 3, 1, 1),
        leaky(),
        nn.Conv2d(32, 32, 3, 1, 1),
        leaky(),
        nn.Conv2d(32, channels, 3, 1, 1),
    )
