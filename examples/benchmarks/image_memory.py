"""
How much memory do images take?
===============================

Peak resident memory of ``fit_resample`` on uint8 images of 28 x 28, read from a file by
``numpy.memmap``, beyond what the process used after its imports. The bound is the input, the output
and 300 MB. Each run has a process of its own, since the peak of a process never falls. It trains
for a few updates only, as memory does not depend on their number. Linux or macOS.

    python examples/benchmarks/image_memory.py --rows 20000 200000 --samplers RowMixSampler
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import skgan_resample

ALL = sorted(n for n in skgan_resample.__all__ if n.endswith("Sampler"))
parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, nargs="*", default=[20_000, 200_000])
parser.add_argument("--samplers", nargs="*", default=["BAGANGPSampler", "RowMixSampler"])
parser.add_argument("--side", type=int, default=28)
parser.add_argument("--updates", type=int, default=20)
parser.add_argument("--csv")
parser.add_argument("--child", help=argparse.SUPPRESS)
options = parser.parse_args()
if "all" in options.samplers:
    options.samplers = ALL


def peak():
    """Largest resident size of this process so far, in MB; Linux counts KiB, macOS bytes."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size * (1 if sys.platform == "darwin" else 1024) / 1e6


def classes(n):
    """Ten classes, one of a fifth of the images: the output is twice as large as the input."""
    row = np.arange(n)
    return np.where(row % 5 == 0, 0, 1 + row % 9)


def resample(file, name, n):
    """Run one measurement: print the peak, input and output in MB, and the seconds."""
    Sampler = getattr(skgan_resample, name)
    known = set(Sampler._parameter_constraints)
    short = {k: options.updates for k in ("max_iter", "autoencoder_max_iter") if k in known}
    X = np.memmap(file, np.uint8, "r", shape=(n, options.side, options.side))
    before, start = peak(), time.perf_counter()
    X_resampled, _ = Sampler(random_state=0, **short).fit_resample(X, classes(n))
    seconds = time.perf_counter() - start
    print(peak() - before, X.nbytes / 1e6, X_resampled.nbytes / 1e6, seconds)


def measured(file, name, n):
    """A row of the table."""
    words = ["--samplers", name, "--rows", str(n), "--side", str(options.side), "--child", file]
    child = subprocess.run(
        [sys.executable, __file__, *words, "--updates", str(options.updates)],
        capture_output=True,
        text=True,
    )
    if child.returncode:
        return {"sampler": name, "rows": n, "error": child.stderr[-200:].strip() or "killed"}
    mb, read, written, seconds = map(float, child.stdout.split())
    over = mb - read - written
    return {
        "sampler": name,
        "rows": n,
        "input, MB": read,
        "output, MB": written,
        "peak, MB": mb,
        "beyond both, MB": over,
        "within 300": over <= 300,
        "seconds": seconds,
    }


def main():
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for n in options.rows:
            file = str(Path(folder) / "images")
            images = np.memmap(file, np.uint8, "w+", shape=(n, options.side, options.side))
            for rows in range(0, n, 1000):
                noise = np.random.default_rng(rows).integers(0, 256, images[:1000].shape)
                images[rows : rows + 1000] = noise[: n - rows]
            del images
            for name in options.samplers:
                found.append(measured(file, name, n))
                print(pd.DataFrame(found[-1:]).round(0).to_string(index=False), flush=True)
    table = pd.DataFrame(found)
    print(table.round(0).to_string(index=False))
    if options.csv:
        table.to_csv(options.csv, index=False)


if options.child:
    resample(options.child, options.samplers[0], options.rows[0])
else:
    main()
