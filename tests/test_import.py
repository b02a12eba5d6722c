"""What an import of the package costs, and what a fit brings in after it, in modules."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CODE = """
import sys
import imblearn.over_sampling, imblearn.pipeline
before = set(sys.modules)
import numpy as np
from skgan_resample import RowMixSampler
y = np.arange(40) % 4 == 0
X = np.random.default_rng(0).integers(0, 255, (40, 64))
RowMixSampler().fit_resample(X / 255, y)
RowMixSampler(image_shape=(8, 8)).fit_resample(X, y)
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""


def test_the_baseline_imports_nothing_that_imblearn_has_not():
    """No torch, above all, which takes two seconds; plots, frames and t-SNE wait, too."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    third_party = {name for name in done.stdout.split() if name not in sys.stdlib_module_names}
    assert third_party == {"skgan_resample", "lazy_loader"}


EVERYTHING = """
import skgan_resample
for name in skgan_resample.__all__:
    getattr(skgan_resample, name)
assert set(skgan_resample.__all__) - {"__version__"} <= set(dir(skgan_resample))
from skgan_resample import *
assert CGANSampler is skgan_resample.over_sampling.CGANSampler
"""


def test_every_public_name_can_be_loaded():
    subprocess.run([sys.executable, "-W", "error", "-c", EVERYTHING], check=True)


FIT = """
import sys
import numpy as np
import torch
from samplers import TRAINED, quick
y = np.arange(40) % 4 == 0
X = np.random.default_rng(0).integers(0, 255, (40, 64))
for Sampler in TRAINED:
    quick(Sampler).fit_resample(X / 255, y)
    quick(Sampler, image_shape=(8, 8)).fit_resample(X, y)
    imported = {"torch._dynamo", "sympy"} & set(sys.modules)
    # torch 2.5 imports sympy to make a linear layer; those between have not been tried
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 13):
        imported.discard("sympy")
    if imported:
        sys.exit(f"{Sampler.__name__}: {imported}")
"""


def test_training_does_not_import_torchs_compiler():
    """It would cost more than a second and 65 MB in every process; nothing is compiled."""
    command = [sys.executable, "-W", "ignore", "-c", FIT]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert not done.returncode, done.stderr
