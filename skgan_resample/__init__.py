"""Over-samplers for imbalanced tables and images that learn to generate samples with GANs.

Names are loaded when they are first touched (SPEC 1): what needs no torch does not import it.
"""

from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("skgan-resample")
__all__ += ["__version__"]
