"""Scores of tables against closed forms, and against SDMetrics where it is installed."""

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler

from skgan_resample import TableCodec, metrics

NUMBERS, CATEGORIES = ["height", "count", "date"], ["colour", "size", "old"]
TABLE_SCORES = {
    "ks": (metrics.ks_complement, NUMBERS),
    "tv": (metrics.tv_complement, CATEGORIES),
    "correlation": (metrics.correlation_similarity, NUMBERS),
    "contingency": (metrics.contingency_similarity, CATEGORIES),
}
every_score = pytest.mark.parametrize(("score", "columns"), TABLE_SCORES.values(), ids=TABLE_SCORES)


def table(n=40, seed=0, complete=False):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"height": rng.normal(size=n), "count": rng.integers(0, 9, n)})
    frame["count"] += frame["height"].round().astype(int)
    frame["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D")
    frame["colour"] = rng.choice(["red", "green", "blue"], n, p=[0.6, 0.3, 0.1])
    frame["size"] = rng.choice(["s", "l"], n)
    frame["old"] = rng.random(n) < 0.3
    if not complete:
        frame.loc[::7, "height"] = np.nan
        frame.loc[::5, "colour"] = None
    return frame


# Known answers -----------------------------------------------------------------------------------


@every_score
def test_a_table_is_like_itself(score, columns):
    X = table()[columns]
    assert score(X, X) == 1
    assert 0 <= score(X, table(seed=1)[columns]) <= 1


def test_numbers_and_categories_in_closed_form():
    # at 2 half of the first lie below, all of the second, whatever is missing
    assert metrics.ks_complement([1, 2, 3, 4], [0, 1, 2, 2]) == 0.5
    assert metrics.ks_complement([1, 2, 3, 4, np.nan], [0, 1, 2, 2]) == 0.5
    assert metrics.ks_complement([[0, 0]] * 4, [[0, 1]] * 2) == 0.5  # the mean of 1 and 0
    # shares of 1/2, 1/2, 0 and 1/4, 1/2, 1/4
    assert metrics.tv_complement(list("aabb"), list("abbc")) == 0.75
    assert metrics.tv_complement([*"aabb", None, None], [*"abbc", None]) == 0.75
    joint = np.array([["a", 0], ["a", 1], ["b", 0], ["b", 1]], dtype=object)
    assert metrics.contingency_similarity(joint, joint[[0, 0, 3, 3]]) == 0.5
    assert metrics.tv_complement(joint, joint[[0, 0, 3, 3]]) == 1


def test_correlations_in_closed_form():
    x, noise = np.repeat([-1.0, 1], 2), np.tile([-1.0, 1], 2)
    real, synthetic = np.c_[x, x, noise], np.c_[x, -x, noise]
    # of three pairs one has 1 against -1
    assert metrics.correlation_similarity(real, synthetic) == pytest.approx(2 / 3)
    half = np.c_[x, x + np.sqrt(3) * noise]  # a correlation of one half
    assert metrics.correlation_similarity(half, np.c_[x, noise]) == pytest.approx(0.75)
    real[0, 0] = np.nan  # complete rows are left of a pair: still 1 against -1, 0 and 0 nearly
    assert metrics.correlation_similarity(real[:, :2], synthetic[:, :2]) == pytest.approx(0)


@pytest.mark.parametrize("constant", [0.1, 1e9, np.nan])
def test_a_constant_has_no_correlation_and_does_not_count(constant):
    X = np.random.default_rng(0).normal(size=(30, 3))
    X[:, 2] = constant
    assert metrics.correlation_similarity(X, X) == 1
    assert np.isnan(metrics.correlation_similarity(X[:, 1:], X[:, 1:]))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_neither_place_nor_scale_matter(shift, scale):
    X, Z = (np.random.default_rng(seed).normal(size=(20, 2)) for seed in (0, 1))
    for score in (metrics.ks_complement, metrics.correlation_similarity):
        assert score(shift + scale * X, shift + scale * Z) == pytest.approx(score(X, Z), abs=1e-3)


