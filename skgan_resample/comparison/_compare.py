"""compare_samplers: every sampler with every classifier, on the same folds."""

from collections.abc import Mapping
from itertools import product
from numbers import Integral
from typing import NamedTuple

import numpy as np
from joblib.parallel import get_active_backend
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils import check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed
from tqdm.auto import tqdm

from . import _store
from ._baselines import BASELINES
from ._fold import run_fold
from ._result import ComparisonResult


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
    path=None,
    progress=True,
):
    """Cross-validate samplers with classifiers on the same folds, beside the honest baselines.

    Whatever is fitted is fitted to the training rows of a fold: the preprocessor, the sampler, the
    classifier. Each sampler resamples a fold once, for all classifiers. Three baselines that
    generate nothing are always there: ``"none"``; ``"class_weight"``, the classifier's own class
    weights, or sample weights in their place; and ``"threshold at prior"``, see
    :class:`~skgan_resample.comparison.PriorThresholdClassifier`.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), or dict
        Rows in any container that the samplers and classifiers take; or several data sets by name.
        Give pictures of bytes as floats: imbalanced-learn's SMOTE and ADASYN subtract unsigned
        integers as they are, and a difference below zero wraps around.
    y : array-like of shape (n_samples,), or dict
        Their classes; by the same names if X is a dict.
    samplers : dict or list
        Samplers by name; those in a list are named after their class. A sampler may be a pipeline
        of transformers that ends in a sampler.
    classifiers : dict or list
        Classifiers by name, or a list. Each may be a pipeline: its scaling then follows the
        sampler.
    preprocessor : transformer, default=None
        Scaling and encoding that come before the sampler, for all of them.
    groups : array-like of shape (n_samples,), or dict, default=None
        Rows of one group are never in both parts of a split.
    cv : int, splitter or iterable, default=5
        An int means stratified folds, shuffled if there is a ``random_state``, and grouped if
        there are ``groups``.
    scoring : str, list, tuple, callable or dict, default=("balanced_accuracy", "roc_auc")
        scikit-learn's names of scorers, or scorers by name. With more than two classes "roc_auc"
        is the mean over the pairs of classes ("roc_auc_ovo"), which does not depend on how rare
        the classes are [1]_.
    n_jobs : int, default=None
        Folds run at a time, by joblib: its ``parallel_config`` chooses the backend (loky, dask,
        ray).
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling, and of every estimator whose own ``random_state`` is None.
    path : path-like, default=None
        A CSV file to which results are appended as they come (at the end, where joblib's backend
        cannot stream them). What it holds already is not computed again, failures included, as
        long as data, folds and the parameters as they print are the same; for that, give an int
        ``random_state``.
    progress : bool, default=True
        Whether to show a bar.

    Returns
    -------
    result : ComparisonResult
        Its ``table``, a DataFrame, has one row per data set, sampler, classifier, split and metric.
        ``summary()``, ``tests()`` and ``plot()`` condense it. Where something fails the value is
        NaN and the error is in the table.

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
    import pandas as pd

    samplers = _named(samplers, "samplers", reserved=BASELINES)
    samplers = {name: name for name in BASELINES} | samplers
    classifiers = _named(classifiers, "classifiers")
    seed = None if random_state is None else check_random_state(random_state).randint(2**31 - 1)
    jobs, test_to_train = [], {}
    done = _store.read(path)
    for dataset, (rows, target, group) in _datasets(X, y, groups).items():
        check_classification_targets(target)
        splits = list(_splitter(cv, target, group, random_state).split(rows, target, group))
        test_to_train[dataset] = np.mean([len(test) / len(train) for train, test in splits])
        metrics = _scorers(scoring, len(np.unique(target)))
        content = _store.fingerprint(rows, np.asarray(target))
        for (sampler, steps), (split, fold) in product(samplers.items(), enumerate(splits)):
            setting = content, *fold, sampler, steps, preprocessor, metrics, seed
            marks = {
                name: _store.fingerprint(*setting, name, classifier)
                for name, classifier in classifiers.items()
            }
            missing = {
                name: classifiers[name]
                for name, mark in marks.items()
                if len(done.get(mark, ())) < len(metrics)
            }
            arguments = rows, target, *fold, steps, missing, preprocessor, metrics, seed
            jobs.append(_Job(dataset, sampler, split, marks, missing, arguments))
    _run([job for job in jobs if job.missing], done, path, n_jobs, progress)
    rows = [row for job in jobs for mark in job.marks.values() for row in done[mark].values()]
    return ComparisonResult(pd.DataFrame(rows, columns=_store.COLUMNS), test_to_train)


class _Job(NamedTuple):
    """One sampler on one split, and the classifiers that are still to be run there."""

    dataset: str
    sampler: str
    split: int
    marks: dict  # fingerprint of the result, by classifier
    missing: dict
    arguments: tuple  # of run_fold


def _run(jobs, done, path, n_jobs, progress):
    """Run the jobs and file every outcome as it comes, in ``done`` and on disk."""
    streams = getattr(get_active_backend()[0], "supports_return_generator", False)
    parallel = Parallel(n_jobs, return_as="generator_unordered" if streams else "list")
    outcomes = parallel(delayed(_numbered)(i, *job.arguments) for i, job in enumerate(jobs))
    hidden = not (progress and jobs)
    for i, outcome in tqdm(outcomes, total=len(jobs), disable=hidden, unit="fold"):
        for classifier, (seconds, n_generated, scores) in outcome.items():
            job, mark = jobs[i], jobs[i].marks[classifier]
            done[mark] = {
                metric: {
                    "dataset": job.dataset,
                    "sampler": job.sampler,
                    "classifier": classifier,
                    "split": job.split,
                    "metric": metric,
                    "value": value,
                    "fit_seconds": seconds,
                    "n_generated": n_generated,
                    "error": error,
                }
                for metric, (value, error) in scores.items()
            }
            _store.append(path, [row | {"fingerprint": mark} for row in done[mark].values()])


def _numbered(number, *arguments):
    return number, run_fold(*arguments)


def _named(estimators, what, reserved=()):
    """Estimators by name; those in a list are named after their class."""
    if isinstance(estimators, Mapping):
        named = dict(estimators)
    else:
        named = {type(estimator).__name__: estimator for estimator in estimators}
    if len(named) < len(estimators):
        raise ValueError(f"Got several {what} of the same class: give them names in a dict.")
    taken = sorted(set(named) & set(reserved))
    if taken:
        raise ValueError(f"Got {what} with the names {taken}, which the baselines have already.")
    return named


def _datasets(X, y, groups):
    """{name: (X, y, groups)}."""
    if not isinstance(X, Mapping):
        return {"data": (X, y, groups)}
    if not isinstance(y, Mapping) or set(X) != set(y):
        raise ValueError("Got X as a dict, but expected y to be a dict with the same names.")
    return {name: (X[name], y[name], (groups or {}).get(name)) for name in X}


def _splitter(cv, y, groups, random_state):
    if not isinstance(cv, Integral):
        return check_cv(cv, y, classifier=True)
    folds = StratifiedKFold if groups is None else StratifiedGroupKFold
    return folds(cv, shuffle=random_state is not None, random_state=random_state)


def _scorers(scoring, n_classes):
    """{name: scorer or its name}."""
    if callable(scoring):
        return {"score": scoring}
    names = [scoring] if isinstance(scoring, str) else scoring
    scorers = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
    several = {"roc_auc": "roc_auc_ovo"} if n_classes > 2 else {}
    return {
        name: several.get(scorer, scorer) if isinstance(scorer, str) else scorer
        for name, scorer in scorers.items()
    }
