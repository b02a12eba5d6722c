"""Random problems of every kind for every sampler: the right rows, or a ValueError that says why.

The campaign of docs/results/trust.md is

    HYPOTHESIS_PROFILE=fuzz pytest -m slow tests/test_fuzz.py --hypothesis-show-statistics
"""

import inspect
import pickle
import re
import warnings
from collections import Counter

import joblib
import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from conftest import global_state
from hypothesis import event, given, settings
from hypothesis import strategies as st
from samplers import ALL_SAMPLERS, assert_extends
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning

pytestmark = pytest.mark.slow

N_EXAMPLES = settings.default.max_examples  # of the profile
# All errors that a problem drawn here may end in: each names what was got and what to do.
DOCUMENTED = [
    r"Got only missing values in column",
]
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float16", "float32", "float64"]
FORMS = ["auto", "not majority", "not minority", "minority", "all", "dict", "callable"]
PARAMETERS = {
    "latent_dim": st.just("auto") | st.integers(1, 6),
    "hidden_dim": st.just("auto") | st.integers(1, 20),
    "max_iter": st.integers(0, 2),
    "autoencoder_max_iter": st.integers(0, 2),
    "batch_size": st.integers(1, 70),
    "learning_rate": st.sampled_from([1e-5, 1e-3, 1e-1]),
    "n_critic": st.integers(1, 2),
    **dict.fromkeys(["supervised_autoencoder", "wrong_labels"], st.booleans()),
    "latent": st.sampled_from(["matched", "standard"]),
    "fake_labels": st.sampled_from(["balanced", "data"]),
    "penalty_weight": st.sampled_from([0, 10.0]),
    "penalty_points": st.sampled_from(["between", "real"]),
    "real_balance": st.sampled_from([0, 0.5, 1]),
    **dict.fromkeys(["kl_weight", "mmd_weight"], st.sampled_from([0, 1e-3, 1.0])),
    **dict.fromkeys(["supervision_weight", "cycle_weight"], st.sampled_from([0, 1.0])),
    "identity_weight": st.sampled_from([0, 0.5]),
    "impacts": st.sampled_from(["actor-critic", "proportional", "uniform"]),
    "random_state": st.integers(0, 2**32 - 1),
}


@st.composite
def samplers(draw, **fixed):
    Sampler = draw(st.sampled_from(ALL_SAMPLERS))
    known = inspect.signature(Sampler).parameters
    chosen = {name: draw(values) for name, values in PARAMETERS.items() if name in known}
    return Sampler(**chosen | fixed)


# Labels and counts -------------------------------------------------------------------------------


@st.composite
def targets(draw):
    """Labels in random order as an array, and in the container that is passed."""
    counts = draw(st.lists(st.integers(1, 20), min_size=2, max_size=6))
    names = draw(
        st.sampled_from(
            [
                [3, 0, 7, 5, 1, 2],
                [-1, 1, -100, 4, 0, 9],
                ["b", "a", "", "ccc", "é", " "],
                [2.0, -1.0, 0.0, 5.0, 3.0, 1e6],
                [True, False],
            ]
        )
    )
    plain = np.array([name for name, n in zip(names, counts, strict=False) for _ in range(n)])
    plain = np.random.default_rng(draw(st.integers(0, 99))).permutation(plain)
    forms = ["array", "list", "series", "categories", "polars"]
    if plain.dtype.kind == "U":
        forms += ["object"]
    if plain.dtype.kind == "i":
        forms += ["int8", "float32", "nullable"]
    return plain, label_containers(plain, draw(st.sampled_from(forms)))


def label_containers(plain, form):
    if form in ("int8", "float32", "object"):
        return plain.astype(form)
    index = np.arange(len(plain)) * 2
    makers = {
        "array": np.asarray,
        "list": np.ndarray.tolist,
        "series": lambda y: pd.Series(y, name="target", index=index),
        "categories": lambda y: pd.Series(y, name="target").astype("category"),
        "nullable": lambda y: pd.Series(y, dtype="Int64"),
        "polars": lambda y: pl.Series("target", y.tolist()),
    }
    return makers[form](plain)


