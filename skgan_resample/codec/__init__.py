"""The border between arrays and tensors: what the caller has, and what the networks see."""

from ._image import ImageCodec, as_floats
from ._table import TableCodec

__all__ = ["ImageCodec", "TableCodec", "as_floats"]
