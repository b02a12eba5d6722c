"""Warnings of classes of one row, and of those that have collapsed or are copied."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import euclidean_distances

FEWEST = 6  # rows that SMOTE needs with its five neighbours
FEWEST_UPDATES = 100  # a shorter training is a trial, of which nobody expects good rows
_COLLAPSED, _COPIED = 0.2, 0.05  # docs/results/fit-warnings.md
LOOKED_AT = 20_000  # training rows of a class, at the most
_NAMED = 5


def warn_of_single_rows(name, labels):
    """Warn, once, of classes of one row.

    Parameters
    ----------
    name : str
        Of the sampler.
    labels : ndarray
        Of the classes.
    """
    if len(labels):
        warnings.warn(
            f"Got 1 row of {_classes([str(label) for label in labels])}, which cannot show how the "
            f"class varies: {name} makes near-copies of it, or lends it the variation of other "
            'classes ("Small classes" in the guide). Collect more rows, or leave the class out of '
            "sampling_strategy.",
            UserWarning,
            stacklevel=2,
        )


def warn_of_poor_rows(name, classes):
    """Warn, once each, of the classes that have collapsed and of those whose rows are copied.

    Parameters
    ----------
    name : str
        Of the sampler.
    classes : iterable of tuple
        A label, how many training rows its class has, those of them that are looked at (n, d), six
        or more, and generated ones (m, d), all encoded.
    """
    collapsed, copied = [], []
    for label, n_rows, real, made in classes:
        if not np.isfinite(made).all():
            continue  # an error of its own, where rows are asked for
        spread, novelty = spread_and_novelty(real, made, np.random.default_rng(0))
        if spread < _COLLAPSED:
            collapsed.append((spread, f"{label!s} ({n_rows} rows, {spread:.2f})"))
        elif novelty < _COPIED:
            copied.append((novelty, f"{label!s} ({n_rows} rows, {novelty:.3f})"))
    if collapsed:
        warnings.warn(
            f"{name} has collapsed in {_classes(_worst_first(collapsed))}: two rows that it "
            "generates are that many times as far apart as two training rows of the class. Try "
            "more updates, another learning_rate or another sampler; RowMixSampler has nothing to "
            "learn.",
            ConvergenceWarning,
            stacklevel=2,
        )
    if copied:
        warnings.warn(
            f"{name} makes near-copies of training rows in {_classes(_worst_first(copied))}: they "
            "are that many times as far from the nearest training row as rows of SMOTE. They add "
            "little to duplicates, and reveal the data that they copy. Try fewer updates or "
            "another sampler.",
            UserWarning,
            stacklevel=2,
        )


def spread_and_novelty(real, made, rng):
    """Compare generated rows of a class with its training rows.

    Parameters
    ----------
    real : ndarray of shape (n, d)
        Training rows of the class, encoded; six or more.
    made : ndarray of shape (m, d)
        Generated rows of the class, encoded.
    rng : numpy.random.Generator
        Stream of the draws.

    Returns
    -------
    spread : float
        Median distance of two generated rows, over that of two training rows: 0 if most are
        alike. NaN if most training rows are.
    novelty : float
        Median distance of a generated row from the nearest training row, over that of rows made
        by SMOTE: 0 for copies. NaN if SMOTE's rows are copies, too.
    """
    real = real[rng.permutation(len(real))]
    some = real[: len(made)]  # the rows are in random order
    typical = np.median(pdist(some))
    if typical == 0:
        return np.nan, np.nan
    spread = np.median(pdist(made)) / typical
    usual = _to_nearest(_interpolated(some, real, len(made), rng), real)
    # fast distances of equal rows are not quite zero
    novelty = _to_nearest(made, real) / usual if usual > 1e-4 * typical else np.nan
    return spread, novelty


def _to_nearest(rows, real):
    """Median distance from the nearest of the real rows."""
    return np.median(euclidean_distances(rows, real).min(1))


def _interpolated(some, real, n, rng):
    """Rows as SMOTE makes them: between one of some rows and one of its five nearest neighbours.

    A value of a column whose values recur is rounded to one of them, or rows of whole numbers and
    of categories would look newer than any that a sampler can make.
    """
    distances = euclidean_distances(some, real)
    np.fill_diagonal(distances, np.inf)  # a row is no neighbour of its own
    neighbours = distances.argpartition(FEWEST - 2, axis=1)[:, : FEWEST - 1]
    first = rng.integers(len(some), size=n)
    second = neighbours[first, rng.integers(FEWEST - 1, size=n)]
    rows = some[first] + rng.random((n, 1), dtype=np.float32) * (real[second] - some[first])
    for column, seen in zip(rows.T, map(np.unique, real.T), strict=True):
        if 1 < len(seen) < len(real) / 2:
            column[:] = seen[np.searchsorted((seen[1:] + seen[:-1]) / 2, column)]
    return rows


def _worst_first(found):
    return [text for _, text in sorted(found)]


def _classes(found):
    """Name the first of some classes."""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"class{'es' * (len(found) > 1)} {', '.join(found[:_NAMED])}{more}"
