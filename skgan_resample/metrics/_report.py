"""Quality of a sampler's synthetic samples, class by class."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support

from .._containers import read_labels
from ..codec import TableCodec
from ._fidelity import precision_recall_density_coverage, with_real_floor
from ._memorisation import dcr, two_sample_auc
from ._tables import (
    as_frame,
    contingency_similarity,
    correlation_similarity,
    is_numeric,
    ks_complement,
    ml_efficacy,
    tv_complement,
)

_COLUMNS = [
    *["real", "synthetic", "coverage", "coverage_floor", "density", "density_floor"],
    *["near_copies", "dcr_ratio", "closer_to_train", "two_sample_auc", "ks_complement"],
    *["tv_complement", "correlation_similarity", "contingency_similarity", "remarks"],
]
_FEWEST = 4  # samples of a class: two halves of two, less gives no floor
_MANY_COPIES, _RECOGNISED, _FAR_BELOW_FLOOR, _CROWDED = 0.25, 0.8, 0.75, 2


@dataclass(frozen=True)
class QualityReport:
    """Quality of the samples of a sampler, as returned by :func:`quality_report`.

    Parameters
    ----------
    table : DataFrame
        One row per class: ``real`` and ``synthetic``, numbers of samples; ``coverage`` and
        ``density``, each beside the ``_floor`` that other real samples reach in the same number;
        ``near_copies``, ``dcr_ratio`` and, with test samples, ``closer_to_train``, see :func:`dcr`;
        ``two_sample_auc``, in two folds; of tables ``ks_complement``, ``tv_complement``,
        ``correlation_similarity`` and ``contingency_similarity``; and ``remarks``.
    efficacy : MLEfficacy or None
        With test samples, see :func:`ml_efficacy`.
    sampler : estimator
        The fitted clone.
    samples : tuple
        (X, y, X_synthetic, y_synthetic).
    """

    table: Any
    efficacy: Any
    sampler: Any = field(repr=False)
    samples: tuple = field(repr=False)


def quality_report(sampler, X, y, *, X_test=None, y_test=None, features=None, random_state=None):
    """Fit an over-sampler and compare the samples that it adds with real ones, class by class.

    Parameters
    ----------
    sampler : object
        Any over-sampler that appends its samples to X, of this package or of another; cloned.
    X : array-like of shape (n_samples, n_features), or images of three or four dimensions
        Real samples.
    y : array-like of shape (n_samples,)
        Their classes.
    X_test : array-like or images, default=None
        Real samples that are held out, for :func:`dcr` and :func:`ml_efficacy`.
    y_test : array-like, default=None
        Their classes.
    features : transformer, default=None
        Turns samples into the features in which they are compared; it is cloned and fitted to the
        real samples. None is a :class:`~skgan_resample.TableCodec`, which standardises numbers and
        encodes categories one-hot; of images scikit-learn's ``PCA(16)`` keeps what varies most.
    random_state : int, RandomState instance or None, default=None
        Seed of random halves and of the classifiers; the sampler has its own.

    Returns
    -------
    report : QualityReport
        Its ``table``, a DataFrame, has one row per class.

    Raises
    ------
    ValueError
        If the sampler does not keep the samples of X, as they are, at the top.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from sklearn.datasets import make_classification
    >>> from skgan_resample.metrics import quality_report
    >>> X, y = make_classification(100, weights=[0.8], random_state=0)
    >>> report = quality_report(RandomOverSampler(random_state=0), X, y, random_state=0)
    >>> print(report.table.loc[1, "remarks"])
    100% near-copies of 19 samples
    """
    check_pandas_support("quality_report")
    import pandas as pd

    if (X_test is None) != (y_test is None):
        raise ValueError("Got one of X_test and y_test, but expected both or neither.")
    sampler, rng = clone(sampler), check_random_state(random_state)
    y = _labels(y)
    extract = clone(TableCodec() if features is None else features).fit(_flat(X), y)
    x = _features(extract, X)
    X_new, y_new = _added(sampler, X, y, extract, x)
    x_new = _features(extract, X_new) if len(y_new) else x[:0]
    efficacy, x_test = None, None
    if X_test is not None:
        x_test, y_test = _features(extract, X_test), _labels(y_test)
        if len(y_new):
            efficacy = ml_efficacy(x, y, x_new, y_new, x_test, y_test, random_state=rng)
    is_table = _flat(X) is X and getattr(sampler, "image_shape", None) is None
    tables = [as_frame(part) for part in (X, X_new)] if is_table and features is None else []
    rows, labels = [], np.unique(y)
    for label in labels:
        of, of_new = np.flatnonzero(y == label), np.flatnonzero(y_new == label)
        row: dict[str, Any] = {"real": len(of), "synthetic": len(of_new)}
        if min(row.values()) < _FEWEST:
            row["remarks"] = "too few samples to compare" if len(of_new) else "no new samples"
        else:
            test = None if x_test is None else x_test[y_test == label]
            row |= _scores(x[of], x_new[of_new], test, rng)
            if tables:
                row |= _table_scores(tables[0].iloc[of], tables[1].iloc[of_new])
        rows.append(row)
    table = pd.DataFrame(rows, pd.Index(labels, name="class"), _COLUMNS)
    return QualityReport(table, efficacy, sampler, (X, y, X_new, y_new))


def _labels(y):
    """Classes as an array; of one-hot labels the index."""
    return check_target_type(np.asarray(read_labels(y)))


def _added(sampler, X, y, extract, x):
    """Fit, and give the new samples and their classes."""
    X_all, y_all = sampler.fit_resample(X, y)
    y_all, n = np.asarray(y_all), len(y)
    if not np.array_equal(y_all[:n], y) or not np.allclose(
        _features(extract, _safe_indexing(X_all, [*range(n)])), x, equal_nan=True
    ):
        raise ValueError(
            f"Got {type(sampler).__name__}, but expected an over-sampler: one that leaves the "
            "samples of X on top and appends its own. Transform X before, or by features."
        )
    return _safe_indexing(X_all, [*range(n, len(y_all))]), y_all[n:]


def _features(extract, X):
    """What a transformer makes of samples, as an array."""
    x = extract.transform(_flat(X))
    return x.toarray() if sparse.issparse(x) else np.asarray(x)


def _flat(X):
    """Images, (n, h, w[, c]), be they in a list, as (n, d); tables as they are."""
    if isinstance(X, (list, tuple)) and np.ndim(X[0]) > 1:
        X = np.asarray(X)
    return X.reshape(len(X), -1) if getattr(X, "ndim", 2) > 2 else X


def _scores(real, synthetic, test, rng):
    """A row of the report, of features."""
    n_neighbors = min(5, len(real) // 2 - 1, len(synthetic) - 1)

    def prdc(A, B):
        return precision_recall_density_coverage(A, B, n_neighbors=n_neighbors)

    value, floor = with_real_floor(prdc, real, synthetic, random_state=rng)
    some = synthetic[rng.permutation(len(synthetic))[: len(real)]]
    closest = dcr(real, synthetic, test if test is not None and len(test) else None)
    row = {
        "real": len(real),
        "coverage": value[3],
        "coverage_floor": floor[3],
        "density": value[2],
        "density_floor": floor[2],
        "near_copies": closest.near_copies,
        "dcr_ratio": closest.ratio,
        "closer_to_train": closest.closer_to_train,
        # two folds: these forests take most of the report's time
        "two_sample_auc": two_sample_auc(real, some, cv=2, random_state=rng.randint(2**31 - 1)),
    }
    return row | {"remarks": "; ".join(_remarks(row)) or "nothing noticed"}


def _table_scores(real, synthetic):
    """Scores of two frames: numbers and times by some, the other columns by others."""
    pairs = zip(real.items(), synthetic.items(), strict=True)
    numeric = np.array([is_numeric(one) and is_numeric(other) for (_, one), (_, other) in pairs])
    parts = {
        ks_complement: numeric,
        tv_complement: ~numeric,
        correlation_similarity: numeric,
        contingency_similarity: ~numeric,
    }
    return {
        score.__name__: score(real.loc[:, part], synthetic.loc[:, part]) if part.any() else np.nan
        for score, part in parts.items()
    }


def _remarks(row):
    """Problems of the samples, in words."""
    if row["near_copies"] > _MANY_COPIES:
        yield f"{row['near_copies']:.0%} near-copies of {row['real']} samples"
    if row["coverage"] < _FAR_BELOW_FLOOR * row["coverage_floor"]:
        yield (
            f"covers {row['coverage']:.0%} of the real samples where other real samples cover "
            f"{row['coverage_floor']:.0%}"
        )
    if row["density"] < _FAR_BELOW_FLOOR * row["density_floor"]:
        yield f"many samples where real ones are rare (density {row['density']:.2f})"
    if row["density"] > _CROWDED * row["density_floor"]:
        yield f"crowded into the middle of the class (density {row['density']:.2f})"
    if row["two_sample_auc"] > _RECOGNISED:
        yield f"easily distinguished from real samples (AUC {row['two_sample_auc']:.2f})"
