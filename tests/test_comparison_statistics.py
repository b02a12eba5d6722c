"""Ranks and tests against textbook examples and scipy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skgan_resample.comparison import ComparisonResult, _statistics

# Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006, table 6
DEMSAR = """
    0.763 0.768 0.771 0.798 | 0.599 0.591 0.590 0.569 | 0.954 0.971 0.968 0.967
    0.628 0.661 0.654 0.657 | 0.882 0.888 0.886 0.898 | 0.936 0.931 0.916 0.931
    0.661 0.668 0.609 0.685 | 0.583 0.583 0.563 0.625 | 0.775 0.838 0.866 0.875
    1.00 1.00 1.00 1.00 | 0.940 0.962 0.965 0.962 | 0.619 0.666 0.614 0.669
    0.972 0.981 0.975 0.975 | 0.957 0.978 0.946 0.970
"""
AUC = np.array(DEMSAR.replace("|", " ").split(), float).reshape(14, 4)
NAMES = ["C4.5", "+m", "+cf", "+m+cf"]


def result(scores, test_to_train=0.25, unit="split", names=NAMES):
    """A result of one classifier from an array (units, samplers)."""
    rows = [
        {
            "dataset": f"set {i}" if unit == "dataset" else "data",
            "sampler": names[j],
            "classifier": "c",
            "split": 0 if unit == "dataset" else i,
            "metric": "auc",
            "value": value,
            "fit_seconds": 1.0,
            "n_generated": 7,
            "error": "" if np.isfinite(value) else "failed",
        }
        for i, row in enumerate(scores)
        for j, value in enumerate(row)
    ]
    table = pd.DataFrame(rows)
    return ComparisonResult(table, dict.fromkeys(table["dataset"].unique(), test_to_train))


def test_demsars_example():
    compared = result(AUC, unit="dataset")
    summary = compared.summary(reference="C4.5").loc["auc"]
    # the paper has 2.893 and 1.964: two scores that are equal as printed were not
    assert summary["mean_rank"].round(3).tolist() == [3.143, 2.0, 2.929, 1.929]
    assert summary.loc["+m", ["wins", "ties", "losses"]].tolist() == [10, 2, 2]
    # data sets do not overlap: the plain interval
    low, high = stats.ttest_1samp(AUC[:, 1], 0).confidence_interval()
    assert summary.loc["+m", ["low", "high"]].tolist() == pytest.approx([low, high])
    tests = compared.tests("C4.5").loc["auc"]
    assert tests.loc["+m", "statistic"] == 12
    assert tests.loc["+m", "p_value"] < 0.05
    assert tests["n"].tolist() == [14, 14, 14]
    expected = stats.friedmanchisquare(*AUC.T).pvalue
    assert tests["friedman_p"].tolist() == [pytest.approx(expected)] * 3
    assert tests["p_holm"].tolist() == pytest.approx(_statistics.holm(tests["p_value"]))


def test_holms_method_step_by_step():
    adjusted = _statistics.holm([0.01, 0.04, np.nan, 0.03, 0.005])
    assert adjusted == pytest.approx([0.03, 0.06, np.nan, 0.06, 0.02], nan_ok=True)
    assert _statistics.holm([0.9, 0.8]).tolist() == [1, 1]


def test_without_overlap_the_t_test_is_students():
    differences = np.random.default_rng(0).normal(0.3, size=12)
    expected = stats.ttest_1samp(differences, 0)
    assert _statistics.corrected_t_test(differences, 0) == pytest.approx(
        (expected.statistic, expected.pvalue)
    )


def test_the_correction_of_nadeau_and_bengio():
    # 1 / n + n_test / n_train = 1 / 5 + 1 / 4: t falls by sqrt(0.2 / 0.45) = 2 / 3
    differences = np.array([1.0, 2, 3, 4, 5])
    statistic, p_value = _statistics.corrected_t_test(differences, 1 / 4)
    assert statistic == pytest.approx(3 / np.sqrt(2.5 / 5) * 2 / 3)
    assert p_value == pytest.approx(2 * stats.t.sf(statistic, 4))
    scores = np.stack([np.full(5, 0.5), 0.5 + differences / 10], axis=1)
    tests = result(scores, names=["SMOTE", "GAN"]).tests()
    assert tests.loc[("auc", "GAN"), "p_value"] == pytest.approx(p_value)
    assert tests.loc[("auc", "GAN"), "difference"] == pytest.approx(0.3)
    assert "friedman_p" not in tests


def test_equal_scores_are_no_evidence():
    scores = np.repeat(np.random.default_rng(0).random((5, 1)), 2, axis=1)
    tests = result(scores, names=["none", "GAN"]).tests("none")
    assert tests["p_value"].tolist() == tests["p_holm"].tolist() == [1]


def test_a_constant_difference_is_certain():
    statistic, p_value = _statistics.corrected_t_test(np.ones(5), 0.25)
    assert (statistic, p_value) == (np.inf, 0)


def test_the_interval_of_the_mean_is_that_of_the_test():
    # an interval of the difference from a constant ends at zero where p is 0.05
    values = np.random.default_rng(0).normal(0.7, 0.05, size=10)
    summary = result(np.stack([values, values], axis=1), 1 / 9, names=["none", "GAN"]).summary()
    low = summary.loc[("auc", "GAN"), "low"]
    assert _statistics.corrected_t_test(values - low, 1 / 9)[1] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("scores", "bounds"),
    [
        ([0.2, 0.99], (0, 1)),
        ([-0.9, -0.01], (-np.inf, 0)),  # a loss, with its sign turned
        ([-0.2, 0.99], (-np.inf, 1)),
        ([0.1, 1.9], (0, np.inf)),
    ],
)
def test_intervals_stay_within_the_bounds_of_a_score(scores, bounds):
    summary = result(np.outer(scores, [1, 1]), names=["none", "GAN"]).summary().loc["auc"]
    plain = stats.ttest_1samp(scores, 0).confidence_interval()
    assert plain.low < -1
    assert plain.high > 1
    corrected = np.sqrt(0.5 + 0.25) / np.sqrt(0.5)
    ends = np.mean(scores) + corrected * (np.array(plain) - np.mean(scores))
    assert summary.loc["GAN", ["low", "high"]].tolist() == pytest.approx(np.clip(ends, *bounds))


def test_pairs_with_a_failure_are_left_out_of_the_tests_and_rank_last():
    scores = np.array([[0.5, 0.6, 0.7], [0.5, np.nan, 0.4], [0.5, 0.7, 0.9], [0.5, 0.9, 0.9]])
    compared = result(scores, names=["none", "a", "b"])
    tests = compared.tests("none").loc["auc"]
    assert tests["n"].to_dict() == {"a": 3, "b": 4}
    assert tests.loc["a", "difference"] == pytest.approx((0.1 + 0.2 + 0.4) / 3)
    summary = compared.summary().loc["auc"]
    assert summary.loc["a", "mean_rank"] == (2 + 3 + 2 + 1.5) / 4
    assert summary.loc["a", ["wins", "losses", "failed"]].tolist() == [3, 1, 1]
    assert summary.loc["a", ["mean", "std", "low", "high"]].isna().all()
    assert summary.loc["b", "mean"] == pytest.approx(np.mean([0.7, 0.4, 0.9, 0.9]))


def test_a_mean_over_the_easier_classifier_is_not_given():
    easy, hard = (result(np.full((4, 3), score), names=["none", "a", "b"]) for score in (0.9, 0.5))
    hard.table["classifier"] = "hard"
    hard.table.loc[hard.table["sampler"] == "a", "value"] = np.nan
    never = hard.table.assign(classifier="never", value=np.nan)
    table = pd.concat([easy.table, hard.table, never], ignore_index=True)
    compared = ComparisonResult(table, easy.test_to_train)
    means = compared.summary().loc["auc", "mean"]
    assert means["none"] == means["b"] == pytest.approx(0.7)
    assert np.isnan(means["a"])
    assert compared.scores()["a"].isna().all()
    assert compared.tests("none").loc[("auc", "a"), ["difference", "n"]].tolist() == [0, 4]


def test_a_single_split_has_no_interval_and_no_test():
    compared = result(np.array([[0.5, 0.6]]), names=["none", "GAN"])
    assert compared.summary()[["low", "high", "std"]].isna().all(axis=None)
    assert np.isnan(compared.tests("none").loc[("auc", "GAN"), "p_value"])


def test_results_made_elsewhere_are_completed():
    whole = result(AUC[:5, :2], names=["none", "GAN"])
    bare = whole.table[["sampler", "split", "value"]].sample(frac=1, random_state=0)
    ours = ComparisonResult.from_frame(bare)
    assert ours.test_to_train == {"data": 0.25}  # of five folds
    tests = ours.tests("none").loc["score"]
    pd.testing.assert_frame_equal(tests, whole.tests("none").loc["auc"])
    assert ours.summary()["failed"].tolist() == [0, 0]
    several = result(AUC, unit="dataset").table[["dataset", "sampler", "split", "value"]]
    by_set = dict.fromkeys(several["dataset"], 0.5)
    assert ComparisonResult.from_frame(several, by_set).test_to_train == by_set
    assert ComparisonResult.from_frame(several, 0.5).test_to_train == by_set
    with pytest.raises(ValueError, match=r"expected sampler, split and value.*: split is missing"):
        ComparisonResult.from_frame(bare.drop(columns="split"))
    with pytest.raises(ValueError, match="several values for one score"):
        ComparisonResult.from_frame(pd.concat([bare, bare]))


def test_unknown_names_are_refused():
    compared = result(AUC)
    for ask in (compared.summary, compared.tests):
        with pytest.raises(ValueError, match=r"Got reference='SMOOTH', but expected one of \['C4"):
            ask("SMOOTH")
    with pytest.raises(ValueError, match="metric='f1'"):
        compared.scores("f1")


@pytest.mark.parametrize("scores", [AUC, np.where(AUC > 0.9, np.nan, AUC)])
def test_a_table_comes_back_from_a_file(scores, tmp_path):
    table = result(scores).table
    table.to_csv(tmp_path / "scores.csv", index=False)
    read = pd.read_csv(tmp_path / "scores.csv")
    pd.testing.assert_frame_equal(ComparisonResult.from_frame(read).table, table)
