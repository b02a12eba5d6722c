"""What a classifier makes of synthetic rows, class by class, and the papers' own scores."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.metrics import check_scoring, confusion_matrix, precision_score, recall_score


class TransferScores(NamedTuple):
    """Train on synthetic and test on real rows, and the reverse."""

    synthetic_to_real: float
    real_to_synthetic: float


def transfer_scores(classifier, X_real, y_real, X_synthetic, y_synthetic, *, scoring="accuracy"):
    """Train on synthetic rows and test on real ones, and the reverse.

    The first, with accuracy, is the classification accuracy score [1]_: it falls with poor
    fidelity and with lack of diversity. The second hardly notices a lack of diversity, so a second
    score far above the first points to it.

    Parameters
    ----------
    classifier : estimator
        Cloned and trained twice.
    X_real, y_real : array-like of shape (n_real, n_features) and (n_real,)
        Real rows, best ones that the sampler did not see, and their classes.
    X_synthetic, y_synthetic : array-like of shape (n_synthetic, n_features) and (n_synthetic,)
        Synthetic rows of every class and their classes.
    scoring : str or callable, default="accuracy"
        One of scikit-learn's scorers.

    Returns
    -------
    scores : TransferScores
        A named tuple (synthetic_to_real, real_to_synthetic).

    References
    ----------
    .. [1] Ravuri & Vinyals, "Classification accuracy score for conditional generative models",
       NeurIPS 2019.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skgan_resample.metrics import transfer_scores
    >>> nearest = KNeighborsClassifier(1)
    >>> transfer_scores(nearest, [[0], [2], [8], [9]], [0, 1, 1, 1], [[0], [9]], [0, 1])
    TransferScores(synthetic_to_real=0.75, real_to_synthetic=1.0)
    """
    scorer = check_scoring(classifier, scoring=scoring)
    on_synthetic = clone(classifier).fit(X_synthetic, y_synthetic)
    on_real = clone(classifier).fit(X_real, y_real)
    return TransferScores(
        float(scorer(on_synthetic, X_real, y_real)),
        float(scorer(on_real, X_synthetic, y_synthetic)),
    )


def mode_collapse_matrix(classifier, X_real, y_real, X_synthetic, y_synthetic):
    """Tabulate which class a judge, trained on real rows, sees in the rows generated for each.

    A collapsed class shows as a row of the matrix with its weight in another class's column.

    Parameters
    ----------
    classifier : estimator
        The judge; cloned and trained on the real rows.
    X_real, y_real : array-like of shape (n_real, n_features) and (n_real,)
        Real rows and their classes.
    X_synthetic, y_synthetic : array-like of shape (n_synthetic, n_features) and (n_synthetic,)
        Synthetic rows and the classes that they were generated for.

    Returns
    -------
    matrix : ndarray of shape (n_classes, n_classes)
        Row i: shares of the rows generated for class i by the class that the judge names, in the
        order of the sorted classes of ``y_real``; zeros for a class without synthetic rows.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skgan_resample.metrics import mode_collapse_matrix
    >>> judge = KNeighborsClassifier(1)
    >>> mode_collapse_matrix(judge, [[0], [9]], ["a", "b"], [[1], [1], [8]], ["a", "b", "b"])
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    judge = clone(classifier).fit(X_real, y_real)
    seen = judge.predict(X_synthetic)
    return confusion_matrix(y_synthetic, seen, labels=judge.classes_, normalize="true")


def precision_on_largest(y_true, y_pred, y_train=None):
    """Compute the precision of the largest class: rare classes are lost to it first.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Correct classes.
    y_pred : array-like of shape (n_samples,)
        Predicted classes.
    y_train : array-like of shape (n_train,), default=None
        Classes that tell which is the largest; None takes ``y_true``.

    Returns
    -------
    precision : float
        Share of correct ones among the rows predicted to be of the largest class.

    Examples
    --------
    >>> from skgan_resample.metrics import precision_on_largest
    >>> precision_on_largest([0, 0, 0, 1], [0, 0, 1, 0])  # 2 of 3
    0.666...
    """
    labels, counts = np.unique(y_true if y_train is None else y_train, return_counts=True)
    largest = labels[[counts.argmax()]]
    return float(precision_score(y_true, y_pred, labels=largest, average=None, zero_division=0)[0])


def recall_on_smallest(y_true, y_pred, y_train=None):
    """Compute the recall of the smallest class.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Correct classes.
    y_pred : array-like of shape (n_samples,)
        Predicted classes.
    y_train : array-like of shape (n_train,), default=None
        Classes that tell which is the smallest; None takes ``y_true``.

    Returns
    -------
    recall : float
        Share of the smallest class's rows that are predicted to be of it.

    Examples
    --------
    >>> from skgan_resample.metrics import recall_on_smallest
    >>> recall_on_smallest([0, 0, 0, 1, 1], [0, 0, 1, 0, 1])
    0.5
    """
    labels, counts = np.unique(y_true if y_train is None else y_train, return_counts=True)
    smallest = labels[[counts.argmin()]]
    return float(recall_score(y_true, y_pred, labels=smallest, average=None, zero_division=0)[0])


def intra_class_error(subclasses_real, subclasses_synthetic):
    r"""Compute the error of the share that each subclass has among the synthetic rows.

    .. math:: e_i = \lvert p_i - q_i \rvert / p_i

    where :math:`p_i` and :math:`q_i` are the shares of subclass i among the real and the synthetic
    rows [1]_.

    Parameters
    ----------
    subclasses_real : array-like of shape (n_real,)
        Subclass of each real row of a class.
    subclasses_synthetic : array-like of shape (n_synthetic,)
        Subclass of each synthetic row of that class, named by a classifier trained on real rows.

    Returns
    -------
    errors : ndarray of shape (n_subclasses,)
        By subclass, in the order of ``np.unique(subclasses_real)``; 1 for one never generated.

    References
    ----------
    .. [1] Huang, Lin, Tseng, intra-class imbalance and actor-critic GAN training, ICME 2019.

    Examples
    --------
    >>> from skgan_resample.metrics import intra_class_error
    >>> intra_class_error(["a", "a", "a", "b"], ["a", "a", "b", "b"])
    array([0.333..., 1.        ])
    """
    labels, counts = np.unique(subclasses_real, return_counts=True)
    generated = np.asarray(subclasses_synthetic)
    real, synthetic = counts / counts.sum(), (generated[:, None] == labels).mean(axis=0)
    return abs(real - synthetic) / real


def improvement_gain(score, baseline):
    """Compute the gain of a score relative to a baseline's, (score - baseline) / baseline.

    Parameters
    ----------
    score : float or array-like
        Score with the sampler, or one per class.
    baseline : float or array-like
        Score without it.

    Returns
    -------
    gain : float or ndarray
        The relative gain [1]_; infinite where the baseline is zero and the score is not.

    References
    ----------
    .. [1] Cai et al., "Supervised class distribution learning for GANs-based imbalanced
       classification", ICDM 2019.

    Examples
    --------
    >>> from skgan_resample.metrics import improvement_gain
    >>> float(improvement_gain(0.75, 0.5))
    0.5
    """
    score, baseline = np.asarray(score, float), np.asarray(baseline, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (score - baseline) / baseline
