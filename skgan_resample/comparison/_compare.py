"""compare_samplers: every sampler with every classifier, on the same folds."""

import warnings
from collections.abc import Iterator, Mapping
from itertools import product
from numbers import Integral

import joblib
import numpy as np
from joblib.parallel import get_active_backend
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning, UndefinedMetricWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils import check_random_state, indexable
from sklearn.utils._optional_dependencies import check_pandas_support
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_memory
from tqdm.auto import tqdm

from ._baselines import BASELINES, NO_WEIGHTS
from ._fold import Setting, evaluate_classifier, run_fold
from ._result import COLUMNS, ComparisonResult


def compare_samplers(
    X,
    y,
    samplers,
    classifiers,
    *,
    preprocessor=None,
    groups=None,
    cv=5,
    scoring=("balanced_accuracy", "roc_auc"),
    n_jobs=None,
    random_state=None,
    memory=None,
    progress=True,
):
    """Cross-validate samplers with classifiers on the same folds, beside three simple baselines.

    Preprocessor, sampler and classifier are fitted to the training samples of a fold alone. Each
    sampler resamples a fold once, for all classifiers. Three baselines that generate nothing are
    always included: ``"none"``; ``"class_weight"``, the classifier's own class weights, or sample
    weights in their place; and ``"threshold at prior"``, see
    :class:`~skgan_resample.comparison.PriorThresholdClassifier`.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), or dict
        Samples in any container that the samplers and classifiers take; or several data sets by
        name. Give images of bytes as floats: imbalanced-learn's SMOTE and ADASYN subtract unsigned
        integers as they are, and a difference below zero wraps around.
    y : array-like of shape (n_samples,), or dict
        Their classes; by the same names if X is a dict.
    samplers : dict or list
        Samplers by name; those in a list are named after their class. A sampler may be a pipeline
        of transformers that ends in a sampler.
    classifiers : dict or list
        Classifiers, or pipelines that end in one and whose scaling then follows the sampler.
    preprocessor : transformer, default=None
        Scaling and encoding that come before the sampler, for all of them.
    groups : array-like of shape (n_samples,), or dict, default=None
        Samples of one group are never in both parts of a split.
    cv : int, splitter or iterable, default=5
        An int means stratified folds, shuffled if there is a ``random_state``, and grouped if
        there are ``groups``.
    scoring : str, list, tuple, callable or dict, default=("balanced_accuracy", "roc_auc")
        scikit-learn's names of scorers, or scorers by name. With more than two classes "roc_auc"
        is "roc_auc_ovo", which does not depend on how rare the classes are [1]_.
    n_jobs : int, default=None
        Folds run at a time, by the backend of joblib's ``parallel_config`` (loky, dask, ray).
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling, and of every estimator whose own ``random_state`` is None.
    memory : str or object with the joblib.Memory interface, default=None
        Directory in which the scores of each sampler, classifier and split are cached as they are
        computed. An interrupted run can be resumed, and a run with one more classifier computes
        only its scores. It needs a ``random_state``. Failures are not cached. Empty the directory
        when the code of an estimator has changed, which the cache does not notice.
    progress : bool, default=True
        Whether to show a bar.

    Returns
    -------
    result : ComparisonResult
        Its ``table``, a DataFrame, has one row per data set, sampler, classifier, split and metric.
        ``summary()``, ``tests()`` and ``plot()`` condense it. After a failure the value is NaN, and
        the error is in the table. A FitFailedWarning says how many fits failed; those for class
        weights do not count where a classifier takes none. An UndefinedMetricWarning names a metric
        that has no value with a classifier.

    References
    ----------
    .. [1] Hand & Till, "A simple generalisation of the area under the ROC curve for multiple class
       classification problems", Machine Learning 45, 2001.

    Examples
    --------
    >>> from imblearn.over_sampling import SMOTE
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skgan_resample import compare_samplers
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> result = compare_samplers(X, y, [SMOTE()], [LogisticRegression()], random_state=0)
    >>> print(result.summary().loc["balanced_accuracy", "mean"].round(2).to_string())
    sampler
    none                  0.74
    class_weight          0.81
    threshold at prior    0.80
    SMOTE                 0.77
    """
    check_pandas_support("compare_samplers")
    if memory is not None and random_state is None:
        raise ValueError(
            "Got memory without a random_state, but expected an int random_state: the cache would "
            "return the result of another seed."
        )
    evaluate = check_memory(memory).cache(evaluate_classifier, ignore=["resampled"])
    samplers = dict.fromkeys(BASELINES) | _named(samplers, "samplers", reserved=BASELINES)
    if not (classifiers := _named(classifiers, "classifiers")):
        raise ValueError("Got no classifiers, but expected one or more.")
    preprocessor = clone(preprocessor, safe=False)  # None stays None
    seed = None if random_state is None else check_random_state(random_state).randint(2**31 - 1)
    cv = list(cv) if isinstance(cv, Iterator) else cv  # for each of several data sets
    keys, jobs, test_to_train = [], [], {}
    for dataset, (samples, target, group) in _datasets(X, y, groups).items():
        check_classification_targets(target)
        splits = _splits(cv, samples, target, group, random_state)
        test_to_train[dataset] = np.mean([len(test) / len(train) for train, test in splits])
        scorers = _scorers(scoring, len(np.unique(target)))
        data = None if memory is None else joblib.hash((samples, target))
        for (name, sampler), (split, (train, test)) in product(samplers.items(), enumerate(splits)):
            sampler = name if sampler is None else sampler
            setting = Setting(data, train, test, sampler, preprocessor, scorers, seed)
            keys.append((dataset, name, split))
            jobs.append(delayed(run_fold)(evaluate, samples, target, setting, classifiers))
    streams = getattr(get_active_backend()[0], "supports_return_generator", False)
    outcomes = Parallel(n_jobs, return_as="generator" if streams else "list")(jobs)
    bar = tqdm(outcomes, total=len(jobs), disable=not progress, unit="fold")
    table = _tabulated(keys, bar)
    _warn_of_failures(table)
    return ComparisonResult(table, test_to_train)


