"""Updates a second of one training on one and on two processes of the CPU, at the same batch size.

Images are noise of 28 x 28, which take as long as any others. An update is one of the
discriminator, including its gradient penalty, and one of the generator. Two fits of different
lengths are timed in wall-clock time, so that common costs, such as the start of the processes,
cancel; one thread for each process. It needs the extra ``distributed``.

    python examples/benchmarks/devices.py
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import statistics
import time

import lightning_fabric  # noqa: F401  # no fit is to be timed with its import
import numpy as np

from skgan_resample import BAGANGPSampler, distributed

SHORT, LONG, REPEATS = 5, 45, 3
SETTINGS = {"autoencoder_max_iter": 0, "n_critic": 1, "device": "cpu", "random_state": 0}


def rate(X, y, batch_size, devices):
    """Updates a second."""
    seconds = {}
    for n in (SHORT, LONG):
        sampler = BAGANGPSampler(max_iter=n, batch_size=batch_size, **SETTINGS)
        start = time.perf_counter()
        distributed.fit(sampler, X, y, devices=devices, strategy="ddp_fork")
        seconds[n] = time.perf_counter() - start
    return (LONG - SHORT) / (seconds[LONG] - seconds[SHORT])


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (2000, 28, 28), dtype=np.uint8), np.repeat([0, 1], 1000)
    print(f"{'batch_size':16}{'one':>8}{'two':>8}{'ratio':>8}   updates a second, medians")
    for size in (64, 256):
        pairs = [(rate(X, y, size, 1), rate(X, y, size, 2)) for _ in range(REPEATS)]
        one, two = (statistics.median(rates) for rates in zip(*pairs, strict=True))
        ratio = statistics.median(two / one for one, two in pairs)
        print(f"{size:<16}{one:8.2f}{two:8.2f}{ratio:8.2f}", flush=True)
