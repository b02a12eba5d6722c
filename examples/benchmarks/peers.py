"""Beside other people's synthesisers: seconds of a fit, how much its rows help, what they teach.

No resampling, SMOTE and DeepSMOTE's training loop, written after its paper, are always there; the
others where they are installed, with their defaults: CTGAN and TVAE (https://pypi.org/project/ctgan,
under the Business Source License: only for runs like this one, never a dependency), ProWSyn of
smote-variants, adversarial random forests (arfpy) and ForestDiffusion.

    pip install --target peers --no-deps ctgan rdt faker smote-variants metric-learn minisom seaborn
    pip install --target peers --no-deps arfpy ForestDiffusion xgboost lightgbm catboost six
    PYTHONPATH=peers python examples/benchmarks/peers.py

Six tables of more_tables.py, encoded; two of five folds, four classifiers. Seconds are the
processor's, of one thread; quote their ratios. AUC and the like are of the balanced rows. "ratio"
is of classifiers of 300 synthetic rows of each class alone: their balanced accuracy over that of
300 real rows of each.
"""

import argparse
import logging
import time
import warnings
from importlib.util import find_spec

import numpy as np
import pandas as pd
import torch
from imblearn import FunctionSampler
from imblearn.over_sampling import SMOTE
from imblearn.over_sampling.base import BaseOverSampler
from more_tables import encoder, measured, scores
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from skgan_resample import BAGANGPSampler, IDAGANSampler, RowMixSampler, SCDLSampler

torch.set_num_threads(1)
EACH = 300  # synthetic rows of each class for "ratio"
TABLES = [
    "indo_rct",
    "ecoli1",
    "vehicle3",
    "yeast1",
    "cleveland-0_vs_4",
    "winequality-white-3_vs_7",
]


class Tabular(BaseOverSampler):
    """CTGAN or TVAE trained on all rows, their class a column; rows of the right class are kept."""

    def __init__(self, name="CTGAN", random_state=0, sampling_strategy="auto"):
        self.name, self.random_state = name, random_state
        super().__init__(sampling_strategy=sampling_strategy)

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

    def __init__(self, epochs=200, random_state=0, sampling_strategy="auto"):
        self.epochs, self.random_state = epochs, random_state
        super().__init__(sampling_strategy=sampling_strategy)

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
            labels, counts = np.unique(y, return_counts=True)
            wanted = dict(zip(labels, counts, strict=True))
            wanted |= {c: wanted[c] + n for c, n in self.sampling_strategy_.items()}
            smote = SMOTE(
                sampling_strategy=wanted,
                k_neighbors=min(5, min(counts) - 1),
                random_state=self.random_state,
            )
            codes, labels = smote.fit_resample(codes, y)
            made = decoder(torch.from_numpy(codes[len(y) :])).numpy()
        return np.r_[X, scaler.inverse_transform(made)], np.r_[y, labels[len(y) :]]


class ByClass(BaseOverSampler):
    """A synthesiser trained on each class alone: ``make(rows, n)`` -> n new rows."""

    def __init__(self, make=None, random_state=0, sampling_strategy="auto"):
        self.make, self.random_state = make, random_state
        super().__init__(sampling_strategy=sampling_strategy)

    def _fit_resample(self, X, y):
        np.random.seed(self.random_state)  # noqa: NPY002 -- both of them draw from it
        wanted = self.sampling_strategy_.items()
        made = [self.make(X[y == c], n) for c, n in wanted]
        return np.r_[X, np.concatenate(made)], np.r_[y, np.repeat(*zip(*wanted, strict=True))]


def adversarial_forest(X, n):
    """arfpy's; it calls a function that numpy 2.4 has no more."""
    from arfpy import arf

    np.in1d = np.isin  # noqa: NPY201
    model = arf.arf(pd.DataFrame(X).add_prefix("x"), verbose=False)
    model.forde()
    return model.forge(n).to_numpy(float)


def forest_diffusion(X, n):
    """ForestDiffusion's, with ten noisy copies of each row in place of a hundred, for time."""
    from ForestDiffusion import ForestDiffusionModel

    return ForestDiffusionModel(X, duplicate_K=10, n_jobs=1).generate(batch_size=n)


