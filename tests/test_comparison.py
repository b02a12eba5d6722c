"""compare_samplers: no leakage, common folds, failures, memory."""

import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import FitFailedWarning, UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgan_resample import CGANSampler, compare_samplers
from skgan_resample.comparison import PriorThresholdClassifier

BASELINES = ["none", "class_weight", "threshold at prior"]
METRICS = ["balanced_accuracy", "roc_auc"]


def data(n_classes=2, n=150, seed=0):
    weights = {2: [0.8], 3: [0.7, 0.2]}[n_classes]
    X, y = make_classification(
        n, n_informative=5, n_classes=n_classes, weights=weights, flip_y=0.1, random_state=seed
    )
    X[:, 0] = np.arange(n)  # a name for every row
    return X, y


def compare(X, y, samplers, classifiers, **options):
    options = {"random_state": 0, "cv": 3, "scoring": "accuracy", "progress": False} | options
    return compare_samplers(X, y, samplers, classifiers, **options)


def values(result, **where):
    table = result.table
    for column, value in where.items():
        table = table[table[column] == value]
    return table["value"].to_numpy()


def same(one, other):
    timeless = [result.table.drop(columns="fit_seconds") for result in (one, other)]
    pd.testing.assert_frame_equal(*timeless)


# Leakage and agreement ---------------------------------------------------------------------------


class Recorder:
    """Keeps what the clones of an estimator were shown."""

    seen: list

    def note(self, what, X):
        self.seen.append((what, set(np.asarray(X)[:, 0])))


class RecordingSampler(Recorder, BaseEstimator):
    seen: list = []

    def fit_resample(self, X, y):
        self.note("sampler", X)
        X_new = X.copy()
        X_new[:, 0] = -1  # no row of the original bears this name
        return np.concatenate([X, X_new]), np.concatenate([y, y])


class RecordingScaler(Recorder, TransformerMixin, BaseEstimator):
    seen: list = []

    def fit(self, X, y=None):
        self.note("fit", X)
        return self

    def transform(self, X):
        self.note("transform", X)
        return X


class RecordingClassifier(Recorder, LogisticRegression):
    seen: list = []

    def fit(self, X, y):
        self.note("fit", X)
        return super().fit(X, y)

    def predict(self, X):
        self.note("predict", X)
        return super().predict(X)


def test_no_test_row_comes_near_sampler_or_scaler():
    X, y = data()
    RecordingSampler.seen, RecordingScaler.seen, RecordingClassifier.seen = [], [], []
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))
    compare(
        X,
        y,
        {"recorded": RecordingSampler()},
        [RecordingClassifier(max_iter=5000)],
        preprocessor=RecordingScaler(),
    )
    trains, tests = ([set(fold[part].astype(float)) for fold in folds] for part in (0, 1))
    assert RecordingSampler.seen == [("sampler", train) for train in trains]
    fitted = [seen for what, seen in RecordingScaler.seen if what == "fit"]
    assert fitted == trains * 4
    sampled = RecordingClassifier.seen[-6:]  # fit and predict in each of three folds
    assert sampled == [
        (what, seen)
        for train, test in zip(trains, tests, strict=True)
        for what, seen in (("fit", train | {-1.0}), ("predict", test))
    ]


@pytest.mark.slow
def test_agrees_with_cross_validate_of_the_pipeline():
    X, y = data()
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=5)
    sampler, classifier = SMOTE(random_state=1), RandomForestClassifier(10, random_state=2)
    result = compare(
        X,
        y,
        {"SMOTE": sampler},
        {"RF": classifier},
        preprocessor=StandardScaler(),
        cv=folds,
        scoring=METRICS,
    )
    pipeline = make_pipeline(StandardScaler(), sampler, classifier)
    expected = cross_validate(pipeline, X, y, cv=folds, scoring=METRICS)
    for metric in METRICS:
        ours = values(result, sampler="SMOTE", metric=metric)
        np.testing.assert_array_equal(ours, expected[f"test_{metric}"])
    assert result.test_to_train == {"data": pytest.approx(1 / 2)}
    generated = result.table.loc[result.table["sampler"] == "SMOTE", "n_generated"]
    assert (generated > 0).all()
    assert (result.table["error"] == "").all()


