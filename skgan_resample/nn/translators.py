"""Networks from rows to rows of the same shape, for translation between classes."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .networks import SLOPE, Upsample, corrector_for, halvings, leaky

_MAPS = (16, 32, 64)


class ConvResidualBlock(nn.Module):
    """``x + W2 act(W1 x)`` on (n, maps, h, w) feature maps."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(maps, maps, 3, 1, 1), leaky(), nn.Conv2d(maps, maps, 3, 1, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, maps, h, w) -> (n, maps, h, w)."""
        return F.leaky_relu(x + self.body(x), SLOPE, inplace=True)


class ConvTranslator(nn.Sequential):
    """Two stages down, residual blocks, two stages up: (n, c, h, w) -> (n, c, h, w).

    Pictures whose longer side is below 8 (15) pixels have no (one) stage.

    Parameters
    ----------
    sample_shape : tuple of int
        (channels, height, width) of a picture.
    """

    def __init__(self, sample_shape: tuple[int, ...]) -> None:
        channels, height, width = sample_shape
        sizes = halvings(height, width)[: len(_MAPS)]
        stages = list(zip(_MAPS, _MAPS[1:], sizes[:-1], strict=False))
        deepest = _MAPS[len(stages)]
        layers: list[nn.Module] = [nn.Conv2d(channels, _MAPS[0], 3, 1, 1), leaky()]
        for maps, more, _ in stages:
            layers += [nn.Conv2d(maps, more, 3, 2, 1), leaky()]
        layers += [ConvResidualBlock(deepest), ConvResidualBlock(deepest)]
        for maps, more, size in reversed(stages):
            layers += [Upsample(more, maps, size), leaky()]
        super().__init__(*layers, nn.Conv2d(_MAPS[0], channels, 3, 1, 1))


class Translator(nn.Module):
    """A row and what is to be changed in it, ``x + g(x)``.

    Parameters
    ----------
    network : nn.Module
        g, (n, *sample_shape) -> (n, *sample_shape).
    head : nn.Module, optional
        Draws categories from the sum.
    """

    def __init__(self, network: nn.Module, head: nn.Module | None = None) -> None:
        super().__init__()
        self.network, self.head = network, head or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(n, *sample_shape) -> (n, *sample_shape)."""
        return self.head(x + self.network(x))


def translator_for(sample_shape: tuple[int, ...], head: nn.Module | None = None) -> Translator:
    """Choose the network from rows of one class to rows of another by the shape of a row."""
    if len(sample_shape) == 1:
        return Translator(corrector_for(sample_shape), head)
    return Translator(ConvTranslator(sample_shape))
