"""Odd data of every kind: exact counts, finite rows in range, dtypes kept, originals untouched."""

from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from samplers import (
    assert_extends,
    each_base_sampler,
    each_sampler,
    fingerprint,
    images,
    quick,
    table,
)
from sklearn.manifold import TSNE
from sklearn.utils.fixes import parse_version

from skgan_resample import (
    BAGANGPSampler,
    CGANSampler,
    IntraClassACGANSampler,
    RowMixSampler,
    SubclassDiscovery,
)

# scikit-learn warned before it refused
BYTES_ARE = (
    "not supported" if parse_version(sklearn.__version__) >= parse_version("1.7") else "deprecated"
)


def new_rows(Sampler, X, y, **parameters):
    """Resample, check all that holds for any data, and return the new rows and their labels."""
    X_before, y_before = fingerprint(X), list(y)
    X_resampled, y_resampled = quick(Sampler, **parameters).fit_resample(X, y)
    assert (fingerprint(X), list(y)) == (X_before, y_before)
    assert_extends(X, X_resampled)
    assert_extends(y, y_resampled)
    new = X_resampled[len(y) :]
    if isinstance(X, np.ndarray):
        assert np.isfinite(new).all()
    if isinstance(X, np.ndarray) and X.ndim == 2:
        assert (new >= X.min(axis=0)).all()
        assert (new <= X.max(axis=0)).all()
    if not parameters:
        assert len(set(np.unique(np.asarray(y_resampled), return_counts=True)[1])) == 1
    return new, y_resampled[len(y) :]


# Sizes -------------------------------------------------------------------------------------------


@each_base_sampler
def test_two_hundred_classes(Sampler):
    y = np.arange(700) % 199
    y[:5] = 199
    X = np.random.default_rng(0).normal(size=(len(y), 3))
    new, _ = new_rows(Sampler, X, y)
    assert len(new) == 200 * np.bincount(y).max() - len(y)


@each_base_sampler
def test_a_hundred_thousand_rows_against_ten(Sampler):
    y = np.arange(100_010) >= 100_000
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    _, labels = new_rows(Sampler, X, y, sampling_strategy={True: 40})
    assert labels.tolist() == [True] * 30


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Got 10,000 columns")
def test_ten_thousand_columns():
    y = np.repeat([0, 1], [8, 4])
    X = np.random.default_rng(0).normal(size=(len(y), 10_000)).astype(np.float32)
    assert new_rows(BAGANGPSampler, X, y)[0].shape == (4, 10_000)


def test_subclasses_of_a_large_class_are_found_on_some_of_its_rows(monkeypatch):
    seen = []

    def first_components(self, X):  # in place of t-SNE, which takes a minute
        seen.append(len(X))
        return X[:, :2]

    monkeypatch.setattr(TSNE, "fit_transform", first_components)
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], [4000, 1500])
    X = rng.normal(size=(5500, 4)) + 20 * group[:, None]
    y = np.r_[np.zeros(5500, int), np.ones(10, int)]
    X = np.concatenate([X, X[:10] - 20])
    sampler = quick(IntraClassACGANSampler, subclass_discovery=SubclassDiscovery(2)).fit(X, y)
    assert seen == [5000, 10]
    assert (sampler.subclass_labels_[:5500] == group).all()


# Columns -----------------------------------------------------------------------------------------

ONE_COLUMN = {
    "real": lambda x: x / 7,
    "whole": lambda x: x.astype(np.int32),
    "flag": lambda x: x > 30,
    "constant": lambda x: np.full(len(x), 3.5),
}


@pytest.mark.parametrize("kind", ONE_COLUMN)
@each_base_sampler
def test_one_column(Sampler, kind):
    X, y = table()
    new_rows(Sampler, ONE_COLUMN[kind](X[:, 0])[:, None], y)


@each_base_sampler
def test_one_column_of_categories(Sampler):
    X, y = table()
    frame = pd.DataFrame({"colour": np.array(["red", "green", "blue"])[X[:, 0].astype(int) % 3]})
    new, _ = new_rows(Sampler, frame, y)
    assert set(new["colour"]) <= {"red", "green", "blue"}