def test_a_sampler_may_be_a_pipeline_and_may_remove_rows():
    X, y = data()
    piped = make_pipeline(StandardScaler(), RandomUnderSampler(random_state=0), SMOTE())
    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    result = compare(X, y, {"piped": piped}, {"scaled": classifier})
    rows = result.table[result.table["sampler"] == "piped"]
    assert (rows["error"] == "").all()
    assert (rows["n_generated"] < 0).all()


def test_the_sampler_runs_once_a_fold_for_all_classifiers():
    RecordingSampler.seen = []
    classifiers = [LogisticRegression(max_iter=5000), KNeighborsClassifier()]
    compare(*data(), {"recorded": RecordingSampler()}, classifiers)
    assert len(RecordingSampler.seen) == 3


@pytest.mark.slow
def test_open_seeds_are_filled_and_given_ones_kept():
    X, y = data()
    samplers = {
        "open": RandomOverSampler(),
        "open too": RandomOverSampler(),
        "given": RandomOverSampler(random_state=7),
    }
    forest = RandomForestClassifier(5)
    one = compare(X, y, samplers, [forest])
    assert (values(one, sampler="open") == values(one, sampler="open too")).all()
    assert (values(one, sampler="open") != values(one, sampler="given")).any()
    same(one, compare(X, y, samplers, [forest]))
    other = compare(X, y, samplers, [forest], cv=list(StratifiedKFold(3).split(X, y)))
    assert (values(one) != values(other)).any()
    assert forest.random_state is None


def test_groups_stay_together():
    X, y = data()
    groups = np.arange(len(y)) % 9
    RecordingSampler.seen = []
    compare(X, y, {"recorded": RecordingSampler()}, [KNeighborsClassifier()], groups=groups)
    for _, train in RecordingSampler.seen:
        rows = np.array(sorted(train), dtype=int)
        assert set(groups[rows]).isdisjoint(groups[np.setdiff1d(np.arange(len(y)), rows)])


@pytest.mark.parametrize("groups", [{"Credit": np.arange(150)}, np.arange(150), [1] * 150])
def test_groups_that_are_of_no_data_set_are_refused(groups):
    X, y = data()
    with pytest.raises(ValueError, match=r"names \['credit'\], but expected groups to be a dict"):
        compare({"credit": X}, {"credit": y}, [], [GaussianNB()], groups=groups)


def test_dicts_beside_an_array_are_refused():
    X, y = data()
    for others in ({"y": {"credit": y}}, {"y": y, "groups": {"credit": y}}):
        with pytest.raises(ValueError, match="Got y or groups as a dict"):
            compare(X, samplers=[], classifiers=[GaussianNB()], **others)


@pytest.mark.slow
def test_jobs_do_not_matter():
    X, y = data(3)
    samplers = {"SMOTE": SMOTE(), "CGAN": CGANSampler(max_iter=2)}
    classifiers = [RandomForestClassifier(5), LogisticRegression(max_iter=5000)]
    one = compare(X, y, samplers, classifiers, preprocessor=StandardScaler())
    assert one.table["value"].notna().all()
    two = compare(X, y, samplers, classifiers, preprocessor=StandardScaler(), n_jobs=2)
    same(one, two)


def test_backends_that_cannot_stream_results():
    X, y = data()
    one = compare(X, y, [SMOTE()], [KNeighborsClassifier()])
    with joblib.parallel_config("multiprocessing"):
        same(one, compare(X, y, [SMOTE()], [KNeighborsClassifier()], n_jobs=1))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_runs_on_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    X, y = data()
    samplers = [SMOTE(), CGANSampler(max_iter=2)]
    one = compare(X, y, samplers, [KNeighborsClassifier()])
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        same(one, compare(X, y, samplers, [KNeighborsClassifier()]))


def test_leaves_global_state_alone(untouched_globals):
    compare(*data(), [SMOTE(), CGANSampler(max_iter=1)], [KNeighborsClassifier()])


