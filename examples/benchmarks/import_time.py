"""
What does the import cost?
==========================

Seconds of ``import skgan_resample`` in a fresh process that has torch and imbalanced-learn already,
in processor time, beside the import of those two. Each repeat has a process of its own.
"""

import argparse
import subprocess
import sys

import numpy as np

CODE = """
import time
start = time.process_time()
import torch, imblearn
between = time.process_time()
import skgan_resample
print(between - start, time.process_time() - between)
"""

parser = argparse.ArgumentParser()
parser.add_argument("--repeats", type=int, default=11)
options = parser.parse_args()
runs = [
    subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    for _ in range(options.repeats + 1)
]
seconds = np.array([run.stdout.split() for run in runs[1:]], dtype=float)  # the first one warms up
for name, column in zip(("torch and imblearn", "skgan_resample"), seconds.T, strict=True):
    print(f"{name:20} median {np.median(column):.3f} s, {column.min():.3f} to {column.max():.3f}")
