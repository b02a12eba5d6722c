"""What the base class promises, on drawn data: counts, containers, dtypes, seeds, streams."""

from collections import Counter

import numpy as np
import pandas as pd
from conftest import global_state
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from samplers import (
    BASE_SAMPLERS,
    assert_extends,
    dense,
    fingerprint,
    poor_rows_expected,
    quick,
)
from scipy import sparse

LABELS = [[3, 0, 7, 5, 1], [-1, 1, -7, 4, 0], ["b", "a", "", "ccc", "é"], [True, False]]
ELEMENTS = {
    "float32": st.floats(-(2.0**100), 2.0**100, width=32),
    "float64": st.floats(-1e100, 1e100),
    "uint8": st.integers(0, 255),
    "int16": st.integers(-(2**15), 2**15 - 1),
}
CONTAINERS = {
    "ndarray": lambda X: X,
    "frame": lambda X: pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])]),
    "csr": sparse.csr_matrix,
    "list": np.ndarray.tolist,
}


@st.composite
def targets(draw):
    """Labels in random order, 2 to 5 classes of 2 rows or more, one of them of at most 12."""
    labels = draw(st.sampled_from(LABELS))
    n_classes = draw(st.integers(2, len(labels)))
    smallest = draw(st.integers(2, 12))
    extra = draw(st.lists(st.integers(0, 8), min_size=n_classes - 1, max_size=n_classes - 1))
    counts = [smallest, *(smallest + n for n in extra)]
    rows = [label for label, n in zip(labels, counts, strict=False) for _ in range(n)]
    return np.array(draw(st.permutations(rows)))


@st.composite
def strategies(draw, y):
    """A form of ``sampling_strategy`` that fits y, and the counts that it asks for."""
    counts = Counter(y.tolist())
    largest, smallest = max(counts.values()), min(counts.values())
    balanced = dict.fromkeys(counts, largest)
    minority = min(sorted(counts), key=counts.get)  # of equal ones the first, as imbalanced-learn
    forms = ["auto", "not majority", "not minority", "minority", "all", "dict", "callable"]
    form = draw(st.sampled_from(forms + ["float"] * (len(counts) == 2 and smallest < largest)))
    if form == "float":
        ratio = draw(st.floats((smallest + 1.01) / (largest + 0.01), 1))
        return ratio, counts | {minority: smallest + int(largest * ratio - smallest)}
    if form in ("dict", "callable"):
        chosen = draw(st.sets(st.sampled_from(sorted(counts))))
        wanted = {label: counts[label] + draw(st.integers(0, 5)) for label in chosen}
        return (wanted if form == "dict" else lambda y: wanted), counts | wanted
    if form == "minority":
        return form, counts | {minority: largest}
    return form, balanced | ({minority: smallest} if form == "not minority" else {})


@poor_rows_expected  # of few rows of few values
@given(data=st.data())
def test_any_data_is_balanced_exactly_and_repeatably(data):
    y = data.draw(targets(), label="y")
    dtype = data.draw(st.sampled_from(list(ELEMENTS)), label="dtype")
    shape = (len(y), data.draw(st.integers(1, 6)))
    plain = data.draw(hnp.arrays(dtype, shape, elements=ELEMENTS[dtype]), label="X")
    X = CONTAINERS[data.draw(st.sampled_from(list(CONTAINERS)), label="container")](plain)
    strategy, expected = data.draw(strategies(y), label="strategy")
    Sampler = data.draw(st.sampled_from(BASE_SAMPLERS), label="sampler")
    seed = data.draw(st.integers(0, 2**32 - 1), label="seed")
    sampler = quick(Sampler, sampling_strategy=strategy, random_state=seed)

    before, streams = fingerprint(X), global_state()
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert fingerprint(X) == before
    assert global_state() == streams

    assert Counter(y_resampled.tolist()) == expected
    assert_extends(X, X_resampled)
    assert_extends(y, y_resampled)
    assert np.isfinite(dense(X_resampled)).all()
    assert len(sampler.is_synthetic_) == len(y_resampled)
    assert sampler.is_synthetic_.sum() == len(y_resampled) - len(y)
    again, y_again = sampler.fit_resample(X, y)
    assert_array_equal(dense(again), dense(X_resampled))
    assert_array_equal(y_again, y_resampled)
