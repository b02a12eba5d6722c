"""Hashes of what every sampler returns, so that a refactoring that changes a bit is seen.

They hold where arithmetic gives the same bits as where they were made, which a few operations of
torch tell (``arithmetic``); the tests are skipped elsewhere. After a change that is meant to change
samples, or before a refactoring on another machine, renew them with

    python tests/frozen/test_frozen_rows.py

and name in the commit the samplers whose hashes have changed.
"""

import hashlib
import inspect
import json
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.cluster import KMeans

import skgan_resample

HASHES = Path(__file__).with_name("hashes.json")
UPDATES = {"max_iter": 5, "autoencoder_max_iter": 5}
# Variants; a parameter that a sampler does not have is left out.
V1 = {"supervised_autoencoder": False, "wrong_labels": False, "fake_labels": "data"}
SETTINGS = {
    "CGANSampler": [{}, {"fake_labels": "data"}],
    "BAGANGPSampler": [
        {},
        V1,
        {"penalty_points": "real", "real_balance": 0.0, "n_critic": 2},
        {"penalty_weight": 0.0, "latent": "standard"},
    ],
    "IntraClassACGANSampler": [
        {"subclass_discovery": KMeans(2, n_init=1), "impacts": impacts}
        for impacts in ("actor-critic", "proportional", "uniform")
    ],
    "CycleGANSampler": [{}, {"cycle_weight": 1.0}],
}
SAMPLERS = [name for name in skgan_resample.__all__ if name.endswith("Sampler")]


def number_table():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1, 2], [60, 25, 12]))
    X = rng.normal(size=(len(y), 8)) + y[:, None]
    X[:, 0] = X[:, 0].round()
    X[:, 1] = X[:, 1] > 0.5
    return X, y


def mixed_frame():
    X, y = number_table()
    frame = pd.DataFrame(
        {
            "number": X[:, 2],
            "whole": X[:, 0].astype(int),
            "text": np.array(["red", "green", "blue"])[(X[:, 3] > 0).astype(int) + (X[:, 4] > 1)],
            "flag": X[:, 5] > 0,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(X[:, 6].round(), "D"),
        }
    )
    frame.loc[X[:, 7] > 1, "number"] = np.nan
    frame.loc[X[:, 7] < -1, "text"] = None
    return frame, np.array(["a", "b", "c"])[y]


def images():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1, 2], [20, 9, 5]))
    X = rng.integers(0, 256, (len(y), 8, 8)) // (y[:, None, None] + 1)
    return X.astype(np.uint8), y


DATA = {"table": number_table, "frame": mixed_frame, "images": images}
CASES = [
    (name, i, data, seed)
    for name in SAMPLERS
    for i in range(len(SETTINGS.get(name, [{}])))
    for data in DATA
    for seed in (0, 1)
]
# in the quick loop, one seed and the first variant of each sampler
MARKED = [pytest.param(case, marks=[pytest.mark.slow] * any(case[1::2])) for case in CASES]


def hash_of_rows(name, i, data, seed):
    """Hash what ``fit_resample`` returns, and what ``sample`` makes after it."""
    Sampler = getattr(skgan_resample, name)
    settings = UPDATES | {"random_state": seed} | SETTINGS.get(name, [{}])[i]
    known = inspect.signature(Sampler).parameters
    sampler = Sampler(**{key: value for key, value in settings.items() if key in known})
    X, y = DATA[data]()
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    made = [X_resampled, y_resampled, *sampler.sample(3), *sampler.sample(2, random_state=7)]
    return joblib.hash([x.to_dict("list") if hasattr(x, "iloc") else np.asarray(x) for x in made])


def arithmetic():
    """Hash the results of the operations that samplers are made of."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(64, 3, 8, 8, generator=rng, dtype=torch.float32)
    kernel = torch.randn(16, 3, 3, 3, generator=rng, dtype=torch.float32).requires_grad_()
    maps = torch.nn.functional.leaky_relu(torch.conv2d(x, kernel, stride=2, padding=1), 0.2)
    weight = torch.randn(maps[0].numel(), 32, generator=rng, dtype=torch.float32).requires_grad_()
    out = torch.nn.functional.softplus(maps.flatten(1) @ weight)
    out.mean().backward()
    codes = out.detach().double()
    parts = [out, kernel.grad, weight.grad, torch.cdist(out, out), out.softmax(1)]
    parts += [torch.linalg.eigh(codes.T @ codes)[0], codes.exp().log1p()]
    parts = [part.detach().contiguous().numpy().tobytes() for part in parts]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def frozen():
    return json.loads(HASHES.read_text("utf-8"))


def key_of(*case):
    return " ".join(map(str, case))


@pytest.mark.parametrize("case", MARKED, ids=lambda case: key_of(*case))
def test_rows_are_the_frozen_ones(case):
    if arithmetic() != frozen()["arithmetic"]:
        pytest.skip("arithmetic gives other bits on this machine; see the top of this file")
    assert hash_of_rows(*case) == frozen()["rows"][key_of(*case)]


def test_every_hash_is_of_a_case_and_another_seed_gives_another():
    rows = frozen()["rows"]
    assert set(rows) == {key_of(*case) for case in CASES}
    assert len(set(rows.values())) == len(rows)


if __name__ == "__main__":
    torch.set_num_threads(1)
    before = frozen()["rows"] if HASHES.exists() else {}
    rows = {key_of(*case): hash_of_rows(*case) for case in CASES}
    HASHES.write_text(json.dumps({"arithmetic": arithmetic(), "rows": rows}, indent=1) + "\n")
    changed = sorted({key.split()[0] for key in rows if rows[key] != before.get(key)})
    sys.stdout.write(f"{len(rows)} hashes; changed: {', '.join(changed) or 'none'}\n")
