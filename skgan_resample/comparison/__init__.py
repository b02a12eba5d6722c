"""Compare samplers by cross-validation without leakage."""

from ._baselines import PriorThresholdClassifier
from ._compare import compare_samplers
from ._result import ComparisonResult

__all__ = ["ComparisonResult", "PriorThresholdClassifier", "compare_samplers"]
