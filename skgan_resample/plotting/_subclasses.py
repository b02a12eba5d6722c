"""Subclasses within each class, and whether a generator keeps their shares."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._style import REAL, SYNTHETIC, colours, legend_above, panels


class SubclassDisplay:
    """Shares of subclasses among real and generated samples, and their embedding.

    Parameters
    ----------
    embedding : array-like of shape (n_samples, n_dimensions)
        Positions of the real samples; the first two dimensions are drawn.
    labels : array-like of shape (n_samples,)
        Their subclasses, numbered from 0 through all classes.
    classes : array-like of shape (n_subclasses,)
        The class of each subclass.
    synthetic_labels, y_synthetic : array-like of shape (n_synthetic,), default=None
        Subclasses and classes of generated samples.

    Attributes
    ----------
    shares_ : ndarray of shape (n_subclasses,)
        Share of each subclass in the real samples of its class.
    synthetic_shares_ : ndarray of shape (n_subclasses,)
        Share of each in the generated samples of its class, some of which may be in subclasses of
        other classes; NaN without generated samples.
    errors_ : ndarray of shape (n_subclasses,)
        Difference of the two over the real share [1]_: 0 if it is kept, 1 if none is generated.
    ax_ : Axes
        The first panel, or the axes that were given.
    axes_ : ndarray of Axes of shape (n_classes, 2)
        One row for each class: shares, and embedding.
    figure_ : Figure
        The figure.

    References
    ----------
    .. [1] Huang, Lin & Tseng, Resolving Intra-Class Imbalance for GAN-Based Image Augmentation,
       ICME 2019.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from skgan_resample import SubclassDiscovery, SubclassDisplay
    >>> X, y = make_blobs([60, 20], n_features=5, random_state=0)
    >>> discovery = SubclassDiscovery(2, random_state=0).fit(X)
    >>> display = SubclassDisplay.from_estimator(discovery, X[y == 0])
    >>> display.shares_, display.errors_.round(2)
    (array([0.75, 0.25]), array([0.33, 1.  ]))
    """

    def __init__(self, embedding, labels, classes, synthetic_labels=None, y_synthetic=None):
        self.embedding, self.labels = np.asarray(embedding), np.asarray(labels)
        self.classes = np.asarray(classes)
        counts = np.bincount(self.labels, minlength=len(self.classes))
        self.shares_ = counts / [counts[self.classes == label].sum() for label in self.classes]
        self.synthetic_shares_ = np.full(len(self.classes), np.nan)
        for subclass, label in enumerate(self.classes if y_synthetic is not None else ()):
            of_class = np.asarray(synthetic_labels)[np.asarray(y_synthetic) == label]
            if len(of_class):
                self.synthetic_shares_[subclass] = (of_class == subclass).mean()
        self.errors_ = abs(self.shares_ - self.synthetic_shares_) / self.shares_

    @classmethod
    def from_estimator(cls, discovery, X_synthetic=None, y_synthetic=None, *, ax=None):
        """Draw the subclasses of a fitted ``SubclassDiscovery``, and those of generated samples.

        Parameters
        ----------
        discovery : SubclassDiscovery
            Fitted to the real samples.
        X_synthetic : array-like of shape (n_synthetic, n_features), default=None
            Generated samples; images are flattened.
        y_synthetic : array-like of shape (n_synthetic,), default=None
            Their classes; None where the discovery was given none.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        display : SubclassDisplay
            The drawn display.
        """
        check_is_fitted(discovery)
        found = None
        if X_synthetic is not None:
            if np.ndim(X_synthetic) > 2:  # images
                X_synthetic = np.reshape(X_synthetic, (len(X_synthetic), -1))
            found = discovery.predict(X_synthetic)
            y_synthetic = [None] * len(found) if y_synthetic is None else y_synthetic
        classes = np.repeat(discovery.classes_, [*discovery.n_subclasses_.values()])
        embedding, labels = discovery.embedding_, discovery.labels_
        return cls(embedding, labels, classes, found, y_synthetic).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw one row for each class: the shares, with the errors e below, and the embedding.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        self : SubclassDisplay
            The drawn display.
        """
        labels = dict.fromkeys(self.classes.tolist())
        axes = panels(self, ax, len(labels), 2, (7, 1.9 * len(labels) + 0.5))
        for (left, right), label in zip(axes, labels, strict=True):
            subclasses = np.flatnonzero(self.classes == label)
            at, shades = np.arange(len(subclasses)), colours(len(subclasses))
            left.bar(at - 0.2, self.shares_[subclasses], 0.4, color=REAL, label="real")
            errors = self.errors_[subclasses]
            if np.isfinite(errors).all():
                made = self.synthetic_shares_[subclasses]
                left.bar(at + 0.2, made, 0.4, color=SYNTHETIC, label="generated")
            names = [str(n) if np.isnan(e) else f"{n}\ne={e:.2f}" for n, e in enumerate(errors)]
            left.set_xticks(at, names, size="small")
            left.set_ylabel("share" if label is None else f"share of {label}", parse_math=False)
            for subclass, colour in zip(subclasses, shades, strict=True):
                places = self.embedding[self.labels == subclass]
                places = np.c_[places, np.zeros(len(places))][:, :2]
                right.scatter(*places.T, s=6, color=[colour])
            right.set(xticks=[], yticks=[])
        legend_above(self)
        return self
