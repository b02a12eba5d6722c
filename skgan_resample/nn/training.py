"""The training loops: an autoencoder's, and the game of two players."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .adam import Adam
from .pixels import as_floats
from .ranks import Ranks, descend
from .stopping import Patience

Loss = Callable[[Tensor, Tensor], Tensor]
History = dict[str, Tensor]

CHECK_EVERY = 50
_LOWERED = 0.1


class Progress(Protocol):
    """Who watches the training: a progress bar, callbacks, warnings."""

    def update(self, stage: str, max_iter: int, losses: dict[str, Tensor]) -> bool:
        """Take note of one update; True asks the stage to stop."""

    def diverged(self, stage: str, at: int, kept: int, learning_rate: float | None) -> None:
        """Take note of a loss or a weight that is not finite, noticed at update ``at``.

        The weights of update ``kept`` are back, and the stage goes on with ``learning_rate``; it
        ends there if that is None.
        """

    def interrupted(self, stage: str, n_iter: int, error: KeyboardInterrupt) -> None:
        """Take note that the user ended a stage, of which ``n_iter`` updates are kept.

        Raising the error gives them up.
        """


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
    deadline : float
        Reading of ``time.monotonic`` after which no update is begun.
    patience : Patience or None
        Ends the game, and only that, when held-out rows say so.
    ranks : Ranks
        Processes that train together.
    """

    max_iter: int
    learning_rate: float
    progress: Progress
    betas: tuple[float, float] = (0.5, 0.9)
    bf16: bool = False
    deadline: float = math.inf
    patience: Patience | None = None
    ranks: Ranks = field(default_factory=Ranks)


def batches(
    x: Tensor,
    y: Tensor,
    batch_size: int,
    rng: torch.Generator,
    balance: float = 0.0,
    rows: Tensor | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (x, y) batches of ``min(batch_size, n)`` rows for ever; bytes as floats.

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
    rows : Tensor of shape (m,), optional
        Indices of the rows to draw from; by default all.

    Yields
    ------
    batch : tuple of Tensor
        Rows of x and their y.
    """
    rows = torch.arange(len(x)) if rows is None else rows.cpu()
    size, labels = min(batch_size, len(rows)), y.cpu()[rows]
    weights = labels.bincount().double().pow(-balance)[labels]
    while True:
        if balance:
            order = torch.multinomial(weights, len(rows), replacement=True, generator=rng)
        else:
            order = torch.randperm(len(rows), generator=rng)
        order = rows[order[: len(rows) // size * size]]
        for drawn in order.to(x.device).split(size):
            yield as_floats(x[drawn]), y[drawn]


def together(
    streams: Sequence[Iterator[tuple[Tensor, Tensor]]],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Join the batches of several streams: one (x, y) of as many rows as all of theirs."""
    while True:
        xs, ys = zip(*map(next, streams), strict=True)
        yield torch.cat(xs), torch.cat(ys)


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
    optimiser = _adam(autoencoder, schedule)
    down = partial(descend, bf16=schedule.bf16, ranks=schedule.ranks)

    def step() -> dict[str, Tensor]:
        return {"autoencoder": down(optimiser, loss, *next(data))}

    run = _Run("autoencoder", [autoencoder], [optimiser], schedule)
    return _run(run, step, ["autoencoder"])


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

    With patience it is the average of the update with the lowest distance.

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
    down = partial(descend, bf16=schedule.bf16, ranks=schedule.ranks)
    judged, decay = [*critic.parameters()], _average_decay(schedule.max_iter)
    average = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(decay))

    def step() -> dict[str, Tensor]:
        for _ in range(n_critic):
            d = down(critic_optimiser, d_loss, *next(data))
        for weight in judged:  # by a module's own method a hundred times slower
            weight.requires_grad_(False)
        g = down(generator_optimiser, g_loss, *next(data))
        for weight in judged:
            weight.requires_grad_(True)
        average.update_parameters(generator)
        return {"critic": d, "generator": g}

    optimisers, patience = [critic_optimiser, generator_optimiser], schedule.patience
    look = partial(patience.look, generator, average.module) if patience else None
    run = _Run("game", [generator, critic, average], optimisers, schedule, look)
    history = _run(run, step, ["critic", "generator"])
    generator.load_state_dict(patience.weights if patience else average.module.state_dict())
    n_iter = patience.best if patience else schedule.max_iter
    return {name: losses[:n_iter] for name, losses in history.items()}


