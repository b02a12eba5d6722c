"""How far default fits are from the thresholds of the warnings of mode collapse and near-copies.

Run ``python examples/benchmarks/fit_warnings.py``; docs/results/fit-warnings.md has the results.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits, make_classification

import skgan_resample
from skgan_resample.metrics import dcr, spread_ratio


def classification(n, n_features, n_classes, weights, seed=0):
    return make_classification(
        n,
        n_features,
        n_informative=max(n_features // 2, 3),
        n_redundant=n_features // 4,
        n_classes=n_classes,
        n_clusters_per_class=2 if n_features > 4 else 1,
        weights=weights,
        random_state=seed,
    )


def long_tailed_digits():
    X, y = load_digits(return_X_y=True)
    sizes = np.geomspace(170, 8, 10).astype(int)
    rows = np.concatenate([np.flatnonzero(y == c)[:size] for c, size in enumerate(sizes)])
    return X[rows].reshape(-1, 8, 8), y[rows]


def breast_cancer():
    X, y = load_breast_cancer(return_X_y=True)
    rows = np.concatenate([np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:40]])
    return X[rows], y[rows]


def mixed():
    X, y = classification(600, 6, 2, [0.9])
    frame = pd.DataFrame(X, columns=list("abcdef"))
    frame["d"] = (frame["d"] * 2).round().astype(int)
    frame["e"] = pd.cut(frame["e"], 5, labels=list("vwxyz"))
    frame["f"] = frame["f"] > 0
    return frame, y


def few_levels():
    """Whole numbers of few levels: most possible samples have been seen."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [300, 60])
    return rng.binomial(9, np.where(y, 0.6, 0.4)[:, None], (len(y), 2)), y


def heavy_tails():
    X, y = classification(800, 8, 2, [0.9])
    return np.exp(1.5 * X), y


def whole_numbers():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [40, 15, 6])
    return rng.integers(0, 100, (len(y), 5)), y


DATA = {
    "small": lambda: classification(200, 20, 2, [0.9]),
    "narrow": lambda: classification(1000, 4, 2, [0.95]),
    "classes": lambda: classification(1500, 12, 4, [0.7, 0.2, 0.07]),
    "cancer": breast_cancer,
    "mixed": mixed,
    "integers": whole_numbers,
    "levels": few_levels,
    "tails": heavy_tails,
    "digits": long_tailed_digits,
}
SAMPLERS = [n for n in skgan_resample.__all__ if n.endswith("Sampler") and "Base" not in n]


def measure(name, dataset, seed):
    """Three numbers for each class of six samples or more of a default fit."""
    X, y = DATA[dataset]()
    started = time.perf_counter()
    sampler = getattr(skgan_resample, name)(random_state=seed).fit(X, y)
    fit_seconds = time.perf_counter() - started
    encoded = sampler.codec_.transform(X).reshape(len(y), -1)
    for label in sampler.classes_:
        if (y == label).sum() < 6:
            continue
        started = time.perf_counter()
        index = np.full(200, np.flatnonzero(sampler.classes_ == label))
        real, made = encoded[y == label], sampler._sample(index, sampler._stream(seed))
        made = made.reshape(len(made), -1)
        spread, (ratio, near_copies, _) = spread_ratio(real, made), dcr(real, made)
        seconds = time.perf_counter() - started
        yield {
            "sampler": name,
            "data": dataset,
            "seed": seed,
            "label": label,
            "n": (y == label).sum(),
            "lacks": sampler.sampling_strategy_.get(label, 0),
            "spread": spread,
            "ratio": ratio,
            "near_copies": near_copies,
            "seconds": seconds,
            "fit_seconds": fit_seconds,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samplers", nargs="+", default=SAMPLERS)
    parser.add_argument("--data", nargs="+", default=list(DATA), choices=list(DATA))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", default="fit_warnings.csv")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for dataset in options.data:
        for name in options.samplers:
            for seed in options.seeds:
                rows += measure(name, dataset, seed)
                pd.DataFrame(rows).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
