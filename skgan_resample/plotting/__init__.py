"""Displays in scikit-learn's manner: ``from_...`` computes and draws, ``plot`` draws again.

matplotlib is imported only when something is drawn.
"""

from ._history import TrainingHistoryDisplay
from ._samples import SyntheticSamplesDisplay
from ._subclasses import SubclassDisplay

__all__ = [
    "SubclassDisplay",
    "SyntheticSamplesDisplay",
    "TrainingHistoryDisplay",
]