# Baselines ---------------------------------------------------------------------------------------


def test_baselines_are_always_there():
    result = compare(*data(), [], [KNeighborsClassifier()])
    assert result.table["sampler"].unique().tolist() == BASELINES


def test_threshold_at_prior_is_that_of_two_classes():
    X, y = data()
    ours = PriorThresholdClassifier(LogisticRegression(max_iter=5000)).fit(X, y)
    theirs = FixedThresholdClassifier(
        LogisticRegression(max_iter=5000), threshold=y.mean(), response_method="predict_proba"
    ).fit(X, y)
    assert (ours.predict(X) == theirs.predict(X)).all()
    assert ours.predict(X).mean() > ours.estimator_.predict(X).mean()
    result = compare(X, y, [], [KNeighborsClassifier()], scoring="roc_auc")
    auc = [values(result, sampler=name, metric="roc_auc") for name in ("none", BASELINES[2])]
    np.testing.assert_array_equal(*auc)


@pytest.mark.parametrize(
    ("classifier", "weighted"),
    [
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced")),
        ),
        (
            RandomForestClassifier(9, random_state=0),
            RandomForestClassifier(9, random_state=0, class_weight="balanced"),
        ),
    ],
)
def test_class_weight_is_the_classifiers_own(classifier, weighted):
    X, y = data()
    X[:, 0] /= len(X)
    one = compare(X, y, [], {"c": classifier}, scoring="balanced_accuracy")
    other = compare(X, y, [], {"c": weighted}, scoring="balanced_accuracy")
    np.testing.assert_array_equal(
        values(one, sampler="class_weight"), values(other, sampler="none")
    )
    assert (values(one, sampler="class_weight") != values(one, sampler="none")).any()


def test_sample_weights_stand_in_for_class_weights():
    # with whole-number weights, weighting is repeating: 120 rows of class 0, 40 of class 1
    X, y = data(n=240)
    keep = np.r_[np.flatnonzero(y == 0)[:120], np.flatnonzero(y == 1)[:40]]
    X, y = X[keep], y[keep]
    splits = [(np.arange(160), np.arange(160))]
    classifier = make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=5))
    result = compare(X, y, [], {"c": classifier}, cv=splits, scoring="neg_log_loss")
    one, weighted, _ = values(result)
    assert weighted < one  # worse log-loss on the classes as frequent as they are
    nearest = compare(X, y, [], [KNeighborsClassifier()], cv=splits)
    errors = nearest.table.set_index("sampler")["error"]
    assert "KNeighborsClassifier takes neither class_weight" in errors["class_weight"]
    assert errors["none"] == ""


@parametrize_with_checks([PriorThresholdClassifier(LogisticRegression())])
def test_threshold_at_prior_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


# Scores ------------------------------------------------------------------------------------------


def test_area_under_curve_of_several_classes_is_over_pairs():
    X, y = data(3)
    classifier = KNeighborsClassifier()
    folds = StratifiedKFold(3)
    result = compare(X, np.array(list("abc"))[y], [], [classifier], cv=folds, scoring="roc_auc")
    scorer = get_scorer("roc_auc_ovo")
    expected = [
        scorer(classifier.fit(X[train], y[train]), X[test], y[test])
        for train, test in StratifiedKFold(3).split(X, y)
    ]
    assert values(result, sampler="none", metric="roc_auc") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scoring", "names"),
    [
        ("accuracy", ["accuracy"]),
        (["accuracy", "f1"], ["accuracy", "f1"]),
        ({"first": "accuracy", "second": get_scorer("f1")}, ["first", "second"]),
        (get_scorer("f1"), ["score"]),
    ],
)
def test_scoring_takes_what_scikit_learn_takes(scoring, names):
    X, y = data()
    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    result = compare(X, y, [], {"c": classifier}, scoring=scoring)
    assert result.table["metric"].unique().tolist() == names
    assert result.table["value"].notna().all()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda X, y: (pd.DataFrame(X, np.arange(9, 159)), pd.Series(y, np.arange(5, 155))),
        lambda X, y: (X.tolist(), y.tolist()),
        lambda X, y: (X, np.array(["common", "rare"])[y]),
        *(
            lambda X, y, kind=kind: (sparse.csr_matrix(X).asformat(kind), y)
            for kind in ("csr", "csc", "coo", "bsr", "dok", "lil")
        ),
    ],
    ids=["frame", "lists", "strings", "csr", "csc", "coo", "bsr", "dok", "lil"],
)
def test_containers_do_not_matter(wrap):
    X, y = data()
    samplers, classifiers = {"SMOTE": SMOTE()}, [KNeighborsClassifier()]
    same(compare(X, y, samplers, classifiers), compare(*wrap(X, y), samplers, classifiers))


