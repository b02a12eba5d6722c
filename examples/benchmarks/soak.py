"""Does memory grow if a process fits many times? Every sampler, tables and images.

python examples/benchmarks/soak.py [--fits 200]
"""

import argparse
import gc
import hashlib
import os
import pickle
import random
import threading
import warnings
from pathlib import Path

import numpy as np
import torch

import skgan_resample

SAMPLERS = [
    getattr(skgan_resample, name) for name in skgan_resample.__all__ if name.endswith("Sampler")
]
N_ROWS = [40, 40, 12]


def data(seed, as_pictures):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(range(len(N_ROWS)), N_ROWS))
    if as_pictures:
        return rng.integers(0, 256, (len(y), 12, 12)).astype(np.uint8), y
    X = rng.normal(size=(len(y), 8)).astype(object)
    X[:, 0] = rng.choice(["a", "b", "c"], len(y))
    X[rng.random(len(y)) < 0.2, 1] = None
    return X, y


def fit(i):
    """Fit, sample, pickle and load the i-th of the samplers."""
    Sampler = SAMPLERS[i % len(SAMPLERS)]
    sampler = Sampler(random_state=i)
    short = {"max_iter", "autoencoder_max_iter"} & sampler.get_params().keys()
    sampler.set_params(**dict.fromkeys(short, 5))
    sampler.fit_resample(*data(i, as_pictures=i // len(SAMPLERS) % 2))
    pickle.loads(pickle.dumps(sampler)).sample(10)


def state():
    """State that a leak would change."""
    gc.collect()
    status = Path("/proc/self/status").read_text().split()
    numpys = np.random.get_state()  # noqa: NPY002
    streams = pickle.dumps([random.getstate(), numpys, torch.get_rng_state().numpy()])
    return {
        "RSS, MB": int(status[status.index("VmRSS:") + 1]) // 1024,
        "objects": len(gc.get_objects()),
        "threads": int(status[status.index("Threads:") + 1]),
        "Python threads": threading.active_count(),
        "open files": len(os.listdir("/proc/self/fd")),
        "warning filters": len(warnings.filters),
        "torch threads": torch.get_num_threads(),
        "torch dtype": str(torch.get_default_dtype()).partition(".")[2],
        "random streams": hashlib.sha256(streams).hexdigest()[:8],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=200)
    n_fits = parser.parse_args().fits
    shown = sorted({n_fits // 10, n_fits // 2, n_fits})
    print("| fits |", " | ".join(state()), "|")
    for i in range(n_fits):
        fit(i)
        if i + 1 in shown:
            print("|", i + 1, "|", " | ".join(map(str, state().values())), "|", flush=True)


if __name__ == "__main__":
    main()
