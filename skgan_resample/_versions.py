"""What a bug report needs: the versions of everything involved, and what torch can run on."""

import platform
import sys
from importlib import metadata

import torch

_PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "imbalanced-learn", "joblib", "torch", "tqdm"),
    *("pandas", "polars", "matplotlib", "lightning-fabric"),
)


def show_versions() -> None:
    """Print the versions of Python, of the packages involved and of torch's backends.

    Paste the output into a bug report. A package that is not installed is shown as None. No package
    is imported merely to read its version.

    Examples
    --------
    >>> from skgan_resample import show_versions
    >>> show_versions()  # doctest: +SKIP
    """
    cards = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    rows = {
        "python": sys.version.replace("\n", " "),
        "machine": platform.platform(),
        **{name: _version(name) for name in ("skgan-resample", *_PACKAGES)},
        "CUDA version": torch.version.cuda,
        "CUDA devices": ", ".join(cards) or None,
        "MPS available": torch.backends.mps.is_available(),
        "threads": torch.get_num_threads(),
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:>{width}}: {value}")


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
