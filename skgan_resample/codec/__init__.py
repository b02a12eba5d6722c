"""The border between arrays and tensors: what the caller has, and what the networks see."""

from ._image import ImageCodec
from ._sparse import SparseCodec
from ._table import TableCodec

__all__ = ["ImageCodec", "SparseCodec", "TableCodec"]
