"""What a fit of every sampler costs: seconds of one core, with the defaults.

Data are scikit-learn's 1,797 digits as images of 8 x 8, and a table of 1,000 rows, 20 columns and
two classes. Seconds are processor seconds (``time.process_time``) of one thread, so that other
processes disturb them little. The second figure is for 1,000 samples of a class.

    python examples/benchmarks/sampler_cost.py [NAME ...]
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time

from sklearn.datasets import load_digits, make_classification

import skgan_resample

DIGITS = load_digits(return_X_y=True)
TABLE = make_classification(1000, n_features=20, n_informative=8, weights=[0.95], random_state=0)


def seconds(call, *arguments):
    start = time.process_time()
    call(*arguments)
    return time.process_time() - start


names = sys.argv[1:] or [name for name in skgan_resample.__all__ if name.endswith("Sampler")]
print(f"{'':24}{'digits':>16}{'table':>16}\n{'':24}" + f"{'fit':>8}{'sample':>8}" * 2)
for name in names:
    times = []
    for (X, y), settings in ((DIGITS, {"image_shape": (8, 8)}), (TABLE, {})):
        sampler = getattr(skgan_resample, name)(random_state=0, **settings)
        times += [seconds(sampler.fit, X, y), seconds(sampler.sample, {1: 1000})]
    print(f"{name:24}" + "".join(f"{t:8.2f}" for t in times), flush=True)
