"""Samples mixed from real samples of their class, in numpy: what a GAN has to better."""

from ._image import ImageMixture
from ._table import TableMixture

__all__ = ["ImageMixture", "TableMixture"]
