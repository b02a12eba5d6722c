"""How a fit ends before its time: by the clock, by the user, or since it diverged."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from samplers import (
    TRAINED,
    each_trained_sampler,
    each_trained_sampler_others_slow,
    pictures,
    quick,
    table,
)
from skgan_resample._progress import TrainingProgress
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import skgan_resample
from skgan_resample import BAGANSampler, CGANSampler
from skgan_resample.nn import training

# Time --------------------------------------------------------------------------------------------


class Clock:
    """Stands in for the module ``time``: a second passes when it is told to."""

    def __init__(self, monkeypatch):
        self.now = 0
        monkeypatch.setattr("skgan_resample._progress.time", self)
        monkeypatch.setattr("skgan_resample.nn.training.time", self)

    def monotonic(self):
        return self.now


@pytest.fixture
def a_second_an_update(monkeypatch):
    clock, update = Clock(monkeypatch), TrainingProgress.update

    def slow(self, *args):
        clock.now += 1
        return update(self, *args)

    monkeypatch.setattr(TrainingProgress, "update", slow)


@pytest.mark.parametrize("method", ["fit", "fit_resample"])
@each_trained_sampler_others_slow
def test_max_time_holds_for_all_stages_together(Sampler, method, a_second_an_update):
    sampler = quick(Sampler, max_iter=50, max_time=5.5)
    getattr(sampler, method)(*table())
    n_before = len(sampler.history_.get("autoencoder", ()))
    assert n_before + sampler.n_iter_ == 6
    assert {len(losses) for name, losses in sampler.history_.items() if name != "autoencoder"} == {
        sampler.n_iter_
    }
    assert np.isfinite(sampler.sample(3)[0]).all()


def test_max_time_that_is_not_reached_changes_nothing():
    expected, _ = quick(BAGANSampler).fit_resample(*table())
    X_resampled, _ = quick(BAGANSampler, max_time=1000).fit_resample(*table())
    assert X_resampled.tobytes() == expected.tobytes()


def assert_untrained(sampler, data):
    message = f"max_time=.* seconds of {type(sampler).__name__} were over before the first update"
    with pytest.warns(ConvergenceWarning, match=message):
        sampler.fit(*data)
    assert {len(losses) for name, losses in sampler.history_.items() if name != "autoencoder"} == {
        sampler.n_iter_
    }
    assert sampler.n_iter_ == 0
    assert np.isfinite(sampler.sample(3)[0]).all()


@pytest.mark.parametrize("data", [table(), pictures(6, 6)], ids=["table", "pictures"])
@each_trained_sampler
def test_no_time_at_all_is_told(Sampler, data):
    assert_untrained(quick(Sampler, max_time=1e-9), data)


def test_no_time_after_the_autoencoder_is_told(a_second_an_update):
    sampler = quick(BAGANSampler, max_time=1.5)
    assert_untrained(sampler, table())
    assert len(sampler.history_["autoencoder"]) == 2


def test_no_adversarial_updates_are_no_lack_of_time():
    quick(BAGANSampler, max_iter=0, max_time=100).fit(*table())  # warnings are errors


VALIDATED = {"classes_", "device_", "n_features_in_", "sampling_strategy_"}

# Interrupts --------------------------------------------------------------------------------------

INTERRUPTS = """
import os, pickle, signal
import numpy as np
from samplers import TRAINED, quick, table
from sklearn.exceptions import NotFittedError
from skgan_resample._progress import TrainingProgress

class At:
    stage, n_iter = None, None

def update(self, stage, max_iter, losses, _update=TrainingProgress.update, seen={}):
    if stage != self.stage:
        seen[stage] = 0
    seen[stage] += 1
    if (At.stage, At.n_iter) == (stage, seen[stage]):
        os.kill(os.getpid(), signal.SIGINT)
    return _update(self, stage, max_iter, losses)

