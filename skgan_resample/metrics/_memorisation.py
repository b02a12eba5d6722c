"""Whether synthetic rows are copies of the training rows, or can be told from real ones."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import check_pairwise_arrays
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from ._distances import kth_distance


class Memorisation(NamedTuple):
    """Nearest-neighbour ratio and share of near-copies."""

    ratio: float
    near_copies: float


def nearest_neighbour_ratio(X_train, X_synthetic, X_test=None, *, copy_below=0.1):
    """Compare how near synthetic and unseen real rows come to the training rows.

    Parameters
    ----------
    X_train : array-like of shape (n_train, n_features)
        Features of the rows that the sampler was trained on, of comparable scales.
    X_synthetic : array-like of shape (n_synthetic, n_features)
        The same features of synthetic rows.
    X_test : array-like of shape (n_test, n_features), default=None
        The same features of real rows that the sampler did not see. None compares with the
        distance of each training row to the nearest other one.
    copy_below : float, default=0.1
        A synthetic row is a near-copy if it is that much nearer to a training row than unseen rows
        are, in the median.

    Returns
    -------
    scores : Memorisation
        A named tuple. ``ratio``: median distance of the synthetic rows to their nearest training
        row over that of the unseen rows; about 1 for new rows, near 0 for copies [1]_, and NaN
        where the unseen rows are copies themselves. ``near_copies``: share of synthetic rows.

    References
    ----------
    .. [1] Meehan, Chaudhuri, Dasgupta, "A non-parametric test to detect data-copying in generative
       models", AISTATS 2020, whose test compares the same distances.

    Examples
    --------
    >>> from skgan_resample.metrics import nearest_neighbour_ratio
    >>> nearest_neighbour_ratio([[0.0], [4.0]], [[0.0], [5.0]], X_test=[[6.0]])
    Memorisation(ratio=0.25, near_copies=0.5)
    """
    X_train, X_synthetic = check_pairwise_arrays(X_train, X_synthetic, dtype=np.float64)
    if X_test is None:
        if len(X_train) < 2:
            raise ValueError("Got one training row, but expected two or more, or an X_test.")
        unseen = kth_distance(X_train, X_train, 2)  # the nearest is the row itself
    else:
        X_train, X_test = check_pairwise_arrays(X_train, X_test, dtype=np.float64)
        unseen = kth_distance(X_test, X_train, 1)
    nearest, typical = kth_distance(X_synthetic, X_train, 1), np.median(unseen)
    ratio = float(np.median(nearest) / typical) if typical > 0 else np.nan
    return Memorisation(ratio, float((nearest <= copy_below * typical).mean()))


def two_sample_auc(X_real, X_synthetic, *, classifier=None, cv=5, random_state=None):
    """Score how well a classifier tells synthetic rows from real ones, cross-validated.

    Parameters
    ----------
    X_real : array-like of shape (n_real, n_features)
        Real rows, best ones that the sampler did not see.
    X_synthetic : array-like of shape (n_synthetic, n_features)
        Synthetic rows, best as many as real ones.
    classifier : estimator, default=None
        Any classifier with ``predict_proba``; None is a random forest.
    cv : int, default=5
        Folds; fewer where a set has fewer rows.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds and of the random forest.

    Returns
    -------
    auc : float
        0.5 if the two cannot be told apart, 1 if they always can [1]_. Less than 0.5 points to
        copies of real rows: those in the training folds mislead the classifier.

    References
    ----------
    .. [1] Lopez-Paz & Oquab, "Revisiting classifier two-sample tests", ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.metrics import two_sample_auc
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> two_sample_auc(X, X + 10, random_state=0)
    1.0
    """
    X_real, X_synthetic = check_pairwise_arrays(X_real, X_synthetic, dtype=np.float64)
    if classifier is None:
        classifier = RandomForestClassifier(min_samples_leaf=2, random_state=random_state)
    n_folds = min(cv, len(X_real), len(X_synthetic))
    if n_folds < 2:
        raise ValueError("Got a set of one row, but expected two rows or more in each set.")
    X = np.concatenate([X_real, X_synthetic])
    is_synthetic = np.arange(len(X)) >= len(X_real)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
    chances = cross_val_predict(
        clone(classifier), X, is_synthetic, cv=folds, method="predict_proba"
    )
    return float(roc_auc_score(is_synthetic, chances[:, 1]))
