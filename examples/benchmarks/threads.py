"""
One thread or two?
==================

Milliseconds of one update of BAGAN and of BAGAN-GP with one and with two torch threads,
alternating, for a table and for images of three sizes. The other cores are idle, or one process
uses a core (``--busy``), or joblib runs ``--jobs`` fits at once. Quote ratios, and run it on an
idle machine.
"""

import argparse
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import torch
from _updates import SAMPLERS, SHAPES, timed
from joblib import Parallel, delayed

from skgan_resample.nn import runtime

parser = argparse.ArgumentParser()
parser.add_argument("--busy", action="store_true")
parser.add_argument("--jobs", type=int, default=1)
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--csv")
options = parser.parse_args()


def update_time(sampler, X, y, n_threads):
    """Seconds of the median update with a given number of threads."""
    runtime._SMALL_BATCH = 0  # so that batches of any size use as many threads as are set here
    torch.set_num_threads(n_threads)
    with timed(time.perf_counter) as times:
        sampler.fit(X, y)
    return np.median(np.diff(times)[2:])


rng = np.random.default_rng(0)
together = Parallel(options.jobs)
# in a session of its own, as a stranger's: the system then shares a core between the two by halves
spin = partial(subprocess.Popen, [sys.executable, "-c", "while True: pass"], start_new_session=True)
spinning = [spin()] if options.busy else []
rows = []
try:
    for data, shape in SHAPES.items():
        X, y = rng.integers(0, 256, (300, *shape)).astype(np.uint8), np.arange(300) % 3
        n_updates = 40 if len(shape) == 1 else 8
        for name, make in SAMPLERS.items():
            found = {1: [], 2: []}
            for _ in range(options.repeats):
                for n_threads, seconds in found.items():
                    sampler = make(max_iter=n_updates, random_state=0)
                    fits = [delayed(update_time)(sampler, X, y, n_threads)] * options.jobs
                    seconds.append(np.mean(together(fits)))
            one, two = (1000 * np.median(found[n]) for n in (1, 2))
            rows.append({"data": data, "sampler": name, "one, ms": one, "two, ms": two})
            rows[-1]["two / one"] = two / one
            figures = f"{one:7.1f} {two:7.1f} ms, ratio {two / one:.2f}"
            print(f"{data:12} {name:21} {figures}", flush=True)
finally:
    for process in spinning:
        process.kill()
if options.csv:
    pd.DataFrame(rows).to_csv(options.csv, index=False)
