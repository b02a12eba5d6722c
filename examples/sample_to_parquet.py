"""
A million rows to Parquet
=========================

Each call of :meth:`sample` continues from the last one, so that a loop of calls can write a file
larger than memory. Here each part becomes a row group of a Parquet file. It needs ``pyarrow``.

    python examples/sample_to_parquet.py --rows 1000000
"""

import argparse

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from skgan_resample import RowMixSampler

parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--at-once", type=int, default=10_000)
parser.add_argument("--file", default="synthetic.parquet")
options = parser.parse_args()

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
sampler = RowMixSampler(random_state=0).fit(X, left)

# %%
# Only one part is in memory at any time.

schema = pa.Schema.from_pandas(X, preserve_index=False)
with pq.ParquetWriter(options.file, schema) as writer:
    for start in range(0, options.rows, options.at_once):
        X_new, _ = sampler.sample({True: min(options.at_once, options.rows - start)})
        writer.write_table(pa.Table.from_pandas(X_new, schema, preserve_index=False))
print(f"{options.rows:,} rows to {options.file}")
