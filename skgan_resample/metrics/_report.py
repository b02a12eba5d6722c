"""Quality of a sampler's synthetic samples, class by class."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support

from ..codec import TableCodec
from ._fidelity import precision_recall_density_coverage, with_real_floor
from ._memorisation import dcr, two_sample_auc
from ._tables import (
    contingency_similarity,
    correlation_similarity,
    ks_complement,
    ml_efficacy,
    new_row_synthesis,
    tv_complement,
)

_COLUMNS = [
    *["real", "synthetic", "coverage", "coverage_floor", "density", "density_floor"],
    *["near_copies", "dcr_ratio", "closer_to_train", "two_sample_auc", "ks_complement"],
    *["tv_complement", "correlation_similarity", "contingency_similarity", "new_row_synthesis"],
    "remarks",
]
_FEWEST = 4  # samples of a class: two halves of two, less gives no floor
_MOST_ROWS = 1000  # of a class, that are searched for among the real ones
_MANY_COPIES, _RECOGNISED, _FAR_BELOW_FLOOR, _CROWDED = 0.25, 0.8, 0.75, 2


@dataclass(frozen=True)
class QualityReport:
    """Quality of the samples of a sampler, as returned by :func:`quality_report`.

    Parameters
    ----------
    table : DataFrame
        One row per class: ``real`` and ``synthetic``, numbers of samples; ``coverage`` and
        ``density``, each beside the ``_floor`` that other real samples reach in the same number;
        ``near_copies``, ``dcr_ratio`` and, with test samples, ``closer_to_train``, see :func:`dcr`;
        ``two_sample_auc``; of tables ``ks_complement``, ``tv_complement``,
        ``correlation_similarity``, ``contingency_similarity`` and ``new_row_synthesis``, the last
        of at most 1,000 rows; and ``remarks``.
    efficacy : MLEfficacy or None
        With test samples, see :func:`ml_efficacy`.
    warnings : list of str
        What the sampler has warned of.
    sampler : estimator
        The fitted clone.
    samples : tuple
        (X, y, X_synthetic, y_synthetic).
    is_table : bool
        Whether the samples are rows, not images.
    """

    table: Any
    efficacy: Any
    warnings: list
    sampler: Any = field(repr=False)
    samples: tuple = field(repr=False)
    is_table: bool = field(repr=False)

    def to_html(self, path):
        """Write the report as one page that needs no other file and no network.

        It shows the remarks and the sampler's warnings in words, the table, real beside generated
        images, or columns and correlations, coverage, near-copies and losses. Needs matplotlib.

        Parameters
        ----------
        path : str or path-like
            The file. It holds some real samples where they are images.
        """
        from ._page import page

        Path(path).write_text(page(self), encoding="utf-8")


def quality_report(sampler, X, y, *, X_test=None, y_test=None, features=None, random_state=None):
    """Fit an over-sampler and compare the samples that it adds with real ones, class by class.

    Parameters
    ----------
    sampler : object
        Any over-sampler that appends its samples to X, of this package or of another; cloned.
    X : array-like of shape (n_samples, n_features), or images of three or four dimensions
        Real samples.
    y : array-like of shape (n_samples,)
        Their classes.
    X_test : array-like, default=None
        Real samples that are held out, for :func:`dcr` and :func:`ml_efficacy`.
    y_test : array-like, default=None
        Their classes.
    features : transformer, default=None
        Turns samples into the features in which they are compared; it is cloned and fitted to the
        real samples. None is a :class:`~skgan_resample.TableCodec`, which standardises numbers and
        encodes categories one-hot. :class:`ClassifierFeatures` suits images.
    random_state : int, RandomState instance or None, default=None
        Seed of random halves and of the classifiers; the sampler has its own.

    Returns
    -------
    report : QualityReport
        Its ``table`` has one row per class; ``to_html(path)`` writes a page to pass on.

    Raises
    ------
    ValueError
        If the sampler does not keep the samples of X at the top.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from sklearn.datasets import make_classification
    >>> from skgan_resample.metrics import quality_report
    >>> X, y = make_classification(100, weights=[0.8], random_state=0)
    >>> report = quality_report(RandomOverSampler(random_state=0), X, y, random_state=0)
    >>> print(report.table.loc[1, "remarks"])
    100% near-copies of 19 samples
    """
    check_pandas_support("quality_report")
    import pandas as pd

    sampler, y, rng = clone(sampler), np.asarray(y), check_random_state(random_state)
    X_new, y_new, messages = _added(sampler, X, y)
    extract = clone(TableCodec() if features is None else features).fit(_part(X), y)
    x = extract.transform(_part(X))
    x_new = extract.transform(_part(X_new)) if len(y_new) else x[:0]
    efficacy, x_test = None, None
    if X_test is not None:
        x_test, y_test = extract.transform(_part(X_test)), np.asarray(y_test)
        if len(y_new):
            efficacy = ml_efficacy(x, y, x_new, y_new, x_test, y_test, random_state=rng)
    is_table = np.ndim(X) < 3 and getattr(sampler, "image_shape", None) is None
    table, labels = [], np.unique(y)
    for label in labels:
        of, of_new = np.flatnonzero(y == label), np.flatnonzero(y_new == label)
        row: dict[str, Any] = {"real": len(of), "synthetic": len(of_new)}
        if min(row.values()) < _FEWEST:
            row["remarks"] = "too few samples to compare" if len(of_new) else "no new samples"
        else:
            test = None if x_test is None else x_test[y_test == label]
            row |= _scores(x[of], x_new[of_new], test, rng)
            if is_table and features is None:
                row |= _table_scores(extract, x[of], x_new[of_new])
                some = of_new[rng.permutation(len(of_new))[:_MOST_ROWS]]
                row["new_row_synthesis"] = new_row_synthesis(_part(X, of), _part(X_new, some))
        table.append(row)
    frame = pd.DataFrame(table, pd.Index(labels, name="class"), _COLUMNS)
    return QualityReport(frame, efficacy, messages, sampler, (X, y, X_new, y_new), is_table)


def _added(sampler, X, y):
    """Fit, and give the new samples, their classes, and what the user has been warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X_all, y_all = sampler.fit_resample(X, y)
    for one in caught:  # to whom it may concern
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    messages = [str(one.message) for one in caught if issubclass(one.category, UserWarning)]
    y_all, n = np.asarray(y_all), len(y)
    if not np.array_equal(y_all[:n], y):
        raise ValueError(
            f"Got {type(sampler).__name__}, but expected an over-sampler: one that leaves the "
            "samples of X on top and appends its own."
        )
    return _safe_indexing(X_all, [*range(n, len(y_all))]), y_all[n:], messages


