"""
A million rows to Parquet
=========================

:meth:`sample_batches` yields the rows of :meth:`sample` a batch at a time, so a file larger than
memory can be written. Here each batch becomes a row group of a Parquet file. It needs ``pyarrow``.

    python examples/sample_to_parquet.py --rows 1000000
"""

import argparse
import resource
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from skgan_resample import BAGANGPSampler

parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--batch-size", type=int, default=10_000)
parser.add_argument("--file", default="synthetic.parquet")
options = parser.parse_args()


def peak_mib():
    """Largest resident size of this process so far; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


# %%
# Five thousand customers with numbers, a category and a date; one in ten has left.

rng = np.random.default_rng(0)
n = 5000
left = rng.random(n) < 0.1
X = pd.DataFrame(
    {
        "spent": rng.lognormal(4 + left, 0.7).round(2),
        "visits": rng.poisson(np.where(left, 2, 9)),
        "plan": pd.Categorical(rng.choice(["basic", "family", "pro"], n, p=[0.6, 0.3, 0.1])),
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 2000, n), unit="D"),
    }
)
sampler = BAGANGPSampler(random_state=0).fit(X, np.where(left, "left", "stayed"))
print(f"trained; peak {peak_mib():.0f} MiB")

# %%
# Only one batch is in memory at any time.

start, writer, n_rows = time.perf_counter(), None, 0
for X_new, y_new in sampler.sample_batches(
    {"left": options.rows}, batch_size=options.batch_size, random_state=0
):
    batch = pa.Table.from_pandas(X_new.assign(status=y_new), preserve_index=False)
    if writer is None:
        writer = pq.ParquetWriter(options.file, batch.schema)
    writer.write_table(batch)
    n_rows += len(X_new)
writer.close()
seconds = time.perf_counter() - start
print(f"{n_rows:,} rows to {options.file} in {seconds:.0f} s; peak {peak_mib():.0f} MiB")