class Callable:
    """A callable that can be pickled."""

    def __init__(self, wanted):
        self.wanted = wanted

    def __call__(self, y):
        return self.wanted


@st.composite
def wishes(draw, plain):
    """A form of ``sampling_strategy``, and the counts that it asks for."""
    counts = Counter(plain.tolist())
    largest, smallest = max(counts.values()), min(counts.values())
    minority = min(sorted(counts), key=counts.get)
    form = draw(st.sampled_from(FORMS + ["float"] * (len(counts) == 2 and smallest < largest)))
    if form == "float":
        ratio = draw(st.floats((smallest + 1.01) / (largest + 0.01), 1))
        return ratio, counts | {minority: smallest + int(largest * ratio - smallest)}
    if form in ("dict", "callable"):
        wanted = {
            c: counts[c] + draw(st.integers(0, 9))
            for c in draw(st.sets(st.sampled_from(sorted(counts))))
        }
        return (wanted if form == "dict" else Callable(wanted)), counts | wanted
    if form == "minority":
        return form, counts | {minority: largest}
    balanced = dict.fromkeys(counts, largest)
    return form, balanced | ({minority: smallest} if form == "not minority" else {})


# Columns -----------------------------------------------------------------------------------------


def numbers(rng, n, dtype):
    """A column of numbers of some shape: near the ends of its dtype, few values, constant, ..."""
    shape = rng.integers(6)
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        low, high = [(info.min, info.max), (info.max - 9, info.max), (info.min, info.min + 9)][
            shape % 3
        ]
        column = rng.integers(*((low, high) if shape < 3 else (0, 100)), n, dtype, endpoint=True)
    else:
        info = np.finfo(dtype)
        column = [rng.normal(size=n), rng.standard_cauchy(n), rng.integers(0, 3, n), rng.random(n)][
            shape % 4
        ]
        scale = 10.0 ** rng.integers(-30, 31) if dtype != "float16" else 10.0 ** rng.integers(-2, 3)
        column = np.clip(column * scale, info.min / 4, info.max / 4).astype(dtype)
    return np.full_like(column, column[0]) if shape == 5 else column


def gappy(rng, values, y):
    """An object column with values missing, in some classes only."""
    values = np.asarray(values, object).copy()
    rates = {label: rng.choice([0, 0, 0.3, 0.9]) for label in set(y.tolist())}
    gone = rng.random(len(y)) < [rates[label] for label in y.tolist()]
    values[gone] = None
    return values


def pandas_column(rng, y):
    n, days = (
        len(y),
        pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 999, len(y)), "D"),
    )
    texts = rng.choice(["x", "yy", "é", ""], n)
    return [
        lambda: numbers(rng, n, rng.choice(FLOATS[1:] + INTEGERS)),
        lambda: np.where(rng.random(n) < 0.2, np.nan, numbers(rng, n, "float64")),
        lambda: pd.array(gappy(rng, rng.integers(-9, 9, n), y), dtype="Int64"),
        lambda: pd.array(gappy(rng, rng.random(n) < 0.5, y), dtype="boolean"),
        lambda: rng.random(n) < rng.choice([0.0, 0.5]),
        lambda: gappy(rng, texts, y),
        lambda: pd.array(gappy(rng, texts, y), dtype="string"),
        lambda: pd.Categorical(texts, ["x", "yy", "é", "", "never"], ordered=bool(rng.integers(2))),
        lambda: pd.Categorical(gappy(rng, rng.integers(0, 3, n), y)),
        lambda: days,
        lambda: pd.Series(days).where(rng.random(n) < 0.8),
        lambda: days.tz_localize("Europe/Vienna"),
        lambda: days - pd.Timestamp("2020-02-02"),
    ][rng.integers(13)]()


