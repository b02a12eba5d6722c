"""Real beside synthetic samples, class by class."""

import math
from itertools import product
from typing import Any

import numpy as np
from imblearn.utils import check_target_type
from scipy import sparse

from .._containers import is_polars, read_labels
from ._style import REAL, SYNTHETIC, legend_above, panels

_CELL = 0.3  # inches
_GENERATED = "generated: median and middle 90 %"


class SyntheticSamplesDisplay:
    """Real beside generated images, or the columns of real and generated samples, by class.

    Parameters
    ----------
    X_real, y_real : array-like of shape (n_real, n_features) and (n_real,)
        Real samples or flat images, and their classes. Of a frame the columns of numbers.
    X_synthetic, y_synthetic : array-like of shape (n_synthetic, n_features) and (n_synthetic,)
        Synthetic ones, and their classes.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of images; None means a table.

    Attributes
    ----------
    ax_ : Axes
        The first panel, or the axes that were given.
    axes_ : ndarray of Axes
        All panels.
    figure_ : Figure
        The figure.

    Examples
    --------
    >>> from imblearn.over_sampling import SMOTE
    >>> from sklearn.datasets import make_classification
    >>> from skgan_resample import SyntheticSamplesDisplay
    >>> X, y = make_classification(weights=[0.8], random_state=0)
    >>> X_all, y_all = SMOTE(random_state=0).fit_resample(X, y)
    >>> display = SyntheticSamplesDisplay(X, y, X_all[100:], y_all[100:]).plot()
    >>> display.axes_.shape
    (1, 6)
    """

    figure_: Any

    def __init__(self, X_real, y_real, X_synthetic, y_synthetic, *, image_shape=None):
        X_real, X_synthetic = _numbers(X_real), _numbers(X_synthetic)
        self.names = getattr(X_real, "columns", None)
        if self.names is not None and hasattr(X_synthetic, "columns"):
            X_synthetic = X_synthetic[list(self.names)]
        self.X_real, self.X_synthetic = _flat(X_real), _flat(X_synthetic)
        self.y_real, self.y_synthetic = (  # of one-hot labels the index
            check_target_type(np.asarray(read_labels(y))) for y in (y_real, y_synthetic)
        )
        self.image_shape = np.shape(X_real)[1:] if np.ndim(X_real) > 2 else image_shape

    @classmethod
    def from_estimator(
        cls, sampler, X, y, *, image_shape=None, n_samples=200, kind="auto", random_state=0, ax=None
    ):
        """Draw real samples beside those that a fitted sampler of this package generates.

        Parameters
        ----------
        sampler : estimator
            Fitted, with ``sample``.
        X : array-like of shape (n_samples, n_features), or images
            Real samples.
        y : array-like of shape (n_samples,)
            Their classes.
        image_shape : tuple of int, default=None
            Shape of flat images; None takes the sampler's.
        n_samples : int, default=200
            Samples to generate per class.
        kind : {"auto", "images", "marginals", "correlations"}, default="auto"
            What to draw, see ``plot``.
        random_state : int, RandomState instance or None, default=0
            Seed of the samples.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        display : SyntheticSamplesDisplay
            The drawn display.
        """
        image_shape = image_shape or getattr(sampler, "image_shape", None)
        new = sampler.sample(n_samples, random_state=random_state)
        return cls(X, y, *new, image_shape=image_shape).plot(kind=kind, ax=ax)

    def plot(self, *, kind="auto", columns=None, n_images=8, ax=None):
        """Draw.

        Parameters
        ----------
        kind : {"auto", "images", "marginals", "correlations"}, default="auto"
            A grid of real and generated images, one class per line; a panel per column with the
            median and the middle 90 % of each class's values; or correlations of columns within a
            class, in the mean of the classes. "auto" is images or marginals. Of a table the classes
            are drawn that have real samples and synthetic ones.
        columns : sequence of int, default=None
            Columns of a table to draw; None takes the first six, for correlations all.
        n_images : int, default=8
            Real images per class, and generated ones.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        self : SyntheticSamplesDisplay
            The drawn display.
        """
        if kind == "auto":
            kind = "marginals" if self.image_shape is None else "images"
        if kind == "images" and self.image_shape is not None:
            self._images(n_images, ax)
        elif kind == "marginals":
            self._marginals(range(self.X_real.shape[1])[:6] if columns is None else columns, ax)
        elif kind == "correlations":
            self._correlations(range(self.X_real.shape[1]) if columns is None else columns, ax)
        else:
            raise ValueError(
                f"Got kind={kind!r}, but expected 'marginals', 'correlations', or 'images' "
                "with an image_shape."
            )
        return self

    def _images(self, n, ax):
        """A line per class: n real images, a gap, n generated; white space after each image."""
        import matplotlib

        labels, (height, width, *channels) = np.unique(self.y_real), self.image_shape
        depth = channels if channels and channels[0] > 1 else []
        if depth and depth[0] not in (3, 4):
            raise ValueError(
                f"Got images of {depth[0]} channels, but expected 1, 3 or 4 to draw. Select some: "
                "X[..., :3]."
            )
        if not min(n, len(labels)):
            raise ValueError(f"Got n_images={n} and {len(labels)} classes: there is none to draw.")
        gap, low, high = max(width // 10, 1), self.X_real.min(), self.X_real.max()
        down, across = height + gap, width + gap
        canvas = np.full((len(labels), 2 * n + 1, down, across, *depth), high if depth else np.nan)
        sets = (self.X_real, self.y_real, 0), (self.X_synthetic, self.y_synthetic, n + 1)
        for (line, label), (X, y, start) in product(enumerate(labels), sets):
            images = X[y == label][:n].reshape(-1, height, width, *depth)
            canvas[line, start : start + len(images), :height, :width] = images
        canvas = canvas.swapaxes(1, 2).reshape(len(labels) * down, -1, *depth)
        if depth:
            canvas = np.clip((canvas - low) / ((high - low) or 1), 0, 1)
        size = (2 * n + 1) * _CELL + 0.7, len(labels) * _CELL + 0.8
        panel = panels(self, ax, 1, 1, size)[0, 0]
        map_ = matplotlib.colormaps["gray"].with_extremes(bad="none")
        panel.imshow(canvas, cmap=map_, interpolation="nearest", vmin=low, vmax=high)
        panel.set_yticks((np.arange(len(labels)) + 0.5) * down, labels, parse_math=False)
        panel.set_xticks([n * across / 2, (1.5 * n + 1) * across], ["real", "generated"])
        panel.tick_params(length=0, labeltop=True, labelbottom=False)
        panel.spines[:].set_visible(False)

    def _marginals(self, columns, ax):
        labels = self._classes(1)
        size = 2.1 * len(columns) + 0.8, 0.28 * len(labels) + 1.1
        axes = panels(self, ax, 1, len(columns), size, sharey=True)
        for panel, column in zip(axes[0], columns, strict=True):
            for X, y, shift, colour, name in (
                (self.X_real, self.y_real, -0.17, REAL, "real"),
                (self.X_synthetic, self.y_synthetic, 0.17, SYNTHETIC, _GENERATED),
            ):
                of_class = [X[y == label, column] for label in labels]
                low, middle, high = np.transpose(
                    [np.nanquantile(values, [0.05, 0.5, 0.95]) for values in of_class]
                )
                bars = {"xerr": [middle - low, high - middle], "elinewidth": 2.5, "label": name}
                at = np.arange(len(labels)) + shift
                panel.errorbar(middle, at, **bars, fmt="o", color=colour, markersize=4)
            panel.set_xlabel(self._name(column), parse_math=False)
            panel.locator_params(axis="x", nbins=4)
        axes[0, 0].set_yticks(range(len(labels)), labels, parse_math=False)
        axes[0, 0].set(ylabel="class", ylim=(len(labels) - 0.4, -0.6))
        legend_above(self)

    def _correlations(self, columns, ax):
        import pandas as pd

        sets = ("real", self.X_real, self.y_real), ("generated", self.X_synthetic, self.y_synthetic)
        labels = self._classes(3)
        axes = panels(self, ax, 1, 2, (6.4, 3.4), sharey=True)
        for panel, (name, X, y) in zip(axes[0], sets, strict=True):
            kept = np.isin(y, labels)
            of_class = pd.DataFrame(X[kept][:, columns]).groupby(y[kept]).corr()
            mean = of_class.groupby(level=1).mean()
            image = panel.imshow(mean, cmap="RdBu_r", vmin=-1, vmax=1)
            panel.set(title=name, xticks=[])
        named = columns if len(columns) <= 20 else ()  # room for one name each
        axes[0, 0].set_yticks(range(len(named)), map(self._name, named), parse_math=False)
        self.figure_.colorbar(image, ax=axes, label="correlation in a class, mean")

    def _classes(self, fewest):
        """Those that have so many real samples, and as many synthetic ones."""
        both = self.y_real, self.y_synthetic
        labels = [
            label
            for label in np.unique(self.y_synthetic)
            if min(np.sum(y == label) for y in both) >= fewest
        ]
        if not labels:
            raise ValueError(
                f"Got the classes {np.unique(both[0])} of real samples and {np.unique(both[1])} of "
                f"synthetic ones, but expected a class with {fewest} or more of each."
            )
        return labels

    def _name(self, column):
        name = column if self.names is None else self.names[column]
        return name if isinstance(name, str) else f"column {name}"


def _numbers(X):
    """The columns of numbers of a frame; a sparse table dense, any other container as it is."""
    if sparse.issparse(X):
        return X.toarray()
    if is_polars(X):
        numbers = X.select(s.cast(float) for s in X if s.dtype.is_numeric())
    elif hasattr(X, "select_dtypes"):
        numbers = X.select_dtypes("number", "timedelta").astype(float)
    else:
        return X
    if not numbers.shape[1]:
        raise ValueError(
            f"Got the columns {list(X.columns)}, but expected some of numbers to draw."
        )
    return numbers


def _flat(X):
    X = np.asarray(X, dtype=float)
    return X.reshape(len(X), math.prod(X.shape[1:]))