class ProWSyn(BaseOverSampler):
    """smote-variants' ProWSyn."""

    def __init__(self, random_state=0):  # it balances, and no more
        self.random_state = random_state
        super().__init__()

    def _fit_resample(self, X, y):
        import smote_variants

        return smote_variants.ProWSyn(random_state=self.random_state).sample(X, y)


def samplers():
    """What is compared: {name: sampler}."""
    found = {"none": FunctionSampler(), "SMOTE": SMOTE(random_state=0), "DeepSMOTE": DeepSMOTE()}
    if find_spec("smote_variants"):
        found["ProWSyn"] = ProWSyn()
    if find_spec("ctgan"):
        found |= {"CTGAN": Tabular("CTGAN"), "TVAE": Tabular("TVAE")}
    if find_spec("arfpy"):
        found["arfpy"] = ByClass(adversarial_forest)
    if find_spec("ForestDiffusion"):
        found["ForestDiffusion"] = ByClass(forest_diffusion)
    ours = [SCDLSampler, IDAGANSampler, BAGANGPSampler, RowMixSampler]
    return found | {Sampler.__name__: Sampler(random_state=0) for Sampler in ours}


def taught(X, y, X_test, y_test):
    """Mean balanced accuracy of three classifiers; without rows of some class not a number."""
    if len(np.unique(y)) < len(np.unique(y_test)):
        return np.nan
    models = [RandomForestClassifier(100, random_state=0), KNeighborsClassifier()]
    models.append(make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)))
    found = [balanced_accuracy_score(y_test, m.fit(X, y).predict(X_test)) for m in models]
    return float(np.mean(found))


def some(y, n, first):
    """Indices of the first, or the last, n[c] samples of each class c."""
    by_class = {c: np.flatnonzero(y == c) for c in n}
    rows = [by_class[c][:k] if first else by_class[c][len(by_class[c]) - k :] for c, k in n.items()]
    return np.concatenate(rows)


def resampled(sampler, X, y):
    """Balanced rows, EACH synthetic rows of every class, and the seconds: one fit for both."""
    counts = np.bincount(y)
    if "sampling_strategy" in sampler.get_params():
        sampler.set_params(sampling_strategy=dict(enumerate([max(counts) + EACH] * len(counts))))
    start = time.process_time()
    X_new, y_new = sampler.fit_resample(X, y)
    took = time.process_time() - start
    X_new, y_new = X_new[len(y) :], y_new[len(y) :]
    added = some(y_new, dict(enumerate(max(counts) - counts)), first=True)
    alone = some(y_new, dict.fromkeys(range(len(counts)), EACH), first=False)
    balanced = np.r_[X, X_new[added]], np.r_[y, y_new[added]]
    return balanced, (X_new[alone], y_new[alone]), took


def scores_of_fold(X, y, test):
    """Scores of a fold, of each sampler: the seconds of its fit and what its rows teach, too."""
    train, y_train = X.drop(index=test), np.delete(y, test)
    given = encoder().fit(train)
    X_train, held_out = given.transform(train), (given.transform(X.iloc[test]), y[test])
    rng = np.random.default_rng(0)
    classes = [np.flatnonzero(y_train == c) for c in np.unique(y_train)]
    real = np.concatenate([rng.choice(rows, EACH) for rows in classes])
    best = taught(X_train[real], y_train[real], *held_out)
    for name, sampler in samplers().items():
        balanced, alone, seconds = resampled(sampler, X_train, y_train)
        ratio, n_new = taught(*alone, *held_out) / best, len(balanced[1]) - len(y_train)
        yield from scores(name, *balanced, *held_out, seconds=seconds, ratio=ratio, rows=n_new)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--folds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--csv", default="peers.csv")
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    frame = measured(arguments.tables, arguments.folds, arguments.csv, scores_of_fold)
    kept = ["seconds", "ratio", "rows", "AUC", "average precision", "balanced accuracy"]
    for by in ["table", "sampler"], ["sampler"]:
        print(frame.groupby(by, sort=False)[kept].mean().round(3).to_string())


if __name__ == "__main__":
    main()
