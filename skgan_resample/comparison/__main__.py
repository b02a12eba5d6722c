"""Compare samplers on a table from the shell."""

import argparse
import sys
from functools import partial

import imblearn.combine
import imblearn.over_sampling
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
    check_pandas_support("python -m skgan_resample.comparison")
    import pandas as pd

    modules = over_sampling, imblearn.over_sampling, imblearn.combine
    samplers = {name: getattr(module, name) for module in modules for name in module.__all__}
    classifiers = dict(all_estimators(type_filter="classifier"))
    parser = argparse.ArgumentParser("python -m skgan_resample.comparison", description=__doc__)
    add, add_names = parser.add_argument, partial(parser.add_argument, nargs="+", metavar="NAME")
    add("data", help="a table, as CSV")
    add("--target", required=True, help="its column of classes")
    default = ["RandomOverSampler", "SMOTE", "RowMixSampler"]
    add_names("--samplers", choices=samplers, default=default)
    default = ["LogisticRegression", "RandomForestClassifier"]
    add_names("--classifiers", choices=classifiers, default=default)
    add_names("--scoring", default=["balanced_accuracy", "roc_auc"])
    add("--cv", type=int, default=5)
    add("--n-jobs", type=int)
    add("--random-state", type=int, default=0)
    add("--memory", help="directory in which scores are cached, to resume an interrupted run")
    add("--csv", help="file for the table of all scores")
    options = vars(parser.parse_args(arguments))
    table, target, csv = pd.read_csv(options.pop("data")), options.pop("target"), options.pop("csv")
    if target not in table:
        sys.exit(f"Got --target {target}, but the columns are {list(table)}.")
    options["samplers"] = [samplers[name]() for name in options["samplers"]]
    options["classifiers"] = [classifiers[name]() for name in options["classifiers"]]
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    others = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encoder = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), remainder=others
    )
    X, y = table.drop(columns=target), table[target].to_numpy()
    result = compare_samplers(X, y, preprocessor=encoder, **options)
    if csv:
        result.table.to_csv(csv, index=False)
    reference = "SMOTE" if "SMOTE" in set(result.table["sampler"]) else "none"
    failed = result.table.loc[result.table["error"] != "", ["sampler", "classifier", "error"]]
    print(result.summary(reference).round(3).to_string())
    print(f"\nAgainst {reference}:", result.tests(reference).round(3).to_string(), sep="\n")
    if len(failed):
        print("\nFailures:", failed.drop_duplicates().to_string(index=False), sep="\n")


if __name__ == "__main__":
    main()