def test_pictures_are_handed_on_as_they_are():
    X, y = data()
    X = X[:, 1:17].reshape(-1, 4, 4)
    flat = make_pipeline(FunctionTransformer(_flatten), KNeighborsClassifier())
    result = compare(X, y, {"CGAN": CGANSampler(max_iter=1)}, {"kNN": flat})
    assert (result.table.loc[result.table["sampler"] == "CGAN", "error"] == "").all()


def _flatten(X):
    return X.reshape(len(X), -1)


# Failures ----------------------------------------------------------------------------------------


class Failing(BaseEstimator):
    """Fails where row 0 is among the training rows."""

    def fit_resample(self, X, y):
        if 0.0 in X[:, 0]:
            raise RuntimeError("row 0\nis too much")
        return X, y


def test_a_failing_sampler_is_recorded_in_its_folds_only():
    X, y = data()
    message = (  # not of class_weight, which KNeighborsClassifier does not take
        r"^2 fits failed out of a total of 12: .* \.table\[\"error\"\]. The first one, of the "
        "sampler 'failing' with the classifier 'KNeighborsClassifier': RuntimeError: row 0 is too "
        "much$"
    )
    with pytest.warns(FitFailedWarning, match=message) as warned:
        result = compare(X, y, {"failing": Failing()}, [KNeighborsClassifier()], scoring=METRICS)
    assert [warning.filename for warning in warned] == [__file__]
    rows = result.table[result.table["sampler"] == "failing"]
    failed = rows["error"] == "RuntimeError: row 0 is too much"
    assert failed.sum() == 2 * 2  # two of three folds, two metrics
    assert (rows["value"].isna() == failed).all()
    assert (result.table.loc[result.table["sampler"] == "none", "error"] == "").all()
    summary = result.summary().loc["roc_auc"]
    assert summary["failed"].to_dict() == {"none": 0, **summary["failed"].iloc[1:].to_dict()}
    assert summary.loc["failing", "failed"] == 2
    assert summary.loc["failing", ["losses", "ties"]].tolist() == [2, 1]
    assert result.tests("none").loc[("roc_auc", "failing"), "n"] == 1


def test_a_failing_metric_does_not_take_the_others_along():
    message = "^All scores of 'roc_auc' are NaN with the classifier 'LinearSVC' on .* 'data': "
    failed = "the sampler 'threshold at prior' .*expected a classifier with predict_proba"
    with (
        pytest.warns(UndefinedMetricWarning, match=message) as warned,
        pytest.warns(FitFailedWarning, match=failed),
    ):
        result = compare(*data(3), [], [LinearSVC(random_state=0)], scoring=METRICS)
    assert {warning.filename for warning in warned} == {__file__}
    none = result.table[result.table["sampler"] == "none"].set_index("metric")
    assert none.loc["balanced_accuracy", "value"].notna().all()
    assert none.loc["roc_auc", "value"].isna().all()
    assert none.loc["roc_auc", "error"].str.contains("LinearSVC").all()


def test_a_metric_that_the_labels_rule_out_is_warned_of():
    X, y = data()
    with pytest.warns(UndefinedMetricWarning, match=r"'f1' are NaN .*: ValueError: pos_label=1"):
        compare(X, np.array(["a", "b"])[y], [], [GaussianNB()], scoring=["accuracy", "f1"])


def test_interrupts_are_not_swallowed():
    def stop(X):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(*data(), [], [KNeighborsClassifier()], preprocessor=FunctionTransformer(stop))


