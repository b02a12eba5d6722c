"""What early stopping saves, and what it costs in quality, beside the same fit without it.

Run ``python examples/benchmarks/early_stopping.py``; the results are in
docs/results/early-stopping.md.
"""

import argparse
import time

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist, pdist
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skgan_resample import BAGANGPSampler, BAGANSampler, CGANSampler

SAMPLERS = {
    "CGANSampler": CGANSampler(),
    "BAGANSampler": BAGANSampler(),
    "BAGANGPSampler, from noise": BAGANGPSampler(anchored=False),
}


def cancer(rng):
    X, y = load_breast_cancer(return_X_y=True)
    return cut(X, 1 - y, [200, 40], rng)


def clusters(rng, n_scarce=60):
    X, y = make_classification(3000, 12, n_informative=6, n_clusters_per_class=3, random_state=0)
    return cut(X, y, [800, n_scarce], rng)


def more_clusters(rng):
    return clusters(rng, 300)


def cut(X, y, sizes, rng):
    """Half of the rows for training, of which so many of each class are kept; half for testing."""
    seed = int(rng.integers(2**31))
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=seed)
    rows = np.concatenate([np.flatnonzero(y == c)[:size] for c, size in enumerate(sizes)])
    return X[rows], y[rows], X_test, y_test


DATA = {"cancer": cancer, "clusters": clusters, "more clusters": more_clusters}


def energy_distance(X, Y):
    return 2 * cdist(X, Y).mean() - pdist(X).mean() - pdist(Y).mean()


def measure(sampler, X, y, X_test, y_test):
    started = time.process_time()
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    seconds = time.process_time() - started
    scaler, lacking = StandardScaler().fit(X), sampler.sampling_strategy_
    made, labels = X_resampled[sampler.is_synthetic_], y_resampled[sampler.is_synthetic_]
    real, made = scaler.transform(X_test), scaler.transform(made)
    distances = [energy_distance(real[y_test == c], made[labels == c]) for c in lacking]
    model = ExtraTreesClassifier(200, random_state=0).fit(X_resampled, y_resampled)
    looks = getattr(sampler, "validation_distances_", {sampler.n_iter_: None})
    return {
        "updates": max(looks),
        "kept": sampler.n_iter_,
        "seconds": seconds,
        "distance": np.mean(distances),
        "accuracy": balanced_accuracy_score(y_test, model.predict(X_test)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--patience", type=int, default=200)
    parser.add_argument("--data", nargs="+", default=list(DATA), choices=list(DATA))
    parser.add_argument("--out", default="early_stopping.csv")
    options = parser.parse_args()
    rows = []
    for data in options.data:
        for seed in options.seeds:
            parts = DATA[data](np.random.default_rng(seed))
            for name, sampler in SAMPLERS.items():
                for patience in (None, options.patience):
                    sampler.set_params(random_state=seed, n_iter_no_change=patience)
                    row = {"data": data, "sampler": name, "seed": seed, "patience": patience}
                    rows.append(row | measure(sampler, *parts))
                    pd.DataFrame(rows).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
