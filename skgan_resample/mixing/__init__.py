"""New samples mixed from real samples of a class, in numpy: the baseline of the GANs."""

from ._image import ImageMixture
from ._sparse import SparseMixture
from ._table import TableMixture

__all__ = ["ImageMixture", "SparseMixture", "TableMixture"]
