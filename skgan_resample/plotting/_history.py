"""Losses of a training."""

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
        check_is_fitted(sampler)
        if not hasattr(sampler, "history_"):
            raise TypeError(
                f"Got {type(sampler).__name__}, which trains no network and has no losses."
            )
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
            panel.set_title(f"{name} loss" if values.ndim == 1 else name, parse_math=False)
            panel.set_xlabel("update")
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
                panel.set_prop_cycle(color=colours(values.shape[1]))
                lines = panel.plot(updates, values, linewidth=1)
                some = range(0, len(lines), -(-len(lines) // 10))  # ten names, of many series
                panel.legend([lines[i] for i in some], some, title="series", fontsize="small")
        return self