# Memory ------------------------------------------------------------------------------------------


class Counted(BaseEstimator):
    """Adds nothing, counts its calls, and stops at one of them as if the run were killed."""

    calls = 0
    stop_at = None

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit_resample(self, X, y):
        Counted.calls += 1
        if Counted.calls == Counted.stop_at:
            raise KeyboardInterrupt
        self.fitted_ = True
        return X, y


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """Compare with the scores cached in a folder; give the result and the calls of the sampler."""
    sampler = Counted()

    def run(X=None, classifiers=None, *, stop_at=None, **options):
        monkeypatch.setattr(Counted, "calls", 0)
        monkeypatch.setattr(Counted, "stop_at", stop_at)
        X, y = data() if X is None else (X, data()[1])
        classifiers = classifiers or {"c": GaussianNB()}
        options = {"memory": str(tmp_path)} | options
        return compare(X, y, {"counted": sampler}, classifiers, **options), Counted.calls

    return run


def test_goes_on_after_an_interrupt(counted):
    with pytest.raises(KeyboardInterrupt):
        counted(stop_at=3)
    resumed, calls = counted()
    assert calls == 1  # the third of three folds
    same(resumed, counted(memory=None)[0])
    again, calls = counted()
    assert calls == 0
    pd.testing.assert_frame_equal(again.table, resumed.table)  # the seconds, too


@pytest.mark.slow
def test_goes_on_with_several_jobs(tmp_path):
    X, y = data()
    arguments = X, y, {"CGAN": CGANSampler(max_iter=2)}, [GaussianNB()]
    whole = compare(*arguments, n_jobs=2, memory=str(tmp_path))
    again = compare(*arguments, n_jobs=2, memory=str(tmp_path))
    pd.testing.assert_frame_equal(again.table, whole.table)
    again = compare(*arguments, memory=str(tmp_path))
    pd.testing.assert_frame_equal(again.table, whole.table)


KILLED = """
import os, sys
from sklearn.datasets import make_classification
from imblearn.over_sampling import RandomOverSampler
from sklearn.naive_bayes import GaussianNB
from skgan_resample import compare_samplers

class Slow(GaussianNB):
    def fit(self, X, y, sample_weight=None):
        with open(sys.argv[1] + "/fits", "a") as file:
            file.write("x")
        if os.path.getsize(file.name) == int(sys.argv[2]):
            os.kill(os.getpid(), 9)
        return super().fit(X, y, sample_weight)

X, y = make_classification(200, weights=[0.8], random_state=0)
samplers = {str(i): RandomOverSampler(shrinkage=i / 10) for i in range(7)}
classifiers = {str(i): Slow(var_smoothing=10.0**-i) for i in range(3)}
options = {"cv": 10, "random_state": 0, "memory": sys.argv[1] + "/memory", "progress": False}
result = compare_samplers(X, y, samplers, classifiers, **options)
print(len(result.table), result.table["value"].notna().all())
"""


@pytest.mark.slow
def test_a_run_of_300_fits_that_is_killed_half_way_goes_on(tmp_path):
    def run(fatal):
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path), str(fatal)],
            capture_output=True,
            text=True,
        )

    assert run(150).returncode == -9
    assert run(-1).stdout.split() == ["600", "True"]  # two metrics
    assert (tmp_path / "fits").stat().st_size == 301  # that of the kill twice


def test_what_is_cached_is_not_computed_again_but_changes_are(counted):
    X, y = data()
    assert counted()[1] == 3
    assert counted()[1] == 0
    assert counted(X=X + 1e-9)[1] == 3
    assert counted(classifiers={"c": GaussianNB(var_smoothing=1e-8)})[1] == 3
    assert counted(random_state=1)[1] == 3
    assert counted(preprocessor=FunctionTransformer(np.negative))[1] == 3
    assert counted(preprocessor=FunctionTransformer(np.negative))[1] == 0
    assert counted(scoring="f1")[1] == 3
    assert counted(classifiers={"another name": GaussianNB().fit(X, y)})[1] == 0


