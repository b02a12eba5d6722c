"""Compare samplers on a table from the shell."""

import argparse
import sys

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
    options = _parser().parse_args(arguments)
    check_pandas_support("python -m skgan_resample.comparison")
    import pandas as pd

    read = pd.read_parquet if options.data.endswith((".parquet", ".pq")) else pd.read_csv
    table = read(options.data)
    if options.target not in table:
        sys.exit(f"Got --target {options.target}, but the columns are {list(table)}.")
    rooms = (over_sampling, imblearn.over_sampling, imblearn.under_sampling, imblearn.combine)
    known = {name: getattr(room, name) for room in rooms for name in room.__all__}
    samplers = {name: item for name, item in known.items() if hasattr(item, "fit_resample")}
    result = compare_samplers(
        table.drop(columns=options.target),
        table[options.target].to_numpy(),
        _named(options.samplers, samplers),
        _named(options.classifiers, dict(all_estimators(type_filter="classifier"))),
        preprocessor=_scaled_and_encoded(),
        cv=options.cv,
        scoring=options.scoring,
        n_jobs=options.n_jobs,
        random_state=options.random_state,
        memory=options.memory,
    )
    with pd.option_context("display.width", None, "display.max_columns", None):
        print(result.summary().round(3).to_string(), end="\n\n")
        reference = "SMOTE" if "SMOTE" in options.samplers else "none"
        print(f"Against {reference}:")
        print(result.tests(reference).round(3).to_string())
    if options.csv:
        result.table.to_csv(options.csv, index=False)
    failures = result.table.loc[result.table["error"] != "", ["sampler", "classifier", "error"]]
    if len(failures):
        print("\nFailures:", failures.drop_duplicates().to_string(index=False), sep="\n")


def _parser():
    parser = argparse.ArgumentParser("python -m skgan_resample.comparison", description=__doc__)
    parser.add_argument("data", help="a table, .csv or .parquet")
    parser.add_argument("--target", required=True, help="its column of classes")
    parser.add_argument(
        "--samplers",
        nargs="+",
        default=["RandomOverSampler", "SMOTE", "BAGANGPSampler"],
        help="classes of skgan_resample or imbalanced-learn (default: %(default)s)",
    )
    parser.add_argument(
        "--classifiers",
        nargs="+",
        default=["LogisticRegression", "RandomForestClassifier"],
        help="classes of scikit-learn (default: %(default)s)",
    )
    parser.add_argument(
        "--scoring",
        nargs="+",
        default=["balanced_accuracy", "roc_auc"],
        help="scikit-learn's names",
    )
    parser.add_argument("--memory", help="directory of cached scores; a rerun goes on from there")
    parser.add_argument("--csv", help="write the table of all scores to this file")
    parser.add_argument("--cv", type=int, default=5, help="folds (default: %(default)s)")
    parser.add_argument("--n-jobs", type=int, help="folds at a time (default: one)")
    parser.add_argument("--random-state", type=int, default=0, help="seed (default: %(default)s)")
    return parser


def _named(names, known):
    """Instances of the classes asked for, by name."""
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"Got {', '.join(unknown)}, but expected one of: {', '.join(sorted(known))}.")
    return {name: known[name]() for name in names}


def _scaled_and_encoded():
    """Numbers filled and scaled, anything else one-hot encoded."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )


if __name__ == "__main__":
    main()
