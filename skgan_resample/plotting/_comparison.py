"""Scores of samplers with their intervals, and mean ranks."""

import numpy as np
from scipy import stats

from ._style import GREY, REAL, panels


class ComparisonDisplay:
    """Scores of samplers with intervals, or their mean ranks with the critical difference.

    Parameters
    ----------
    scores : DataFrame of shape (n_units, n_samplers)
        A score for each split, or for each of several data sets, and sampler.
    summary : DataFrame
        Indexed by sampler, with the columns mean, low and high.
    metric : str
        Name of the score.

    Attributes
    ----------
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure.

    Examples
    --------
    >>> from imblearn.over_sampling import SMOTE
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skgan_resample import compare_samplers
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> result = compare_samplers(X, y, [SMOTE()], [KNeighborsClassifier()], random_state=0)
    >>> result.plot().ax_.get_xlabel()
    'balanced_accuracy: mean, 95 % interval; splits as dots'
    """

    def __init__(self, scores, summary, metric):
        self.scores, self.summary, self.metric = scores, summary, metric

    def plot(self, *, kind="scores", ax=None):
        """Draw.

        Parameters
        ----------
        kind : {"scores", "ranks"}, default="scores"
            Means with 95 % intervals; or mean ranks over several data sets, 1 is best, with bars as
            long as Nemenyi's critical difference at 5 % [1]_: samplers whose bars do not overlap
            differ significantly. A sampler that failed ranks last on that data set, and is left out
            if it failed on all.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        self : ComparisonDisplay
            The drawn display.

        References
        ----------
        .. [1] Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7,
           2006.
        """
        kinds = {"scores": self._scores, "ranks": self._ranks}
        if kind not in kinds:
            raise ValueError(f"Got kind={kind!r}, but expected one of {[*kinds]}.")
        kinds[kind](ax)
        return self

    def _scores(self, ax):
        summary = self.summary.sort_values("mean", na_position="first")  # the best on top
        panel = panels(self, ax, 1, 1, (6.4, 0.36 * len(summary) + 1))[0, 0]
        for at, (sampler, row) in enumerate(summary.iterrows()):
            values = self.scores[sampler].dropna()
            panel.plot(values, np.full(len(values), at), "o", color=GREY, alpha=0.4, markersize=4)
            panel.hlines(at, row["low"], row["high"], color=REAL, linewidth=2)
            panel.plot(row["mean"], at, "o", color=REAL, markersize=7, markeredgecolor="white")
        names = summary.index + np.where(summary["mean"].isna(), " (failed)", "")
        unit = "data sets" if self.scores.index.name == "dataset" else "splits"
        _label(panel, names, f"{self.metric}: mean, 95 % interval; {unit} as dots")

    def _ranks(self, ax):
        if self.scores.index.name != "dataset":
            raise ValueError(
                "Got one data set, but expected several: ranks are averaged over data sets. Take "
                "kind='scores', or give compare_samplers a dict of data sets."
            )
        scores = self.scores.dropna(axis=1, how="all")
        ranks = scores.rank(axis=1, ascending=False, na_option="bottom").mean()
        ranks = ranks.sort_values(ascending=False)  # the best on top
        difference = critical_difference(len(ranks), len(scores))
        panel = panels(self, ax, 1, 1, (6.4, 0.36 * len(ranks) + 1))[0, 0]
        bars = {"xerr": difference / 2, "elinewidth": 2, "markersize": 7}
        panel.errorbar(ranks, range(len(ranks)), **bars, fmt="o", color=REAL)
        _label(
            panel,
            ranks.index,
            f"{self.metric}: mean rank, {len(scores)} data sets; critical difference "
            f"{difference:.2f}",
        )


def _label(panel, names, text):
    panel.set_yticks(range(len(names)), names)
    panel.set(xlabel=text, ylim=(-0.6, len(names) - 0.4))
    panel.grid(axis="x", alpha=0.3)


def critical_difference(n_samplers, n_datasets):
    """Nemenyi's critical difference of mean ranks at 5 %."""
    quantile = stats.studentized_range.ppf(0.95, n_samplers, np.inf) / np.sqrt(2)
    return quantile * np.sqrt(n_samplers * (n_samplers + 1) / (6 * n_datasets))
