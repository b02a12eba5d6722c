"""One training run: what a sampler needs to train its networks, and the two loops."""

import math
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from .blocks import BlockHead, BlockNoise
from .networks import Dropout, Trunk, build, decoder_for, trunk_for
from .runtime import Adam, moved

Module = TypeVar("Module", bound=nn.Module)
Loss = Callable[[Tensor, Tensor], Tensor]
Batches = Iterator[tuple[Tensor, Tensor]]
History = dict[str, Tensor]

CHECK_EVERY = 50
_MIDDLE = 127.5
_PIXELS_AT_ONCE = 1 << 17  # a layer of 32 feature maps then takes 17 MB


class Progress:
    """Receives the progress of a training, and ignores it. Subclasses show, log or warn."""

    def update(self, stage: str, max_iter: int, losses: dict[str, Tensor]) -> bool:
        """Receive the losses of one update; True asks the stage to stop."""
        return False

    def diverged(self, stage: str, at: int, kept: int) -> None:
        """Receive that a loss or a weight was not finite at update ``at``.

        The stage ends with the weights of update ``kept``.
        """


@dataclass
class TrainingRun:
    """Everything that the training of a sampler needs; made for one fit and dropped after it.

    Examples
    --------
    >>> import torch
    >>> from skgan_resample.nn.run import TrainingRun
    >>> run = TrainingRun(torch.Generator().manual_seed(0), sample_shape=(5,), n_classes=2)
    >>> encoder = run.build(lambda: run.trunk())
    >>> encoder(torch.zeros(3, 5)).shape
    torch.Size([3, 128])
    """

    rng: torch.Generator  # of everything random, on the CPU
    sample_shape: tuple[int, ...]  # (d,) of an encoded table, (c, h, w) of images
    n_classes: int
    latent_dim: int = 8
    hidden_dim: int = 128  # see trunk_for
    max_iter: int = 500  # updates of the generator
    autoencoder_max_iter: int = 500
    batch_size: int = 64  # real samples
    learning_rate: float = 1e-3  # of Adam
    momentum: float = 0.5  # the first of Adam's betas in the adversarial training
    block_sizes: tuple[int, ...] = ()  # of the one-hot blocks that an encoded table ends with
    device: str = "cpu"
    progress: Progress = field(default_factory=Progress)  # receives every update

    # Networks ------------------------------------------------------------------------------------

    def build(self, factory: Callable[[], Module]) -> Module:
        """Make a network on the run's device, its weights drawn from the run's stream."""
        return build(factory, self.rng, self.device)

    def trunk(self, dropout: float = 0.0, block_noise: float = 0.0, eps: float = 1e-6) -> Trunk:
        """Layers from samples to features; ``eps=1`` for an encoder, see trunk_for.

        ``dropout`` is the rate of Dropout between layers, ``block_noise`` the scale of the noise on
        one-hot blocks, see BlockNoise.
        """
        layer = partial(Dropout, dropout, self.rng)
        trunk = trunk_for(self.sample_shape, self.hidden_dim, layer, eps)
        if block_noise and self.block_sizes:
            trunk.insert(0, BlockNoise(block_noise, self.block_sizes, self.rng))
        return trunk

    def decoder(self, n_inputs: int | None = None, **layers: Any) -> nn.Sequential:
        """Layers from codes, (n, n_inputs), to samples; by default from latent codes.

        Further arguments are those of :func:`~skgan_resample.nn.networks.decoder_for`.
        """
        sizes = n_inputs or self.latent_dim, self.sample_shape, self.hidden_dim
        return decoder_for(*sizes, **{"head": self.block_head()} | layers)

    def block_head(self, *, of_logits: bool = True) -> BlockHead | None:
        """What draws the one-hot blocks of generated samples; None where a sample has none."""
        if not self.block_sizes:
            return None
        return BlockHead(self.block_sizes, self.rng, of_logits=of_logits)

    # Data and noise ------------------------------------------------------------------------------

    def batches(self, x: Tensor, y: Tensor, balance: float = 0.0) -> Batches:
        """Yield (x, y) batches of ``min(batch_size, n)`` of n samples for ever; bytes as floats.

        Classes are drawn in proportion to ``n_c ** (1 - balance)``: 0 keeps the frequencies of the
        data (each sample once a pass, in a fresh order), 1 makes all classes equally frequent.
        """
        for rows in _drawn(y, self.batch_size, self.rng, balance):
            yield as_floats(x[rows]), y[rows]

    def batches_by_class(self, x: Tensor, y: Tensor, classes: Sequence[int], size: int) -> Batches:
        """Yield batches of ``size`` samples of each of some classes, in this order, for ever.

        Their labels are the places of the classes in ``classes``, which may repeat. A batch has at
        most as many samples of each as the largest class, and those of smaller ones repeatedly.
        """
        size = min(size, int(y.bincount().max()))
        places = torch.arange(len(classes), device=y.device).repeat_interleave(size)
        pools = [(y == c).nonzero()[:, 0] for c in classes]
        pools = [rows.repeat(-(-size // len(rows))) for rows in pools]
        for drawn in zip(*(_drawn(y[rows], size, self.rng) for rows in pools), strict=True):
            parts = [rows[part] for rows, part in zip(pools, drawn, strict=True)]
            yield as_floats(x[torch.cat(parts)]), places

    def noise(self, y: Tensor) -> Tensor:
        """Draw a code from N(0, I) for each of (n,) labels: (n, latent_dim), on their device."""
        z = torch.randn((len(y), self.latent_dim), generator=self.rng, dtype=torch.float32)
        return z.to(y.device)

    def labels(self, like: Tensor, balanced: bool = True) -> Tensor:
        """Classes for generated samples: uniformly drawn, or those of the (n,) real ones."""
        if not balanced:
            return like
        return torch.randint(self.n_classes, like.shape, generator=self.rng).to(like.device)

    # Loops ---------------------------------------------------------------------------------------

    def train_autoencoder(self, network: nn.Module, loss: Loss, data: Batches) -> History:
        """Minimise by Adam a loss that maps a batch (x, y) to a scalar.

        ``network`` holds every parameter to be trained; ``data`` are batches, as :meth:`batches`
        yields them. Returns ``{"autoencoder": (n_iter,) losses}``.
        """
        optimiser = self._adam(network, 0.5)

        def update() -> dict[str, Tensor]:
            return {"autoencoder": self.step(optimiser, loss, *next(data))}

        return self._loop("autoencoder", self.autoencoder_max_iter, update, network)

    def train_adversarial(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        d_loss: Loss,
        g_loss: Loss,
        data: Batches,
        n_critic: int = 1,
        d_penalty: Loss | None = None,
    ) -> History:
        """Train two networks against each other, by updates in turn.

        ``d_loss`` and ``g_loss`` map a batch (x, y) of real samples to the scalar that their
        network minimises. ``data`` are batches, as :meth:`batches` yields them; every update of
        either network takes one. There are ``n_critic`` updates of the discriminator before each of
        the generator, which is left with a moving average of its weights over the last tenth of the
        run. ``d_penalty``, a loss as well, is added to ``d_loss`` at every fourth update of the
        discriminator, four times as large (Karras et al., CVPR 2020, appendix B).

        Returns ``{"discriminator": (n_iter,), "generator": (n_iter,)}``; of the discriminator the
        last loss before each update of the generator.
        """
        optimiser_d, optimiser_g = (
            self._adam(network, self.momentum) for network in (discriminator, generator)
        )
        opponents = [*discriminator.parameters()]
        move_average = get_ema_multi_avg_fn(1 - 1 / min(max(self.max_iter / 10, 1), 1000))
        average = deepcopy(generator)
        # AveragedModel would list them at every update: 6 to 9 % of its time, for small tables
        averages, weights = [*average.parameters()], [*generator.parameters()]

        d_losses = [d_loss] * 4
        if d_penalty is not None:
            d_losses[0] = lambda x, y: d_loss(x, y) + 4 * d_penalty(x, y)
        due = cycle(d_losses)

        def update() -> dict[str, Tensor]:
            for _ in range(n_critic):
                d = self.step(optimiser_d, next(due), *next(data))
            for weight in opponents:  # by a module's own method a hundred times slower
                weight.requires_grad_(False)
            g = self.step(optimiser_g, g_loss, *next(data))
            for weight in opponents:
                weight.requires_grad_(True)
            move_average(averages, weights, 0)
            return {"discriminator": d, "generator": g}

        networks = nn.ModuleList([generator, discriminator, average])
        history = self._loop("adversarial training", self.max_iter, update, networks)
        if len(history["generator"]):
            generator.load_state_dict(dict(average.named_parameters()), strict=False)
        return history

    def step(self, optimiser: Adam, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        """One update by the gradient of a loss on a batch; returns the loss, detached."""
        value = loss(moved(x, self.device), moved(y, self.device))
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        return value.detach()

    def mean(self, value: Tensor) -> Tensor:
        """Average a scalar over the processes that train together; here there is one."""
        return value

    def first(self, value: Tensor) -> Tensor:
        """Value of the first of the processes that train together; here there is one."""
        return value

    def _adam(self, network: nn.Module, momentum: float) -> Adam:
        return Adam(network.parameters(), self.learning_rate, (momentum, 0.9), fused=True)

    def _loop(
        self,
        stage: str,
        max_iter: int,
        update: Callable[[], dict[str, Tensor]],
        network: nn.Module,
    ) -> History:
        """Repeat an update; if a loss or weight is not finite, go back to the last finite ones.

        This is checked only every few updates, since a check waits for the device.
        """
        losses: list[dict[str, Tensor]] = []
        kept, state, stopped = 0, deepcopy(network.state_dict()), False
        while not stopped and len(losses) < max_iter:
            losses.append(update())
            stop = self.progress.update(stage, max_iter, losses[-1])
            stopped = bool(self.first(torch.tensor(int(stop))))
            if stopped or len(losses) in (max_iter, kept + CHECK_EVERY):
                bad = _first_not_finite(losses[kept:], network)
                if bad is None:
                    kept, state = len(losses), deepcopy(network.state_dict())
                    continue
                if kept == 0:
                    raise FloatingPointError(
                        f"The {stage} diverged within its first {bad} update{'s' * (bad > 1)}: a "
                        "loss or a weight is not finite. Got learning_rate="
                        f"{self.learning_rate:g}; try a smaller one."
                    )
                network.load_state_dict(state)
                self.progress.diverged(stage, kept + bad, kept)
                del losses[kept:]
                break
        return {
            name: torch.tensor([loss[name] for loss in losses], dtype=torch.float32)
            for name in _NAMES[stage]
        }


_NAMES = {"autoencoder": ("autoencoder",), "adversarial training": ("discriminator", "generator")}


def _first_not_finite(losses: Sequence[dict[str, Tensor]], network: nn.Module) -> int | None:
    """Update, counted from one, at which a loss or, at the last, a weight was not finite."""
    values = torch.stack([torch.stack([*loss.values()]).float() for loss in losses])
    sound = values.isfinite().all(1)
    weights = network.state_dict().values()
    sound[-1] &= torch.stack([weight.isfinite().all() for weight in weights]).all()
    return None if bool(sound.all()) else sound.tolist().index(False) + 1


# Data --------------------------------------------------------------------------------------------


def _drawn(y: Tensor, size: int, rng: torch.Generator, balance: float = 0.0) -> Iterator[Tensor]:
    """Yield indices of ``min(size, n)`` of the samples of (n,) classes for ever."""
    n, labels = len(y), y.cpu()
    size = min(size, n)
    bounds = labels.bincount().double().pow(-balance)[labels].cumsum(0)
    bounds = bounds / bounds[-1]
    while True:
        if balance:  # by hand, since torch.multinomial takes no more than 2**24 weights
            order = torch.searchsorted(bounds, torch.rand(n, generator=rng, dtype=torch.float64))
        else:
            order = torch.randperm(n, generator=rng)
        yield from order[: n // size * size].to(y.device).split(size)


def as_floats(x: Tensor) -> Tensor:
    """Samples as networks take them: bytes as float32 in [-1, 1], encoded samples as they are.

    For images of bytes, of any strides, the result is bitwise that of ``ImageCodec.transform``.
    """
    if x.dtype != torch.uint8:
        return x
    return (x.contiguous().float() - _MIDDLE) / _MIDDLE


def samples_at_once(sample_shape: tuple[int, ...]) -> int:
    """How many samples a network takes at once where no gradients are wanted."""
    n_pixels = math.prod(sample_shape[1:])  # of a row of a table one
    return min(max(_PIXELS_AT_ONCE // n_pixels, 1), 1024)


@torch.no_grad()
def in_batches(network: nn.Module, x: Tensor) -> Tensor:
    """Outputs of a network for all of x, on the CPU: (n, ...) -> (n, ...), in bounded memory."""
    device = str(next(network.parameters()).device)
    parts = x.split(samples_at_once(x.shape[1:]))
    return torch.cat([network(as_floats(moved(part, device))).cpu() for part in parts])