def _tabulated(keys, outcomes):
    """The table of the outcomes of all folds."""
    import pandas as pd

    rows = []
    for (dataset, name, split), outcome in zip(keys, outcomes, strict=True):
        for classifier, (seconds, n_generated, scores) in outcome.items():
            for metric, (value, error) in scores.items():
                key = dataset, name, classifier, split, metric
                rows.append((*key, value, seconds, n_generated, error))
    return pd.DataFrame(rows, columns=COLUMNS)


def _warn_of_failures(table):
    """Warn of fits that failed, except with class weights where a classifier takes none.

    Warn of each metric, too, that has no value with a classifier on a data set.
    """
    fits = table.drop_duplicates(COLUMNS[:4])
    failed = fits[fits["fit_seconds"].isna() & ~fits["error"].str.contains(NO_WEIGHTS)]
    if len(failed):
        sampler, classifier, error = failed[["sampler", "classifier", "error"]].iloc[0]
        warnings.warn(
            f"{len(failed)} fits failed out of a total of {len(fits)}: their scores are NaN. The "
            'result has all errors in .table["error"]. The first one, of the sampler '
            f"{sampler!r} with the classifier {classifier!r}: {error}",
            FitFailedWarning,
            stacklevel=3,
        )
    scored = table[table["fit_seconds"].notna()].groupby(["dataset", "classifier", "metric"])
    undefined = scored.filter(lambda part: part["value"].isna().all())
    for row in undefined.drop_duplicates("metric").itertuples():
        warnings.warn(
            f"All scores of {row.metric!r} are NaN with the classifier {row.classifier!r} on the "
            f"data set {row.dataset!r}: {row.error}",
            UndefinedMetricWarning,
            stacklevel=3,
        )


def _named(estimators, what, reserved=()):
    """Unfitted clones of estimators by name; those in a list are named after their class."""
    named = estimators
    if not isinstance(estimators, (Mapping, list, tuple)):
        raise TypeError(
            f"Got {what} of the type {type(estimators).__name__}, but expected a dict or a list of "
            "estimators."
        )
    if not isinstance(estimators, Mapping):
        named = {type(estimator).__name__: estimator for estimator in estimators}
    if len(named) < len(estimators):
        raise ValueError(f"Got several {what} of the same class: give them names in a dict.")
    if taken := sorted({*named} & {*reserved}):
        raise ValueError(f"Got {what} with the names {taken}, which the baselines have already.")
    return {name: clone(estimator) for name, estimator in named.items()}


def _datasets(X, y, groups):
    """{name: (X, y, groups)}."""
    if not isinstance(X, Mapping) or sparse.issparse(X):  # of these one kind is a dict
        if isinstance(y, Mapping) or isinstance(groups, Mapping):
            raise ValueError("Got y or groups as a dict, but expected arrays, as X is no dict.")
        return {"data": indexable(X, y, groups)}
    if not isinstance(y, Mapping) or set(X) != set(y):
        raise ValueError("Got X as a dict, but expected y to be a dict with the same names.")
    groups = {} if groups is None else groups
    if not isinstance(groups, Mapping) or not set(groups) <= set(X):
        raise ValueError(
            f"Got X as a dict with the names {[*X]}, but expected groups to be a dict with some of "
            "these names."
        )
    return {name: indexable(X[name], y[name], groups.get(name)) for name in X}


def _splits(cv, X, y, groups, random_state):
    """Indices of training and test samples; splits may be given as masks."""
    if isinstance(cv, Integral):
        folds = StratifiedKFold if groups is None else StratifiedGroupKFold
        cv = folds(cv, shuffle=random_state is not None, random_state=random_state)
    splits = check_cv(cv, y, classifier=True).split(X, y, groups)
    return [[np.arange(len(y))[np.asarray(part)] for part in split] for split in splits]


def _scorers(scoring, n_classes):
    """{name: scorer or its name}."""
    if callable(scoring):
        return {"score": scoring}
    if scoring is None or not len(scoring):
        raise ValueError(f"Got scoring={scoring!r}, but expected one scorer or more.")
    names = [scoring] if isinstance(scoring, str) else scoring
    scorers = dict(scoring) if isinstance(scoring, Mapping) else {name: name for name in names}
    if n_classes > 2:
        scorers |= {name: "roc_auc_ovo" for name in scorers if scorers[name] == "roc_auc"}
    for scorer in scorers.values():
        get_scorer(scorer)  # an unknown name is an error before the first fit
    return scorers
