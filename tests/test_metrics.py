"""Metrics against closed forms, against torchmetrics, and against plain loops."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits, make_classification
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torchmetrics.image.fid import FrechetInceptionDistance

from skgan_resample import RowMixSampler, metrics


def normal(n, d=4, mean=0.0, scale=1.0, seed=0):
    return np.random.default_rng(seed).normal(mean, scale, (n, d))


class Identity(torch.nn.Flatten):
    """Features of "images" that are feature vectors already."""

    def __init__(self, num_features):
        super().__init__()
        self.num_features = num_features


def as_images(X):
    return torch.from_numpy(X).reshape(len(X), 3, 2, -1)


def by_torchmetrics(metric, X, Z):
    metric.set_dtype(torch.float64)
    metric.update(as_images(X), real=True)
    metric.update(as_images(Z), real=False)
    return metric.compute()


# Fidelity ----------------------------------------------------------------------------------------


def exactly(X, mean, covariance):
    """Rows with exactly these moments."""
    white = (X - X.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(X.T))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_two_gaussians_in_closed_form():
    # for covariances that commute: |m1 - m2|^2 + sum (s1 - s2)^2 over the standard deviations
    turn = np.linalg.qr(normal(3, 3))[0]
    first, second = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.5, 3.0])
    X = exactly(normal(30, 3, seed=1), [0, 0, 0], turn @ np.diag(first**2) @ turn.T)
    Z = exactly(normal(50, 3, seed=2), [1, -1, 2], turn @ np.diag(second**2) @ turn.T)
    assert metrics.frechet_distance(X, Z) == pytest.approx(6 + ((first - second) ** 2).sum())


@pytest.mark.parametrize("n", [4, 200])  # fewer rows than columns: singular covariances
def test_frechet_distance_agrees_with_torchmetrics(n):
    X, Z = normal(n, 12), normal(150, 12, mean=0.5, scale=2.0, seed=1)
    theirs = by_torchmetrics(FrechetInceptionDistance(Identity(12), normalize=True), X, Z)
    assert metrics.frechet_distance(X, Z) == pytest.approx(theirs.item(), rel=1e-4)


def test_a_copied_set_is_covered_and_a_far_one_is_not():
    X = normal(60)
    copied = metrics.precision_recall_density_coverage(X, X)
    assert (copied.precision, copied.recall, copied.coverage) == (1, 1, 1)
    # every row lies in its own ball and, in the mean, in n_neighbors others'
    assert copied.density == pytest.approx(6 / 5)
    assert metrics.precision_recall_density_coverage(X, X + 100) == (0, 0, 0, 0)


def test_one_repeated_row_is_precise_but_covers_little():
    X = normal(60)
    scores = metrics.precision_recall_density_coverage(X, np.repeat(X[:1], 60, axis=0))
    assert scores.precision == 1
    assert scores.recall == pytest.approx(1 / 60)
    assert scores.coverage < 0.5


@given(st.integers(0, 10**6), st.integers(4, 30), st.integers(4, 30), st.integers(1, 3))
def test_neighbourhood_scores_follow_their_definitions(seed, n, m, k):
    X, Z = normal(n, 2, seed=seed), normal(m, 2, mean=0.5, seed=seed + 1)
    ball = lambda A: [sorted(np.linalg.norm(A - a, axis=1))[k] for a in A]  # noqa: E731
    real, synthetic = ball(X), ball(Z)
    d = [[np.linalg.norm(x - z) for z in Z] for x in X]
    inside = np.array([[d[i][j] <= real[i] for j in range(m)] for i in range(n)])
    recalled = [any(d[i][j] <= synthetic[j] for j in range(m)) for i in range(n)]
    expected = inside.any(0).mean(), np.mean(recalled), inside.sum() / (k * m), inside.any(1).mean()
    assert_allclose(metrics.precision_recall_density_coverage(X, Z, n_neighbors=k), expected)


def test_more_rows_than_one_batch_of_distances():
    X, Z = normal(40, 2), normal(1500, 2, seed=1)
    whole = metrics.precision_recall_density_coverage(Z, X)
    swapped = metrics.precision_recall_density_coverage(X, Z)  # in two batches
    assert whole.precision == swapped.recall
    assert whole.recall == swapped.precision


def test_the_floor_is_taken_at_equal_numbers():
    seen = []

    def metric(A, B):
        seen.append((len(A), len(B)))
        return metrics.frechet_distance(A, B), 1.0

    X, Z = normal(100), normal(30, mean=1, seed=1)
    value, floor = metrics.with_real_floor(metric, X, Z, random_state=0)
    assert set(seen) == {(30, 30)}
    assert value.shape == floor.shape == (2,)
    assert value[0] > floor[0]


def test_the_floor_takes_disjoint_halves():
    X = np.arange(20.0)[:, None]
    value, floor = metrics.with_real_floor(lambda A, B: len(np.intersect1d(A, B)), X, X[:6])
    assert floor == 0
    assert value > 0


def test_the_floor_of_scores_of_frames():
    frame = pd.DataFrame({"c": list("xyz") * 30, "n": [1.0, np.nan, 3.0] * 30})
    for score, part in ((metrics.tv_complement, frame), (metrics.ks_complement, frame[["n"]])):
        value, floor = metrics.with_real_floor(score, part, part[:40], random_state=0)
        assert min(value, floor) > 0.7


def test_scores_of_sparse_tables_are_those_of_dense_ones():
    X, Z = (sparse.random_array((40, 6), density=0.5, rng=seed).tocsr() for seed in (0, 1))
    for score in (
        metrics.dcr,
        metrics.frechet_distance,
        metrics.precision_recall_density_coverage,
        metrics.spread_ratio,
        metrics.ks_complement,
    ):
        np.testing.assert_array_equal(score(X, Z), score(X.toarray(), Z.toarray()))


def test_shrunken_samples_have_that_spread_ratio_whatever_lies_far_away():
    X = normal(200)
    assert metrics.spread_ratio(X, 0.25 * X) == pytest.approx(0.25)
    far = np.concatenate([np.full((1, 4), 1e4), X])
    assert metrics.spread_ratio(far, X) == pytest.approx(1, abs=0.1)
    assert metrics.spread_ratio(X, normal(300, seed=1)) == pytest.approx(1, abs=0.1)
    assert np.isnan(metrics.spread_ratio(np.full((9, 4), 0.1), X))


@pytest.mark.parametrize("metric", [metrics.frechet_distance, metrics.spread_ratio])
def test_one_row_is_too_few(metric):
    with pytest.raises(ValueError, match="two"):
        metric([[1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]])


def test_too_many_neighbours():
    with pytest.raises(ValueError, match=r"Got n_neighbors=5.*from 1 to 3"):
        metrics.precision_recall_density_coverage(normal(4), normal(9))


# Memorisation ------------------------------------------------------------------------------------


def test_copies_have_ratio_zero_and_new_rows_about_one():
    X, new, unseen = (normal(400, 2, seed=seed) for seed in range(3))
    assert metrics.dcr(X, X[:50], unseen) == (0, 1, 1)
    assert metrics.dcr(X, new, unseen).closer_to_train == pytest.approx(0.5, abs=0.1)
    for held_out in (unseen, None):
        scores = metrics.dcr(X, new, held_out)
        assert scores.ratio == pytest.approx(1, abs=0.2)
        assert scores.near_copies < 0.1


def test_a_near_copy_is_ten_times_nearer_than_unseen_samples():
    X = 4 * np.arange(9.0)[:, None]
    Z = [[0.0], [4.25], [7.5], [10]]  # 0, 0.25, 0.5 and 2 away
    assert metrics.dcr(X, Z)[:2] == (0.375 / 4, 0.5)
    assert metrics.dcr(X, Z, copy_below=0.2).near_copies == 0.75


@pytest.mark.parametrize("d", [2, 50])  # with a tree, and by brute force
def test_copies_among_many_training_samples_are_found(d):
    X = normal(5000, d) + 100
    assert metrics.dcr(X, X[::7])[:2] == (0, 1)
    assert metrics.dcr(X, X + 1e-3).near_copies == 1


@pytest.mark.parametrize("X", [[[0.0]], np.empty((0, 1))])
def test_one_training_sample_has_no_neighbour(X):
    with pytest.raises(ValueError, match=r"two or more|minimum of 1"):
        metrics.dcr(X, [[1.0], [2.0]])


def test_repeated_training_rows_leave_the_ratio_open():
    X = np.repeat(normal(5), 3, axis=0)
    ratio, near_copies, _ = metrics.dcr(X, X)
    assert np.isnan(ratio)
    assert near_copies == 1


@pytest.mark.slow
def test_two_sample_auc_of_equal_and_of_copied_rows():
    X = normal(200, 2)
    fresh = metrics.two_sample_auc(X, normal(200, 2, seed=1), random_state=0)
    copied = metrics.two_sample_auc(X, X, random_state=0)
    assert fresh == pytest.approx(0.5, abs=0.1)
    assert copied < 0.3


# Report ------------------------------------------------------------------------------------------


class Collapsing(BaseEstimator):
    """Appends rows of class 1: the mean of its rows, with a little noise and a shift."""

    def __init__(self, shift=0):
        self.shift = shift

    def fit_resample(self, X, y):
        new = X[y == 1].mean(axis=0) + normal(60, X.shape[1], self.shift, scale=1e-3)
        return np.concatenate([X, new]), np.concatenate([y, np.ones(60, int)])


@pytest.mark.slow
def test_report_says_what_looks_wrong():
    X, y = make_classification(300, weights=[0.8], n_informative=6, random_state=0)
    copies = metrics.quality_report(RandomOverSampler(random_state=0), X, y, random_state=0).table
    n = int((y == 1).sum())
    assert copies.columns[-1] == "remarks"
    assert copies.loc[0, "remarks"] == "no new samples"
    assert copies.loc[1, "remarks"].startswith(f"100% near-copies of {n} samples")
    assert copies.loc[1, "synthetic"] == len(y) - 2 * n
    collapsed = metrics.quality_report(Collapsing(), X, y, random_state=0).table.loc[1]
    assert collapsed["near_copies"] == 0
    assert "easily distinguished" in collapsed["remarks"]
    assert "crowded" in collapsed["remarks"]
    far = metrics.quality_report(Collapsing(shift=9), X, y, random_state=0).table.loc[1]
    assert far["coverage"] == far["density"] == 0
    assert "covers 0% of the real samples" in far["remarks"]
    assert "samples where real ones are rare" in far["remarks"]


@pytest.mark.slow
def test_report_of_real_rows_notices_nothing():
    X, y = make_classification(600, random_state=0)

    class Honest(BaseEstimator):
        def fit_resample(self, X_few, y_few):
            return X, y

    few = slice(0, 300)
    report = metrics.quality_report(Honest(), X[few], y[few], random_state=0)
    assert set(report.table["remarks"]) == {"nothing noticed"}


@pytest.mark.slow
def test_report_takes_frames_pictures_and_small_classes():
    X, y = load_digits(return_X_y=True)
    keep = np.r_[0:100, np.flatnonzero(y == 9)[30:33]]
    X, y = X[keep], y[keep]
    keep = (y != 9) | (np.cumsum(y == 9) <= 3)
    X, y = X[keep], y[keep]
    sampler = RandomOverSampler(random_state=0)
    report = metrics.quality_report(sampler, pd.DataFrame(X).add_prefix("p"), y, random_state=0)
    assert report.table.loc[9, "remarks"] == "too few samples to compare"
    report = metrics.quality_report(sampler, X, y, features=PCA(8), random_state=0)
    assert len(report.table) == 10
    assert report.table["ks_complement"].isna().all()  # of tables
    for images, shape in ((X.reshape(-1, 8, 8), None), (X, (8, 8))):
        mixing = RowMixSampler(image_shape=shape, random_state=0)
        table = metrics.quality_report(mixing, images, y, random_state=0).table
        assert table["coverage"].notna().any()
        assert table["ks_complement"].isna().all()
    assert not sampler.__dict__.get("sampling_strategy_")


def test_report_refuses_what_does_not_append():
    X, y = make_classification(100, weights=[0.7], flip_y=0.3, random_state=0)
    with pytest.raises(ValueError, match="SMOTEENN"):
        metrics.quality_report(SMOTEENN(smote=SMOTE(random_state=0), random_state=0), X, y)


def test_report_refuses_samples_that_are_not_those_of_x():
    X, y = make_classification(60, weights=[0.8], random_state=0)
    scaled = make_pipeline(StandardScaler(), RandomOverSampler(random_state=0))
    for data in (100 * X + 500, pd.DataFrame(100 * X + 500)):
        with pytest.raises(ValueError, match="Got Pipeline, but expected an over-sampler"):
            metrics.quality_report(scaled, data, y)


def test_report_needs_classes_of_test_samples():
    X, y = make_classification(60, weights=[0.8], random_state=0)
    with pytest.raises(ValueError, match="Got one of X_test and y_test"):
        metrics.quality_report(RandomOverSampler(random_state=0), X, y, X_test=X)


def test_report_takes_lists_of_images():
    rng = np.random.default_rng(0)
    X, y = rng.random((30, 4, 4)), np.repeat([0, 1], [22, 8])
    options = {"y": y, "y_test": y, "random_state": 0}
    sampler = RowMixSampler(random_state=0)
    expected = metrics.quality_report(sampler, X, X_test=X, **options)
    report = metrics.quality_report(sampler, [*X], X_test=[*X], **options)
    pd.testing.assert_frame_equal(report.table, expected.table)
    assert report.efficacy == expected.efficacy


@pytest.mark.parametrize("output", ["pandas", "polars", "sparse"])
def test_features_may_be_frames_or_sparse(output):
    X, y = make_classification(60, weights=[0.8], random_state=0)
    features = PCA(3)
    sampler, options = RowMixSampler(random_state=0), {"X_test": X, "y_test": y, "random_state": 0}
    expected = metrics.quality_report(sampler, X, y, features=features, **options)
    if output == "sparse":
        features = make_pipeline(features, FunctionTransformer(sparse.csr_array))
    else:
        features.set_output(transform=output)
    report = metrics.quality_report(sampler, X, y, features=features, **options)
    pd.testing.assert_frame_equal(report.table, expected.table)


@pytest.mark.parametrize("as_labels", [lambda y: np.eye(2)[y], lambda y: y[:, None]])
def test_report_takes_the_labels_that_samplers_take(as_labels):
    X, y = make_classification(60, weights=[0.8], random_state=0)
    options = {"X_test": X, "random_state": 0}
    sampler = RandomOverSampler(random_state=0)
    expected = metrics.quality_report(sampler, X, y, y_test=y, **options)
    report = metrics.quality_report(sampler, X, as_labels(y), y_test=as_labels(y), **options)
    pd.testing.assert_frame_equal(report.table, expected.table)
    assert report.efficacy == expected.efficacy
    with pytest.raises(ValueError, match="Multilabel and multioutput targets are not supported"):
        metrics.quality_report(sampler, X, np.ones((60, 2), int))


def odd_table(n=60):
    """A frame of numbers, a category, a date and gaps, with classes of 60 and 12 rows."""
    rng, n = np.random.default_rng(0), n + 12
    X = pd.DataFrame({"number": rng.normal(size=n), "flag": rng.random(n) < 0.5})
    X["other"] = X["number"] + rng.normal(size=n)
    X["kind"] = pd.Categorical(rng.choice(list("xyz"), n))
    X["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D")
    X.loc[::9, ["number", "kind"]] = np.nan
    return X, np.repeat(["common", "rare"], [n - 12, 12])


class Copying(BaseEstimator):
    """Appends each sample of the rare class three times, with a warning of its own."""

    def fit_resample(self, X, y):
        warnings.warn("copies, of course", UserWarning, stacklevel=1)
        rows = np.r_[np.arange(len(y)), np.tile(np.flatnonzero(y == "rare"), 3)]
        return X.iloc[rows].reset_index(drop=True) if hasattr(X, "iloc") else X[rows], y[rows]


@pytest.mark.slow
@pytest.mark.parametrize("wrap", [lambda X: X, pl.from_pandas], ids=["pandas", "polars"])
def test_the_scores_of_a_report_are_those_of_the_functions(wrap):
    X, y = odd_table()
    data = {"X": wrap(X), "y": y, "X_test": wrap(X), "y_test": y}
    with pytest.warns(UserWarning, match="of course"):
        report = metrics.quality_report(Copying(), **data, random_state=0)
    row = report.table.loc["rare"]
    # the rows are copies, each as often: all that compares distributions says 1
    names = ["ks_complement", "tv_complement", "correlation_similarity", "contingency_similarity"]
    assert row[names].tolist() == pytest.approx([1] * 4)
    assert (row["near_copies"], row["closer_to_train"]) == (1, 0)
    assert report.efficacy.real == 1
    assert report.efficacy.synthetic > 0.9