def pandas_frame(rng, y, n_columns):
    columns = {f"c{i}": pd.Series(pandas_column(rng, y)) for i in range(n_columns)}
    frame = pd.DataFrame(columns)
    frame.index = rng.permutation(len(y)) * 3
    return frame


def polars_frame(rng, y, n_columns):
    n = len(y)

    def column():
        return [
            lambda: pl.Series(numbers(rng, n, rng.choice(FLOATS[1:] + INTEGERS))),
            lambda: pl.Series(gappy(rng, rng.integers(-9, 9, n), y).tolist(), dtype=pl.Int32),
            lambda: pl.Series(gappy(rng, rng.choice(["x", "yy"], n), y).tolist(), dtype=pl.String),
            lambda: pl.Series(
                gappy(rng, rng.choice(["x", "yy"], n), y).tolist(), dtype=pl.Categorical
            ),
            lambda: pl.Series((rng.random(n) < 0.5).tolist()),
            lambda: pl.Series(rng.integers(0, 9999, n).tolist()).cast(pl.Date),
        ][rng.integers(6)]()

    return pl.DataFrame({f"c{i}": column() for i in range(n_columns)})


def objects(rng, y, n_columns):
    columns = [
        numbers(rng, len(y), "float64")
        if rng.random() < 0.5
        else gappy(rng, rng.choice(["x", "y"], len(y)), y)
        for _ in range(n_columns)
    ]
    return np.array([[*row] for row in zip(*columns, strict=True)], object)


def same_dtype(rng, y, n_columns, dtypes):
    dtype = rng.choice(dtypes)
    return np.column_stack([numbers(rng, len(y), dtype) for _ in range(n_columns)])


def with_nan(rng, y, n_columns):
    X = same_dtype(rng, y, n_columns, FLOATS)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X


def flags(rng, y, n_columns):
    return rng.random((len(y), n_columns)) < rng.random(n_columns)


def sparse_matrix(rng, y, n_columns):
    X = same_dtype(rng, y, n_columns, ["float32", "float64", "int8", "int64"])
    kinds = [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.coo_array]
    return kinds[rng.integers(4)](X * (rng.random(X.shape) < 0.4))


def image(rng, y, n_columns):
    shape = [(n_columns, 3), (2, n_columns, 1), (5, 4, 3), (1, n_columns)][rng.integers(4)]
    if rng.integers(2):
        return rng.integers(0, 256, (len(y), *shape)).astype(
            rng.choice(["uint8", "int16", "float64"])
        )
    return (rng.normal(size=(len(y), *shape)) * rng.choice([1e-3, 1, 1e3])).astype("float32")


CONTAINERS = {
    "numbers": lambda *args: same_dtype(*args, FLOATS + INTEGERS),
    "lists": lambda *args: same_dtype(*args, ["float64", "int32"]).tolist(),
    "pandas": pandas_frame,
    "polars": polars_frame,
    "objects": objects,
    "missing": with_nan,
    "flags": flags,
    "sparse": sparse_matrix,
    "images": image,
}

# What has to hold --------------------------------------------------------------------------------


def as_frame(X):
    """Any X as a pandas frame."""
    if isinstance(X, pl.DataFrame):
        return pd.DataFrame({name: pd.Series(X[name].to_list()) for name in X.columns})
    if sparse.issparse(X):
        return pd.DataFrame(X.toarray())
    if isinstance(X, pd.Series):
        return X.to_frame()
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X).reshape(len(X), -1))


def contents(X):
    """A hash of the values and of the index."""
    frame = as_frame(X)
    return joblib.hash([frame.to_dict("list"), list(frame.index)])


