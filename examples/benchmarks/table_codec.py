"""
What does encoding a mixed table cost?
======================================

Time and memory of encoding and decoding a frame of numbers, categories, flags, dates and missing
values with :class:`~skgan_resample.TableCodec`, or a sparse table, compared with the ``fit`` of a
sampler on the same rows. Times are processor time: quote ratios, not seconds.

Memory is the peak of the process beyond what it used after the imports and with the frame, in units
of the frame's own ``memory_usage(deep=True)``. It includes the encoded rows and the decoded frame,
which are both kept to the end. With ``--sparse`` the unit is the table as dense float64. Linux
only. The peak of a process never falls, so each run measures one table.
"""

import argparse
import ctypes
import time
import warnings

import numpy as np
import pandas as pd
from scipy import sparse

from skgan_resample import BAGANGPSampler, TableCodec

parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=100_000)
parser.add_argument("--texts", action="store_true", help="categories as texts of Python")
parser.add_argument("--levels", type=int, default=6, help="of each category")
parser.add_argument("--sparse", action="store_true", help="20,000 x 2,000, 1 %% of it not zero")
parser.add_argument("--fit", action="store_true", help="fit a sampler, too, for its time")
options = parser.parse_args()


def table(n, rng):
    """50 columns: 31 floats, 8 integers, 8 categories, 2 flags, a date; one has missing values."""
    columns = {f"float {i}": rng.normal(size=n) for i in range(31)}
    columns |= {f"integer {i}": rng.integers(0, 100, n) for i in range(8)}
    levels = np.array([f"level {i}" for i in range(options.levels)], dtype=object)
    kind = object if options.texts else "category"
    columns |= {
        f"category {i}": pd.Series(levels[rng.integers(0, len(levels), n)], dtype=kind)
        for i in range(8)
    }
    columns |= {f"flag {i}": rng.random(n) < 0.3 for i in range(2)}
    columns["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    columns["float 0"][rng.random(n) < 0.1] = np.nan
    return pd.DataFrame(columns)


def memory(name):
    """A line of this process's status, in bytes: VmRSS now, VmHWM at its peak."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(name))


def measured(what, step):
    """Result of a step; prints its time, and the peak of memory so far."""
    start = time.process_time()
    result = step()
    spent.append(time.process_time() - start)
    peak = (memory("VmHWM") - before) / size
    print(f"{what}: {spent[-1]:.2f} s, peak so far {peak:.2f} times the table")
    return result


rng = np.random.default_rng(0)
small = table(100, rng)
TableCodec().fit(small).inverse_transform(TableCodec().fit_transform(small))  # late imports
if options.sparse:
    warnings.simplefilter("ignore")
    X = sparse.random_array((20_000, 2_000), density=0.01, format="csr", rng=0)
    size = 8 * X.shape[0] * X.shape[1]
else:
    X = table(options.rows, rng)
    size = X.memory_usage(deep=True).sum()
ctypes.CDLL(None).malloc_trim(0)  # else memory that is free after building the table counts
with open("/proc/self/clear_refs", "w") as reset:
    reset.write("5")  # reset the peak
before, spent = memory("VmRSS"), []
codec = TableCodec()
encoded = measured("encode", lambda: codec.fit_transform(X))
decoded = measured("decode", lambda: codec.inverse_transform(encoded))
share = encoded.nbytes / size
print(f"{X.shape[0]} x {X.shape[1]}, {size / 1e6:.1f} MB; encoded {share:.2f} of it")
if options.fit:
    y = (np.random.default_rng(1).random(X.shape[0]) < 0.1).astype(int)
    measured("fit", lambda: BAGANGPSampler(random_state=0).fit(X, y))
    print(f"encoding and decoding: {sum(spent[:2]) / spent[2]:.1%} of the fit")
