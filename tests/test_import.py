"""What an import of the package costs, in modules."""

import subprocess
import sys

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
