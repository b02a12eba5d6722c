"""One-hot blocks of encoded tables: how generators draw them, and how often values are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn


class BlockHead(nn.Module):
    r"""Draws every block of a generator's output: the last layer of a decoder for mixed tables.

    One entry of a block becomes 1 and the others 0, entry i with the probability

    .. math:: p_i = \exp(a_i) / \sum_j \exp(a_j)

    of the block's outputs a (with ``of_logits=False`` they are p already), by the Gumbel-max trick
    (Jang, Gu & Poole, ICLR 2017) on noise from ``rng``, in training and generation: a discriminator
    cannot recognise such a block by its form. Gradients pass as if the output were the
    probabilities (straight-through). The blocks, of the given sizes, are the last columns.
    """

    def __init__(
        self, sizes: Sequence[int], rng: torch.Generator, *, of_logits: bool = True
    ) -> None:
        super().__init__()
        self.sizes, self.rng, self.of_logits = tuple(sizes), rng, of_logits

    def forward(self, x: Tensor) -> Tensor:
        """(n, d) outputs -> (n, d) rows, the first columns as they are, in float32."""
        numbers, blocks = x.float().tensor_split([x.shape[1] - sum(self.sizes)], dim=1)
        sizes = torch.tensor(self.sizes, device=x.device)
        owner = torch.arange(len(sizes), device=x.device).repeat_interleave(sizes)
        owner = owner.expand_as(blocks)  # number of the block that an entry belongs to

        def top(a: Tensor) -> Tensor:  # largest entry of each block, at every entry of the block
            lowest = a.new_full((len(a), len(sizes)), -torch.inf)
            return lowest.scatter_reduce(1, owner, a, "amax").gather(1, owner)

        logits = blocks if self.of_logits else blocks.clamp_min(1e-30).log()
        noise = torch.empty(logits.shape, dtype=torch.float32).exponential_(generator=self.rng)
        noisy = logits.detach() - noise.clamp_min(1e-30).log().to(x.device)
        weight = (logits - top(logits.detach())).exp()
        total = weight.new_zeros((len(weight), len(sizes))).scatter_add(1, owner, weight)
        shares = weight / total.gather(1, owner)
        return torch.cat([numbers, (noisy == top(noisy)) + (shares - shares.detach())], 1)


class BlockNoise(nn.Module):
    """Adds noise to one-hot blocks, in training: the first layer of a discriminator of tables.

    Blocks of real and of generated rows are both drawn, and lie on the same few points. Noise from
    N(0, ``scale**2``), the instance noise of Sonderby et al. (ICLR 2017), makes the discriminator
    smooth between these, where the straight-through gradients of :class:`BlockHead` take its slope.
    The blocks, of the given sizes, are the last columns.
    """

    def __init__(self, scale: float, sizes: Sequence[int], rng: torch.Generator) -> None:
        super().__init__()
        self.scale, self.n_columns, self.rng = scale, sum(sizes), rng

    def forward(self, x: Tensor) -> Tensor:
        """(n, d) rows -> (n, d)."""
        if not self.training:
            return x
        numbers, blocks = x.tensor_split([x.shape[1] - self.n_columns], dim=1)
        noise = torch.randn(blocks.shape, generator=self.rng, dtype=torch.float32)
        return torch.cat([numbers, blocks + self.scale * noise.to(x.device)], 1)


def draw_blocks_from(network: nn.Module, rng: torch.Generator) -> None:
    """Have every block of a network's outputs drawn from another stream."""
    for module in network.modules():
        if isinstance(module, BlockHead):
            module.rng = rng


@dataclass(frozen=True)
class MissingRates:
    """Correction of the rates of missing values in generated rows to the real ones, by class."""

    columns: Tensor  # (g,), encoded columns that are 1 where a value is missing
    filled: Tensor  # (K, g), share of the missing values that become present
    removed: Tensor  # (K, g), share of the present values that become missing

    @classmethod
    def fit(
        cls, columns: Sequence[int], real: tuple[Tensor, Tensor], made: tuple[Tensor, Tensor]
    ) -> Self:
        """Compare the rates of missing values in real rows, r, and in generated ones, g.

        ``real`` and ``made`` are (n, d) encoded rows and their (n,) class indices, on the CPU;
        ``columns`` are 1 where a value is missing, next to those that are 1 where it is present.

        Of the missing ones :math:`1 - r / g` are filled where g > r, of the present ones
        :math:`(r - g) / (1 - g)` are removed where g < r. A class without missing values in a
        column gets none.
        """
        marks = torch.tensor(columns)
        n_classes = int(real[1].max()) + 1
        r, g = (
            torch.stack([x[y == c][:, marks].double().mean(0) for c in range(n_classes)])
            for x, y in (real, made)
        )
        filled = torch.where(r == 0, 1, 1 - r / g.clamp_min(1e-12)).clamp_min(0)
        return cls(marks, filled, ((r - g) / (1 - g).clamp_min(1e-12)).clamp(0, 1))

    def apply(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """Fill and remove values: (m, d) rows and (m,) class indices -> (m, d) rows."""
        missing = x[:, self.columns] > 0.5
        odds = torch.where(missing, self.filled[y], self.removed[y])
        missing = missing ^ (torch.rand(odds.shape, generator=rng, dtype=odds.dtype) < odds)
        x = x.clone()
        x[:, self.columns] = missing.to(x.dtype)
        x[:, self.columns - 1] = 1 - missing.to(x.dtype)
        return x