def assert_starts_with(X, X_resampled):
    if isinstance(X, (pl.DataFrame, pl.Series)):
        assert type(X_resampled) is type(X)
        assert X_resampled[: len(X)].equals(X, null_equal=True)
        kinds = [getattr(x, "schema", getattr(x, "dtype", None)) for x in (X, X_resampled)]
        assert kinds[0] == kinds[1]
    elif isinstance(X, np.ndarray) and X.dtype.kind == "O":
        assert X_resampled.dtype == object
        assert pd.DataFrame(X_resampled[: len(X)]).equals(pd.DataFrame(X))
    else:
        assert_extends(X, X_resampled)


def assert_new_rows_are_like_the_old(X, plain, X_resampled, y_resampled, *, as_images):
    """Missing values only where the class had some; categories seen; numbers within their range."""
    if as_images:  # their pixels have one range
        X, X_resampled = np.ravel(X)[:, None], np.ravel(X_resampled)[:, None]
        if X.dtype == np.uint8:
            return  # bytes have the whole range
        plain, y_resampled = (np.repeat(y, len(X) // len(plain)) for y in (plain, y_resampled))
    old, both, labels = as_frame(X), as_frame(X_resampled), np.asarray(y_resampled)
    new, labels = both.iloc[len(old) :], labels[len(old) :]
    for i in range(old.shape[1]):
        seen, made = old.iloc[:, i], new.iloc[:, i]
        for label in set(labels.tolist()):
            if not seen[plain == label].isna().any():
                assert not made[labels == label].isna().any(), (i, label)
        seen, made = seen.dropna(), made.dropna()
        if seen.map(type).isin([str, bool]).any() or isinstance(seen.dtype, pd.CategoricalDtype):
            assert set(made) <= set(seen), i
        elif len(made):
            assert seen.min() <= made.min(), i
            assert made.max() <= seen.max(), i


@settings(max_examples=N_EXAMPLES if N_EXAMPLES > 100 else 40)
@given(data=st.data())
def test_any_problem_is_solved_or_refused_with_a_reason(data):
    solve_or_refuse(data)


def solve_or_refuse(data):
    plain, y = data.draw(targets(), label="y")
    kind = data.draw(st.sampled_from(list(CONTAINERS)), label="kind")
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1), label="seed of X"))
    X = CONTAINERS[kind](rng, plain, data.draw(st.integers(1, 6), label="columns"))
    strategy, expected = data.draw(wishes(plain), label="strategy")
    options = {"sampling_strategy": strategy}
    if kind == "images" and data.draw(st.booleans(), label="flat"):
        options["image_shape"] = X.shape[1:]
        X = X.reshape(len(X), -1)
    elif kind in ("numbers", "missing", "lists"):
        options["categorical_features"] = data.draw(st.sampled_from(["auto", None, [0]]))
    sampler = data.draw(samplers(**options), label="sampler")

    before = contents(X), contents(y), global_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", DataConversionWarning)
            warnings.filterwarnings("ignore", "Got 1 sample of class")
            # of a single column of categories nothing but copies can be made
            warnings.filterwarnings("ignore", "Near-copies of training samples")
            X_resampled, y_resampled = sampler.fit_resample(X, y)
    except ValueError as error:
        reason = next((m for m in DOCUMENTED if re.match(m, str(error))), None)
        if reason is None:
            raise
        event(f"refused: {reason}")
        return
    finally:
        assert (contents(X), contents(y), global_state()) == before
    event(f"{type(sampler).__name__} on {kind}")

    assert Counter(list(y_resampled)) == expected
    assert_starts_with(X, X_resampled)
    assert_starts_with(y, y_resampled)
    assert sampler.is_synthetic_.sum() == len(y_resampled) - len(plain)
    assert_new_rows_are_like_the_old(X, plain, X_resampled, y_resampled, as_images=kind == "images")
    if hasattr(sampler, "generator_"):
        copy = pickle.loads(pickle.dumps(sampler))
        rows, again = (as_frame(s.sample(3, random_state=0)[0]) for s in (sampler, copy))
        assert rows.equals(again)
