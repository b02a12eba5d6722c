"""The training loops: an autoencoder's, and the game of two players."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Loss = Callable[[Tensor, Tensor], Tensor]
History = dict[str, Tensor]

_CHECK_EVERY = 50


class Progress(Protocol):
    """Who watches the training: a progress bar, callbacks, warnings."""

    def update(self, stage: str, max_iter: int, losses: dict[str, Tensor]) -> bool:
        """Take note of one update; True asks the stage to stop."""

    def diverged(self, stage: str, n_iter: int) -> None:
        """Take note that losses or weights became non-finite and those of ``n_iter`` are kept."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Parameters
    ----------
    max_iter : int
        Updates (of the generator, in the game).
    learning_rate : float
        Adam's step size.
    progress : Progress
        Told of every update.
    betas : tuple of float
        Adam's decay rates.
    bf16 : bool
        Whether networks run under bfloat16 autocast; weights stay float32.
    """

    max_iter: int
    learning_rate: float
    progress: Progress
    betas: tuple[float, float] = (0.5, 0.9)
    bf16: bool = False


def batches(
    x: Tensor, y: Tensor, batch_size: int, rng: torch.Generator, balance: float = 0.0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (x, y) batches of ``min(batch_size, n)`` rows for ever.

    Parameters
    ----------
    x : Tensor of shape (n, ...)
        Rows.
    y : Tensor of shape (n,)
        Class indices.
    batch_size : int
        Rows in a batch.
    rng : torch.Generator
        Stream of the draws.
    balance : float, default=0.0
        Classes are drawn in proportion to ``n_c ** (1 - balance)``: 0 keeps the frequencies of
        the data (each row once a pass, in a fresh order), 1 makes all classes equally frequent.

    Yields
    ------
    batch : tuple of Tensor
        Rows of x and their y.
    """
    size = min(batch_size, len(x))
    labels = y.cpu()
    weights = labels.bincount().double().pow(-balance)[labels]
    while True:
        if balance:
            order = torch.multinomial(weights, len(x), replacement=True, generator=rng)
        else:
            order = torch.randperm(len(x), generator=rng)
        for rows in order[: len(x) // size * size].to(x.device).split(size):
            yield x[rows], y[rows]


def together(
    streams: Sequence[Iterator[tuple[Tensor, Tensor]]],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Join the batches of several streams: one (x, y) of as many rows as all of theirs."""
    while True:
        xs, ys = zip(*map(next, streams), strict=True)
        yield torch.cat(xs), torch.cat(ys)


@torch.no_grad()
def in_batches(network: nn.Module, x: Tensor, size: int = 1024) -> Tensor:
    """Outputs of a network for all rows of x, on the CPU: (n, ...) -> (n, ...)."""
    return torch.cat([network(batch).cpu() for batch in x.split(size)])


def train_autoencoder(
    autoencoder: nn.Module,
    loss: Loss,
    data: Iterator[tuple[Tensor, Tensor]],
    schedule: Schedule,
) -> History:
    """Minimise a reconstruction loss by Adam.

    Parameters
    ----------
    autoencoder : nn.Module
        Holds every parameter to be trained.
    loss : callable
        Maps a batch (x, y) to a scalar.
    data : iterator
        Batches, as :func:`batches` yields them.
    schedule : Schedule
        Length and speed.

    Returns
    -------
    history : dict
        ``{"autoencoder": (n_iter,) losses}``.
    """

    def step() -> dict[str, Tensor]:
        return {"autoencoder": _descend(optimiser, loss, *next(data), bf16=schedule.bf16)}

    if schedule.max_iter == 0:
        return {"autoencoder": torch.zeros(0)}
    optimiser = _adam(autoencoder, schedule)
    return _run("autoencoder", step, [autoencoder], schedule)


def train_adversarial(
    generator: nn.Module,
    critic: nn.Module,
    d_loss: Loss,
    g_loss: Loss,
    data: Iterator[tuple[Tensor, Tensor]],
    schedule: Schedule,
    n_critic: int = 1,
) -> History:
    """Play the game, and leave the moving average of the generator's weights in it.

    Parameters
    ----------
    generator, critic : nn.Module
        The two players.
    d_loss, g_loss : callable
        Each maps a batch (x, y) of real rows to the scalar that its player minimises.
    data : iterator
        Batches, as :func:`batches` yields them; every update of either player takes a fresh one.
    schedule : Schedule
        Length and speed.
    n_critic : int, default=1
        Updates of the critic before each of the generator.

    Returns
    -------
    history : dict
        ``{"critic": (n_iter,), "generator": (n_iter,)}``, the critic's last loss per iteration.
    """
    if schedule.max_iter == 0:
        return {"critic": torch.zeros(0), "generator": torch.zeros(0)}
    critic_optimiser, generator_optimiser = _adam(critic, schedule), _adam(generator, schedule)
    average = AveragedModel(
        generator, multi_avg_fn=get_ema_multi_avg_fn(_average_decay(schedule.max_iter))
    )

    def step() -> dict[str, Tensor]:
        for _ in range(n_critic):
            d = _descend(critic_optimiser, d_loss, *next(data), bf16=schedule.bf16)
        critic.requires_grad_(False)
        g = _descend(generator_optimiser, g_loss, *next(data), bf16=schedule.bf16)
        critic.requires_grad_(True)
        average.update_parameters(generator)
        return {"critic": d, "generator": g}

    history = _run("game", step, [generator, critic, average], schedule)
    generator.load_state_dict(average.module.state_dict())
    return history


def _average_decay(max_iter: int) -> float:
    """Decay of the moving average: it looks back over a tenth of the run, 1,000 updates at most."""
    return 1 - 1 / min(max(max_iter / 10, 1), 1000)


def _adam(network: nn.Module, schedule: Schedule) -> torch.optim.Adam:
    return torch.optim.Adam(
        network.parameters(), lr=schedule.learning_rate, betas=schedule.betas, fused=True
    )


def _descend(
    optimiser: torch.optim.Optimizer, loss: Loss, x: Tensor, y: Tensor, *, bf16: bool
) -> Tensor:
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bf16):
        value = loss(x, y)
    optimiser.zero_grad(set_to_none=True)
    value.backward()
    optimiser.step()
    return value.detach()


def _run(
    stage: str, step: Callable[[], dict[str, Tensor]], networks: list[nn.Module], schedule: Schedule
) -> History:
    """Repeat a step; go back to the last sound weights if a loss or a weight is not finite."""
    losses: list[dict[str, Tensor]] = []
    sound, states = 0, [deepcopy(network.state_dict()) for network in networks]
    stop = False
    while len(losses) < schedule.max_iter and not stop:
        losses.append(step())
        stop = schedule.progress.update(stage, schedule.max_iter, losses[-1])
        if len(losses) % _CHECK_EVERY == 0 or len(losses) == schedule.max_iter or stop:
            if not _is_finite(losses[sound:], networks):
                break
            sound, states = len(losses), [deepcopy(network.state_dict()) for network in networks]
    if sound < len(losses):
        if sound == 0:
            raise FloatingPointError(
                f"The {stage} diverged within its first {len(losses)} updates: a loss or a weight "
                f"is not finite. Got learning_rate={schedule.learning_rate:g}; try a smaller one."
            )
        for network, state in zip(networks, states, strict=True):
            network.load_state_dict(state)
        schedule.progress.diverged(stage, sound)
    return _stack(losses[:sound])


def _is_finite(losses: list[dict[str, Tensor]], networks: list[nn.Module]) -> bool:
    values = [value for loss in losses for value in loss.values()]
    sums = [p.detach().sum() for network in networks for p in network.parameters()]
    return bool(torch.stack(values).isfinite().all() & torch.stack(sums).isfinite().all())


def _stack(losses: list[dict[str, Tensor]]) -> History:
    names = losses[0] if losses else ()
    return {name: torch.stack([loss[name] for loss in losses]).float().cpu() for name in names}
