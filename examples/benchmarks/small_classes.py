"""Samples of each sampler for classes of 1, 2, 5 and 10 rows.

Run ``python examples/benchmarks/small_classes.py``; the results are in docs/guide/small-classes.md.
Data are eight overlapping clusters in twelve columns and scikit-learn's digits; four of the classes
are cut to 1, 2, 5 and 10 rows, others with every seed. Of 200 new rows of each of these:

spread
    The median distance between two of them, divided by that between two real rows of the class that
    the sampler has not seen. 0: all are equal; 1: as different as real ones.
novelty
    The median distance to the nearest training row of the class, divided by that of unseen real
    rows. 0: copies.
accuracy
    The share that a random forest, trained on all the unseen rows of all classes, classifies
    correctly.
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist, pdist
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import ExtraTreesClassifier

import skgan_resample

SIZES, LARGE, N_NEW = [1, 2, 5, 10], 80, 200


def clusters(seed):
    X, y = make_classification(
        4000, 12, n_informative=6, n_classes=8, n_clusters_per_class=1, random_state=seed
    )
    return X, y, {}


def digits(_seed):
    X, y = load_digits(return_X_y=True)
    return X, y, {"image_shape": (8, 8)}


DATA = {"clusters": clusters, "digits": digits}


def cut(X, y, seed):
    """Mask of the training rows, and the size of every small class."""
    rng = np.random.default_rng(seed)
    small = dict(zip(rng.permutation(y.max() + 1).tolist(), SIZES, strict=False))
    rows = [rng.permutation(np.flatnonzero(y == c))[: small.get(c, LARGE)] for c in np.unique(y)]
    return np.isin(np.arange(len(y)), np.concatenate(rows)), small


def measure(made, seen, unseen):
    """Compare new rows with unseen real ones, both in their place to the seen ones."""
    away, real_away = (np.median(cdist(rows, seen).min(1)) for rows in (made, unseen))
    return {
        "spread": np.median(pdist(made)) / np.median(pdist(unseen)),
        "novelty": away / real_away,
    }


def results(names, data, seeds):
    for seed in seeds:
        X, y, parameters = data(seed)
        training, small = cut(X, y, seed)
        forest = ExtraTreesClassifier(200, random_state=0).fit(X[~training], y[~training])
        for name in names:
            sampler = getattr(skgan_resample, name)(random_state=seed, **parameters)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                sampler.fit(X[training], y[training])
            for c, size in small.items():
                made = sampler.sample({c: N_NEW})[0].astype(float)
                measured = measure(made, X[training & (y == c)], X[~training & (y == c)])
                accuracy = (forest.predict(made) == c).mean()
                yield {
                    "sampler": name,
                    "rows": size,
                    "seed": seed,
                    **measured,
                    "accuracy": accuracy,
                }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    every = [name for name in skgan_resample.__all__ if name.endswith("Sampler")]
    parser.add_argument("samplers", nargs="*", default=[n for n in every if "Base" not in n])
    parser.add_argument("--data", nargs="+", choices=DATA, default=[*DATA])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--csv", default="small_classes")
    arguments = parser.parse_args()
    for data in arguments.data:
        frame = pd.DataFrame(results(arguments.samplers, DATA[data], arguments.seeds))
        frame.to_csv(f"{arguments.csv}-{data}.csv", index=False)
        means = frame.groupby(["sampler", "rows"]).mean().drop(columns="seed")
        print(data, means.unstack().round(2).to_string(), sep="\n", flush=True)


if __name__ == "__main__":
    main()
