"""The samplers, one file per paper."""

from ._bagan import BAGANSampler
from ._bagan_gp import BAGANGPSampler
from ._cgan import CGANSampler

__all__ = ["BAGANGPSampler", "BAGANSampler", "CGANSampler"]
