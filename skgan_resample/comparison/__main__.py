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

_OPTIONS: dict[str, Any] = {
    "data": {"help": "a table, .csv or .parquet"},
    "--target": {"required": True, "help": "its column of classes"},
    "--samplers": {"nargs": "+", "default": ["RandomOverSampler", "SMOTE", "BAGANGPSampler"]},
    "--classifiers": {"nargs": "+", "default": ["LogisticRegression", "RandomForestClassifier"]},
    "--scoring": {"nargs": "+", "default": ["balanced_accuracy", "roc_auc"]},
    "--cv": {"type": int, "default": 5},
    "--n-jobs": {"type": int},
    "--random-state": {"type": int, "default": 0},
    "--memory": {"help": "directory in which scores are cached, to resume an interrupted run"},
    "--csv": {"help": "file for the table of all scores"},
}


def main(arguments=None):
    """Read a table, compare, print the summary and the tests."""
    parser = argparse.ArgumentParser("python -m skgan_resample.comparison", description=__doc__)
    for name, settings in _OPTIONS.items():
        parser.add_argument(name, **settings)
    options = parser.parse_args(arguments)
    check_pandas_support("python -m skgan_resample.comparison")
    import pandas as pd

    read = pd.read_parquet if options.data.endswith((".parquet", ".pq")) else pd.read_csv
    table = read(options.data)
    if options.target not in table:
        sys.exit(f"Got --target {options.target}, but the columns are {list(table)}.")
    modules = over_sampling, imblearn.over_sampling, imblearn.under_sampling, imblearn.combine
    known = {name: getattr(module, name) for module in modules for name in module.__all__}
    passed_on = "cv", "scoring", "n_jobs", "random_state", "memory"
    result = compare_samplers(
        table.drop(columns=options.target),
        table[options.target].to_numpy(),
        _named(options.samplers, known),
        _named(options.classifiers, dict(all_estimators(type_filter="classifier"))),
        preprocessor=_scaled_and_encoded(),
        **{name: getattr(options, name) for name in passed_on},
    )
    if options.csv:
        result.table.to_csv(options.csv, index=False)
    reference = "SMOTE" if "SMOTE" in options.samplers else "none"
    with pd.option_context("display.width", None, "display.max_columns", None):
        print(result.summary().round(3).to_string(), end="\n\n")
        print(f"Against {reference}:", result.tests(reference).round(3).to_string(), sep="\n")
    failures = result.table.loc[result.table["error"] != "", ["sampler", "classifier", "error"]]
    if len(failures):
        print("\nFailures:", failures.drop_duplicates().to_string(index=False), sep="\n")


def _named(names, known):
    """Instances of the classes asked for, by name."""
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"Got {', '.join(unknown)}, but expected one of: {', '.join(sorted(known))}.")
    return {name: known[name]() for name in names}


def _scaled_and_encoded():
    """Numbers filled and scaled, anything else one-hot encoded."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    others = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    are_numbers = make_column_selector(dtype_include="number")
    return make_column_transformer((numbers, are_numbers), remainder=others)


if __name__ == "__main__":
    main()
