"""The baselines that generate nothing: class weights, and a decision threshold at the prior."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

NO_WEIGHTS = "takes neither class_weight nor sample_weight"


class PriorThresholdClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Predict the class whose probability exceeds its share of the training samples the most.

    With two classes this moves the decision threshold from one half to the prior of the second
    class: the Bayes rule for balanced accuracy. Probabilities are unchanged.

    Parameters
    ----------
    estimator : estimator
        A classifier with ``predict_proba``.

    Attributes
    ----------
    estimator_ : estimator
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    prior_ : ndarray of shape (n_classes,)
        Each class's share of the training samples.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from skgan_resample.comparison import PriorThresholdClassifier
    >>> X, y = [[0], [1], [2], [3]], [0, 0, 0, 1]
    >>> model = PriorThresholdClassifier(DummyClassifier(strategy="uniform")).fit(X, y)
    >>> model.predict([[0]])  # 0.5 of class 1, whose prior is 0.25
    array([1])
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y):
        """Fit the classifier and learn the shares of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training samples.
        y : array-like of shape (n_samples,)
            Their classes.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        if not hasattr(self.estimator, "predict_proba"):
            raise TypeError(
                f"Got {type(self.estimator).__name__}, but expected a classifier with "
                "predict_proba. Calibrate it: CalibratedClassifierCV(classifier)."
            )
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_, counts = np.unique(np.asarray(y), return_counts=True)
        self.prior_ = counts / counts.sum()
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict_proba(self, X):
        """Give the classifier's own probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def predict(self, X):
        """Predict the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            Classes of the largest ratio of probability to prior.
        """
        largest = (self.predict_proba(X) / self.prior_).argmax(axis=1)
        return self.classes_[largest]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags


def fit_weighted(classifier, X, y):
    """Fit the classifier with class weights, or with sample weights that do the same."""
    names = [name for name in classifier.get_params() if name.split("__")[-1] == "class_weight"]
    if names:
        return classifier.set_params(**dict.fromkeys(names, "balanced")).fit(X, y)
    prefix, last = "", classifier
    while hasattr(last, "steps"):
        prefix, last = f"{prefix}{last.steps[-1][0]}__", last.steps[-1][1]
    if not has_fit_parameter(last, "sample_weight"):
        raise TypeError(f"{type(last).__name__} {NO_WEIGHTS}")
    return classifier.fit(X, y, **{f"{prefix}sample_weight": compute_sample_weight("balanced", y)})


BASELINES = {
    "none": lambda classifier, X, y: classifier.fit(X, y),
    "class_weight": fit_weighted,
    "threshold at prior": lambda classifier, X, y: PriorThresholdClassifier(classifier).fit(X, y),
}
