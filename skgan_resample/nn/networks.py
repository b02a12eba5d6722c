"""Networks for tables and for images of any size, and how a label enters them.

A *sample shape* is (d,) for a row of a table and (c, h, w) for an image; :func:`trunk_for` and
:func:`decoder_for` choose dense or convolutional layers by it. Generators and discriminators that
know the class are built on these.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from .runtime import give_storage

Module = TypeVar("Module", bound=nn.Module)

SLOPE = 0.2
_SMALLEST_SIDE = 7


def build(factory: Callable[[], Module], rng: torch.Generator, device: str) -> Module:
    """Make a float32 network on a device, its weights drawn from ``rng``, on the CPU, alone.

    torch's layers fill themselves from the process-wide stream when they are made; here they are
    made without storage first and filled afterwards, alike on every device: He-normal weights, zero
    biases, embeddings from U(-0.05, 0.05) (Keras's default, which BAGAN-GP's authors used),
    :class:`ClassScale` from N(0, 1). A layer with other weights, which would stay uninitialised, is
    a TypeError.
    """
    with torch.device("meta"):
        network = factory()
    give_storage(network)
    for layer in network.modules():
        if isinstance(layer, ClassScale):
            nn.init.normal_(layer.weight, generator=rng)
        elif isinstance(layer, nn.Embedding):
            nn.init.uniform_(layer.weight, -0.05, 0.05, generator=rng)
        elif isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(layer.weight, SLOPE, generator=rng)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]:
            raise TypeError(f"build() does not know how to initialise the weights of {layer}.")
    # for faster convolutions; torch's stubs do not know the keyword
    return network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def leaky() -> nn.LeakyReLU:
    """Make an activation that overwrites its input, which halves the memory of backward."""
    return nn.LeakyReLU(SLOPE, inplace=True)


class ClassScale(nn.Embedding):
    """A factor per class and entry of a code, (n,) labels -> (n, d), of size one at first.

    Factors near zero can be driven to zero for one class, whose samples are then all the same.
    """

    def reset_parameters(self) -> None:
        """Leave the weights to ``build``: without storage, torch's way imports the compiler."""


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