TrainingProgress.update = update
X, y = table()
for i, Sampler in enumerate(TRAINED):
    At.stage, At.n_iter = "game", 7
    sampler = quick(Sampler, max_iter=100)
    try:
        sampler.fit(X, y) if i % 2 else sampler.fit_resample(X, y)
    except KeyboardInterrupt:
        copy = pickle.loads(pickle.dumps(sampler))
        rows, again = sampler.sample(4)[0], copy.sample(4)[0]
        sound = np.isfinite(rows).all() and np.array_equal(rows, again)
        print(Sampler.__name__, sampler.n_iter_, len(sampler.history_["critic"]), sound)
    if "autoencoder" in sampler.history_:
        At.stage, At.n_iter = "autoencoder", 2
        try:
            sampler.fit(X, y)
        except KeyboardInterrupt:
            try:
                sampler.sample(4)
            except NotFittedError:
                left = [n for n in vars(sampler) if n.endswith("_")]
                print(Sampler.__name__, "unfitted", *sorted(left))
"""


@pytest.mark.slow
def test_a_real_interrupt_leaves_what_was_learnt_and_goes_on():
    paths = [str(Path(__file__).parent), str(Path(skgan_resample.__file__).parents[1])]
    code = f"import sys; sys.path[:0] = {paths!r}\n{INTERRUPTS}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stderr == ""
    told = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    for Sampler in TRAINED:
        lines = [what for name, what in told if name == Sampler.__name__]
        assert lines[0] == "7 7 True"
        # in the autoencoder: only what was known before the training is there
        known = "unfitted classes_ device_ n_features_in_ sampling_strategy_"
        assert lines[1:] == [known] * (len(lines) == 2)
    assert sum(what.startswith("unfitted") for _, what in told) >= 4


@pytest.mark.parametrize("fitted_before", [False, True])
@each_trained_sampler_others_slow
def test_an_error_leaves_no_half_fitted_sampler(Sampler, fitted_before, monkeypatch):
    X, y = table()
    sampler = quick(Sampler)
    if fitted_before:
        sampler.fit_resample(X, y)
    monkeypatch.setattr(Sampler, "_learn_gap_rates", None)  # fails after the training
    with pytest.raises(TypeError):
        sampler.fit(X, y)
    with pytest.raises(NotFittedError):
        sampler.sample(2)
    assert set(vars(sampler)) - set(sampler.get_params()) <= VALIDATED


# Divergence --------------------------------------------------------------------------------------


def diverging(monkeypatch, at, until=np.inf):
    """Make the generators' losses NaN from one update to another."""
    descend, calls = training.descend, 0

    def poisoned(optimiser, loss, x, y, **settings):
        nonlocal calls
        calls += 1
        poison = float("nan") if at <= calls / 2 < until else 1  # one call for each player
        return descend(optimiser, lambda x, y: loss(x, y) * poison, x, y, **settings)

    monkeypatch.setattr(training, "descend", poisoned)


def counting(sampler):
    """Numbers of the updates that a callback is told of, where scikit-learn has callbacks."""

    class Counting:
        def setup(self, estimator, context): ...

        def teardown(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context, **of_task): ...

        def on_fit_task_end(self, estimator, context, **of_task):
            if context.task_name == "update":
                updates.append(context.task_id)

    updates = []
    if hasattr(sampler, "set_callbacks"):
        sampler.set_callbacks(Counting())
    return updates


def test_a_game_that_diverges_once_goes_on_slower(monkeypatch, capsys):
    diverging(monkeypatch, 60, 61)
    message = r"game of CGANSampler diverged at update 60.* update 50.*goes on .*=0.0001"
    sampler = quick(CGANSampler, max_iter=120, verbose=1)
    updates = counting(sampler)
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        sampler.fit(*table())
    assert len(warned) == 1
    assert "120/120" in capsys.readouterr().err
    assert updates in ([], [*range(100), *range(70)])  # to callbacks, the stage is begun twice
    assert sampler.n_iter_ == 120
    assert np.isfinite(sampler.history_["generator"]).all()
    assert np.isfinite(sampler.sample(3)[0]).all()


def test_a_game_that_goes_on_diverging_ends(monkeypatch):
    diverging(monkeypatch, 60)
    with pytest.warns(ConvergenceWarning) as warned:
        sampler = quick(CGANSampler, max_iter=120).fit(*table())
    assert [str(w.message).split(": ")[0] for w in warned] == [
        "The game of CGANSampler diverged at update 60",
        "The game of CGANSampler diverged at update 51",
    ]
    assert "Training stopped. Got learning_rate=0.001; try a smaller one." in str(warned[1].message)
    assert sampler.n_iter_ == len(sampler.history_["generator"]) == 50
    assert np.isfinite(sampler.sample(3)[0]).all()