def _average_decay(max_iter: int) -> float:
    """Decay of the moving average: it looks back over a tenth of the run, 1,000 updates at most."""
    return 1 - 1 / min(max(max_iter / 10, 1), 1000)


def _adam(network: nn.Module, schedule: Schedule) -> Adam:
    return Adam(network.parameters(), schedule.learning_rate, schedule.betas, fused=True)


def _run(run: _Run, step: Callable[[], dict[str, Tensor]], names: list[str]) -> History:
    """Repeat a step until the run ends: the only loop there is."""
    try:
        while not run.ended:
            run.note(step())
    except KeyboardInterrupt as error:
        run.interrupt(error)
    return run.history(names)


@dataclass
class _Run:
    """A stage on its way: its losses, and the last sound weights, to go back to.

    Weights are all that training moves: parameters, buffers and the moving average. They are
    checked every few updates, since looking at them waits for the device.
    """

    stage: str
    networks: list[nn.Module]
    optimisers: Sequence[torch.optim.Optimizer]
    schedule: Schedule
    look: Callable[[int], bool] | None = None
    losses: list[dict[str, Tensor]] = field(default_factory=list)
    lowered: bool = False

    def __post_init__(self) -> None:
        self.stopped = self._is_over()
        self.schedule.ranks.align(self.networks)
        self._keep()

    @property
    def ended(self) -> bool:
        return self.stopped or len(self.losses) >= self.schedule.max_iter

    def _is_over(self, asked: bool = False) -> bool:
        return self.schedule.ranks.decide(asked or time.monotonic() >= self.schedule.deadline)

    def note(self, losses: dict[str, Tensor]) -> None:
        """Take the losses of an update, and check whether all is sound where it is time to."""
        self.losses.append(losses)
        progress, max_iter = self.schedule.progress, self.schedule.max_iter
        asked = progress.update(self.stage, max_iter, losses)
        self.stopped = self._is_over(asked)
        if self.ended or len(self.losses) % CHECK_EVERY == 0:
            bad = self._first_bad()
            if bad is None:
                self._keep()
            else:
                self._recover(bad)

    def interrupt(self, error: KeyboardInterrupt) -> None:
        """Keep what is sound of the updates so far; the error is the watcher's to raise."""
        if len(self.losses) > self.kept and self._first_bad() is None:
            self._keep()
        else:  # also where the first update after a check was cut short
            self._go_back()
        self.schedule.progress.interrupted(self.stage, len(self.losses), error)

    def history(self, names: list[str]) -> History:
        return {
            name: torch.stack([loss[name] for loss in self.losses]).float().cpu()
            if self.losses
            else torch.zeros(0)
            for name in names
        }

    def _keep(self) -> None:
        self.kept = len(self.losses)
        self.states = [deepcopy(network.state_dict()) for network in self.networks]
        if self.look is not None and self.look(self.kept):
            self.stopped = True

    def _go_back(self) -> None:
        for network, state in zip(self.networks, self.states, strict=True):
            network.load_state_dict(state)
        del self.losses[self.kept :]

    def _first_bad(self) -> int | None:
        """Update, counted from one, at which something was noticed not to be finite."""
        new = self.losses[self.kept :]
        values = torch.stack([torch.stack([*loss.values()]).float() for loss in new])
        tensors = [value for network in self.networks for value in network.state_dict().values()]
        weights = torch.stack([value.isfinite().all() for value in tensors])
        finite = torch.cat([values.isfinite().all(1), weights.all()[None]]).tolist()
        return None if all(finite) else self.kept + min(finite.index(False) + 1, len(new))

    def _recover(self, bad: int) -> None:
        """Go back; go on with a lower learning rate, but once only, else end the stage."""
        self._go_back()
        once_more = not (self.lowered or self.stopped)
        if once_more:
            self.lowered = True
            for optimiser in self.optimisers:
                optimiser.state.clear()  # its moments may have grown without bounds
                for group in optimiser.param_groups:
                    group["lr"] *= _LOWERED
        elif self.kept == 0:
            raise FloatingPointError(
                f"The {self.stage} diverged within its first {bad} updates"
                + ", with a tenth of the learning rate, too" * self.lowered
                + ": a loss or a weight is not finite. Got learning_rate="
                f"{self.schedule.learning_rate:g}; try a smaller one."
            )
        self.stopped = not once_more
        rate = self.schedule.learning_rate * _LOWERED if once_more else None
        self.schedule.progress.diverged(self.stage, bad, self.kept, rate)
