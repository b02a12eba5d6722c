"""The same samples whatever torch's process-wide state is, and the state is left as it was."""

import threading

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from samplers import BASE_SAMPLERS, each_sampler_others_slow, pictures, quick, table


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
}


def mixed():
    X, y = table((12, 6), n_features=3)
    X[::5, 1] = np.nan
    return np.c_[X, y % 2], y


DATA = {"table": table((12, 6)), "missing": mixed(), "images": pictures(8, 8)}


def made(sampler, data):
    X_resampled, _ = sampler.fit_resample(*data)
    again = sampler.fit(*data).sample(3)[0]
    return [X_resampled, again, sampler.sample(2, random_state=1)[0]]


def state():
    return (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_default_device(),
        torch.get_num_threads(),
    )


@pytest.mark.parametrize("kind", STATES)
@each_sampler_others_slow
def test_samples_do_not_depend_on_torchs_state(Sampler, kind):
    for data in DATA.values():
        expected = made(quick(Sampler), data)
        with STATES[kind]():
            before = state()
            found = made(quick(Sampler), data)
            assert state() == before
        for array, wanted in zip(found, expected, strict=True):
            assert_array_equal(array, wanted)


@pytest.mark.parametrize("kind", ["float64", "default device"])
@pytest.mark.parametrize("Sampler", BASE_SAMPLERS)
def test_a_sampler_fitted_in_one_state_samples_in_another(Sampler, kind):
    data = DATA["missing"]
    expected = quick(Sampler).fit(*data).sample(3)[0]
    with STATES[kind]():
        sampler = quick(Sampler).fit(*data)
    assert_array_equal(sampler.sample(3)[0], expected)


def test_a_thread_leaves_the_state_of_others_alone():
    """A fit in a thread, while the main thread records no gradients."""
    expected, found = made(quick(BASE_SAMPLERS[2]), DATA["table"]), []
    thread = threading.Thread(
        target=lambda: found.extend(made(quick(BASE_SAMPLERS[2]), DATA["table"]))
    )
    with torch.no_grad():
        thread.start()
        while thread.is_alive():
            assert not torch.is_grad_enabled()
            thread.join(0.01)
    for array, wanted in zip(found, expected, strict=True):
        assert_array_equal(array, wanted)
