"""Warnings of mode collapse and of near-copies: when they come, and when not."""

import warnings

import numpy as np
import pytest
import torch
from samplers import pictures, quick, table
from sklearn.exceptions import ConvergenceWarning

from skgan_resample import CGANSampler, RowMixSampler
from skgan_resample._warnings import warn_of_poor_samples
from skgan_resample.nn.pixels import as_floats


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
def checked_at_once(monkeypatch):
    monkeypatch.setattr("skgan_resample._generation.FEWEST_UPDATES", 1)


def data(kind):
    return table((30, 12, 5)) if kind == "table" else pictures(8, 8, counts=(30, 12, 5))


@pytest.mark.parametrize("kind", ["table", "pictures"])
def test_a_collapsed_class_is_named(kind, checked_at_once):
    # not the largest class, nor one of five samples
    message = r"^Mode collapse of Constant in class 1 \(12 samples\): the median .* is 0.00 of that"
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        quick(Constant).fit(*data(kind))
    assert len(warned) == 1


@pytest.mark.parametrize("kind", ["table", "pictures"])
def test_a_copied_class_is_named(kind, checked_at_once):
    message = r"^Near-copies of training samples by Copying in class 1 \(12 samples\): 100% of"
    with pytest.warns(UserWarning, match=message) as warned:
        quick(Copying).fit(*data(kind))
    assert len(warned) == 1


def test_of_balanced_data_all_classes_are_checked(checked_at_once):
    message = r"classes 0 \(12 samples\), 1 \(12 samples\): .* is 0.00 of"
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        quick(Constant).fit(*table((12, 12)))
    assert len(warned) == 1


def normal(n, d=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def test_of_many_classes_the_worst_are_named():
    x = normal(9)
    collapsed = [(label, 9, x, x * (7 - i) / 90) for i, label in enumerate("abcdefg")]
    message = r"classes g \(9 samples\), f .* c .* and 2 more: .* is 0.01 to 0.08 of"
    with pytest.warns(ConvergenceWarning, match=message):
        warn_of_poor_samples("Some", collapsed)
    copied = [("a", 9, x, np.r_[x[:6], x[:3] + 1]), ("b", 9, x, x)]
    with pytest.warns(UserWarning, match=r"classes b .*, a \(9 samples\): 67% to 100% of"):
        warn_of_poor_samples("Some", copied)


LEVELS = np.repeat(np.random.default_rng(0).integers(2, size=(100, 2)) / 3 + 0.1, 50, axis=1)


@pytest.mark.parametrize(
    ("real", "synthetic"),
    [
        (normal(200), normal(200, seed=1)),
        (normal(200), 0.25 * normal(200, seed=1)),
        (np.concatenate([np.full((1, 5), 1e4), normal(200)]), normal(200, seed=1)),
        (normal(200), np.concatenate([normal(200)[:90], normal(110, seed=1)])),
        (np.full((9, 3), 0.1), np.full((200, 3), 0.1)),
        (LEVELS, LEVELS),
        (normal(9), np.full((9, 5), np.nan)),  # an error of its own, where samples are asked for
    ],
    ids=["new", "narrow", "outlier", "fewer than half", "all alike", "two levels", "not finite"],
)
def test_of_these_nobody_is_warned(real, synthetic):
    warn_of_poor_samples("Some", [("a", len(real), real, synthetic)])


def test_copies_of_a_large_class_are_found():
    x = normal(5000, 2)
    with pytest.warns(UserWarning, match="100% of the generated"):
        warn_of_poor_samples("Some", [("a", 5000, x, x[1:400:2])])


def test_short_trainings_and_none_are_not_checked():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(Constant, max_iter=99).fit(*table((30, 12)))
        RowMixSampler().fit(*table((30, 12)))
    with pytest.warns(ConvergenceWarning):
        quick(Constant, max_iter=100).fit(*table((30, 12)))


def test_checking_draws_nothing_from_the_fit(monkeypatch):
    expected, _ = quick(CGANSampler).fit_resample(*table((30, 12)))
    monkeypatch.setattr("skgan_resample._generation.FEWEST_UPDATES", 1)
    drawn, _ = quick(CGANSampler).fit_resample(*table((30, 12)))
    assert drawn.tobytes() == expected.tobytes()
