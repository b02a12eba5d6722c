"""Losses of a training."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._style import GREY, REAL, colours, panels


class TrainingHistoryDisplay:
    """Losses, and whatever else a sampler has recorded, by update.

    Parameters
    ----------
    history : dict of str to array-like
        By name, values of shape (n_updates,), or (n_updates, n_series), such as the impact of each
        subclass.

    Attributes
    ----------
    ax_ : Axes
        The first panel, or the axes that were given.
    axes_ : ndarray of Axes
        One panel per entry.
    figure_ : Figure
        The figure.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skgan_resample import BAGANSampler, TrainingHistoryDisplay
    >>> sampler = BAGANSampler(max_iter=20, autoencoder_max_iter=20, random_state=0)
    >>> sampler = sampler.fit(*load_iris(return_X_y=True))
    >>> display = TrainingHistoryDisplay.from_estimator(sampler)
    >>> [ax.get_title() for ax in display.axes_[0]]
    ['autoencoder loss', 'discriminator loss', 'generator loss']
    """

    figure_: Any

    def __init__(self, history):
        self.history = history

    @classmethod
    def from_estimator(cls, sampler, *, ax=None):
        """Draw the ``history_`` of a fitted sampler.

        Parameters
        ----------
        sampler : estimator
            Fitted.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        display : TrainingHistoryDisplay
            The drawn display.
        """
        check_is_fitted(sampler, "history_")
        return cls(sampler.history_).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw one panel per entry: every value in grey, and a running mean over 5 % of them.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        self : TrainingHistoryDisplay
            The drawn display.
        """
        entries = {name: np.asarray(values) for name, values in self.history.items()}
        entries = {name: values for name, values in entries.items() if len(values)}
        n = max(len(entries), 1)
        axes = panels(self, ax, 1, n, (3.2 * n, 2.8))
        for panel, (name, values) in zip(axes[0], entries.items(), strict=False):
            updates = np.arange(1, len(values) + 1)
            panel.set(title=f"{name} loss" if values.ndim == 1 else name, xlabel="update")
            panel.locator_params(axis="x", nbins=5, integer=True)
            if values.ndim == 1:
                width = max(len(values) // 20, 1)
                mean = np.convolve(values, np.full(width, 1 / width), "valid")
                panel.plot(updates, values, color=GREY, alpha=0.4, linewidth=0.6)
                middles = updates[0] + (width - 1) / 2 + np.arange(len(mean))
                panel.plot(middles, mean, color=REAL)
                if 0 < 100 * values.min() < values.max():
                    panel.set_yscale("log")
            else:
                self._series(panel, updates, values)
        return self

    def _series(self, panel, updates, values):
        """Several curves, with a colour bar."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize

        shades = colours(values.shape[1])
        panel.set_prop_cycle(color=shades)
        panel.plot(updates, values, linewidth=1)
        shown = ScalarMappable(Normalize(-0.5, len(shades) - 0.5), ListedColormap(shades))
        bar = self.figure_.colorbar(shown, ax=panel, label="series")
        bar.locator.set_params(integer=True)
