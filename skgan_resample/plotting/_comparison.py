"""Which sampler helps, and whether the difference is significant."""

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

    @classmethod
    def from_result(cls, result, metric=None, *, kind="scores", ax=None):
        """Draw a result of ``compare_samplers``.

        Parameters
        ----------
        result : ComparisonResult
            The result.
        metric : str, default=None
            None takes the first.
        kind : {"scores", "ranks"}, default="scores"
            What to draw, see ``plot``.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        display : ComparisonDisplay
            The drawn display.
        """
        metric = result.table["metric"].iloc[0] if metric is None else metric
        scores = result.scores(metric)
        summary = result.summary(reference=scores.columns[0]).loc[metric]
        return cls(scores, summary, metric).plot(kind=kind, ax=ax)

    def plot(self, *, kind="scores", ax=None):
        """Draw.

        Parameters
        ----------
        kind : {"scores", "ranks"}, default="scores"
            Means with 95 % intervals; or a critical-difference diagram [1]_: mean ranks over
            several data sets, 1 is best, where a bar joins samplers whose ranks differ by less than
            Nemenyi's critical difference at 5 %. A sampler that failed ranks last on that data set,
            and is left out if it failed on all.
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
        if kind not in ("scores", "ranks"):
            raise ValueError(f"Got kind={kind!r}, but expected 'scores' or 'ranks'.")
        (self._scores if kind == "scores" else self._ranks)(ax)
        return self

    def _scores(self, ax):
        summary = self.summary.sort_values("mean", na_position="first")  # the best on top
        panel = panels(self, ax, 1, 1, (6.4, 0.36 * len(summary) + 1))[0, 0]
        for at, (sampler, row) in enumerate(summary.iterrows()):
            values = self.scores[sampler].dropna()
            panel.plot(values, np.full(len(values), at), "o", color=GREY, alpha=0.4, markersize=4)
            panel.hlines(at, row["low"], row["high"], color=REAL, linewidth=2)
            panel.plot(row["mean"], at, "o", color=REAL, markersize=7, markeredgecolor="white")
        seen = self.scores.to_numpy()[np.isfinite(self.scores.to_numpy())]
        ends = summary[["low", "high"]].to_numpy()
        if len(seen):  # an interval from few splits may be very wide: the scores set the scale
            low, high, margin = seen.min(), seen.max(), 0.1 * np.ptp(seen) + 1e-3
            inner = ends[np.isfinite(ends) & (abs(ends - seen.mean()) < np.ptp(seen))]
            panel.set_xlim(min([low, *inner]) - margin, max([high, *inner]) + margin)
        names = summary.index + np.where(summary["mean"].isna(), " (failed)", "")
        panel.set_yticks(range(len(summary)), names)
        panel.set_ylim(-0.6, len(summary) - 0.4)
        panel.grid(axis="x", alpha=0.3)
        unit = "data sets" if self.scores.index.name == "dataset" else "splits"
        panel.set_xlabel(f"{self.metric}: mean, 95 % interval; {unit} as dots")

    def _ranks(self, ax):
        if self.scores.index.name != "dataset":
            raise ValueError(
                "Got one data set, but expected several: a critical-difference diagram ranks over "
                "data sets. Take kind='scores', or give compare_samplers a dict of data sets."
            )
        scores = self.scores.dropna(axis=1, how="all")
        ranks = scores.rank(axis=1, ascending=False, na_option="bottom").mean().sort_values()
        n, difference = len(ranks), critical_difference(len(ranks), len(scores))
        half = -(-n // 2)
        panel = panels(self, ax, 1, 1, (7.5, 0.28 * half + 1.5))[0, 0]
        groups = _groups(ranks.to_numpy(), difference)
        below = 0.45 * len(groups) + 0.6
        panel.plot([1, n], [0, 0], color="black", linewidth=1)
        for tick in range(1, n + 1):
            panel.plot([tick, tick], [0, 0.15], color="black", linewidth=1)
            panel.text(tick, 0.3, tick, ha="center", va="bottom")
        for place, (sampler, rank) in enumerate(ranks.items()):
            left = place < half
            depth = -below - 0.8 * (place if left else n - 1 - place)
            end, name = (1 - 0.03 * n, sampler) if left else (n + 0.03 * n, sampler)
            panel.plot([rank, rank, end], [0, depth, depth], color=GREY, linewidth=1)
            align = "right" if left else "left"
            panel.text(end, depth, f" {name} ({rank:.2f}) ", ha=align, va="center")
        for level, (first, last) in enumerate(groups):
            ends = [ranks.iloc[first] - 0.05, ranks.iloc[last] + 0.05]
            panel.plot(ends, [-0.4 - 0.45 * level] * 2, color=REAL, linewidth=4)
        panel.plot([1, 1 + difference], [1.7, 1.7], color="black", linewidth=2)
        panel.text(1, 1.9, f"critical difference {difference:.2f}", va="bottom")
        panel.set(xlim=(1 - 0.45 * n, n + 0.45 * n), ylim=(-below - 0.8 * half, 3))
        panel.set_title(f"mean rank in {self.metric}, {len(scores)} data sets")
        panel.set_axis_off()


def critical_difference(n_samplers, n_datasets):
    """Nemenyi's critical difference of mean ranks at 5 %."""
    quantile = stats.studentized_range.ppf(0.95, n_samplers, np.inf) / np.sqrt(2)
    return quantile * np.sqrt(n_samplers * (n_samplers + 1) / (6 * n_datasets))


def _groups(ranks, difference):
    """(first, last) of the longest runs of sorted ranks that lie within the difference."""
    groups: list = []
    for first, rank in enumerate(ranks):
        last = int(np.flatnonzero(ranks <= rank + difference)[-1])
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return groups