ONE_HOT = {  # the same columns of zeros and ones
    "int": lambda x: x,
    "float": lambda x: x.astype(float),
    "array": lambda x: x.to_numpy(float),
    "list": lambda x: x.to_numpy(int).tolist(),
    "objects": lambda x: x.astype(object).to_numpy(),
    "bool": lambda x: x.astype(bool),
    "bool array": lambda x: x.astype(bool).to_numpy(),
    "boolean": lambda x: x.astype("boolean"),
    "Arrow": lambda x: x.astype("bool[pyarrow]"),
    "polars": lambda x: pl.DataFrame(x.astype(bool).to_dict("list")),
    "yes and no": lambda x: x.replace({0: "no", 1: "yes"}),
    "ja and nein": lambda x: x.replace({0: "nein", 1: "ja"}),
    "category": lambda x: x.astype("category"),
    "bool and int": lambda x: x.astype({"a": bool, "c": bool}),
    "Int8": lambda x: x.astype("Int8"),
}


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("kind", ONE_HOT)
def test_one_hot_columns_stay_one_hot_in_every_form(kind, named):
    """And which of them is set does not depend on the form."""
    rng = np.random.default_rng(0)
    colours = rng.choice(list("abcd"), 300, p=[0.6, 0.2, 0.1, 0.1])
    ones = pd.get_dummies(colours, dtype=int)
    y = np.repeat([0, 1], [240, 60])
    named = {"categorical_features": [0, 1, 2, 3]} if named else {}
    set_ = []
    for X, settings in ((ONE_HOT[kind](ones), named), (ones, {})):
        new = RowMixSampler(random_state=0, **settings).fit_resample(X, y)[0][300:]
        set_.append(np.isin(np.asarray(new).astype(str), ["1", "1.0", "True", "yes", "ja"]))
    assert (set_[0].sum(axis=1) == 1).all()
    if kind != "bool and int":  # of which the numbers are encoded first
        assert (set_[0] == set_[1]).all()


@pytest.mark.parametrize("kind", ONE_HOT)
def test_networks_generate_one_hot_columns_in_every_form(kind):
    rng = np.random.default_rng(0)
    X = ONE_HOT[kind](pd.get_dummies(rng.choice(list("abcd"), 300), dtype=int))
    sampler = CGANSampler(max_iter=2, random_state=0).fit(X, np.repeat([0, 1], [240, 60]))
    new = np.asarray(sampler.sample(100)[0]).astype(str)
    assert (np.isin(new, ["1", "1.0", "True", "yes", "ja"]).sum(axis=1) == 1).all()
    assert sampler.codec_.block_sizes_ == (4,)


@pytest.mark.parametrize("kind", ["boolean", "Int8", "float", "yes and no"])
def test_one_hot_columns_with_missing_values_are_one_hot_where_present(kind):
    rng = np.random.default_rng(0)
    ones = pd.get_dummies(rng.choice(list("abcd"), 300, p=[0.6, 0.2, 0.1, 0.1]), dtype=int)
    X = ONE_HOT[kind](ones)
    X[rng.random(300) < 0.2] = np.nan if kind == "float" else None
    new = RowMixSampler(random_state=0).fit_resample(X, np.repeat([0, 1], [240, 60]))[0][300:]
    missing = new.isna().to_numpy()
    assert (missing.all(axis=1) | ~missing.any(axis=1)).all()
    assert 0.1 < missing.mean() < 0.35
    high = new[~missing[:, 0]].astype(str).isin(["1", "1.0", "True", "yes"])
    assert (high.sum(axis=1) == 1).all()


@each_sampler
def test_constant_and_duplicated_rows_and_columns(Sampler):
    X, y = table((12, 6, 4))
    X[:, 1], X[:, 2] = 7.25, X[:, 0]
    X[y == 2] = X[y == 2][0]  # a class of four times the same row
    X[y == 1] = np.repeat(X[y == 1][:2], 3, axis=0)
    new, _ = new_rows(Sampler, X, y)
    assert (new[:, 1] == 7.25).all()


@each_base_sampler
def test_all_rows_are_the_same(Sampler):
    _, y = table()
    assert (new_rows(Sampler, np.full((len(y), 3), -0.1), y)[0] == -0.1).all()


@each_base_sampler
def test_all_pictures_are_the_same(Sampler):
    X, y = images(5, 4)
    for same in (np.full_like(X, 9), np.full(X.shape, -1e30)):
        new, _ = new_rows(Sampler, same, y)
        assert (new == same[0, 0, 0]).all()


# Numbers -----------------------------------------------------------------------------------------


@each_base_sampler
def test_large_and_small_side_by_side(Sampler):
    X, y = table()
    X *= [1e30, 1e-30, -1e30, 1]
    X[0, 3] = 1e30  # one value that dwarfs all others of its column
    new, _ = new_rows(Sampler, X, y)
    if Sampler is RowMixSampler:  # others have not learnt anything yet
        assert (np.ptp(new[:, :3], axis=0) > [1e31, 1e-29, 1e31]).all()


@each_base_sampler
def test_half_precision_to_its_limits(Sampler):
    X, y = table(dtype=np.float16)
    X[:, 0] *= np.float16(6e-8)  # subnormal
    X[:, 1] = np.where(X[:, 1] > 50, 65504, -65504)
    assert new_rows(Sampler, X, y)[0].dtype == np.float16


INTEGERS = {
    "negative": lambda x: (-x).astype(np.int8),
    "int64": lambda x: np.where(x > 50, 2**63 - 1, -(2**63)) + x.astype(int) - 99 * (x > 50),
    "uint64": lambda x: np.uint64(2**64 - 1) - x.astype(np.uint64),
    "beyond 2**53": lambda x: (x + 2**53).astype(np.int64) * 2 + 1,
}


