"""ComparisonResult: the table of scores, its summary and its tests."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from . import _statistics
from ._plot import draw_ranks, draw_scores

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

    @classmethod
    def from_frame(cls, table, test_to_train=None):
        """Make a result of scores that were computed elsewhere.

        Parameters
        ----------
        table : DataFrame
            One row per score, the larger the better. It has the columns sampler, split and value
            and, where there are several, dataset, classifier and metric; it may have fit_seconds,
            n_generated and error, as in ``table``.
        test_to_train : float or dict, default=None
            The number of test samples over that of training samples, by data set if they differ.
            None takes the splits as the folds of one cross-validation.

        Returns
        -------
        result : ComparisonResult
            The result, its table with all columns.
        """
        unknown: dict = {"dataset": "data", "classifier": "unknown", "metric": "score"}
        unknown |= {"fit_seconds": np.nan, "n_generated": np.nan, "error": ""}
        if missing := sorted({"sampler", "split", "value"}.difference(table.columns)):
            raise ValueError(
                f"Got the columns {list(table.columns)}, but expected sampler, split and value as "
                f"well: {', '.join(missing)} is missing."
            )
        new = {name: value for name, value in unknown.items() if name not in table}
        table = table.assign(**new)[COLUMNS].reset_index(drop=True)
        error = table["error"].astype(object)
        table["error"] = error.where(error.notna(), "")  # of a file "" comes back as NaN
        twice = table.loc[table.duplicated(COLUMNS[:5]), COLUMNS[:5]]
        if len(twice):
            raise ValueError(f"Got several values for one score: {twice.iloc[0].to_dict()}.")
        ratios = 1 / (table.groupby("dataset", observed=True)["split"].nunique() - 1).clip(lower=1)
        if test_to_train is not None:
            ratios[:] = (
                test_to_train if np.isscalar(test_to_train) else ratios.index.map(test_to_train)
            )
        return cls(table, ratios.to_dict())

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
            mean over splits, corrected for overlapping training sets, or over data sets, cut at 0
            and at 1 where no score exceeds them; ``mean_rank`` (1 is best), ``wins``, ``ties`` and
            ``losses`` over data sets, classifiers and splits (a failure ranks last); means of
            ``fit_seconds`` and ``n_generated``.
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
        """Draw scores or ranks.

        Parameters
        ----------
        metric : str, default=None
            None takes the first.
        kind : {"scores", "ranks"}, default="scores"
            Means with 95 % intervals; or mean ranks over several data sets, 1 is best, with bars as
            long as Nemenyi's critical difference at 5 % [1]_: samplers whose bars do not overlap
            differ significantly. A sampler that failed ranks last on that data set, and is left out
            if it failed on all.
        ax : Axes, default=None
            Where to draw; None opens a figure.

        Returns
        -------
        ax : Axes
            The axes drawn in.

        References
        ----------
        .. [1] Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7,
           2006.

        Examples
        --------
        >>> from imblearn.over_sampling import SMOTE
        >>> from sklearn.datasets import make_classification
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> from skgan_resample import compare_samplers
        >>> X, y = make_classification(200, weights=[0.9], random_state=0)
        >>> result = compare_samplers(X, y, [SMOTE()], [KNeighborsClassifier()], random_state=0)
        >>> result.plot().get_xlabel()
        'balanced_accuracy: mean, 95 % interval; splits as dots'
        """
        draw = {"scores": draw_scores, "ranks": draw_ranks}
        if kind not in draw:
            raise ValueError(f"Got kind={kind!r}, but expected one of {[*draw]}.")
        metric = self.table["metric"].iloc[0] if metric is None else metric
        scores = self.scores(metric)
        return draw[kind](scores, self._summary_of(metric, scores.columns[0]), metric, ax)

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
        # bounds of a score: 0 and 1 where none exceeds them, 0 where none is positive
        least = 0 if blocks.min(axis=None) >= 0 else -np.inf
        most = next((end for end in (0, 1) if blocks.max(axis=None) <= end), np.inf)
        std = blocks.groupby(["dataset", "classifier"], observed=True).std().mean()
        complete = blocks.dropna(how="all").notna().all()
        lower = blocks.fillna(-np.inf)
        wins = lower.gt(lower[reference], axis=0).sum()
        losses = lower.lt(lower[reference], axis=0).sum()
        columns = {
            "failed": blocks.isna().sum(),
            "mean": scores.mean().where(complete),
            "std": std.where(complete),
            "low": (scores.mean() - margin).clip(lower=least).where(complete),
            "high": (scores.mean() + margin).clip(upper=most).where(complete),
            "mean_rank": blocks.rank(axis=1, ascending=False, na_option="bottom").mean(),
            "wins": wins,
            "ties": len(blocks) - wins - losses,
            "losses": losses,
        }
        worked = self.table[self.table["value"].notna()]
        costs = worked.groupby("sampler", observed=True)[["fit_seconds", "n_generated"]].mean()
        return pd.DataFrame(columns).join(costs)

    def _tests_of(self, metric, reference):
        import pandas as pd

        blocks, rows = self._blocks(metric), {}
        for sampler in blocks.columns.drop(reference):
            paired = (blocks[sampler] - blocks[reference]).dropna()  # where both worked
            differences = self._by_unit(paired)
            outcome = self._test(differences) if len(differences) > 1 else (np.nan, np.nan)
            rows[sampler] = [differences.mean(), len(differences), *outcome]
        columns = ["difference", "n", "statistic", "p_value"]
        tests = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        tests["p_holm"] = _statistics.holm(tests["p_value"])
        if self._several:
            scores = self.scores(metric).dropna(axis=1, how="all").dropna()
            tests["friedman_p"] = _statistics.friedman(scores.to_numpy())
        return tests

    def _test(self, differences):
        if self._several:
            return _statistics.wilcoxon(differences)
        return _statistics.corrected_t_test(differences, self._overlap)

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
        units = blocks.dropna(how="all").groupby(unit, sort=False, observed=True)
        return units.agg(lambda values: values.mean(skipna=False))

    def _margin(self, values):
        """Half the width of a 95 % interval of the mean."""
        if len(values) < 2:
            return np.nan
        error = _statistics.standard_error(values, self._overlap)
        return stats.t.ppf(0.975, len(values) - 1) * error
