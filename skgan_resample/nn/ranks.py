"""Ranks: processes that train the same networks together, each on its part of every batch.

All ranks hold the same weights and draw the same batches from one stream. Each takes its own rows
of a batch and noise of its own; gradients are averaged before the optimiser's step, which is then
that of one process with the whole batch. Networks are not wrapped: whatever a loss calls, and
however often, its gradient is complete after ``backward``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from .device import make_rng, moved


@dataclass
class Ranks:
    """One process among those that train together; by default it is alone, and nothing is done.

    Parameters
    ----------
    rank : int
        Number of this process; the first is 0.
    size : int
        Number of processes.
    group : ProcessGroup or None
        By which they exchange tensors that are on the CPU.
    asked : Tensor of shape (1,) or None
        In rank 0: becomes 1, in memory that processes share, when the user interrupts.
    """

    rank: int = 0
    size: int = 1
    group: distributed.ProcessGroup | None = None
    asked: Tensor | None = None

    def begin(self, rng: torch.Generator) -> None:
        """Take a stream that is alike on all ranks, and seed one of this rank's own from it."""
        if self.size > 1:
            seed = int(torch.randint(2**31 - 1, (), generator=rng))
            self.rng, self.own = rng, make_rng(seed + self.rank).get_state()

    def align(self, networks: Iterable[nn.Module]) -> None:
        """Give the networks of all ranks rank 0's weights."""
        for network in networks if self.size > 1 else ():
            for value in network.state_dict().values():
                value.copy_(self.first(value))

    def first(self, value: Tensor) -> Tensor:
        """Rank 0's value, where every rank has one of the same shape."""
        if self.size > 1:
            value = value.clone(memory_format=torch.contiguous_format)
            distributed.broadcast(value, 0, group=self._group(value))
        return value

    def first_number(self, value: float) -> float:
        """Rank 0's number."""
        return float(self.first(torch.tensor(value, dtype=torch.float64)))

    def mean(self, value: Tensor) -> Tensor:
        """Mean over the ranks, where every rank has a value of the same shape."""
        return self._sum(value / self.size) if self.size > 1 else value

    def decide(self, stop: bool) -> bool:
        """Rank 0's decision, so that no rank goes on and waits for the others.

        Raises
        ------
        KeyboardInterrupt
            On all ranks, if the user has interrupted rank 0.
        """
        if self.size == 1:
            return stop
        interrupted = self.asked is not None and bool(self.asked.any())
        answer = int(self.first(torch.tensor(2 if interrupted else int(stop))))
        if answer == 2:
            if self.asked is not None:
                self.asked.zero_()
            raise KeyboardInterrupt
        return bool(answer)

    def part(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, float]:
        """Own rows of a batch, and their share in it; all rows where there are too few to deal."""
        if self.size == 1:
            return x, y, 1.0
        if len(x) < self.size:
            return x, y, 1 / self.size
        mine = slice(self.rank, None, self.size)
        return x[mine], y[mine], len(x[mine]) / len(x)

    def own_noise(self) -> AbstractContextManager[None]:
        """Let what is drawn from the common stream within the block come from this rank's own."""
        return self._own_noise() if self.size > 1 else nullcontext()

    def gather(self, optimiser: torch.optim.Optimizer, value: Tensor, share: float) -> Tensor:
        """Average the gradients over the ranks in place; return the average of a loss."""
        if self.size == 1:
            return value
        weights = [p for group in optimiser.param_groups for p in group["params"]]
        weights = [p for p in weights if p.requires_grad]
        for p in weights:
            if p.grad is None:  # such as those of a class of which this rank has no row
                p.grad = torch.zeros_like(p)
        gradients = [p.grad for p in weights]
        flat = torch.cat([*(g.flatten() for g in gradients), value.to(gradients[0].dtype)[None]])
        *summed, mean = self._sum(flat * share).split([g.numel() for g in gradients] + [1])
        for gradient, total in zip(gradients, summed, strict=True):
            gradient.copy_(total.view_as(gradient))
        return mean[0].to(value.dtype)

    @contextmanager
    def _own_noise(self) -> Iterator[None]:
        common = self.rng.get_state()
        self.rng.set_state(self.own)
        yield
        self.own = self.rng.get_state()
        self.rng.set_state(common)

    def _sum(self, value: Tensor) -> Tensor:
        value = value.contiguous()
        distributed.all_reduce(value, group=self._group(value))
        return value

    def _group(self, value: Tensor) -> distributed.ProcessGroup | None:
        return self.group if value.device.type == "cpu" else None


def descend(
    optimiser: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor],
    x: Tensor,
    y: Tensor,
    *,
    bf16: bool = False,
    ranks: Ranks,
) -> Tensor:
    """One step of all ranks together.

    Parameters
    ----------
    optimiser : torch.optim.Optimizer
        Of the same weights on every rank.
    loss : callable
        Maps rows (x, y) to a scalar, a mean over the rows.
    x, y : Tensor of shape (n, ...)
        The whole batch, alike on every rank; it may be on the CPU where the weights are not.
    bf16 : bool
        Whether networks run under bfloat16 autocast.
    ranks : Ranks
        Who takes part.

    Returns
    -------
    value : Tensor of shape ()
        The loss, averaged over the ranks.
    """
    x, y, share = ranks.part(x, y)
    device = optimiser.param_groups[0]["params"][0].device
    x, y = moved(x, device), moved(y, device)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16), ranks.own_noise():
        value = loss(x, y)
    optimiser.zero_grad(set_to_none=True)
    value.backward()
    value = ranks.gather(optimiser, value.detach(), share)
    optimiser.step()
    return value
