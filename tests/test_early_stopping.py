"""Early stopping by held-out rows: what is measured, which weights are kept, what is told."""

import numpy as np
import pandas as pd
import pytest
import torch
from samplers import TRAINED, each_trained_sampler, pictures, quick, table
from sklearn.datasets import make_classification

from skgan_resample import BAGANGPSampler, BAGANSampler, CGANSampler
from skgan_resample._progress import TrainingProgress
from skgan_resample.nn import training
from skgan_resample.nn.device import make_rng
from skgan_resample.nn.stopping import energy_distance, hold_out


def scripted(monkeypatch, *distances):
    """Have the distance measured every second update, and come from a list."""
    monkeypatch.setattr(training, "CHECK_EVERY", 2)
    told = iter(distances)
    monkeypatch.setattr(CGANSampler, "_distance_to", lambda self, x, y: next(told))


def test_the_best_weights_come_back(monkeypatch):
    X, y = table((40, 25))
    scripted(monkeypatch, *[5.0, 3.0, 2.0, 2.5, 2.1, 7.0])
    sampler = quick(CGANSampler, max_iter=100, n_iter_no_change=6).fit(X, y)
    assert sampler.validation_distances_ == {0: 5, 2: 3, 4: 2, 6: 2.5, 8: 2.1, 10: 7}
    assert sampler.n_iter_ == len(sampler.history_["critic"]) == 4
    # the same game, ended by hand after four updates, and not looked at in between
    stop = [False, False, False, True]
    monkeypatch.setattr(TrainingProgress, "update", lambda *args: stop.pop(0))
    scripted(monkeypatch, 3.0, 1.0)
    monkeypatch.setattr(training, "CHECK_EVERY", 100)
    twin = quick(CGANSampler, max_iter=100, n_iter_no_change=5).fit(X, y)
    for ours, theirs in zip(
        sampler.generator_.parameters(), twin.generator_.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)
    assert np.array_equal(sampler.history_["generator"], twin.history_["generator"])


def test_a_class_too_small_to_be_held_out_may_be_the_last():
    sampler = quick(CGANSampler, n_iter_no_change=1).fit(*table((40, 25, 3)))
    assert np.isfinite([*sampler.validation_distances_.values()]).all()


def test_nothing_better_than_the_start(monkeypatch):
    scripted(monkeypatch, 1.0, 2.0, 3.0)
    sampler = quick(CGANSampler, max_iter=100, n_iter_no_change=3).fit(*table((40, 25)))
    assert sampler.n_iter_ == 0  # and no warning that the time was over
    assert list(sampler.validation_distances_) == [0, 2, 4]
    assert np.isfinite(sampler.sample(3)[0]).all()


def test_a_game_that_goes_on_getting_better_ends_by_max_iter(monkeypatch):
    scripted(monkeypatch, *range(9, 0, -1))
    sampler = quick(CGANSampler, max_iter=7, n_iter_no_change=1).fit(*table((40, 25)))
    assert list(sampler.validation_distances_) == [0, 2, 4, 6, 7]
    assert sampler.n_iter_ == 7


def test_rows_that_are_not_finite_are_the_worst(monkeypatch):
    scripted(monkeypatch, float("nan"), 3.0, float("nan"), 4.0)
    sampler = quick(CGANSampler, max_iter=6, n_iter_no_change=9).fit(*table((40, 25)))
    assert sampler.n_iter_ == 2


def test_an_interrupt_keeps_the_best_weights(monkeypatch):
    updates = iter(range(1, 100))

    def update(*args):
        if next(updates) == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(TrainingProgress, "update", update)
    scripted(monkeypatch, 5.0, 4.0, 1.0, 2.0, 3.0)
    sampler = quick(CGANSampler, max_iter=100, n_iter_no_change=50)
    with pytest.raises(KeyboardInterrupt):
        sampler.fit(*table((40, 25)))
    assert list(sampler.validation_distances_) == [0, 2, 4, 6, 7]
    assert sampler.n_iter_ == 4


@pytest.mark.filterwarnings("ignore:.*diverged at update")
def test_a_game_that_diverges_keeps_the_best_weights(monkeypatch):
    scripted(monkeypatch, 5.0, 1.0, 2.0)
    descend, calls = training.descend, []

    def poisoned(optimiser, loss, x, y, **settings):
        calls.append(None)
        factor = 1 if len(calls) <= 8 else float("nan")  # two calls an update
        return descend(optimiser, lambda x, y: loss(x, y) * factor, x, y, **settings)

    monkeypatch.setattr(training, "descend", poisoned)
    sampler = quick(CGANSampler, max_iter=50, n_iter_no_change=50).fit(*table((40, 25)))
    assert (sampler.n_iter_, list(sampler.validation_distances_)) == (2, [0, 2, 4])
    assert np.isfinite(sampler.sample(3)[0]).all()


# Every sampler -----------------------------------------------------------------------------------