class CountedClassifier(GaussianNB):
    """Counts its fits."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountedClassifier.fits += 1
        return super().fit(X, y, sample_weight)


def test_a_new_classifier_does_not_run_the_others_again(counted, monkeypatch):
    first, second = {"one": CountedClassifier()}, {"two": GaussianNB()}
    one, _ = counted(classifiers=first)
    monkeypatch.setattr(CountedClassifier, "fits", 0)
    both, calls = counted(classifiers=first | second)
    assert (CountedClassifier.fits, calls) == (0, 3)
    np.testing.assert_array_equal(values(both, classifier="one"), values(one))


def test_what_failed_is_tried_again(tmp_path, monkeypatch):
    arguments = *data(), {"failing": Failing()}, [KNeighborsClassifier()]
    with pytest.warns(FitFailedWarning, match="2 fits failed out of a total of 12"):
        failed = compare(*arguments, memory=str(tmp_path))
    assert (failed.table["error"] == "RuntimeError: row 0 is too much").sum() == 2
    monkeypatch.setattr(Failing, "fit_resample", lambda self, X, y: (X, y))  # mended
    mended = compare(*arguments, memory=joblib.Memory(tmp_path, verbose=0))
    assert not mended.table["error"].str.contains("row 0").any()


def test_the_cache_holds_no_samples(tmp_path):
    X, y = data()
    X[:] = value = 0.7390851332151607
    compare(X, y, [SMOTE()], [LogisticRegression()], memory=str(tmp_path))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 12
    assert max(path.stat().st_size for path in files) < 5000
    traces = str(value).encode(), np.float64(value).tobytes()
    assert not any(trace in path.read_bytes() for path in files for trace in traces)


def test_memory_needs_a_seed(tmp_path):
    with pytest.raises(ValueError, match="Got memory without a random_state"):
        compare(*data(), [], [LogisticRegression()], memory=str(tmp_path), random_state=None)


# Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samplers", "message"),
    [
        ([SMOTE(), SMOTE(k_neighbors=2)], "several samplers of the same class"),
        ({"none": SMOTE()}, r"the names \['none'\]"),
    ],
)
def test_names_must_differ(samplers, message):
    with pytest.raises(ValueError, match=message):
        compare(*data(), samplers, [KNeighborsClassifier()])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"samplers": "SMOTE"}, "Got samplers of the type str, but expected a dict or a list"),
        ({"samplers": SMOTE()}, "Got samplers of the type SMOTE"),
        ({"classifiers": GaussianNB()}, "Got classifiers of the type GaussianNB"),
        ({"classifiers": []}, "Got no classifiers"),
        ({"scoring": []}, r"Got scoring=\[\]"),
        ({"scoring": "roc_uac"}, "roc_uac"),
        ({"scoring": {"one": "accuracy", "two": "roc_uac"}}, "roc_uac"),
    ],
)
def test_what_can_not_be_compared_is_refused_before_the_first_fit(changed, message):
    RecordingSampler.seen = []
    arguments = {"samplers": [RecordingSampler()], "classifiers": [GaussianNB()]} | changed
    with pytest.raises((TypeError, ValueError), match=message):
        compare(*data(), **arguments)
    assert RecordingSampler.seen == []


def test_splits_may_come_from_a_generator_for_several_data_sets_and_as_masks():
    X, y = data()
    splits = [*StratifiedKFold(3).split(X, y)]
    every = np.arange(len(y))
    two = {"a": X, "b": -X}, {"a": y, "b": y}, [], [GaussianNB()]
    expected = compare(*two, cv=splits)
    for cv in (iter(splits), [[np.isin(every, part) for part in split] for split in splits]):
        result = compare(*two, cv=cv)
        same(result, expected)
        assert result.test_to_train == expected.test_to_train


def test_data_sets_need_their_classes():
    X, y = data()
    with pytest.raises(ValueError, match="same names"):
        compare({"a": X}, {"b": y}, [], [KNeighborsClassifier()])
    with pytest.raises(ValueError, match="continuous"):
        compare(X, X[:, 1], [], [KNeighborsClassifier()])
