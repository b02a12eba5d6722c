"""One sampler on one split: the unit of work that is run in parallel."""

from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from imblearn import FunctionSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing

from ._baselines import BASELINES


class Setting(NamedTuple):
    """What the scores of a classifier depend on, beside the classifier itself."""

    data: str | None  # a hash of X and y; None if nothing is cached
    train: np.ndarray
    test: np.ndarray
    sampler: Any  # an estimator, or the name of a baseline
    preprocessor: Any
    scoring: dict  # scorers by name
    seed: int | None


def run_fold(evaluate, X, y, setting, classifiers):
    """{classifier: (seconds, n_generated, {metric: (value, error)})}; resamples once.

    ``evaluate`` is :func:`evaluate_classifier`, cached or not. Errors are caught outside the cache:
    the next run tries again what has failed.
    """

    @cache
    def resampled():
        try:
            return _resample(X, y, setting)
        except Exception as error:
            return error

    outcomes = {}
    for name, classifier in classifiers.items():
        try:
            outcomes[name] = evaluate(setting, classifier, resampled)
        except Exception as error:
            outcomes[name] = np.nan, 0, dict.fromkeys(setting.scoring, _failed(error))
    return outcomes


def evaluate_classifier(setting, classifier, resampled):
    """Fit and score one classifier; ``resampled`` is called only if this is not cached."""
    new = resampled()
    if isinstance(new, Exception):
        raise new
    (X_train, y_train), (X_test, y_test), n_generated, seconds = new
    start = perf_counter()
    baseline = setting.sampler if isinstance(setting.sampler, str) else "none"
    model = BASELINES[baseline](seeded(classifier, setting.seed), X_train, y_train)
    seconds += perf_counter() - start
    scores = {
        metric: _score(model, X_test, y_test, scorer) for metric, scorer in setting.scoring.items()
    }
    return seconds, n_generated, scores


def _score(model, X_test, y_test, scorer):
    """Value and error of a metric; if it fails, the others are still computed."""
    try:
        value = float(check_scoring(model, scoring=scorer)(model, X_test, y_test))
        return value, "" if np.isfinite(value) else "not defined here"
    except Exception as error:
        return _failed(error)


def _failed(error):
    """No value, and an exception in one line."""
    return np.nan, " ".join(f"{type(error).__name__}: {error}".split())


def _resample(X, y, setting):
    """Run the steps before the classifier, fitted to the training samples alone."""
    start = perf_counter()
    X_train, y_train = _safe_indexing(X, setting.train), _safe_indexing(y, setting.train)
    X_test, y_test = _safe_indexing(X, setting.test), _safe_indexing(y, setting.test)
    steps = [] if setting.preprocessor is None else [setting.preprocessor]
    if not isinstance(setting.sampler, str):
        steps += [step for _, step in getattr(setting.sampler, "steps", [("", setting.sampler)])]
    # a sampler that does nothing ends the pipeline, whatever its last step may be
    pipeline = seeded(make_pipeline(*steps, FunctionSampler(validate=False)), setting.seed)
    X_new, y_new = pipeline.fit_resample(X_train, y_train)
    for _, step in pipeline.steps:
        if hasattr(step, "transform"):
            X_test = step.transform(X_test)
    seconds = perf_counter() - start
    return (X_new, y_new), (X_test, y_test), len(y_new) - len(y_train), seconds


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
