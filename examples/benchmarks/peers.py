"""Comparison with other packages: seconds of a fit, and scores of classifiers.

CTGAN and TVAE (https://pypi.org/project/ctgan, under the Business Source License: only for runs
like this one, never a dependency), ProWSyn of smote-variants, and DeepSMOTE's training loop as in
its paper, with their defaults; no resampling and SMOTE for comparison.

    pip install --target peers --no-deps ctgan rdt faker smote-variants metric-learn minisom seaborn
    PYTHONPATH=peers python examples/benchmarks/peers.py

Two halves of each data set in turn, an ExtraTreesClassifier and a LogisticRegression; seconds are
the processor's, of one thread.
"""

import argparse
import logging
import time
import warnings

import numpy as np
import pandas as pd
import torch
from imblearn import FunctionSampler
from imblearn.over_sampling import SMOTE
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from skgan_resample import BAGANGPSampler, RowMixSampler

torch.set_num_threads(1)


class Tabular(BaseOverSampler):
    """CTGAN or TVAE trained on all rows, their class a column; rows of the right class are kept."""

    def __init__(self, name="CTGAN", random_state=0):
        self.name, self.random_state = name, random_state
        super().__init__()

    def _fit_resample(self, X, y):
        import ctgan

        model = getattr(ctgan, self.name)(enable_gpu=False)
        model.set_random_state(self.random_state)
        frame = pd.DataFrame(X).add_prefix("x").assign(label=y)
        model.fit(frame, discrete_columns=["label"])
        made = {label: np.empty((0, X.shape[1])) for label in self.sampling_strategy_}
        for _ in range(50):
            rows = model.sample(4000)
            for label in made:
                new = rows.loc[rows["label"] == label].drop(columns="label")
                made[label] = np.r_[made[label], new][: self.sampling_strategy_[label]]
            if all(len(made[c]) == n for c, n in self.sampling_strategy_.items()):
                break
        labels = np.concatenate([np.full(len(rows), c) for c, rows in made.items()])
        return np.r_[X, np.concatenate([*made.values()])], np.r_[y, labels]


class DeepSMOTE(BaseOverSampler):
    """An autoencoder; decoding a row from the code of another of its class is penalised (Dablain
    et al. 2021); then SMOTE on the codes. 200 epochs, batches of 100, as in the authors' code.
    """

    def __init__(self, epochs=200, random_state=0):
        self.epochs, self.random_state = epochs, random_state
        super().__init__()

    def _fit_resample(self, X, y):
        torch.manual_seed(self.random_state)
        scaler = StandardScaler().fit(X)
        x, d = torch.from_numpy(scaler.transform(X)).float(), X.shape[1]
        encoder = nn.Sequential(nn.Linear(d, 128), nn.ReLU(), nn.Linear(128, 20))
        decoder = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, d))
        optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 2e-4)
        rng = np.random.default_rng(self.random_state)
        for _ in range(self.epochs):
            for rows in torch.randperm(len(x)).split(100):
                of_class = np.flatnonzero(y == rng.choice(y))
                some = rng.choice(of_class, min(100, len(of_class)), replace=False)
                swapped = decoder(encoder(x[some]))[torch.randperm(len(some))]
                loss = (decoder(encoder(x[rows])) - x[rows]).square().mean()
                loss = loss + (swapped - x[some]).square().mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        with torch.no_grad():
            codes = encoder(x).numpy()
            few = min(np.unique(y, return_counts=True)[1])
            smote = SMOTE(k_neighbors=min(5, few - 1), random_state=self.random_state)
            codes, labels = smote.fit_resample(codes, y)
            made = decoder(torch.from_numpy(codes[len(y) :])).numpy()
        return np.r_[X, scaler.inverse_transform(made)], np.r_[y, labels[len(y) :]]


class ProWSyn(BaseOverSampler):
    """smote-variants' ProWSyn."""

    def __init__(self, random_state=0):
        self.random_state = random_state
        super().__init__()

    def _fit_resample(self, X, y):
        import smote_variants

        return smote_variants.ProWSyn(random_state=self.random_state).sample(X, y)


def cut(X, y, n_rare, seed=0):
    """All rows of class 0, and ``n`` of class 1."""
    rare = np.random.default_rng(seed).permutation(np.flatnonzero(y == 1))[:n_rare]
    rows = np.r_[np.flatnonzero(y == 0), rare]
    return X[rows].astype(float), y[rows]


def datasets():
    X, y = load_breast_cancer(return_X_y=True)
    yield "breast cancer", *cut(X, 1 - y, 40)
    X, y = load_digits(return_X_y=True)
    yield "digits, 8 or not", *cut(X, (y == 8).astype(int), 80)
    X, y = make_classification(
        6000, 20, n_informative=8, n_clusters_per_class=3, class_sep=0.7, random_state=0
    )
    yield "clusters", *cut(X, y, 150)


def samplers(seed):
    yield "none", FunctionSampler()
    yield "SMOTE", SMOTE(random_state=seed)
    yield "ProWSyn", ProWSyn(random_state=seed)
    yield "DeepSMOTE", DeepSMOTE(random_state=seed)
    yield "CTGAN", Tabular("CTGAN", random_state=seed)
    yield "TVAE", Tabular("TVAE", random_state=seed)
    yield "BAGANGPSampler", BAGANGPSampler(random_state=seed)
    yield "RowMixSampler", RowMixSampler(random_state=seed)


def scores(X, y, X_test, y_test):
    for name, model in {
        "trees": ExtraTreesClassifier(300, random_state=0),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    }.items():
        odds = model.fit(X, y).predict_proba(X_test)[:, 1]
        yield {
            "classifier": name,
            "AUC": roc_auc_score(y_test, odds),
            "average precision": average_precision_score(y_test, odds),
            "balanced accuracy": balanced_accuracy_score(y_test, odds > 0.5),
        }


def measured(seeds):
    for data, X, y in datasets():
        for seed in seeds:
            halves = StratifiedKFold(2, shuffle=True, random_state=seed)
            for train, test in halves.split(X, y):
                for name, sampler in samplers(seed):
                    start = time.process_time()
                    X_new, y_new = sampler.fit_resample(X[train], y[train])
                    took = time.process_time() - start
                    for row in scores(X_new, y_new, X[test], y[test]):
                        row |= {"data": data, "sampler": name, "seconds": took}
                        yield row | {"rows": len(y_new) - len(train), "seed": seed}
                print(data, seed, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--csv", default="peers.csv")
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    frame = pd.DataFrame(measured(arguments.seeds))
    frame.to_csv(arguments.csv, index=False)
    kept = ["seconds", "rows", "AUC", "average precision", "balanced accuracy"]
    for by in ["data", "sampler"], ["sampler"]:
        print(frame.groupby(by, sort=False)[kept].mean().round(3).to_string())


if __name__ == "__main__":
    main()
