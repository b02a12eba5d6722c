"""Over-samplers for imbalanced data that learn to generate rows and pictures with GANs."""

from . import metrics
from ._versions import show_versions
from .codec import ImageCodec, TableCodec
from .comparison import compare_samplers
from .over_sampling import (
    ACGANSampler,
    BAGANGPSampler,
    BAGANSampler,
    CGANSampler,
    CycleGANSampler,
    GAMOSampler,
    GANSampler,
    IDAGANSampler,
    SCDLSampler,
    WAEGANSampler,
)
from .plotting import (
    ComparisonDisplay,
    LatentSpaceDisplay,
    SyntheticSamplesDisplay,
    TrainingHistoryDisplay,
)

__version__ = "0.1.0.dev0"

__all__ = [
    "ACGANSampler",
    "BAGANGPSampler",
    "BAGANSampler",
    "CGANSampler",
    "CycleGANSampler",
    "ComparisonDisplay",
    "GAMOSampler",
    "GANSampler",
    "IDAGANSampler",
    "ImageCodec",
    "LatentSpaceDisplay",
    "SCDLSampler",
    "SyntheticSamplesDisplay",
    "TableCodec",
    "TrainingHistoryDisplay",
    "WAEGANSampler",
    "__version__",
    "compare_samplers",
    "metrics",
    "show_versions",
]
