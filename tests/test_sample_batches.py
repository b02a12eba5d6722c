"""sample_batches(): the rows of sample(), a batch at a time, made when they are asked for."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from samplers import each_sampler, pictures, quick, table
from sklearn.exceptions import NotFittedError

from skgan_resample import BAGANSampler, CGANSampler, IntraClassACGANSampler, _generation


@pytest.fixture
def small_steps(monkeypatch):
    """Have the generator make 8 rows at once, so that few rows take several steps."""
    monkeypatch.setattr(_generation, "_GENERATED_AT_ONCE", 8)


def mixed():
    """A number with gaps, a whole number, a category with gaps; one class has no gaps."""
    X, y = table((20, 10))
    X = pd.DataFrame(X, columns=list("abcd")).astype({"b": "Int64"})
    X["kind"] = pd.Categorical(np.array(["x", "y", "z"])[np.arange(len(X)) % 3])
    X.loc[(np.arange(len(X)) % 3 == 0) & (y == 0), ["a", "kind"]] = None
    return X, y


@pytest.mark.slow
@each_sampler
def test_batches_are_the_rows_of_sample(Sampler, small_steps):
    sampler = quick(Sampler).fit(*mixed())
    X_new, y_new = sampler.sample({1: 9, 0: 12}, random_state=0)
    for size in (3, 8, 13, 100):
        batches = list(sampler.sample_batches({1: 9, 0: 12}, size, random_state=0))
        assert [len(X) for X, _ in batches] == [len(y) for _, y in batches]
        assert {len(X) for X, _ in batches[:-1]} <= {size}
        joined = pd.concat([X for X, _ in batches], ignore_index=True)
        pd.testing.assert_frame_equal(joined, X_new)
        assert_array_equal(np.concatenate([y for _, y in batches]), y_new)


@pytest.mark.slow
@each_sampler
def test_without_a_seed_they_go_on_as_sample_does(Sampler, small_steps):
    sampler, twin = (quick(Sampler).fit(*pictures(6, 5)) for _ in range(2))
    for _ in range(2):
        X_new, _ = sampler.sample(7)
        batches = [X for X, _ in twin.sample_batches(7, 5)]
        assert {X.shape[1:] for X in batches} == {(6, 5)}
        assert_array_equal(np.concatenate(batches), X_new)


def test_polars_and_labels_of_text():
    X, y = mixed()
    sampler = quick(CGANSampler).fit(pl.from_pandas(X), np.array(["no", "yes"])[y])
    X_new, y_new = next(sampler.sample_batches({"yes": 3}, random_state=0))
    assert X_new.equals(sampler.sample({"yes": 3}, random_state=0)[0])
    assert y_new.tolist() == ["yes"] * 3


def test_rows_are_made_as_they_are_asked_for(small_steps, monkeypatch):
    sampler, made = quick(BAGANSampler).fit(*table()), []
    generate = sampler._generate
    monkeypatch.setattr(sampler, "_generate", lambda y, rng: made.append(y) or generate(y, rng))
    batches = sampler.sample_batches(10**12, batch_size=20)
    assert not made
    next(batches)
    assert sum(map(len, made)) == 24


def test_other_calls_in_between_do_not_disturb(small_steps):
    sampler = quick(CGANSampler).fit(*mixed())
    expected, _ = sampler.sample(20, random_state=0)
    found = []
    for X, _ in sampler.sample_batches(20, 7, random_state=0):
        sampler.sample(5, random_state=1)
        found.append(X)
    pd.testing.assert_frame_equal(pd.concat(found, ignore_index=True), expected)


def test_generated_rows_are_counted_by_subclass():
    sampler = quick(IntraClassACGANSampler).fit(*table())
    assert sum(len(X) for X, _ in sampler.sample_batches(5, 4)) == 15
    assert sampler.subclass_counts_.sum() == 15


@pytest.mark.parametrize("size", [0, -1, 2.5, "all"])
def test_what_it_refuses_it_refuses_at_once(size):
    with pytest.raises(NotFittedError):
        BAGANSampler().sample_batches(3)
    sampler = quick(BAGANSampler).fit(*table())
    with pytest.raises(ValueError, match=f"Got batch_size={size!r}, but expected a whole number"):
        sampler.sample_batches(3, size)
    with pytest.raises(ValueError, match="Got n_samples=-1"):
        sampler.sample_batches(-1)
    assert list(sampler.sample_batches({})) == []
