"""
What does reading a mixed table cost?
=====================================

Encoding and decoding a frame of numbers, categories, flags, dates and gaps with
:class:`~skgan_resample.TableCodec`, beside a whole ``fit_resample`` on the same frame, and the
memory that they take at their peak beside the frame's own. Quote ratios, not seconds.
"""

import argparse
import time
import tracemalloc

import numpy as np
import pandas as pd

from skgan_resample import BAGANGPSampler, TableCodec

parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=100_000)
options = parser.parse_args()


def table(n, rng):
    """50 columns: 31 of floats, 8 of integers, 8 categories, 2 flags, a date; gaps in one."""
    columns = {f"float {i}": rng.normal(size=n) for i in range(31)}
    columns |= {f"integer {i}": rng.integers(0, 100, n) for i in range(8)}
    columns |= {f"category {i}": pd.Categorical(rng.choice(list("abcdef"), n)) for i in range(8)}
    columns |= {f"flag {i}": rng.random(n) < 0.3 for i in range(2)}
    columns["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    columns["float 0"][rng.random(n) < 0.1] = np.nan
    return pd.DataFrame(columns)


def measured(step):
    """What a step returns, its seconds, and its peak of memory in bytes, in a second run."""
    start = time.perf_counter()
    result = step()
    seconds = time.perf_counter() - start
    tracemalloc.start()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, seconds, peak


rng = np.random.default_rng(0)
X = table(options.rows, rng)
y = (rng.random(options.rows) < 0.1).astype(int)
codec = TableCodec()
encoded, encoding, encoding_peak = measured(lambda: codec.fit_transform(X))
_, decoding, decoding_peak = measured(lambda: codec.inverse_transform(encoded))
start = time.perf_counter()
BAGANGPSampler(random_state=0).fit_resample(X, y)
whole = time.perf_counter() - start

size = X.memory_usage(deep=True).sum()
print(f"{X.shape[0]} x {X.shape[1]}, {size / 1e6:.0f} MB; encoded {encoded.nbytes / 1e6:.0f} MB")
print(f"encode: {encoding:.2f} s, peak {encoding_peak / size:.1f} times the frame")
print(f"decode: {decoding:.2f} s, peak {decoding_peak / size:.1f} times the frame")
print(f"fit_resample: {whole:.1f} s; encoding and decoding are {(encoding + decoding) / whole:.1%}")
