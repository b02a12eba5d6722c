"""Features in which samples are compared, without a pretrained network."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data


class ClassifierFeatures(TransformerMixin, BaseEstimator):
    """Features of samples: the hidden layer of a small classifier, trained on real ones.

    For tables and small images it replaces the Inception network of FID: distances between features
    emphasise what distinguishes the classes. Fit it to real samples only.

    Parameters
    ----------
    n_features : int, default=64
        Width of the hidden layer.
    random_state : int, RandomState instance or None, default=None
        Seed of the classifier.

    Attributes
    ----------
    scaler_ : StandardScaler
        Brings the columns to unit scale.
    classifier_ : MLPClassifier
        The trained network.
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skgan_resample.metrics import ClassifierFeatures
    >>> X, y = load_iris(return_X_y=True)
    >>> ClassifierFeatures(random_state=0).fit(X, y).transform(X).shape
    (150, 64)
    """

    def __init__(self, n_features=64, *, random_state=None):
        self.n_features = n_features
        self.random_state = random_state

    def fit(self, X, y):
        """Train the classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in)
            Real samples.
        y : array-like of shape (n_samples,)
            Their classes.

        Returns
        -------
        self : object
            The trained transformer.
        """
        X, y = validate_data(self, X, y)
        self.scaler_ = StandardScaler().fit(X)
        self.classifier_ = MLPClassifier(
            (self.n_features,), random_state=self.random_state, tol=1e-3, max_iter=1000
        ).fit(self.scaler_.transform(X), y)
        return self

    def transform(self, X):
        """Compute the features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in)
            Samples, real or synthetic.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features)
            Activations of the hidden layer.
        """
        check_is_fitted(self)
        X = self.scaler_.transform(validate_data(self, X, reset=False))
        network = self.classifier_
        return np.maximum(X @ network.coefs_[0] + network.intercepts_[0], 0)
