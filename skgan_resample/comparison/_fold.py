"""One sampler on one split: the unit of work that is run in parallel."""

from time import perf_counter

import numpy as np
from imblearn import FunctionSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing

from ._baselines import BASELINES, fit_plain


def run_fold(X, y, train, test, sampler, classifiers, preprocessor, scoring, seed):
    """Resample the training rows once, then fit and score every classifier.

    Parameters
    ----------
    X, y : array-like
        All rows, and their classes.
    train, test : ndarray of int
        Numbers of the rows of the split.
    sampler : str or estimator
        Name of a baseline, or a sampler.
    classifiers : dict of str to estimator
        Those to be fitted.
    preprocessor : transformer or None
        Fitted to the training rows, before the sampler.
    scoring : dict
        Scorers by name.
    seed : int or None
        Given to whatever has a random_state of None.

    Returns
    -------
    outcomes : dict
        By classifier: (seconds, n_generated, {metric: (value, error)}).
    """
    start = perf_counter()
    X_train, y_train = _safe_indexing(X, train), _safe_indexing(y, train)
    X_test, y_test = _safe_indexing(X, test), _safe_indexing(y, test)
    try:
        X_train, y_new, X_test = _resample(X_train, y_train, X_test, sampler, preprocessor, seed)
    except Exception as error:
        lost = perf_counter() - start, 0, dict.fromkeys(scoring, (np.nan, _in_words(error)))
        return dict.fromkeys(classifiers, lost)
    shared = perf_counter() - start
    fit = BASELINES[sampler] if isinstance(sampler, str) else fit_plain
    outcomes = {}
    for name, classifier in classifiers.items():
        start = perf_counter()
        try:
            model = fit(seeded(classifier, seed), X_train, y_new)
            seconds = shared + perf_counter() - start
            scores = _score(model, X_test, y_test, scoring)
        except Exception as error:
            seconds = shared + perf_counter() - start
            scores = dict.fromkeys(scoring, (np.nan, _in_words(error)))
        outcomes[name] = seconds, len(y_new) - len(y_train), scores
    return outcomes


def _resample(X_train, y_train, X_test, sampler, preprocessor, seed):
    """Run the steps before the classifier, fitted to the training rows alone."""
    steps = [] if preprocessor is None else [preprocessor]
    if not isinstance(sampler, str):
        steps += [step for _, step in getattr(sampler, "steps", [(None, sampler)])]
    # a sampler that does nothing ends the pipeline, whatever its last step may be
    pipeline = seeded(make_pipeline(*steps, FunctionSampler(validate=False)), seed)
    X_new, y_new = pipeline.fit_resample(X_train, y_train)
    for _, step in pipeline.steps:
        if hasattr(step, "transform"):
            X_test = step.transform(X_test)
    return X_new, y_new, X_test


def _score(model, X_test, y_test, scoring):
    """Value and error of every metric; one that fails does not take the others along."""
    outcome = {}
    for metric, scorer in scoring.items():
        try:
            value = float(check_scoring(model, scoring=scorer)(model, X_test, y_test))
            outcome[metric] = value, "" if np.isfinite(value) else "not defined here"
        except Exception as error:
            outcome[metric] = np.nan, _in_words(error)
    return outcome


def seeded(estimator, seed):
    """Clone an estimator and fill in the seed wherever its random_state is None."""
    estimator = clone(estimator)
    if seed is not None:
        open_seeds = [
            name
            for name, value in estimator.get_params().items()
            if name.split("__")[-1] == "random_state" and value is None
        ]
        estimator.set_params(**dict.fromkeys(open_seeds, seed))
    return estimator


def _in_words(error):
    """An exception in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
