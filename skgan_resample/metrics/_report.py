"""Quality of a sampler's synthetic samples, class by class."""

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support

from ..codec import TableCodec
from ._fidelity import precision_recall_density_coverage, with_real_floor
from ._memorisation import nearest_neighbour_ratio, two_sample_auc

_COLUMNS = [
    *["real", "synthetic", "coverage", "coverage_floor", "density", "density_floor"],
    *["near_copies", "ratio", "two_sample_auc", "remarks"],
]
_FEWEST = 4  # samples of a class: two halves of two, less gives no floor
_MANY_COPIES, _RECOGNISED, _FAR_BELOW_FLOOR, _CROWDED = 0.25, 0.8, 0.75, 2


def quality_report(sampler, X, y, *, features=None, random_state=None):
    """Fit an over-sampler and compare the samples that it adds with real ones, class by class.

    Parameters
    ----------
    sampler : object
        Any over-sampler that appends its samples to X, of this package or of another; cloned.
    X : array-like of shape (n_samples, n_features), or images of three or four dimensions
        Real samples.
    y : array-like of shape (n_samples,)
        Their classes.
    features : transformer, default=None
        Turns samples into the features in which they are compared; it is cloned and fitted to the
        real samples. None is a :class:`~skgan_resample.TableCodec`, which standardises numbers and
        encodes categories one-hot. :class:`ClassifierFeatures` suits images.
    random_state : int, RandomState instance or None, default=None
        Seed of random halves and of the classifier; the sampler has its own.

    Returns
    -------
    report : DataFrame
        One row per class: ``real`` and ``synthetic``, numbers of samples; ``coverage`` and
        ``density``, each beside the ``_floor`` that other real samples reach in the same number;
        ``near_copies``, the share of synthetic samples near a training sample; ``ratio``, of
        nearest-neighbour distances; ``two_sample_auc``; and ``remarks``.

    Raises
    ------
    ValueError
        If the sampler does not keep the samples of X at the top.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from sklearn.datasets import make_classification
    >>> from skgan_resample.metrics import quality_report
    >>> X, y = make_classification(100, weights=[0.8], random_state=0)
    >>> report = quality_report(RandomOverSampler(random_state=0), X, y, random_state=0)
    >>> print(report.loc[1, "remarks"])
    100% near-copies of 19 samples
    """
    check_pandas_support("quality_report")
    import pandas as pd

    X_all, y_all = clone(sampler).fit_resample(X, y)
    y_all, n = np.asarray(y_all), len(y)
    if not np.array_equal(y_all[:n], np.asarray(y)):
        raise ValueError(
            f"Got {type(sampler).__name__}, but expected an over-sampler: one that leaves the "
            "samples of X on top and appends its own."
        )
    real, synthetic = (_part(X_all, part) for part in (range(n), range(n, len(y_all))))
    extract = clone(TableCodec() if features is None else features).fit(real, y_all[:n])
    real = extract.transform(real)
    synthetic = extract.transform(synthetic) if len(y_all) > n else real[:0]
    rng = check_random_state(random_state)
    labels = np.unique(y_all[:n])
    table = [
        _scores(real[y_all[:n] == label], synthetic[y_all[n:] == label], rng) for label in labels
    ]
    return pd.DataFrame(table, pd.Index(labels, name="class"), _COLUMNS)


def _part(X, indices):
    """Some samples of any container; images are laid out flat."""
    part = _safe_indexing(X, list(indices))
    return part.reshape(len(part), -1) if getattr(part, "ndim", 2) > 2 else part


def _scores(real, synthetic, rng):
    """One row of the report."""
    row = {"real": len(real), "synthetic": len(synthetic)}
    if len(real) < _FEWEST or len(synthetic) < _FEWEST:
        return row | {
            "remarks": "too few samples to compare" if len(synthetic) else "no new samples"
        }
    n_neighbors = min(5, len(real) // 2 - 1, len(synthetic) - 1)

    def prdc(A, B):
        return precision_recall_density_coverage(A, B, n_neighbors=n_neighbors)

    value, floor = with_real_floor(prdc, real, synthetic, random_state=rng)
    some = synthetic[rng.permutation(len(synthetic))[: len(real)]]
    row |= {"coverage": value[3], "coverage_floor": floor[3]}
    row |= {"density": value[2], "density_floor": floor[2]}
    row |= nearest_neighbour_ratio(real, synthetic)._asdict()
    row |= {"two_sample_auc": two_sample_auc(real, some, random_state=rng.randint(2**31 - 1))}
    return row | {"remarks": "; ".join(_remarks(row)) or "nothing noticed"}


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
