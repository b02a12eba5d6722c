"""Encode tables and images as float32 arrays for networks, and decode generated ones."""

from ._image import ImageCodec
from ._sparse import SparseCodec
from ._table import TableCodec

__all__ = ["ImageCodec", "SparseCodec", "TableCodec"]
