"""Generators and critics that know the class: how a label enters a network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .networks import ClassEmbedding, ClassScale, ConvTrunk, DenseTrunk, leaky


class UnlabelledGenerator(nn.Module):
    """A decoder that ignores the label: the class is in the code already (BAGAN)."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(n, latent_dim) codes and (n,) labels -> (n, *sample_shape)."""
        return self.decoder(z)


class ConcatGenerator(nn.Module):
    """A decoder of the code and the one-hot label, side by side (CGAN; BAGAN-GP v1 and v2)."""

    def __init__(self, decoder: nn.Module, n_classes: int) -> None:
        super().__init__()
        self.decoder, self.n_classes = decoder, n_classes

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """(n, latent_dim) codes and (n,) labels, or None for no label -> (n, *sample_shape)."""
        if y is None:
            label = z.new_zeros(len(z), self.n_classes)
        else:
            label = F.one_hot(y, self.n_classes).to(z.dtype)
        return self.decoder(torch.cat([z, label], 1))


class ProductGenerator(nn.Module):
    """A decoder of ``z * Emb(y)``, code and label embedding multiplied (BAGAN-GP)."""

    def __init__(self, decoder: nn.Module, n_classes: int, latent_dim: int) -> None:
        super().__init__()
        self.decoder, self.embedding = decoder, ClassScale(n_classes, latent_dim)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(n, latent_dim) codes and (n,) labels -> (n, *sample_shape)."""
        return self.decoder(z * self.embedding(y))


class ConcatCritic(nn.Module):
    """``dense(features(x), one-hot y)``: is x a real row of class y? One score per row."""

    def __init__(self, trunk: DenseTrunk | ConvTrunk, n_classes: int, hidden: int = 128) -> None:
        super().__init__()
        self.trunk, self.n_classes = trunk, n_classes
        self.head = nn.Sequential(
            nn.Linear(trunk.n_features + n_classes, hidden),
            leaky(),
            nn.Linear(hidden, 1),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, *sample_shape) and (n,) labels -> (n,) logits."""
        label = F.one_hot(y, self.n_classes).to(x.dtype)
        return self.head(torch.cat([self.trunk(x), label], 1)).squeeze(1)


class ProductCritic(nn.Module):
    """``dense(features(x) * Emb(y))``: is x a real row of class y? One score per row."""

    def __init__(self, trunk: DenseTrunk | ConvTrunk, n_classes: int, hidden: int = 512) -> None:
        super().__init__()
        self.trunk = trunk
        self.embedding = ClassEmbedding(n_classes, trunk.n_features)
        self.head = nn.Sequential(
            nn.Linear(trunk.n_features, hidden), leaky(), nn.Linear(hidden, 1)
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, *sample_shape) and (n,) labels -> (n,) logits."""
        return self.judge(self.trunk(x), y)

    def judge(self, features: Tensor, y: Tensor) -> Tensor:
        """(n, n_features) of the trunk and (n,) labels -> (n,) logits."""
        return self.head(features * self.embedding(y)).squeeze(1)


class TwoHeads(nn.Module):
    """Is x real, and of which class? Two heads on one trunk, which sees no label (ACGAN)."""

    def __init__(self, trunk: DenseTrunk | ConvTrunk, n_classes: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.source = nn.Linear(trunk.n_features, 1)
        self.classes = nn.Linear(trunk.n_features, n_classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, *sample_shape) -> (n,) logits of "real" and (n, K) logits of the classes."""
        features = self.trunk(x)
        return self.source(features).squeeze(1), self.classes(features)


class PerClass(nn.Module):
    """One network per class: each row goes through the network of its class.

    Parameters
    ----------
    networks : sequence of nn.Module
        Of one input and one output shape; in the order of the class indices.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(n, ...) inputs and (n,) labels -> (n, ...) outputs, in the order of the inputs."""
        labels = y.unique().tolist()
        rows = [(y == c).nonzero().squeeze(1) for c in labels]
        made = [self.networks[c](z[of_class]) for c, of_class in zip(labels, rows, strict=True)]
        return torch.cat(made)[torch.cat(rows).argsort()]


class CorrectingGenerator(nn.Module):
    """A draft and a learnt correction of it, ``x + g(x * (1 + Emb(y)))``; g is zero at first.

    Parameters
    ----------
    network : nn.Sequential
        g, (n, *sample_shape) -> (n, *sample_shape); its last layer is a linear one.
    n_classes : int
        Number of classes.
    sample_shape : tuple of int
        (d,) or (c, h, w); the embedding has d or c entries.
    """

    def __init__(
        self, network: nn.Sequential, n_classes: int, sample_shape: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.network = network
        self.embedding = ClassEmbedding(n_classes, sample_shape[0])

    def start(self) -> None:
        """Set the last layer of g to zero, so that drafts pass as they are."""
        for parameter in self.network[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, *sample_shape) drafts and (n,) labels -> (n, *sample_shape)."""
        scale = 1 + self.embedding(y)
        return x + self.network(x * scale.reshape(*scale.shape, *[1] * (x.ndim - 2)))


class ConvexCombination(nn.Module):
    """Softmax weights over given points, and their weighted mean.

    Parameters
    ----------
    scores : nn.Linear
        From features to one score per point.
    points : Tensor of shape (n, d)
        The points.
    """

    points: Tensor

    def __init__(self, scores: nn.Linear, points: Tensor) -> None:
        super().__init__()
        self.scores = scores
        self.register_buffer("points", points)

    def weights(self, features: Tensor) -> Tensor:
        """(m, n_features) -> (m, n), each row >= 0 and of sum 1."""
        return self.scores(features.float()).softmax(1)

    def forward(self, features: Tensor) -> Tensor:
        """(m, n_features) -> (m, d) convex combinations."""
        with torch.autocast(features.device.type, enabled=False):
            return self.weights(features) @ self.points


class ConvexGenerator(nn.Module):
    """Convex combinations of the real points of a class, then a decoder (GAMO).

    Parameters
    ----------
    trunk : ConcatGenerator
        (m, latent_dim) codes and (m,) labels -> (m, n_features).
    combinations : PerClass
        Of one :class:`ConvexCombination` per class.
    decoder : nn.Module
        From points to rows.
    head : nn.Module, optional
        Draws a category from the points' mixture of it; the points pass as they are without one.
    """

    def __init__(
        self,
        trunk: ConcatGenerator,
        combinations: PerClass,
        decoder: nn.Module,
        head: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.trunk, self.combinations, self.decoder = trunk, combinations, decoder
        self.head = head or nn.Identity()

    def combine(self, z: Tensor, y: Tensor) -> Tensor:
        """(m, latent_dim) codes and (m,) labels -> (m, d) points within the hull of their class."""
        return self.head(self.combinations(self.trunk(z, y), y))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(m, latent_dim) codes and (m,) labels -> (m, *sample_shape)."""
        return self.decoder(self.combine(z, y))
