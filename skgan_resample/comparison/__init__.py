"""Compare samplers by cross-validation without leakage.

``python -m skgan_resample.comparison data.csv --target y`` does so from the shell.
"""

from ._baselines import PriorThresholdClassifier
from ._compare import compare_samplers
from ._result import ComparisonResult

__all__ = ["ComparisonResult", "PriorThresholdClassifier", "compare_samplers"]
