"""Samples mixed from real samples of their class, in numpy: what a GAN has to better."""

from ._image import ImageMixture
from ._sparse import SparseMixture
from ._table import TableMixture

__all__ = ["ImageMixture", "SparseMixture", "TableMixture"]