def _part(X, indices=None):
    """Some samples of any container, or all; images are laid out flat."""
    part = X if indices is None else _safe_indexing(X, indices)
    return part.reshape(len(part), -1) if getattr(part, "ndim", 2) > 2 else part


def _scores(real, synthetic, test, rng):
    """A row of the report, of features."""
    n_neighbors = min(5, len(real) // 2 - 1, len(synthetic) - 1)

    def prdc(A, B):
        return precision_recall_density_coverage(A, B, n_neighbors=n_neighbors)

    value, floor = with_real_floor(prdc, real, synthetic, random_state=rng)
    some = synthetic[rng.permutation(len(synthetic))[: len(real)]]
    closest = dcr(real, synthetic, test if test is not None and len(test) else None)
    row = {
        "real": len(real),
        "coverage": value[3],
        "coverage_floor": floor[3],
        "density": value[2],
        "density_floor": floor[2],
        "near_copies": closest.near_copies,
        "dcr_ratio": closest.ratio,
        "closer_to_train": closest.closer_to_train,
        "two_sample_auc": two_sample_auc(real, some, random_state=rng.randint(2**31 - 1)),
    }
    return row | {"remarks": "; ".join(_remarks(row)) or "nothing noticed"}


def _table_scores(codec, *encoded):
    """Scores of encoded real and synthetic rows, by SDMetrics' names."""
    numbers, codes = zip(*(_by_kind(codec, part) for part in encoded), strict=True)
    parts = {
        ks_complement: numbers,
        tv_complement: codes,
        correlation_similarity: numbers,
        contingency_similarity: codes,
    }
    return {
        score.__name__: score(*part) if part[0].shape[1] else np.nan
        for score, part in parts.items()
    }


def _by_kind(codec, encoded):
    """Encoded rows as numbers (n, a), NaN where missing, and as codes of categories (n, b).

    Whether a number is missing counts as a category, a missing category as one more level.
    """
    units, start = np.array(codec.units_), encoded.shape[1] - sum(codec.block_sizes_)
    numbers = encoded[:, :start].astype(float)
    codes: dict = {}
    for mark in codec.missing_:
        numbers[np.ix_(encoded[:, mark] == 1, units[:start] == units[mark])] = np.nan
    for size in codec.block_sizes_:
        digit = encoded[:, start : start + size].argmax(axis=1)
        codes[units[start]] = codes.get(units[start], 0) * size + digit
        start += size
    return numbers, np.reshape([*codes.values()], (len(codes), len(encoded))).T


def _remarks(row):
    """Problems of the samples, in words."""
    if row["near_copies"] > _MANY_COPIES:
        yield f"{row['near_copies']:.0%} near-copies of {row['real']} samples"
    if row["coverage"] < _FAR_BELOW_FLOOR * row["coverage_floor"]:
        yield (
            f"covers {row['coverage']:.0%} of the real samples where other real samples cover "
            f"{row['coverage_floor']:.0%}"
        )
    if row["density"] < _FAR_BELOW_FLOOR * row["density_floor"]:
        yield f"many samples where real ones are rare (density {row['density']:.2f})"
    if row["density"] > _CROWDED * row["density_floor"]:
        yield f"crowded into the middle of the class (density {row['density']:.2f})"
    if row["two_sample_auc"] > _RECOGNISED:
        yield f"easily distinguished from real samples (AUC {row['two_sample_auc']:.2f})"
