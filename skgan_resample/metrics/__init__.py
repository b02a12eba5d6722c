"""How good generated rows are: fidelity, diversity, memorisation, use, each a function on arrays.

What scikit-learn and imbalanced-learn compute is not wrapped here. Macro-F is
``sklearn.metrics.f1_score(y_true, y_pred, average="macro")``. "G-mean" names two things:

- the K-th root of the product of the K recalls, zero if a class is never found:
  ``imblearn.metrics.geometric_mean_score(y_true, y_pred)``;
- the mean over the classes of the root of sensitivity times specificity:
  ``imblearn.metrics.geometric_mean_score(y_true, y_pred, average=None).mean()``.

For two classes the two are the same number.
"""

from ._classes import (
    improvement_gain,
    intra_class_error,
    mode_collapse_matrix,
    precision_on_largest,
    recall_on_smallest,
    transfer_scores,
)
from ._features import ClassifierFeatures
from ._fidelity import (
    frechet_distance,
    kernel_distance,
    precision_recall_density_coverage,
    with_real_floor,
)
from ._memorisation import nearest_neighbour_ratio, two_sample_auc
from ._pictures import ssim_diversity
from ._report import quality_report

__all__ = [
    "ClassifierFeatures",
    "frechet_distance",
    "improvement_gain",
    "intra_class_error",
    "kernel_distance",
    "mode_collapse_matrix",
    "nearest_neighbour_ratio",
    "precision_on_largest",
    "precision_recall_density_coverage",
    "quality_report",
    "recall_on_smallest",
    "ssim_diversity",
    "transfer_scores",
    "two_sample_auc",
    "with_real_floor",
]
