"""ComparisonResult: the table of scores, its summary and its tests."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from ..plotting import ComparisonDisplay
from . import _statistics

COLUMNS = [
    *["dataset", "sampler", "classifier", "split", "metric", "value"],
    *["fit_seconds", "n_generated", "error"],
]


@dataclass(frozen=True)
class ComparisonResult:
    """Scores of samplers and classifiers on common folds.

    Parameters
    ----------
    table : DataFrame
        Columns dataset, sampler, classifier, split, metric, value, fit_seconds (of sampler and
        classifier), n_generated (samples added, negative if removed) and error ("" if none). Save
        it by ``table.to_csv``; filter it and build another result to condense a part, say one
        classifier.
    test_to_train : dict of str to float
        By data set, the number of test samples over that of training samples.
    """

    table: Any
    test_to_train: dict

    def scores(self, metric=None):
        """Average over classifiers, and over splits if there are several data sets.

        Parameters
        ----------
        metric : str, default=None
            None takes the first.

        Returns
        -------
        scores : DataFrame
            A row for each split, or for each of several data sets, a column for each sampler. NaN
            where the sampler failed in any part, since means over different parts do not compare.
        """
        return self._by_unit(self._blocks(metric))

    def summary(self, reference="none"):
        """Condense the table to one line per metric and sampler.

        Parameters
        ----------
        reference : str, default="none"
            The sampler against which wins are counted.

        Returns
        -------
        summary : DataFrame
            ``failed``, the number of failures; ``mean``, NaN like the next three if the sampler
            failed where another did not (``tests`` compares the rest); ``std`` over the splits,
            averaged over data sets and classifiers; ``low`` and ``high``, a 95 % interval of the
            mean over splits, corrected for overlapping training sets, or over data sets;
            ``mean_rank`` (1 is best), ``wins``, ``ties`` and ``losses`` over data sets, classifiers
            and splits (a failure ranks last); means of ``fit_seconds`` and ``n_generated``.
        """
        return self._per_metric(self._summary_of, reference)

    def tests(self, reference="SMOTE"):
        """Test the samplers' differences from a reference.

        On one data set the differences are those of the splits, averaged over classifiers, and the
        test is the corrected resampled t-test [2]_. On several they are those of the data sets, and
        the test is Wilcoxon's, after Friedman's [1]_. p-values are adjusted by Holm's method within
        a metric.

        Parameters
        ----------
        reference : str, default="SMOTE"
            Name of a sampler or baseline.

        Returns
        -------
        tests : DataFrame
            Indexed by metric and sampler: ``difference`` from the reference in the mean; ``n``,
            the splits or data sets where both worked; ``statistic``, ``p_value``, ``p_holm``; and
            ``friedman_p``, over all samplers, if there are several data sets.

        References
        ----------
        .. [1] Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7,
           2006.
        .. [2] Nadeau & Bengio, "Inference for the generalization error", Machine Learning 52, 2003.
        """
        return self._per_metric(self._tests_of, reference)

    def plot(self, metric=None, *, kind="scores", ax=None):
        """Draw the scores, or mean ranks over data sets.

        Parameters
        ----------
        metric : str, default=None
            None takes the first.
        kind : {"scores", "ranks"}, default="scores"
            Scores with intervals; or mean ranks over several data sets with their critical
            difference.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        display : ComparisonDisplay
            With ``ax_`` and ``figure_``.
        """
        return ComparisonDisplay.from_result(self, metric, kind=kind, ax=ax)

    def _per_metric(self, function, reference):
        import pandas as pd

        samplers = self.table["sampler"].unique().tolist()
        if reference not in samplers:
            raise ValueError(f"Got reference={reference!r}, but expected one of {samplers}.")
        metrics = self.table["metric"].unique()
        parts = {metric: function(metric, reference) for metric in metrics}
        return pd.concat(parts, names=["metric", "sampler"])

    def _summary_of(self, metric, reference):
        import pandas as pd

        blocks, scores = self._blocks(metric), self.scores(metric)
        margin = scores.apply(self._margin)
        std = blocks.groupby(["dataset", "classifier"]).std().mean()
        complete = blocks.dropna(how="all").notna().all()
        lower = blocks.fillna(-np.inf)
        wins = lower.gt(lower[reference], axis=0).sum()
        losses = lower.lt(lower[reference], axis=0).sum()
        columns = {
            "failed": blocks.isna().sum(),
            "mean": scores.mean().where(complete),
            "std": std.where(complete),
            "low": (scores.mean() - margin).where(complete),
            "high": (scores.mean() + margin).where(complete),
            "mean_rank": blocks.rank(axis=1, ascending=False, na_option="bottom").mean(),
            "wins": wins,
            "ties": len(blocks) - wins - losses,
            "losses": losses,
        }
        worked = self.table[self.table["value"].notna()]
        costs = worked.groupby("sampler")[["fit_seconds", "n_generated"]].mean()
        return pd.DataFrame(columns).join(costs).reindex(blocks.columns)

    def _tests_of(self, metric, reference):
        import pandas as pd

        blocks, rows = self._blocks(metric), {}
        for sampler in blocks.columns.drop(reference):
            paired = (blocks[sampler] - blocks[reference]).dropna()  # where both worked
            differences = self._by_unit(paired).to_numpy()
            if len(differences) < 2:
                outcome = np.nan, np.nan
            elif self._several:
                outcome = _statistics.wilcoxon(differences)
            else:
                outcome = _statistics.corrected_t_test(differences, self._overlap)
            mean = differences.mean() if len(differences) else np.nan
            rows[sampler] = mean, len(differences), *outcome
        names = ["difference", "n", "statistic", "p_value"]
        tests = pd.DataFrame.from_dict(rows, orient="index", columns=names)
        tests["p_holm"] = _statistics.holm(tests["p_value"])
        if self._several:
            scores = self.scores(metric).dropna(axis=1, how="all").dropna()
            tests["friedman_p"] = _statistics.friedman(scores.to_numpy())
        return tests

    @property
    def _several(self):
        """Whether means are taken over data sets, not over splits."""
        return self.table["dataset"].nunique() > 1

    @property
    def _overlap(self):
        """What overlapping training sets add to the variance of a mean over splits."""
        return 0.0 if self._several else self.test_to_train[self.table["dataset"].iloc[0]]

    def _blocks(self, metric):
        """One row per data set, classifier and split, one column per sampler."""
        known = self.table["metric"].unique().tolist()
        if metric is not None and metric not in known:
            raise ValueError(f"Got metric={metric!r}, but expected one of {known}.")
        table = self.table[self.table["metric"] == (known[0] if metric is None else metric)]
        block = ["dataset", "classifier", "split"]
        blocks = table.pivot(index=block, columns="sampler", values="value")
        return blocks[table["sampler"].unique()]

    def _by_unit(self, blocks):
        """Mean over classifiers, and splits; leaves out where all samplers failed."""
        unit = "dataset" if self._several else "split"
        units = blocks.dropna(how="all").groupby(unit, sort=False)
        return units.agg(lambda values: values.mean(skipna=False))

    def _margin(self, values):
        """Half the width of a 95 % interval of the mean."""
        if len(values) < 2:
            return np.nan
        error = _statistics.standard_error(values, self._overlap)
        return stats.t.ppf(0.975, len(values) - 1) * error
