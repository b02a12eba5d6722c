"""Subclasses: unlabelled groups within a class."""

from collections.abc import Mapping
from numbers import Integral

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import pairwise_distances_argmin, silhouette_score
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ._containers import read_labels, warn

_MOST = 10  # subclasses that "auto" tries, at the most
_ROWS_EACH = 10  # samples in a subclass, on average, that "auto" leaves at the least
_STRUCTURE = 0.5  # silhouette above which a class is split
_SCORED = 2000  # samples on which a silhouette is measured
_EMBEDDED = 5000  # distinct samples of a class that t-SNE sees


class SubclassDiscovery(
    ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin, BaseEstimator
):
    """Find subclasses within each class: PCA, then an embedding such as t-SNE, then k-means.

    A class such as "defect" often holds several kinds of samples, some of them rare.

    Parameters
    ----------
    n_subclasses : int, sequence of int or "auto", default="auto"
        Subclasses of each class, or numbers to search for the largest silhouette. "auto" searches
        1 to 10, with at least ten distinct samples to a subclass on average.
    n_components : int, default=50
        Principal components that t-SNE sees; all of them where there are fewer.
    embedding : transformer, default=None
        Lays out the principal components of a class; cloned for each class. None is t-SNE to two
        dimensions, of perplexity 30, or a third of the class's other distinct samples if that is
        less. ``openTSNE.sklearn.TSNE`` and UMAP are quicker for large classes.
    random_state : int, RandomState instance or None, default=None
        Seed of the embedding and of k-means. An int gives the same subclasses at every call.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels; ``[None]`` where ``fit`` was given no y.
    labels_ : ndarray of shape (n_samples,)
        Subclass of each training sample, numbered through class by class, the largest first.
    n_subclasses_ : dict
        Number of subclasses by class.
    subclass_sizes_ : ndarray of shape (n_subclasses,)
        Samples of each subclass.
    embedding_ : ndarray of shape (n_samples, n_dimensions)
        Positions in the map of the class; positions of different classes are unrelated. t-SNE has
        two dimensions.
    pca_ : sklearn.decomposition.PCA
        Principal components of all samples.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where X had names that are all strings.

    See Also
    --------
    IntraClassACGANSampler : Balances a GAN's training over these subclasses.

    Notes
    -----
    Where 1 is searched, a class is split only if the best silhouette is above 0.5, which [2]_ calls
    a reasonable structure. Neighbouring groups may not be separated: give the number where it is
    known. A silhouette is measured on at most 2,000 samples. t-SNE embeds at most 5,000 distinct
    samples of a class; the others get the position of the nearest of these. A class with too few
    distinct samples for ``n_subclasses`` gets fewer subclasses, with a warning.

    ``transform`` and ``predict`` give position and subclass of the nearest training sample in the
    space of the principal components. On training samples they agree with ``embedding_`` and
    ``labels_``, except for identical samples of different classes.

    References
    ----------
    .. [1] Huang, Lin & Tseng, Resolving Intra-Class Imbalance for GAN-Based Image Augmentation,
       ICME 2019.
    .. [2] Kaufman & Rousseeuw, Finding Groups in Data, Wiley, 1990, chapter 2.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from skgan_resample import SubclassDiscovery
    >>> X, _ = make_blobs([60, 30, 15], n_features=10, random_state=0)
    >>> SubclassDiscovery(random_state=0).fit(X).subclass_sizes_.tolist()
    [60, 30, 15]
    """

    _parameter_constraints: dict = {
        "n_subclasses": [
            Interval(Integral, 1, None, closed="left"),
            "array-like",
            StrOptions({"auto"}),
        ],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "embedding": [HasMethods(["fit_transform"]), None],
        "random_state": ["random_state"],
    }

    def __init__(self, n_subclasses="auto", *, n_components=50, embedding=None, random_state=None):
        self.n_subclasses = n_subclasses
        self.n_components = n_components
        self.embedding = embedding
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Find the subclasses of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,), default=None
            Their classes. None takes all samples as one class.

        Returns
        -------
        self : SubclassDiscovery

        Raises
        ------
        ValueError
            If ``n_subclasses`` is an empty sequence or has other values than whole numbers from 1.
        """
        X, y_index = self._validate(X, y)
        rng = check_random_state(self.random_state)
        n_components = min(self.n_components, *X.shape)
        with np.errstate(invalid="ignore"):  # shares of zero variance: identical samples
            pca = PCA(n_components, random_state=rng).set_output(transform="default")
            self.pca_ = pca.fit(X)
        scores = self.pca_.transform(X)

        self.labels_ = np.empty(len(X), dtype=np.intp)
        self.n_subclasses_, n_found, places = {}, 0, []
        for index, label in enumerate(self.classes_.tolist()):
            rows = np.flatnonzero(y_index == index)
            _, first, copy_of = np.unique(X[rows], axis=0, return_index=True, return_inverse=True)
            embedding = self._embed(scores[rows[first]], rng)[copy_of.ravel()]
            found = self._cluster(embedding, len(first), label, rng)
            self.labels_[rows] = found + n_found
            places.append((rows, embedding))
            self.n_subclasses_[label] = int(found.max()) + 1
            n_found += self.n_subclasses_[label]
        width = max(embedding.shape[1] for _, embedding in places)
        self.embedding_ = np.zeros((len(X), width), dtype=np.float32)
        for rows, embedding in places:  # that of a class of one distinct sample may be narrower
            self.embedding_[rows, : embedding.shape[1]] = embedding
        self.subclass_sizes_ = np.bincount(self.labels_)
        self._neighbours = NearestNeighbors(n_neighbors=1).fit(scores)
        self._n_features_out = width
        return self

    def fit_predict(self, X, y=None):
        """Find the subclasses and return them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,), default=None
            Their classes. None takes all samples as one class.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            ``labels_``.
        """
        return self.fit(X, y).labels_

    def predict(self, X):
        """Give the subclass of the nearest training sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Their subclasses.
        """
        nearest = self._nearest(X)
        return self.labels_[nearest]

    def transform(self, X):
        """Give the position of the nearest training sample in the embedding.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        embedding : ndarray of shape (n_samples, n_dimensions)
            Their positions.
        """
        nearest = self._nearest(X)
        return self.embedding_[nearest]

    def _validate(self, X, y):
        """Check X, y and the numbers to be searched; return X and class indices."""
        if y is None:
            X = validate_data(self, X, dtype=[np.float64, np.float32])
            self.classes_, y_index = np.array([None]), np.zeros(len(X), dtype=np.intp)
        else:
            y = read_labels(y)
            check_classification_targets(y)
            X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
            self.classes_, y_index = np.unique(y, return_inverse=True)
        if not isinstance(self.n_subclasses, (str, Integral)):
            numbers = list(self.n_subclasses)
            is_map = isinstance(self.n_subclasses, Mapping)
            if is_map or not numbers or any(not isinstance(n, Integral) or n < 1 for n in numbers):
                raise ValueError(
                    f"Got n_subclasses={self.n_subclasses!r}, but expected whole numbers from 1 "
                    "on, at least one of them."
                )
        return X, y_index

    def _embed(self, scores, rng):
        """Embed distinct samples of one class: (n, d) -> (n, n_dimensions)."""
        if len(scores) == 1:
            return np.zeros((1, 2), dtype=np.float32)
        if self.embedding is not None:
            embedding = clone(self.embedding)
            if embedding.get_params().get("random_state", 0) is None:
                embedding.set_params(random_state=rng.randint(2**31 - 1))
            return np.asarray(embedding.fit_transform(scores))
        if len(scores) > _EMBEDDED:  # the others get the position of the nearest of these
            some = scores[rng.permutation(len(scores))[:_EMBEDDED]]
            nearest = pairwise_distances_argmin(scores, some)
            return self._embed(some, rng)[nearest]
        perplexity = min(30, max((len(scores) - 1) / 3, 1))
        init = "pca" if scores.shape[1] > 1 else "random"
        tsne = TSNE(2, perplexity=perplexity, init=init, random_state=rng)
        return np.asarray(tsne.fit_transform(scores))

    def _cluster(self, embedding, n_distinct, label, rng):
        """Cluster the embedding of one class, with the best number of subclasses."""
        if isinstance(self.n_subclasses, str):
            numbers = range(1, max(min(_MOST, n_distinct // _ROWS_EACH), 1) + 1)
        else:
            numbers = np.unique(np.minimum(self.n_subclasses, n_distinct)).tolist()
            if np.max(self.n_subclasses) > n_distinct:
                who = "X" if label is None else f"Class {label!s}"
                rows = f"{n_distinct} distinct row{'s' * (n_distinct > 1)}"
                asked = f"n_subclasses={self.n_subclasses!r}"
                warn(f"{who} has {rows}, too few for {asked}: {n_distinct} at the most are tried.")
        labels = {k: KMeans(k, n_init=10, random_state=rng).fit_predict(embedding) for k in numbers}
        if len(labels) == 1:
            return _in_order_of_size(*labels.values())
        scored = rng.permutation(len(embedding))[:_SCORED]
        scores = {k: _silhouette(embedding[scored], labels[k][scored]) for k in labels}
        if 1 in scores:
            scores[1] = _STRUCTURE
        return _in_order_of_size(labels[max(scores, key=lambda k: scores[k])])

    def _nearest(self, X):
        """Index of the nearest training sample, in the space of the principal components."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self._neighbours.kneighbors(self.pca_.transform(X), return_distance=False)[:, 0]


def _silhouette(embedding, labels):
    """Mean silhouette, zero where it is undefined: one cluster, or each sample its own."""
    n_labels = len(np.unique(labels))
    return silhouette_score(embedding, labels) if 1 < n_labels < len(labels) else 0.0


def _in_order_of_size(labels):
    """Number clusters by size, the largest first; equal ones keep their order."""
    rank = np.argsort(np.argsort(-np.bincount(labels), kind="stable"))
    return rank[labels]
