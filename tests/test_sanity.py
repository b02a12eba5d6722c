"""Warnings of classes that have collapsed or are copied: their numbers, and when they come."""

import warnings

import numpy as np
import pytest
import torch
from imblearn.over_sampling import SMOTE
from samplers import pictures, quick, table
from skgan_resample._sanity import _interpolated, spread_and_novelty, warn_of_poor_rows
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning

from skgan_resample import CGANSampler, RowMixSampler
from skgan_resample.nn.run import as_floats


class Constant(CGANSampler):
    def _generate(self, y, rng):
        return 0 * super()._generate(y, rng) + 0.1


class Copying(CGANSampler):
    def _fit_gan(self, x, y, rng):
        self._x, self._y = x, y
        return super()._fit_gan(x, y, rng)

    def _generate(self, y, rng):
        rows = [torch.where(self._y == c)[0] for c in y]
        picked = [r[torch.randint(len(r), (), generator=rng)] for r in rows]
        return as_floats(self._x[torch.stack(picked)])


@pytest.fixture
def judged_at_once(monkeypatch):
    monkeypatch.setattr("skgan_resample._generation.FEWEST_UPDATES", 1)


def data(kind):
    return table((30, 12, 5)) if kind == "table" else pictures(8, 8, counts=(30, 12, 5))


@pytest.mark.parametrize("kind", ["table", "pictures"])
def test_a_collapsed_class_is_named(kind, judged_at_once):
    # not the largest class, nor one of five rows
    message = r"^Constant has collapsed in class 1 \(12 rows, 0.00\): "
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        quick(Constant).fit(*data(kind))
    assert len(warned) == 1


@pytest.mark.parametrize("kind", ["table", "pictures"])
def test_a_copied_class_is_named(kind, judged_at_once):
    message = r"^Copying makes near-copies of training rows in class 1 \(12 rows, 0.000\): .*SMOTE"
    with pytest.warns(UserWarning, match=message) as warned:
        quick(Copying).fit(*data(kind))
    assert len(warned) == 1


def test_balanced_data_have_all_classes_judged(judged_at_once):
    message = r"classes 0 \(12 rows, 0.00\), 1 \(12 rows, 0.00\):"
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        quick(Constant).fit(*table((12, 12)))
    assert len(warned) == 1


def test_of_many_classes_the_worst_are_named():
    x = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    classes = [(label, 9, x, x * (7 - i) / 90) for i, label in enumerate("abcdefg")]
    with pytest.warns(
        ConvergenceWarning, match=r"classes g \(9 rows, 0.01\), f .* c .* and 2 more"
    ):
        warn_of_poor_rows("Some", classes)


@pytest.mark.slow
def test_short_trainings_and_none_are_not_judged():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(Constant, max_iter=99).fit(*table((30, 12)))
        RowMixSampler().fit(*table((30, 12)))
    with pytest.warns(ConvergenceWarning):
        quick(Constant, max_iter=100).fit(*table((30, 12)))


def test_judging_draws_nothing_from_the_fit(monkeypatch):
    expected, _ = quick(CGANSampler).fit_resample(*table((30, 12)))
    monkeypatch.setattr("skgan_resample._generation.FEWEST_UPDATES", 1)
    drawn, _ = quick(CGANSampler).fit_resample(*table((30, 12)))
    assert drawn.tobytes() == expected.tobytes()


# The numbers


def numbers(real, made):
    return spread_and_novelty(np.float32(real), np.float32(made), np.random.default_rng(0))


def test_rows_of_the_same_law_are_as_far_apart_and_farther_than_smotes():
    X, _ = make_classification(400, 8, random_state=0)
    spread, novelty = numbers(X[:200], X[200:])
    assert spread == pytest.approx(1, abs=0.1)
    assert novelty > 1.5


@pytest.mark.parametrize("whole", [False, True])
def test_smotes_own_rows_have_a_novelty_of_one(whole):
    X = np.random.default_rng(0).normal(size=(60, 5)) * 8
    X = X.round() if whole else X
    y = np.arange(360) >= 300
    rows = np.concatenate([np.zeros((300, 5)), X])
    made, _ = SMOTE(random_state=0).fit_resample(rows, y)
    made = made[360:].round() if whole else made[360:]
    assert numbers(X, made)[1] == pytest.approx(1, abs=0.25)


def test_no_row_is_its_own_neighbour_and_values_that_recur_do_so():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32)
    assert (_interpolated(X, X, 500, rng)[:, None] != X).any(2).all()
    X[:, 1] = rng.integers(7, size=60) / 7
    made = _interpolated(X[:30], X, 500, rng)
    assert np.isin(made[:, 1], X[:, 1]).all()
    assert not np.isin(made[:, 0], X[:, 0]).any()


def test_shrunken_rows_are_that_much_nearer_to_each_other():
    X = np.random.default_rng(0).normal(size=(200, 5))
    assert numbers(X, 0.25 * X)[0] == pytest.approx(0.25)


def test_one_row_far_away_makes_no_collapse():
    X = np.random.default_rng(0).normal(size=(200, 5))
    far = np.concatenate([[[1e4] * 5], X])
    assert numbers(far, X)[0] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("n", [9, 300])
def test_rows_that_are_all_alike_have_no_numbers(n):
    assert np.isnan(numbers(np.full((n, 3), 0.1), np.full((200, 3), 0.1))).all()


@pytest.mark.parametrize("levels", [2, 4])
def test_where_smote_copies_too_nobody_is_said_to(levels):
    X = np.random.default_rng(0).integers(levels, size=(100, 2)) / 3 + 0.1
    X = np.repeat(X, 50, axis=1)  # wide enough that fast distances of equal rows are not zero
    assert np.isnan(numbers(X, X)[1])