@pytest.mark.parametrize("kind", INTEGERS)
@each_base_sampler
def test_negative_and_huge_integers(Sampler, kind):
    X, y = table()
    new_rows(Sampler, INTEGERS[kind](X), y)


# Labels ------------------------------------------------------------------------------------------

LABELS = {
    "str_": lambda y: np.array(["no", "yes", "perhaps"])[y],
    "object of str": lambda y: np.array(["no", "yes", "perhaps"], dtype=object)[y],
    "bool": lambda y: y > 0,
    "int8": lambda y: (y - 1).astype(np.int8),
    "uint64": lambda y: np.uint64(2**64 - 1) - y.astype(np.uint64),
    "float16": lambda y: y.astype(np.float16),
    "float64": lambda y: y * 1e15,
    "list of str": lambda y: np.array(["no", "yes", "perhaps"])[y].tolist(),
    "list of bool": lambda y: (y > 0).tolist(),
    "category": lambda y: pd.Series(y).map({0: "no", 1: "yes", 2: "perhaps"}).astype("category"),
    "category of int": lambda y: pd.Series(y, dtype="category"),
    "ordered": lambda y: pd.Series(
        pd.Categorical.from_codes(y, ["low", "some", "high", "never"], ordered=True)
    ),
    "Int8": lambda y: pd.Series(y, dtype="Int8"),
    "boolean": lambda y: pd.Series(y > 0, dtype="boolean"),
    "Float32": lambda y: pd.Series(y, dtype="Float32"),
    "string": lambda y: pd.Series(y.astype(str), dtype="string"),
}
if hasattr(np.dtypes, "StringDType"):  # numpy 2
    LABELS["StringDType"] = lambda y: y.astype(np.dtypes.StringDType())


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize(
    "Sampler", [RowMixSampler, pytest.param(CGANSampler, marks=pytest.mark.slow)]
)
def test_labels_of_every_dtype(Sampler, kind):
    X, plain = table()
    y = LABELS[kind](plain)
    new_rows(Sampler, X, y)
    sampler = quick(Sampler).fit(X, y)
    for label in sampler.classes_:
        rows, names = sampler.sample({label: 2})
        assert len(rows) == 2
        assert (names == label).all()
    # by name, the label as the caller has it
    label = list(y)[int(np.argmin(plain))]
    _, resampled = quick(Sampler, sampling_strategy={label: 25}).fit_resample(X, y)
    assert list(resampled).count(label) == 25


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([b"no", b"yes", b"perhaps"]), f"labels represented as bytes is {BYTES_ARE}"),
        (np.array([1, 2, 3], dtype=object), "objects of the type int in y"),
        (np.array([Fraction(1, 3), Fraction(1, 2), Fraction(2)]), "objects of the type Fraction"),
        (np.array(["2020", "2021", "NaT"], dtype="M8[s]"), "missing labels in y, 3"),
        (pd.Series([0.0, 1.0, np.nan]), "missing labels in y, 3"),
        (np.array([1, "b", None], dtype=object), "missing labels"),
        (np.array([1, "b", "c"], dtype=object), "labels of the types str and int in y"),
        (np.array([0.5, 1.5, 2.5]), "Unknown label type: continuous"),
    ],
)
def test_labels_that_no_classifier_takes_are_refused(labels, message):
    X, y = table()
    error = FutureWarning if "deprecated" in message else (TypeError, ValueError)
    with pytest.raises(error, match=message):
        RowMixSampler().fit(X, labels[y])


# Nothing to do -----------------------------------------------------------------------------------


@each_base_sampler
def test_balanced_data_come_back_as_they_are(Sampler):
    X, y = table((7, 7, 7))
    new, labels = new_rows(Sampler, X, y)
    assert len(new) == len(labels) == 0
    assert len(quick(Sampler).fit(X, y).sample({1: 4})[0]) == 4


def test_lists_of_rows_keep_the_type_of_each_column():
    X = [[20 + i, i / 2, i % 3 == 0, 2**63 + i] for i in range(40)]
    X_resampled, _ = RowMixSampler(random_state=0).fit_resample(X, [0] * 25 + [1] * 15)
    assert {tuple(map(type, row)) for row in X_resampled} == {(int, float, bool, int)}
    assert min(row[3] for row in X_resampled) == 2**63


def test_lists_of_numbers_of_several_types_in_a_column_are_numbers():
    X = [[i % 2 == 0, i / 2] if i % 3 else [0, i] for i in range(40)]
    X_resampled, _ = RowMixSampler(random_state=0).fit_resample(X, [0] * 25 + [1] * 15)
    assert {tuple(map(type, row)) for row in X_resampled[40:]} == {(float, float)}
