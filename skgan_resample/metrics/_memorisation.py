"""Near-copies of training samples, spread, and a test of synthetic against real samples."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import check_pairwise_arrays, paired_distances
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from ._align import aligned, aligned_arrays

_ENOUGH = 2000  # distances for a median


class DCR(NamedTuple):
    """Scores from distances to the closest record."""

    ratio: float
    near_copies: float
    closer_to_train: float


def dcr(X_train, X_synthetic, X_holdout=None, *, metric="euclidean", copy_below=0.1):
    """Compare distances to the closest record (DCR) of synthetic and of unseen real samples.

    Parameters
    ----------
    X_train : array-like of shape (n_train, n_features)
        Features of the samples that the sampler was trained on, of comparable scales.
    X_synthetic : array-like of shape (n_synthetic, n_features)
        The same features of synthetic samples.
    X_holdout : array-like of shape (n_holdout, n_features), default=None
        The same features of real samples that the sampler did not see. None compares with the
        distance of each training sample to the nearest other one; 2,000 to 4,000 of them, evenly
        taken, where there are more.
    metric : {"euclidean", "manhattan", "cosine"}, default="euclidean"
        The distance.
    copy_below : float, default=0.1
        A synthetic sample is a near-copy if its distance to the nearest training sample is at most
        that share of the median distance of an unseen one.

    Returns
    -------
    scores : DCR
        A named tuple. ``ratio``: median distance of a synthetic sample to the nearest training
        sample over that of an unseen one; about 1 for new samples, near 0 for copies [1]_, and NaN
        where the unseen samples are copies themselves. ``near_copies``: their share in the
        synthetic samples. ``closer_to_train``: the share that is closer to a training sample than
        to one held out; about one half for new samples if both sets are of one size [2]_, and NaN
        without ``X_holdout``.

    References
    ----------
    .. [1] Meehan, Chaudhuri, Dasgupta, "A non-parametric test to detect data-copying in generative
       models", AISTATS 2020, whose test compares the same distances.
    .. [2] Platzer & Reutterer, "Holdout-based empirical assessment of mixed-type synthetic data",
       Frontiers in Big Data 4, 2021. SDMetrics' DCROverfittingProtection is twice
       ``1 - closer_to_train``, at most 1.

    Examples
    --------
    >>> from skgan_resample.metrics import dcr
    >>> dcr([[0.0], [4.0]], [[0.0], [5.0]], [[6.0]])
    DCR(ratio=0.25, near_copies=0.5, closer_to_train=0.5)
    """
    X_train, X_synthetic, *rest = aligned(
        X_train, X_synthetic, *([] if X_holdout is None else [X_holdout])
    )
    X_train, X_synthetic = check_pairwise_arrays(X_train, X_synthetic)
    if X_holdout is not None:
        X_train, X_holdout = check_pairwise_arrays(X_train, *rest)
    elif len(X_train) < 2:
        raise ValueError("Got one training sample, but expected two or more, or an X_holdout.")

    def distances(X, records, neighbours, k=1):
        nearest = neighbours.kneighbors(X, k, return_distance=False)[:, -1]
        return paired_distances(X, records[nearest], metric=metric)  # of a copy exactly zero

    train = X_train, NearestNeighbors(metric=metric).fit(X_train)
    nearest = distances(X_synthetic, *train)
    if X_holdout is None:
        some = X_train[:: max(len(X_train) // _ENOUGH, 1)]
        unseen, closer = distances(some, *train, 2), np.nan  # the nearest is the sample itself
    else:
        unseen = distances(X_holdout, *train)
        holdout = X_holdout, NearestNeighbors(metric=metric).fit(X_holdout)
        closer = float((nearest < distances(X_synthetic, *holdout)).mean())
    typical = np.median(unseen)
    ratio = float(np.median(nearest) / typical) if typical > 0 else np.nan
    return DCR(ratio, float((nearest <= copy_below * typical).mean()), closer)


def spread_ratio(X_real, X_synthetic):
    """Compare how far apart synthetic and real samples of a class lie, to find a mode collapse.

    Parameters
    ----------
    X_real : array-like of shape (n_real, n_features)
        Features of real samples of one class, two or more, of comparable scales.
    X_synthetic : array-like of shape (n_synthetic, n_features)
        The same features of synthetic samples of that class, two or more.

    Returns
    -------
    ratio : float
        Median distance between two synthetic samples over that between two real ones, or the ratio
        of the upper quartiles if that is larger: where columns have two levels a median may be zero
        by chance. About 1 for equal distributions, near 0 for a mode collapse, and NaN where most
        real samples are alike. Memory grows with the square of the number of samples.

    Examples
    --------
    >>> from skgan_resample.metrics import spread_ratio
    >>> spread_ratio([[0.0], [1.0], [2.0]], [[0.5], [0.75], [1.0]])
    0.25
    """
    X_real, X_synthetic = aligned_arrays(X_real, X_synthetic)
    if min(len(X_real), len(X_synthetic)) < 2:
        raise ValueError("Got a set of one sample, but expected two or more in each set.")
    synthetic, real = (np.quantile(pdist(X), [0.5, 0.75]) for X in (X_synthetic, X_real))
    return float((synthetic / real).max()) if real[0] > 0 else np.nan


def two_sample_auc(X_real, X_synthetic, *, classifier=None, cv=5, random_state=None):
    """Score how well a classifier distinguishes synthetic from real samples, cross-validated.

    Parameters
    ----------
    X_real : array-like of shape (n_real, n_features)
        Real samples, best ones that the sampler did not see.
    X_synthetic : array-like of shape (n_synthetic, n_features)
        Synthetic samples, best as many as real ones.
    classifier : estimator, default=None
        Any classifier with ``predict_proba``; None is a random forest.
    cv : int, default=5
        Folds; fewer where a set has fewer samples.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds and of the random forest.

    Returns
    -------
    auc : float
        0.5 if the two cannot be distinguished, 1 if they always can [1]_. Less than 0.5 points to
        copies of real samples: those in the training folds mislead the classifier.

    References
    ----------
    .. [1] Lopez-Paz & Oquab, "Revisiting classifier two-sample tests", ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.metrics import two_sample_auc
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> two_sample_auc(X, X + 10, cv=2, random_state=0)
    1.0
    """
    X_real, X_synthetic = aligned_arrays(X_real, X_synthetic)
    if classifier is None:
        classifier = RandomForestClassifier(min_samples_leaf=2, random_state=random_state)
    n_folds = min(cv, len(X_real), len(X_synthetic))
    if n_folds < 2:
        raise ValueError("Got a set of one sample, but expected two or more in each set.")
    X = np.concatenate([X_real, X_synthetic])
    is_synthetic = np.arange(len(X)) >= len(X_real)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
    probability = cross_val_predict(
        clone(classifier), X, is_synthetic, cv=folds, method="predict_proba"
    )
    return float(roc_auc_score(is_synthetic, probability[:, 1]))
