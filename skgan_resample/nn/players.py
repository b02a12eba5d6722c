"""Generators and critics that know the class: how a label enters a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .networks import SLOPE, ConvTrunk, DenseTrunk


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
        self.decoder, self.embedding = decoder, nn.Embedding(n_classes, latent_dim)

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
            nn.LeakyReLU(SLOPE),
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
        self.embedding = nn.Embedding(n_classes, trunk.n_features)
        self.head = nn.Sequential(
            nn.Linear(trunk.n_features, hidden), nn.LeakyReLU(SLOPE), nn.Linear(hidden, 1)
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, *sample_shape) and (n,) labels -> (n,) logits."""
        return self.head(self.trunk(x) * self.embedding(y)).squeeze(1)