def _maps(n_sizes: int, hidden_dim: int) -> list[int]:
    """Feature maps at each size: an eighth of ``hidden_dim``, doubled at every halving up to it."""
    return [max(min(hidden_dim * 2**stage // 8, hidden_dim), 1) for stage in range(n_sizes)]


class Dropout(nn.Module):
    """Dropout of a share p, drawn from a given stream; torch knows only the process-wide one."""

    def __init__(self, p: float, rng: torch.Generator) -> None:
        super().__init__()
        self.p, self.rng = p, rng

    def forward(self, x: Tensor) -> Tensor:
        """Zero entries in training mode, and scale up the rest; (n, ...) -> (n, ...)."""
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape, generator=self.rng, dtype=torch.float32) >= self.p
        return x * keep.to(x.device) / (1 - self.p)


class ResidualBlock(nn.Module):
    """``act(x + W2 act(W1 x))``, of a shape that ``layer``, which makes W1 and W2, keeps."""

    def __init__(self, layer: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.body = nn.Sequential(layer(), leaky(), layer())

    def forward(self, x: Tensor) -> Tensor:
        """(n, ...) -> (n, ...)."""
        return F.leaky_relu(x + self.body(x), SLOPE, inplace=True)


class Trunk(nn.Sequential):
    """Layers from samples to flat features, (n, *sample_shape) -> (n, n_features)."""

    def __init__(self, n_features: int, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.n_features = n_features


def trunk_for(
    sample_shape: tuple[int, ...],
    hidden_dim: int = 128,
    dropout: Callable[[], nn.Module] = nn.Identity,
    eps: float = 1e-6,
) -> Trunk:
    """Choose the first layers of an encoder or a discriminator by the shape of a sample.

    For tables, a residual MLP of layers of ``hidden_dim`` units. Its features f are divided by
    ``sqrt(mean(f**2) + eps)``: otherwise those of outliers would be too large beside a label. An
    encoder has to encode how far out a row lies, which is their size: an ``eps`` of 1 keeps it. For
    images, stride-2 convolutions, with ``hidden_dim`` feature maps at the lowest resolution.
    ``dropout`` makes a layer of it.
    """
    if len(sample_shape) == 1:
        return Trunk(
            hidden_dim,
            nn.Linear(sample_shape[0], hidden_dim),
            leaky(),
            dropout(),
            ResidualBlock(partial(nn.Linear, hidden_dim, hidden_dim)),
            dropout(),
            ResidualBlock(partial(nn.Linear, hidden_dim, hidden_dim)),
            nn.RMSNorm(hidden_dim, eps, elementwise_affine=False),
        )
    channels, height, width = sample_shape
    sizes = halvings(height, width)
    maps = _maps(len(sizes), hidden_dim)
    layers: list[nn.Module] = [nn.Conv2d(channels, maps[0], 3, 1, 1), leaky()]
    for before, after in pairwise(maps):
        layers += [nn.Conv2d(before, after, 3, 2, 1), leaky(), dropout()]
    return Trunk(maps[-1] * math.prod(sizes[-1]), *layers, nn.Flatten())


class LinearHead(nn.Module):
    """A trunk and a linear layer: an encoder to codes, or a classifier to logits."""

    def __init__(self, trunk: Trunk, n_outputs: int) -> None:
        super().__init__()
        self.trunk, self.head = trunk, nn.Linear(trunk.n_features, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(n, *sample_shape) -> (n, n_outputs)."""
        return self.head(self.trunk(x))


def upsample(maps: int, new_maps: int, size: tuple[int, int]) -> nn.Sequential:
    """Nearest-neighbour enlargement to a given (height, width), then a 3x3 convolution."""
    return nn.Sequential(nn.Upsample(size), nn.Conv2d(maps, new_maps, 3, 1, 1))


class TransposedConv(nn.Module):
    """Transposed 4x4 convolution of stride 2, cut to a given (height, width)."""

    def __init__(self, maps: int, new_maps: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size, self.convolution = size, nn.ConvTranspose2d(maps, new_maps, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, maps, h, w) -> (n, new_maps, *size)."""
        return self.convolution(x)[:, :, : self.size[0], : self.size[1]]


def decoder_for(
    latent_dim: int,
    sample_shape: tuple[int, ...],
    hidden_dim: int = 128,
    enlarge: Callable[[int, int, tuple[int, int]], nn.Module] = upsample,
    kernel: int = 3,
    head: nn.Module | None = None,
) -> nn.Sequential:
    """Choose the layers from codes, (n, latent_dim), to samples by the shape of a sample.

    For tables, a residual MLP, and a head if there is one; for images, a dense layer, stages that
    ``enlarge`` makes from (maps, new_maps, size), :func:`upsample` or :class:`TransposedConv`, and
    a convolution of the size ``kernel``, to (-1, 1). ``hidden_dim`` is that of :func:`trunk_for`.
    """
    if len(sample_shape) == 1:
        return nn.Sequential(
            nn.Linear(latent_dim, hidden_dim),
            leaky(),
            ResidualBlock(partial(nn.Linear, hidden_dim, hidden_dim)),
            ResidualBlock(partial(nn.Linear, hidden_dim, hidden_dim)),
            nn.Linear(hidden_dim, sample_shape[0]),
            *([] if head is None else [head]),
        )
    channels, height, width = sample_shape
    sizes = halvings(height, width)[::-1]
    maps = _maps(len(sizes), hidden_dim)[::-1]
    layers: list[nn.Module] = [
        nn.Linear(latent_dim, maps[0] * math.prod(sizes[0])),
        leaky(),
        nn.Unflatten(1, (maps[0], *sizes[0])),
    ]
    for (before, after), size in zip(pairwise(maps), sizes[1:], strict=True):
        layers += [enlarge(before, after, size), leaky()]
    return nn.Sequential(
        *layers, nn.Conv2d(maps[-1], channels, kernel, padding=kernel // 2), nn.Tanh()
    )


# How a label enters a network --------------------------------------------------------------------


class UnlabelledGenerator(nn.Module):
    """A decoder that ignores the label: the class is in the code already (BAGAN)."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(n, latent_dim) codes and (n,) labels -> (n, *sample_shape)."""
        return self.decoder(z)


class ConcatGenerator(nn.Module):
    """A decoder of the code and the one-hot label, times ``scale``, side by side."""

    def __init__(self, decoder: nn.Module, n_classes: int, scale: float = 1.0) -> None:
        super().__init__()
        self.decoder, self.n_classes, self.scale = decoder, n_classes, scale

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """(n, latent_dim) codes and (n,) labels, or None for no label -> (n, *sample_shape)."""
        if y is None:
            label = z.new_zeros(len(z), self.n_classes)
        else:
            label = self.scale * F.one_hot(y, self.n_classes).to(z.dtype)
        return self.decoder(torch.cat([z, label], 1))


class ProductGenerator(nn.Module):
    """A decoder of ``z * Emb(y)``, code and label embedding multiplied (BAGAN-GP)."""

    def __init__(self, decoder: nn.Module, n_classes: int, latent_dim: int) -> None:
        super().__init__()
        self.decoder, self.embedding = decoder, ClassScale(n_classes, latent_dim)

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """(n, latent_dim) codes and (n,) labels, or None for no label -> (n, *sample_shape)."""
        return self.decoder(z if y is None else z * self.embedding(y))


class ConcatDiscriminator(nn.Module):
    """``dense(features(x), one-hot y)``: is x a real sample of class y? One score per sample.

    The label's weights start from N(0, 1): with weights as small as those of the features, a label,
    which is one entry of 1 beside many features, would have hardly any effect.
    """

    def __init__(self, trunk: Trunk, n_classes: int, hidden: int = 128) -> None:
        super().__init__()
        self.trunk = trunk
        self.features = nn.Linear(trunk.n_features, hidden)
        self.label = ClassScale(n_classes, hidden)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, *sample_shape) and (n,) labels -> (n,) logits."""
        joint = self.features(self.trunk(x)) + self.label(y)
        return self.head(F.leaky_relu(joint, SLOPE)).squeeze(1)


class ProductDiscriminator(nn.Module):
    """``dense(features(x) * Emb(y))``: is x a real sample of class y? One score per sample."""

    def __init__(self, trunk: Trunk, n_classes: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.embedding = ClassScale(n_classes, trunk.n_features)
        self.head = nn.Sequential(nn.Linear(trunk.n_features, 512), leaky(), nn.Linear(512, 1))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, *sample_shape) and (n,) labels -> (n,) logits."""
        return self.scores(self.trunk(x), y)

    def scores(self, features: Tensor, y: Tensor) -> Tensor:
        """(n, n_features) of the trunk and (n,) labels -> (n,) logits."""
        return self.head(features * self.embedding(y)).squeeze(1)


class TwoHeads(nn.Module):
    """Is x real, and of which class? Two heads on one trunk, which sees no label (ACGAN)."""

    def __init__(self, trunk: Trunk, n_classes: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.source = nn.Linear(trunk.n_features, 1)
        self.classes = nn.Linear(trunk.n_features, n_classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, *sample_shape) -> (n,) logits of "real" and (n, K) logits of the classes."""
        features = self.trunk(x)
        return self.source(features).squeeze(1), self.classes(features)


class PerClass(nn.Module):
    """One network per class, in the order of the class indices, for the samples of that class."""

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(n, ...) inputs and (n,) labels -> (n, ...) outputs, in the order of the inputs."""
        labels = y.unique().tolist()
        rows = [(y == c).nonzero().squeeze(1) for c in labels]
        made = [self.networks[c](z[of_class]) for c, of_class in zip(labels, rows, strict=True)]
        return torch.cat(made)[torch.cat(rows).argsort()]


class Stacked(nn.Module):
    """One network per class, as :class:`PerClass`, for networks of one shape: all work at once.

    ``network`` is the first of those given; its weights become (n_networks, ...), those of all.
    ``head`` is a layer without weights that follows on the outputs of all.
    """

    def __init__(self, networks: Sequence[nn.Module], head: nn.Module | None = None) -> None:
        super().__init__()
        self.network, self.n_networks = networks[0], len(networks)
        self.head = head or nn.Identity()
        weights, _ = stack_module_state([*networks])
        for name, stacked in weights.items():
            layer, _, leaf = name.rpartition(".")
            setattr(self.network.get_submodule(layer), leaf, nn.Parameter(stacked))

    def take(self, indices: Sequence[int]) -> None:
        """Keep the networks of these indices, in their order, which may repeat."""
        for weight in self.parameters():
            weight.data = weight.data[[*indices]]
        self.n_networks = len(indices)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(n, ...) inputs and (n,) labels -> (n, ...) outputs, in the order of the inputs."""
        weights: dict[str, Tensor] = dict(self.network.named_parameters())

        def outputs(weights: dict[str, Tensor], z: Tensor) -> Tensor:
            return functional_call(self.network, weights, (z,))

        order, counts = y.argsort(stable=True), y.bincount(minlength=self.n_networks).tolist()
        if min(counts) == max(counts):  # as in training
            parts = z[order].unflatten(0, (self.n_networks, -1))
            made = vmap(outputs, randomness="different")(weights, parts).flatten(0, 1)
        else:
            made = torch.cat(
                [
                    outputs({name: weight[c] for name, weight in weights.items()}, of_class)
                    for c, of_class in enumerate(z[order].split(counts))
                    if len(of_class)
                ]
            )
        return self.head(made[order.argsort()])