def mixed():
    X, y = table((40, 25, 5))
    frame = pd.DataFrame(X, columns=list("abcd")).astype({"a": str})
    frame.loc[::3, "b"] = np.nan
    return frame, y


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", [mixed(), pictures(6, 6, counts=(40, 25, 5))], ids=["mixed", "6x6"]
)
@each_trained_sampler
def test_it_works_with_every_sampler(Sampler, data, monkeypatch, untouched_globals):
    monkeypatch.setattr(training, "CHECK_EVERY", 2)
    sampler = quick(Sampler, max_iter=6, n_iter_no_change=2)
    X, y = data
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert np.bincount(y_resampled).tolist() == [40, 40, 40]
    assert np.bincount(y[sampler.is_held_out_], minlength=3).tolist() == [4, 2, 0]
    distances = sampler.validation_distances_
    assert sampler.n_iter_ == min(distances, key=distances.get) == len(sampler.history_["critic"])
    again, _ = sampler.fit_resample(X, y)
    assert pd.DataFrame(X_resampled.reshape(120, -1) if X.ndim > 2 else X_resampled).equals(
        pd.DataFrame(again.reshape(120, -1) if X.ndim > 2 else again)
    )
    plain = sampler.set_params(n_iter_no_change=None).fit(X, y)
    assert not hasattr(plain, "validation_distances_")
    assert not hasattr(plain, "is_held_out_")


@pytest.mark.parametrize("Sampler", [CGANSampler, BAGANSampler])
def test_measuring_leaves_the_training_as_it_was(Sampler):
    X, y = mixed()
    sampler = quick(Sampler).fit(X, y)
    x = torch.from_numpy(sampler.codec_.transform(X))
    before = sampler._rng.get_state()
    first = sampler._distance_to(x, torch.from_numpy(y))
    assert sampler._distance_to(x, torch.from_numpy(y)) == first  # the same noise each time
    assert torch.equal(sampler._rng.get_state(), before)
    heads = [m for m in sampler.generator_.modules() if hasattr(m, "rng")]
    assert heads
    assert all(head.rng is sampler._rng for head in heads)
    assert all(module.training for module in sampler.generator_.modules())


@pytest.mark.slow
def test_a_real_game_comes_nearer_to_held_out_rows():
    X, y = make_classification(300, 5, weights=[0.7], class_sep=2, random_state=0)
    sampler = CGANSampler(max_iter=150, n_iter_no_change=500, random_state=0).fit(X, y)
    distances = sampler.validation_distances_
    assert list(distances) == [0, 50, 100, 150]
    assert sampler.n_iter_ >= 100
    assert distances[sampler.n_iter_] < 0.3 * distances[0]


def test_classes_that_lack_rows_are_measured(monkeypatch):
    X, y = table((40, 30, 25, 5))
    asked = []
    monkeypatch.setattr(CGANSampler, "_generate", lambda self, y, rng: asked.append(y) or self._x)

    def measured(strategy):
        asked.clear()
        sampler = quick(CGANSampler, sampling_strategy=strategy)
        sampler.sampling_strategy_, sampler.classes_ = strategy, np.arange(4)
        sampler.generator_, sampler._rng, sampler._x = torch.nn.Identity(), None, torch.zeros(2, 4)
        sampler._distance_to(torch.from_numpy(X)[y < 3].float(), torch.from_numpy(y)[y < 3])
        return torch.cat(asked).unique().tolist()

    assert measured({1: 10, 2: 15, 3: 35}) == [1, 2]
    assert measured({3: 35}) == [0, 1, 2]  # of which none is held out
    assert measured({}) == [0, 1, 2]


def test_held_out_rows_are_not_trained_on():
    sampler = quick(BAGANGPSampler, n_iter_no_change=5).fit(*table((40, 25)))
    assert sampler.anchors_.counts.tolist() == [36, 23]


def test_no_class_is_large_enough():
    sampler = quick(CGANSampler, n_iter_no_change=10)
    with pytest.raises(ValueError, match=r"n_iter_no_change=10, .* classes of 20 rows or more"):
        sampler.fit(*table((19, 12)))


def test_it_is_off_by_default():
    assert {Sampler().n_iter_no_change for Sampler in TRAINED} == {None}


# The parts ---------------------------------------------------------------------------------------


def test_a_tenth_of_each_large_class_is_held_out():
    y = torch.arange(5).repeat_interleave(torch.tensor([19, 20, 39, 6000, 1]))
    held_out = hold_out(y, make_rng(0))
    assert y[held_out].bincount(minlength=5).tolist() == [0, 2, 3, 500, 0]
    assert not torch.equal(held_out, hold_out(y, make_rng(1)))


def test_energy_distance_by_hand():
    x, made = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [5.0], [1.0]])
    # 2 * mean(1, 5, 1, 1, 3, 1) - 2 - mean(4, 0, 4)
    assert energy_distance(x, made).item() == pytest.approx(4 - 2 - 8 / 3)
    assert energy_distance(x[:1], made).item() == pytest.approx(14 / 3 - 8 / 3)


def test_energy_distance_of_one_law_is_about_zero():
    rows = torch.randn(600, 5, generator=make_rng(0))
    same = energy_distance(rows[:200], rows[200:]).item()
    assert abs(same) < 0.02
    assert energy_distance(rows[:200], rows[200:] + 0.5).item() > 0.1
    assert energy_distance(rows[:200], 0.5 * rows[200:]).item() > 0.1
