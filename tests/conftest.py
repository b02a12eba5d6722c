"""Fixtures and settings for all tests."""

import os
import random
from collections.abc import Iterator

# Before anything imports torch: the workers share the cores, one thread each. Two workers of two
# threads on two cores wait for each other most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import numpy as np
import pytest
import torch

# Before anything imports matplotlib: no test opens a window.
os.environ["MPLBACKEND"] = "Agg"

# No deadline: an example that trains a network has no fixed duration. The default is a few
# examples, others each time, for while one works; "ci" is loaded wherever CI is set, and draws the
# same hundred each time. HYPOTHESIS_PROFILE names another.
hypothesis.settings.register_profile("default", deadline=None, max_examples=20)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, max_examples=100)
# "fuzz" is the campaign of tests/test_fuzz.py: other examples each time, for some minutes.
hypothesis.settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=2000,
    phases=[phase for phase in hypothesis.Phase if phase is not hypothesis.Phase.explain],
)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
)


def global_state() -> dict[str, object]:
    """Everything process-wide that a fit could disturb, in a form that == compares."""
    name, keys, *rest = np.random.get_state()
    return {
        "random": random.getstate(),
        "numpy.random": (name, keys.tobytes(), *rest),
        "torch.random": torch.random.get_rng_state().numpy().tobytes(),
        "torch threads": torch.get_num_threads(),
        "torch default dtype": torch.get_default_dtype(),
        "torch grad mode": torch.is_grad_enabled(),
        "torch deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn benchmark": torch.backends.cudnn.benchmark,
    }


@pytest.fixture
def untouched_globals() -> Iterator[None]:
    """Fail the test that asks for it if it moves a global random stream or a torch setting."""
    before = global_state()
    yield
    after = global_state()
    changed = [name for name in before if before[name] != after[name]]
    assert not changed, f"the test changed process-wide state: {changed}"
