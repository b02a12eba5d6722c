from . import comparison, distributed, metrics, over_sampling
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
    IntraClassACGANSampler,
    RowMixSampler,
    SCDLSampler,
    WAEGANSampler,
)
from .plotting import (
    SubclassDisplay,
    SyntheticSamplesDisplay,
    TrainingHistoryDisplay,
)
from .subclasses import SubclassDiscovery

__version__: str

__all__ = [
    "ACGANSampler",
    "BAGANGPSampler",
    "BAGANSampler",
    "CGANSampler",
    "CycleGANSampler",
    "GAMOSampler",
    "GANSampler",
    "IDAGANSampler",
    "ImageCodec",
    "IntraClassACGANSampler",
    "RowMixSampler",
    "SCDLSampler",
    "SubclassDiscovery",
    "SubclassDisplay",
    "SyntheticSamplesDisplay",
    "TableCodec",
    "TrainingHistoryDisplay",
    "WAEGANSampler",
    "__version__",
    "compare_samplers",
    "comparison",
    "distributed",
    "metrics",
    "over_sampling",
    "show_versions",
]
