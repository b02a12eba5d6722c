"""Compare samplers on a table from the shell."""

import argparse
import sys
from typing import Any

import imblearn.combine
import imblearn.over_sampling
import imblearn.under_sampling
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import all_estimators
from sklearn.utils._optional_dependencies import check_pandas_support

from .. import over_sampling
from ._compare import compare_samplers


def main(arguments=None):
    """Read a table, compare, print the summary and the tests."""
    modules = over_sampling, imblearn.over_sampling, imblearn.under_sampling, imblearn.combine
    samplers = {name: getattr(module, name) for module in modules for name in module.__all__}
    classifiers = dict(all_estimators(type_filter="classifier"))
    parser = argparse.ArgumentParser("python -m skgan_resample.comparison", description=__doc__)
    add = parser.add_argument
    several: dict[str, Any] = {"nargs": "+", "metavar": "NAME"}
    add("data", help="a table, .csv or .parquet")
    add("--target", required=True, help="its column of classes")
    default = ["RandomOverSampler", "SMOTE", "RowMixSampler"]
    add("--samplers", **several, choices=samplers, default=default)
    default = ["LogisticRegression", "RandomForestClassifier"]
    add("--classifiers", **several, choices=classifiers, default=default)
    add("--scoring", **several, default=["balanced_accuracy", "roc_auc"])
    add("--cv", type=int, default=5)
    add("--n-jobs", type=int)
    add("--random-state", type=int, default=0)
    add("--memory", help="directory in which scores are cached, to resume an interrupted run")
    add("--csv", help="file for the table of all scores")
    options = vars(parser.parse_args(arguments))
    check_pandas_support("python -m skgan_resample.comparison")
    import pandas as pd

    data, target, csv = (options.pop(name) for name in ("data", "target", "csv"))
    table = pd.read_parquet(data) if data.endswith((".parquet", ".pq")) else pd.read_csv(data)
    if target not in table:
        sys.exit(f"Got --target {target}, but the columns are {list(table)}.")
    options["samplers"] = {name: samplers[name]() for name in options["samplers"]}
    options["classifiers"] = {name: classifiers[name]() for name in options["classifiers"]}
    X, y = table.drop(columns=target), table[target].to_numpy()
    result = compare_samplers(X, y, preprocessor=_scaled_and_encoded(), **options)
    if csv:
        result.table.to_csv(csv, index=False)
    reference = "SMOTE" if "SMOTE" in options["samplers"] else "none"
    with pd.option_context("display.width", None, "display.max_columns", None):
        print(result.summary(reference).round(3).to_string(), end="\n\n")
        print(f"Against {reference}:", result.tests(reference).round(3).to_string(), sep="\n")
    failures = result.table.loc[result.table["error"] != "", ["sampler", "classifier", "error"]]
    if len(failures):
        print("\nFailures:", failures.drop_duplicates().to_string(index=False), sep="\n")


def _scaled_and_encoded():
    """Numbers filled and scaled, anything else one-hot encoded."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    others = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    are_numbers = make_column_selector(dtype_include="number")
    return make_column_transformer((numbers, are_numbers), remainder=others)


if __name__ == "__main__":
    main()
