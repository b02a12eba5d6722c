"""How a fit ends before its time: by the user, by an error, or since it diverged."""

import itertools
import os
import signal
import sys

import numpy as np
import pytest
from samplers import BASE_SAMPLERS, TRAINED, needs_callbacks, quick, table
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from torch import nn

from skgan_resample import BAGANSampler, CGANSampler


class Callback:
    """Does something at an update of a stage."""

    def __init__(self, at, action, stage="adversarial training"):
        self.at, self.action, self.stage = at, action, stage

    def setup(self, estimator, context): ...

    def teardown(self, estimator, context): ...

    def on_fit_task_begin(self, estimator, context, **of_task): ...

    def on_fit_task_end(self, estimator, context, **of_task):
        is_update = context.task_name == "update" and context.parent.task_name == self.stage
        if is_update and context.task_id + 1 == self.at:
            self.action()


def assert_unfitted(sampler):
    with pytest.raises(NotFittedError):
        sampler.sample(4)
    assert not {"generator_", "history_", "n_iter_", "is_synthetic_"} & set(vars(sampler))


@needs_callbacks
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals on Windows")
@pytest.mark.parametrize("stage", ["autoencoder", "adversarial training"])
@pytest.mark.parametrize("fitted_before", [False, True])
def test_an_interrupt_leaves_a_sampler_unfitted(stage, fitted_before):
    sampler = quick(BAGANSampler, max_iter=4, autoencoder_max_iter=4)
    if fitted_before:
        sampler.fit_resample(*table())
    sampler.set_callbacks(Callback(3, lambda: os.kill(os.getpid(), signal.SIGINT), stage))
    with pytest.raises(KeyboardInterrupt):
        sampler.fit_resample(*table())
    assert_unfitted(sampler)
    sampler.set_callbacks().fit(*table()).sample(3)


@pytest.mark.parametrize("fitted_before", [False, True])
@pytest.mark.parametrize("Sampler", [S for S in BASE_SAMPLERS if S in TRAINED])
def test_an_error_leaves_no_half_fitted_sampler(Sampler, fitted_before):
    sampler = quick(Sampler)
    if fitted_before:
        sampler.fit_resample(*table())
    sampler.set_params(learning_rate=1e30)
    message = r"diverged within its first (1 update|\d\d? updates): .* smaller one"
    with pytest.raises(FloatingPointError, match=message):
        sampler.fit(*table())
    assert_unfitted(sampler)


class Poisoned(CGANSampler):
    """Draws noise that is not finite from its update 53 on."""

    def _fit_gan(self, x, y, run):
        sound, draws = run.noise, itertools.count()  # two in an update
        run.noise = lambda y: sound(y) * (float("nan") if next(draws) >= 2 * 52 else 1)
        return super()._fit_gan(x, y, run)


def test_training_that_diverges_ends_with_its_last_finite_weights():
    message = (
        r"adversarial training of Poisoned diverged at update 53: .* went back to the weights "
        r"of update 50 and stopped. Got learning_rate=0.001; try a smaller one"
    )
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        sampler = quick(Poisoned, max_iter=55).fit(*table())
    assert [warning.filename for warning in warned] == [__file__]
    assert sampler.n_iter_ == len(sampler.history_["generator"]) == 50
    assert np.isfinite(sampler.history_["generator"]).all()
    assert np.isfinite(sampler.sample(3)[0]).all()


def test_a_generator_that_makes_no_finite_values_is_an_error():
    sampler = quick(CGANSampler).fit(*table())
    nn.init.constant_(next(sampler.generator_.parameters()), float("inf"))
    with pytest.raises(FloatingPointError, match="CGANSampler makes values that are not finite"):
        sampler.sample(3)
