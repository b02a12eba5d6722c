"""The impact that each subclass has on a GAN's loss, and the actor and critic that learn it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from .networks import build
from .run import as_floats
from .runtime import Adam

_HIDDEN = 20
_ACTOR_RATE, _CRITIC_RATE = 1e-3, 1e-2
_STEP, _SPREAD = 0.05, 0.4  # of an impact along its gradient, of the gradient around its mean
_LEAST = 0.5
_DISCOUNT = 0.9
_REWARD_OFFSET = 0.1


@dataclass(frozen=True)
class Subclasses:
    """Groups of samples within classes."""

    centers: Tensor  # (S, d), mean of each subclass's samples, flattened
    sizes: Tensor  # (S,), number of samples
    classes: Tensor  # (S,), class index

    @classmethod
    def of(cls, x: Tensor, labels: Tensor, classes: Tensor) -> Self:
        """Take (n, ...) samples, the (n,) subclass of each, and the (S,) class of each subclass."""
        groups = (as_floats(x[labels == subclass]) for subclass in range(len(classes)))
        centers = torch.stack([group.flatten(1).mean(0) for group in groups])
        return cls(centers, labels.bincount(minlength=len(classes)), classes)

    def nearest(self, x: Tensor, y: Tensor) -> Tensor:
        """Nearest center of a sample's class: (m, ...) samples and (m,) classes -> (m,) indices."""
        distances = torch.cdist(x.detach().float().flatten(1), self.centers)
        foreign = y[:, None] != self.classes
        return distances.masked_fill(foreign, torch.inf).argmin(1)

    def to(self, device: torch.device | str) -> Self:
        """Move everything to a device."""
        return type(self)(self.centers.to(device), self.sizes.to(device), self.classes.to(device))


def normalised(impacts: Tensor, classes: Tensor) -> Tensor:
    r"""Scale (S,) impacts of subclasses of (S,) classes to sum 1 within each class.

    .. math:: W_i / \sum_{j \in c} W_j \quad \textrm{of} \quad \max(W_i, 0.5 / K_c)

    with K_c subclasses in class c. Without a least impact the loss would fall by putting all weight
    on the easiest subclass, and G, at rest where ``W log D`` is the same everywhere, would make
    little but the others. Dividing may take an impact below that bound again.
    """
    numbers = classes.bincount()
    impacts = torch.maximum(impacts, _LEAST / numbers[classes].float())
    totals = impacts.new_zeros(len(numbers)).index_add(0, classes, impacts)
    return impacts / totals[classes]


def proportional(sizes: Tensor, classes: Tensor) -> Tensor:
    r"""Impacts of Bias-GAN, (S,), inversely proportional to the subclass's size N_i.

    .. math:: W_i = \frac{N_c / K_c}{N_i}

    with N_c samples and K_c subclasses in the class (Huang, Lin & Tseng, ICME 2019, eq. 6). Their
    mean over the samples of a class is 1.
    """
    numbers = classes.bincount()
    totals = numbers.new_zeros(len(numbers)).index_add(0, classes, sizes)
    return (totals.float() / numbers)[classes] / sizes


class FixedImpacts:
    """Impacts, (S,), that stay as they are; in the loss they are multiplied by ``scale``, (S,).

    ``impacts`` are those in force, ``history`` lists those after every step so far.
    """

    def __init__(self, impacts: Tensor, scale: Tensor | float = 1.0) -> None:
        self.scale = scale
        self.history: list[Tensor] = []
        self._enforce(impacts)

    def weights(self, subclass: Tensor) -> Tensor:
        """Weight in the loss of samples of (m,) subclasses: (m,)."""
        return (self.scale * self.impacts).to(subclass.device)[subclass]

    def _enforce(self, impacts: Tensor) -> None:
        self.impacts = impacts
        self.history.append(impacts)

    def learn(self, loss: Tensor) -> None:
        """Make a step, given the mean of the GAN's loss, a scalar, since the last one."""
        self._enforce(self.impacts)

    def learn_every(
        self,
        n_batches: int,
        data: Iterator[tuple[Tensor, Tensor]],
        losses: list[Tensor],
        over_ranks: Callable[[Tensor], Tensor] = lambda loss: loss,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Pass batches on, and learn whenever the loop has collected the losses of ``n_batches``.

        The caller appends the loss of every batch to ``losses``, which is emptied by a step;
        ``over_ranks`` averages a loss over the processes that train together.
        """
        for batch in data:
            if len(losses) == n_batches:
                self.learn(over_ranks(torch.stack(losses).mean()).cpu())
                losses.clear()
            yield batch


class ActorCriticImpacts(FixedImpacts):
    r"""Impacts of sum 1 within each class that an actor changes and a critic assesses.

    They are those of Huang, Lin & Tseng (ICME 2019, section 4). In the loss they are multiplied by
    the number of subclasses of the class. The state s is the impacts. The actor gives the mean of a
    Gaussian of standard deviation 0.4, from which the gradient of every impact is drawn, a; the GAN
    is then trained for a while under the new impacts, s' = s + 0.05 a, normalised; the reward is
    the inverse of its loss there, :math:`r = 1 / (0.1 + L)`. The critic V minimises the square of
    its forecast's error (eq. 7)

    .. math:: \delta = r + 0.9 V(s') - V(s)

    and the actor :math:`-\delta \log \pi(a | s)`. The critic's first forecast is that every step
    has the reward of the first one; from a forecast of zero, any first action of the actor would be
    rewarded.
    """

    def __init__(self, classes: Tensor, rng: torch.Generator) -> None:
        n = len(classes)
        self.classes, self.rng = classes, rng
        self.actor = build(lambda: _network(n, n), rng, "cpu")
        self.critic = build(lambda: _network(n, 1), rng, "cpu")
        for network in (self.actor, self.critic):  # zero outputs at first
            nn.init.zeros_([*network.parameters()][-2])
        self.optimisers = [
            Adam(self.actor.parameters(), lr=_ACTOR_RATE, fused=True),
            Adam(self.critic.parameters(), lr=_CRITIC_RATE, fused=True),
        ]
        start = torch.rand(n, generator=rng, dtype=torch.float32)
        super().__init__(normalised(start, classes), classes.bincount()[classes])

    def learn(self, loss: Tensor) -> None:
        """Assess the last action by the mean loss after it, and take the next one."""
        if not loss.isfinite():
            return
        reward = 1 / (_REWARD_OFFSET + loss)
        if len(self.history) == 1:  # no action yet
            *_, bias = self.critic.parameters()
            nn.init.constant_(bias, reward.item() / (1 - _DISCOUNT))
        else:
            self._improve(reward)
        self._act()

    def _act(self) -> None:
        self.state = self.impacts
        with torch.no_grad():
            noise = torch.randn(len(self.state), generator=self.rng, dtype=torch.float32)
            self.action = self.actor(self.state) + _SPREAD * noise
        self._enforce(normalised(self.state + _STEP * self.action, self.classes))

    def _improve(self, reward: Tensor) -> None:
        """One step of Adam for the actor and for the critic."""
        with torch.no_grad():
            next_value = self.critic(self.impacts)
        error = reward + _DISCOUNT * next_value - self.critic(self.state)
        deviations = (self.action - self.actor(self.state)) / _SPREAD
        log_density = -deviations.square().sum() / 2
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        (error.square().sum() - error.detach().sum() * log_density).backward()
        for optimiser in self.optimisers:
            optimiser.step()


def _network(n_inputs: int, n_outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_inputs, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, n_outputs))
