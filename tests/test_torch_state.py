"""The same samples whatever torch's process-wide state is, and the state is left as it was."""

import threading
from functools import cache

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from samplers import each_base_sampler, each_sampler_others_slow, images, quick, table

from skgan_resample import BAGANSampler


class Default:
    """Sets one of torch's defaults for a block."""

    def __init__(self, setter, value, before):
        self.setter, self.value, self.before = setter, value, before

    def __enter__(self):
        self.setter(self.value)

    def __exit__(self, *_):
        self.setter(self.before)


STATES = {
    "float64": lambda: Default(torch.set_default_dtype, torch.float64, torch.float32),
    "float16": lambda: Default(torch.set_default_dtype, torch.float16, torch.float32),
    "no_grad": torch.no_grad,
    "set_grad_enabled(False)": lambda: torch.set_grad_enabled(False),
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "default device": lambda: Default(torch.set_default_device, "meta", None),
    "matmul precision": lambda: Default(torch.set_float32_matmul_precision, "medium", "highest"),
}


def mixed():
    X, y = table((12, 6), n_features=3)
    X[::5, 1] = np.nan
    return np.c_[X, y % 2], y


DATA = {"missing": mixed(), "images": images(5, 4)}


def made(Sampler, data):
    sampler = quick(Sampler)
    X_resampled, _ = sampler.fit_resample(*DATA[data])
    return [X_resampled, sampler.sample(3)[0], sampler.sample(2, random_state=1)[0]]


@cache
def expected(Sampler, data):
    return made(Sampler, data)


def state():
    return (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_default_device(),
        torch.get_num_threads(),
        torch.get_float32_matmul_precision(),
    )


@pytest.mark.parametrize("kind", STATES)
@each_sampler_others_slow
def test_samples_do_not_depend_on_torchs_state(Sampler, kind):
    for data in DATA:
        wanted = expected(Sampler, data)
        with STATES[kind]():
            before = state()
            found = made(Sampler, data)
            assert state() == before
        for pair in zip(found, wanted, strict=True):
            assert_array_equal(*pair)


@pytest.mark.parametrize("kind", ["float64", "default device"])
@each_base_sampler
def test_a_sampler_fitted_in_one_state_samples_in_another(Sampler, kind):
    with STATES[kind]():
        sampler = quick(Sampler).fit(*DATA["missing"])
    assert_array_equal(sampler.sample(2, random_state=1)[0], expected(Sampler, "missing")[2])


def test_a_thread_leaves_the_state_of_others_alone():
    """A fit in a thread, while the main thread records no gradients."""
    wanted, found = expected(BAGANSampler, "missing"), []
    thread = threading.Thread(target=lambda: found.extend(made(BAGANSampler, "missing")))
    with torch.no_grad():
        thread.start()
        while thread.is_alive():
            assert not torch.is_grad_enabled()
            thread.join(0.01)
    for pair in zip(found, wanted, strict=True):
        assert_array_equal(*pair)
