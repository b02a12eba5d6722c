"""Scores of samplers with their intervals, and mean ranks."""

import numpy as np
from scipy import stats
from sklearn.utils._optional_dependencies import check_matplotlib_support

_BLUE, _GREY = "#0072B2", "#777777"  # which the colour-blind can distinguish


def draw_scores(scores, summary, metric, ax):
    """Means of samplers with 95 % intervals, their scores as dots."""
    summary = summary.sort_values("mean", na_position="first")  # the best on top
    ax = _axes(ax, len(summary))
    for at, (sampler, row) in enumerate(summary.iterrows()):
        values = scores[sampler].dropna()
        ax.plot(values, np.full(len(values), at), "o", color=_GREY, alpha=0.4, markersize=4)
        ax.hlines(at, row["low"], row["high"], color=_BLUE, linewidth=2)
        ax.plot(row["mean"], at, "o", color=_BLUE, markersize=7, markeredgecolor="white")
    names = summary.index.astype(str) + np.where(summary["mean"].isna(), " (failed)", "")
    unit = "data sets" if scores.index.name == "dataset" else "splits"
    return _label(ax, names, f"{metric}: mean, 95 % interval; {unit} as dots")


def draw_ranks(scores, summary, metric, ax):
    """Mean ranks of samplers over data sets, with bars as long as the critical difference."""
    if scores.index.name != "dataset":
        raise ValueError(
            "Got one data set, but expected several: ranks are averaged over data sets. Take "
            "kind='scores', or give compare_samplers a dict of data sets."
        )
    scores = scores.dropna(axis=1, how="all")
    ranks = scores.rank(axis=1, ascending=False, na_option="bottom").mean()
    ranks = ranks.sort_values(ascending=False)  # the best on top
    difference = critical_difference(len(ranks), len(scores))
    ax = _axes(ax, len(ranks))
    bars = {"xerr": difference / 2, "elinewidth": 2, "markersize": 7}
    ax.errorbar(ranks, range(len(ranks)), **bars, fmt="o", color=_BLUE)
    n = len(scores)
    text = f"{metric}: mean rank, {n} data sets; critical difference {difference:.2f}"
    return _label(ax, ranks.index, text)


def _axes(ax, n_lines):
    check_matplotlib_support("ComparisonResult.plot")
    import matplotlib.pyplot as plt

    size = 6.4, 0.36 * n_lines + 1
    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else ax


def _label(ax, names, text):
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.set_xlabel(text, parse_math=False)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.grid(axis="x", alpha=0.3)
    return ax


def critical_difference(n_samplers, n_datasets):
    """Nemenyi's critical difference of mean ranks at 5 %."""
    quantile = stats.studentized_range.ppf(0.95, n_samplers, np.inf) / np.sqrt(2)
    return quantile * np.sqrt(n_samplers * (n_samplers + 1) / (6 * n_datasets))
