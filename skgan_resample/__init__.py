"""Over-samplers for imbalanced data that learn to generate rows and pictures with GANs."""

from ._versions import show_versions
from .codec import ImageCodec, TableCodec
from .over_sampling import (
    ACGANSampler,
    BAGANGPSampler,
    BAGANSampler,
    CGANSampler,
    GAMOSampler,
    GANSampler,
    IDAGANSampler,
    IntraClassACGANSampler,
    SCDLSampler,
    WAEGANSampler,
)
from .subclasses import SubclassDiscovery

__version__ = "0.1.0.dev0"

__all__ = [
    "ACGANSampler",
    "BAGANGPSampler",
    "BAGANSampler",
    "CGANSampler",
    "GAMOSampler",
    "GANSampler",
    "IDAGANSampler",
    "ImageCodec",
    "IntraClassACGANSampler",
    "SCDLSampler",
    "SubclassDiscovery",
    "TableCodec",
    "WAEGANSampler",
    "__version__",
    "show_versions",
]