def test_nothing_to_compare_is_not_a_number():
    for score in (metrics.correlation_similarity, metrics.contingency_similarity):
        assert np.isnan(score([[1], [2]], [[1], [2]]))
    for score in (metrics.ks_complement, metrics.tv_complement):
        assert np.isnan(score([np.nan, np.nan], [1.0, 2.0]))
    with pytest.raises(ValueError, match="other values than numbers"):
        metrics.ks_complement(["a"], ["b"])


@every_score
@pytest.mark.parametrize(
    "wrap",
    [
        pl.from_pandas,
        pd.DataFrame.convert_dtypes,
        lambda X: X.astype(dict.fromkeys({"colour", "size"} & set(X), "category")),
        lambda X: X.to_numpy(),
        lambda X: X.astype(object).to_numpy().tolist(),
    ],
    ids=["polars", "extension", "category", "array", "list"],
)
def test_containers_do_not_matter(score, columns, wrap):
    columns = [name for name in columns if name != "date"]
    X, Z = table()[columns], table(seed=1)[columns]
    Z.iloc[:10] = X.iloc[:10]
    Z = Z.astype(X.dtypes)
    assert score(wrap(X), wrap(Z)) == pytest.approx(score(X, Z))


@every_score
@pytest.mark.parametrize("wrap", [lambda X: X, pl.from_pandas], ids=["pandas", "polars"])
def test_columns_of_frames_are_paired_by_name(score, columns, wrap):
    X, Z = table()[columns], table(seed=1)[columns]
    assert score(wrap(X), wrap(X[columns[::-1]])) == 1
    assert score(wrap(X), wrap(Z[columns[::-1]])) == pytest.approx(score(X, Z))
    with pytest.raises(ValueError, match=rf"same ones: \['{columns[0]}', 'new'\] are in one of"):
        score(wrap(X), wrap(Z.rename(columns={columns[0]: "new"})))
    with pytest.raises(ValueError, match=r"Got tables of 3 and of 2 columns"):
        score(X.to_numpy(), Z.to_numpy()[:, :2])


def test_all_that_take_two_tables_pair_columns_by_name():
    (X, y), (Z, _) = blobs(60, 0), blobs(60, 1)
    X, Z = (pd.DataFrame(A, columns=["a", "b"]) * [1, 9] for A in (X, Z))
    for name in ("dcr", "frechet_distance", "spread_ratio", "precision_recall_density_coverage"):
        score = getattr(metrics, name)
        assert score(X, Z[["b", "a"]]) == pytest.approx(score(X, Z), nan_ok=True)
    assert metrics.dcr(X, Z, Z[["b", "a"]]) == metrics.dcr(X, Z, Z)
    data = [X, y, Z, y, Z, y]
    efficacy = metrics.ml_efficacy(*data, random_state=0)  # without a warning of names
    data[2] = data[4] = Z[["b", "a"]]
    assert metrics.ml_efficacy(*data, random_state=0) == efficacy


HOUR = datetime.timedelta(hours=1)
MONTHS = pd.period_range("2020-01", periods=6, freq="M")
OBJECTS = {
    "dates": [datetime.date(2020, 1, day) for day in range(1, 6)] + [datetime.date(9999, 12, 31)],
    "times": [datetime.time(hour) for hour in range(6)],
    "zoned": [
        datetime.datetime(2020, 1, 1, 2 * hour, tzinfo=datetime.timezone(HOUR)) for hour in range(6)
    ],
    "decimals": [Decimal(i) / 7 for i in range(6)],
    "fractions": [Fraction(i, 7) for i in range(6)],
    "periods": [*MONTHS],
}


