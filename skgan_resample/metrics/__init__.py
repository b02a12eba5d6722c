"""How good synthetic samples are: fidelity, diversity, memorisation; each a function on arrays.

Columns of two frames are paired by name, those of other tables by position. What scikit-learn,
imbalanced-learn or numpy computes in a line or two is not wrapped here: the guide, under "Scores of
the papers", has the lines.
"""

from ._fidelity import (
    frechet_distance,
    precision_recall_density_coverage,
    with_real_floor,
)
from ._memorisation import dcr, spread_ratio, two_sample_auc
from ._report import QualityReport, quality_report
from ._tables import (
    contingency_similarity,
    correlation_similarity,
    ks_complement,
    ml_efficacy,
    tv_complement,
)

__all__ = [
    "QualityReport",
    "contingency_similarity",
    "correlation_similarity",
    "dcr",
    "frechet_distance",
    "ks_complement",
    "ml_efficacy",
    "precision_recall_density_coverage",
    "quality_report",
    "spread_ratio",
    "tv_complement",
    "two_sample_auc",
    "with_real_floor",
]
