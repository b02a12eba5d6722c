"""What an import of the package costs, and what a fit brings in after it, in modules."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CODE = """
import sys
import imblearn, torch
before = set(sys.modules)
import skgan_resample
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""


def test_nothing_is_imported_that_imblearn_and_torch_have_not():
    """Plots, frames and t-SNE wait until they are needed."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    ours = {"skgan_resample", "tqdm"}
    third_party = {name for name in done.stdout.split() if name not in sys.stdlib_module_names}
    assert third_party == ours


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