@pytest.mark.parametrize("values", OBJECTS.values(), ids=OBJECTS)
def test_objects_that_are_numbers_or_times_to_the_codec_are_so_to_the_scores(values):
    column = pd.Series([*values, None], dtype=object)
    few = column.iloc[[0, 1, 6]]
    assert metrics.ks_complement(column, column) == 1
    whole = metrics.ks_complement(range(6), [0, 1])
    assert metrics.ks_complement(column, few) == pytest.approx(whole)
    pair = pd.DataFrame({"a": column, "b": column}, dtype=object)
    assert metrics.correlation_similarity(pair, pair) == 1
    assert metrics.tv_complement(column, few) == pytest.approx(1 / 3)
    assert TableCodec().fit(column.to_frame()).categories_ == {}


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("missing", [None, pd.NA, pd.NaT])
def test_neither_the_index_nor_the_kind_of_what_is_missing_matters(name, missing):
    values = OBJECTS[name][:3]
    column = pd.Series([values[0], missing, *values[1:]], index=[0, 0, 1, 1], dtype=object)
    assert metrics.ks_complement(column, values[:1]) == pytest.approx(1 / 3)


def test_columns_of_dates_and_periods():
    dates, rest = OBJECTS["dates"], pd.Series(MONTHS)
    for make in (pl.Series, lambda d: pd.Series(d, dtype="date32[pyarrow]")):
        X = make(dates[:5])
        assert metrics.ks_complement(X, X[:2]) == pytest.approx(
            metrics.ks_complement(range(5), [0, 1])
        )
    assert metrics.ks_complement(rest, rest[:3]) == pytest.approx(0.5)


def test_dates_compare_with_times_of_numpy():
    dates = pd.Series(OBJECTS["dates"][:5])
    assert metrics.ks_complement(dates, dates.astype("datetime64[s]")) == 1


@pytest.mark.parametrize("values", [[True, False, None], [1, 2, 1]], ids=["booleans", "category"])
def test_what_is_a_category_to_the_codec_is_one_to_the_scores(values):
    column = pd.Series(values, dtype="category" if None not in values else object)
    assert metrics.tv_complement(column, column) == 1
    with pytest.raises(ValueError, match="other values than numbers"):
        metrics.ks_complement(column, column)


def test_scores_are_not_below_zero_by_rounding():
    X = [["a", 0], ["b", 1], ["a", 2]] * 11
    assert metrics.contingency_similarity(X, [["c", 5]] * 7) == 0
    for seed in range(20):
        codes = np.random.default_rng(seed).integers(0, 9, (70, 2))
        assert 0 <= metrics.contingency_similarity(codes, codes[:37] + 9) <= 1


