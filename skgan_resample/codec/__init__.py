"""The border between arrays and tensors: what the caller has, and what the networks see."""

from ._image import ImageCodec
from ._table import TableCodec

__all__ = ["ImageCodec", "TableCodec"]
