"""
What does reading a mixed table cost?
=====================================

Encoding and decoding a frame of numbers, categories, flags, dates and gaps with
:class:`~skgan_resample.TableCodec`, or a sparse table, beside the ``fit`` of a sampler on the same
rows. Times are processor time: quote their ratio, not seconds.

Memory is what the process holds at its peak, beyond what it held after the imports and once the
frame was built, in units of the frame's own ``memory_usage(deep=True)``. It counts the encoded rows
and the decoded frame, both held at the end. ``--sparse`` counts in units of the table as dense
float64. Linux only; the peak is a high-water mark, so each run measures one table.
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
    """50 columns: 31 of floats, 8 of integers, 8 categories, 2 flags, a date; gaps in one."""
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
    """What a step returns; print its time, and the peak of memory so far."""
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
ctypes.CDLL(None).malloc_trim(0)  # what building the table has left over counts as used otherwise
with open("/proc/self/clear_refs", "w") as reset:
    reset.write("5")  # the peak so far is forgotten
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