def blobs(n, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return rng.normal(size=(n, 2)) + 6 * np.array([[0, 0], [0, 1], [1, 0]])[y], y


def test_efficacy_of_what_is_as_good_as_real_of_a_gaussian_and_of_noise():
    (X, y), (Z, t), test = (blobs(150, seed) for seed in range(3))
    options = {"classifier": GaussianNB(), "random_state": 0}
    good = metrics.ml_efficacy(X, y, Z, t, *test, **options)
    assert min(good) > 0.95  # one Gaussian per class is the truth here
    bad = metrics.ml_efficacy(X, y, Z, np.roll(t, 1), *test, **options)
    assert bad.synthetic < 0.05 < 0.95 < bad.gaussian
    assert bad.real == good.real
    ring = np.random.default_rng(0).normal(size=(200, 2))
    y = (np.linalg.norm(ring, axis=1) > 1).astype(int)  # of equal means
    scores = metrics.ml_efficacy(ring, y, ring, y, ring, y, classifier=GaussianNB(), random_state=0)
    assert scores.synthetic == scores.real
    assert scores.gaussian != scores.real


def test_classes_without_synthetic_samples_stay_real():
    (X, y), test = blobs(150, 0), blobs(150, 2)
    scores = metrics.ml_efficacy(X, y, X[y == 2], y[y == 2], *test, classifier=GaussianNB())
    assert scores.synthetic == scores.real > 0.95
    one = metrics.ml_efficacy([[0.0], [9.0]], [0, 1], [[1.0]], [0], [[0.0], [9.0]], [0, 1])
    assert one == (1, 1, 1)


# SDMetrics ---------------------------------------------------------------------------------------


@pytest.fixture
def theirs():
    pytest.importorskip("sdmetrics")
    from sdmetrics import column_pairs, single_column, single_table

    return single_column, column_pairs, single_table


def test_columns_and_pairs_agree_with_sdmetrics(theirs):
    single_column, column_pairs, _ = theirs
    X, Z = table(seed=3), table(60, seed=4)
    for name in NUMBERS:
        expected = single_column.KSComplement.compute(X[name], Z[name])
        assert metrics.ks_complement(X[name], Z[name]) == pytest.approx(expected)
    for name in CATEGORIES:
        expected = single_column.TVComplement.compute(X[name], Z[name])
        assert metrics.tv_complement(X[name], Z[name]) == pytest.approx(expected)
    for ours, reference, names in (
        (metrics.correlation_similarity, column_pairs.CorrelationSimilarity, NUMBERS),
        (metrics.contingency_similarity, column_pairs.ContingencySimilarity, CATEGORIES),
    ):
        for pair in ([names[0], names[1]], [names[0], names[2]], [names[1], names[2]]):
            expected = reference.compute(X[pair], Z[pair])
            assert ours(X[pair], Z[pair]) == pytest.approx(expected)


def metadata(X):
    kinds = dict.fromkeys(X, "categorical") | {"height": "numerical", "count": "numerical"}
    return {"columns": {name: {"sdtype": kinds[name]} for name in X}}


def test_closest_records_agree_with_sdmetrics(theirs):
    from sdmetrics.single_table import DCROverfittingProtection

    columns = ["height", "count", "colour", "size"]
    train, held_out, new = (table(50, seed, complete=True)[columns] for seed in (0, 1, 2))
    new.iloc[:20] = train.iloc[:20]
    low = train[columns[:2]].min(), held_out[columns[:2]].min()
    high = train[columns[:2]].max(), held_out[columns[:2]].max()
    for name in columns[:2]:  # SDMetrics scales by the range of the one set and of the other
        same = max(low[0][name], low[1][name]), min(high[0][name], high[1][name])
        for frame in (train, held_out, new):
            frame[name] = frame[name].clip(*same)
    everything = pd.concat([train, held_out, new])
    coded = pd.get_dummies(everything, dtype=float)
    coded[columns[:2]] /= np.ptp(coded[columns[:2]], axis=0)
    coded.iloc[:, 2:] /= 2  # another category is one away
    parts = np.split(coded.to_numpy(), [50, 100])
    ours = metrics.dcr(parts[0], parts[2], parts[1], metric="manhattan").closer_to_train
    expected = DCROverfittingProtection.compute_breakdown(
        train, new, held_out, metadata(train), None
    )["synthetic_data_percentages"]["closer_to_training"]
    assert 0.4 < expected < 1
    assert ours == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:.*n_jobs:FutureWarning")
def test_efficacy_agrees_with_sdmetrics(theirs):
    model = theirs[2].BinaryLogisticRegression
    (X, y), (Z, t), (X_test, y_test) = (blobs(90, seed) for seed in range(3))
    frames = [
        pd.DataFrame(A, columns=["a", "b"]).assign(y=b > 0) for A, b in ((X_test, y_test), (Z, t))
    ]
    frames[1]["b"] *= -1
    expected = model.compute(*frames, target="y")
    classifier = make_pipeline(
        SimpleImputer(), RobustScaler(), LogisticRegression(**model.MODEL_KWARGS)
    )
    ours = metrics.ml_efficacy(
        *(X, y > 0, Z * [1, -1], t > 0, X_test, y_test > 0),
        classifier=classifier,
        scoring="f1",
    )
    assert 0 < expected < 1
    assert ours.synthetic == pytest.approx(expected)


def test_a_class_without_new_rows_has_no_score():
    X = np.random.default_rng(0).normal(size=(30, 3))
    for score in (
        metrics.ks_complement,
        metrics.tv_complement,
        metrics.correlation_similarity,
        metrics.contingency_similarity,
    ):
        assert np.isnan(score(X, X[:0]))


def test_efficacy_of_classes_that_no_real_row_has():
    X, y = np.arange(8.0)[:, None], np.repeat(["a", "b"], 4)
    with pytest.raises(ValueError, match=r"samples of the classes {'c'}, but those of y_train"):
        metrics.ml_efficacy(X, y, X, np.full(8, "c"), X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        metrics.ml_efficacy(X, y[1:], X, y, X, y)
