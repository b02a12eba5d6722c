"""Real and synthetic samples, embedded in the plane."""

import numpy as np
from sklearn.base import clone
from sklearn.manifold import TSNE
from sklearn.utils import check_random_state

from ..codec import TableCodec
from ._style import GREY, colours, panels


class LatentSpaceDisplay:
    """Codes or features of samples, embedded in the plane, by class or subclass.

    Parameters
    ----------
    embedding : ndarray of shape (n, 2)
        Positions of the samples.
    labels : array-like of shape (n,)
        Their classes or subclasses.
    is_synthetic : array-like of shape (n,), default=None
        Which samples are synthetic; None means none of them.

    Attributes
    ----------
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skgan_resample import LatentSpaceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> LatentSpaceDisplay.from_codes(X, y, random_state=0).embedding.shape
    (150, 2)
    """

    def __init__(self, embedding, labels, is_synthetic=None):
        self.embedding, self.labels = np.asarray(embedding), np.asarray(labels)
        none = np.zeros(len(self.labels), bool)
        self.is_synthetic = none if is_synthetic is None else np.asarray(is_synthetic, bool)

    @classmethod
    def from_codes(cls, codes, labels, is_synthetic=None, *, random_state=None, ax=None):
        """Embed codes by t-SNE and draw them; a random 2,000 of more, since t-SNE is slow.

        Parameters
        ----------
        codes : array-like of shape (n, n_features)
            Codes or features; two columns are taken as they are.
        labels : array-like of shape (n,)
            Their classes or subclasses.
        is_synthetic : array-like of shape (n,), default=None
            Which samples are synthetic; None means none of them.
        random_state : int, RandomState instance or None, default=None
            Seed.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        display : LatentSpaceDisplay
            The drawn display.
        """
        rng = check_random_state(random_state)
        codes, labels = np.asarray(codes, float), np.asarray(labels)
        kept = rng.permutation(len(codes))[:2000]
        codes, labels = codes[kept], labels[kept]
        if is_synthetic is not None:
            is_synthetic = np.asarray(is_synthetic)[kept]
        if codes.shape[1] > 2:
            perplexity = min(30, max((len(codes) - 1) / 3, 1))
            codes = TSNE(perplexity=perplexity, random_state=rng).fit_transform(codes)
        return cls(codes, labels, is_synthetic).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls, sampler, X, y, *, features=None, n_samples=100, random_state=0, ax=None
    ):
        """Embed real samples together with those that a fitted sampler generates.

        Parameters
        ----------
        sampler : estimator
            Fitted, with ``sample``.
        X : array-like of shape (n_samples, n_features), or images
            Real samples.
        y : array-like of shape (n_samples,)
            Their classes.
        features : transformer, default=None
            Turns samples into the features that are embedded; it is cloned and fitted to the real
            ones. None is a :class:`~skgan_resample.TableCodec`, which standardises numbers and
            encodes categories one-hot.
        n_samples : int, default=100
            Samples to generate per class.
        random_state : int, RandomState instance or None, default=0
            Seed.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        display : LatentSpaceDisplay
            The drawn display.
        """
        X_new, y_new = sampler.sample(n_samples, random_state=random_state)
        real, new = (
            np.reshape(part, (len(part), -1)) if np.ndim(part) > 2 else part for part in (X, X_new)
        )
        features = clone(TableCodec() if features is None else features).fit(real, y)
        codes = np.concatenate([features.transform(real), features.transform(new)])
        labels, is_new = np.concatenate([np.asarray(y), y_new]), np.arange(len(codes)) >= len(real)
        return cls.from_codes(codes, labels, is_new, random_state=random_state, ax=ax)

    def plot(self, *, ax=None):
        """Draw real samples as dots and synthetic ones as crosses, in the colour of their class.

        The name of a class stands at the median of its samples.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        self : LatentSpaceDisplay
            The drawn display.
        """
        from matplotlib.patheffects import withStroke

        labels = np.unique(self.labels)
        panel = panels(self, ax, 1, 1, (6.4, 5.6))[0, 0]
        for label, colour in zip(labels, colours(len(labels)), strict=True):
            of_class = self.labels == label
            for synthetic, marker, size, alpha in ((False, "o", 14, 0.55), (True, "x", 18, 0.9)):
                places = self.embedding[of_class & (self.is_synthetic == synthetic)]
                style = {"s": size, "color": [colour], "marker": marker, "linewidths": 0.8}
                panel.scatter(*places.T, alpha=alpha, **style)
            middle = np.median(self.embedding[of_class], axis=0)
            outline = [withStroke(linewidth=2.5, foreground="white")]
            style = {"ha": "center", "va": "center", "size": 8, "weight": "bold"}
            panel.text(*middle, label, path_effects=outline, **style)
        for marker, name in [("o", "real"), ("x", "generated")][: 1 + self.is_synthetic.any()]:
            panel.scatter([], [], color=GREY, marker=marker, label=name)
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=5, frameon=False)
        panel.set(xticks=[], yticks=[])
        return self
