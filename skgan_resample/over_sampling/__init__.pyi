from ._acgan import ACGANSampler
from ._bagan import BAGANSampler
from ._bagan_gp import BAGANGPSampler
from ._cgan import CGANSampler
from ._cyclegan import CycleGANSampler
from ._gamo import GAMOSampler
from ._gan import GANSampler
from ._ida_gan import IDAGANSampler
from ._intra_class import IntraClassACGANSampler
from ._row_mix import RowMixSampler
from ._scdl import SCDLSampler, WAEGANSampler

__all__ = [
    "ACGANSampler",
    "BAGANGPSampler",
    "BAGANSampler",
    "CGANSampler",
    "CycleGANSampler",
    "GAMOSampler",
    "GANSampler",
    "IDAGANSampler",
    "IntraClassACGANSampler",
    "RowMixSampler",
    "SCDLSampler",
    "WAEGANSampler",
]
