"""Scores of synthetic tables, with SDMetrics' names; 1 is as good as real rows. Need pandas."""

import datetime
from decimal import Decimal
from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy import sparse, stats
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import check_scoring
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support
from sklearn.utils.validation import check_consistent_length

from ._align import aligned


def ks_complement(X_real, X_synthetic):
    """Compare distributions of numbers: 1 less the Kolmogorov-Smirnov statistic.

    Parameters
    ----------
    X_real : array-like or DataFrame of shape (n_real,) or (n_real, n_columns)
        Columns of numbers or times, be they objects, such as decimals and dates. What is missing is
        left out.
    X_synthetic : array-like or DataFrame of shape (n_synthetic,) or (n_synthetic, n_columns)
        The same columns of synthetic rows.

    Returns
    -------
    score : float
        From 0 to 1, the mean over the columns; NaN where there is none to compare.

    Examples
    --------
    >>> from skgan_resample.metrics import ks_complement
    >>> ks_complement([1, 2, 3, 4], [1, 2, 9, 9])
    0.5
    """
    pairs = zip(*(_numbers(X).items() for X in aligned(X_real, X_synthetic)), strict=True)
    present = ((real.dropna(), synthetic.dropna()) for (_, real), (_, synthetic) in pairs)
    return _mean(
        1 - stats.ks_2samp(*pair, method="asymp").statistic
        for pair in present
        if min(map(len, pair))
    )


def tv_complement(X_real, X_synthetic):
    """Compare distributions of categories: 1 less the total variation distance.

    Parameters
    ----------
    X_real : array-like or DataFrame of shape (n_real,) or (n_real, n_columns)
        Columns of categories, of any type. What is missing is left out.
    X_synthetic : array-like or DataFrame of shape (n_synthetic,) or (n_synthetic, n_columns)
        The same columns of synthetic rows.

    Returns
    -------
    score : float
        From 0 to 1, the mean over the columns; NaN where there is none to compare.

    Examples
    --------
    >>> from skgan_resample.metrics import tv_complement
    >>> tv_complement(["a", "a", "b", "b"], ["a", "a", "a", "b"])
    0.75
    """
    real, synthetic = (codes.T for codes in _codes(X_real, X_synthetic))
    present = ((r[r >= 0], s[s >= 0]) for r, s in zip(real, synthetic, strict=True))
    n_levels = max(real.max(initial=0), synthetic.max(initial=0)) + 1
    return _mean(
        np.minimum(*(np.bincount(codes, minlength=n_levels) / len(codes) for codes in pair)).sum()
        for pair in present
        if min(map(len, pair))
    )


def correlation_similarity(X_real, X_synthetic):
    """Compare correlations of columns: 1 less half the difference of Pearson's coefficients.

    Parameters
    ----------
    X_real : array-like or DataFrame of shape (n_real, n_columns)
        Columns of numbers or times. Rows that miss one of a pair are left out of that pair.
    X_synthetic : array-like or DataFrame of shape (n_synthetic, n_columns)
        The same columns of synthetic rows.

    Returns
    -------
    score : float
        From 0 to 1, the mean over the pairs of columns; NaN where there is none to compare. Pairs
        with a constant column, which has no correlation, do not count.

    Examples
    --------
    >>> from skgan_resample.metrics import correlation_similarity
    >>> correlation_similarity([[0, 0], [1, 1]], [[0, 1], [1, 0]])
    0.0
    """
    real, synthetic = (_numbers(X).corr().to_numpy() for X in aligned(X_real, X_synthetic))
    return _mean((1 - abs(real - synthetic) / 2)[np.triu_indices(len(real), 1)])


def contingency_similarity(X_real, X_synthetic):
    """Compare pairs of categories: 1 less the total variation distance of their frequencies.

    Parameters
    ----------
    X_real : array-like or DataFrame of shape (n_real, n_columns)
        Columns of categories, of any type. What is missing is a category of its own.
    X_synthetic : array-like or DataFrame of shape (n_synthetic, n_columns)
        The same columns of synthetic rows.

    Returns
    -------
    score : float
        From 0 to 1, the mean over the pairs of columns; NaN where there is none.

    Examples
    --------
    >>> from skgan_resample.metrics import contingency_similarity
    >>> contingency_similarity([["a", 0], ["b", 1]], [["a", 0], ["b", 0]])
    0.5
    """
    codes = _codes(X_real, X_synthetic)
    if not min(map(len, codes)):
        return np.nan
    n_columns = codes[0].shape[1]
    encoder = OneHotEncoder().fit(np.concatenate(codes))
    sizes = [len(levels) for levels in encoder.categories_]
    column = np.repeat(np.arange(n_columns), sizes), np.arange(sum(sizes))
    owns = sparse.csr_array((np.ones(sum(sizes)), column))  # (n_columns, levels of all)
    blocks = (sparse.csr_array(encoder.transform(part)) for part in codes)
    real, synthetic = (block.T @ block / block.shape[0] for block in blocks)  # joint frequencies
    distances = (owns @ abs(real - synthetic) @ owns.T).toarray() / 2
    return _mean(1 - distances[np.triu_indices(n_columns, 1)])


class MLEfficacy(NamedTuple):
    """Scores on real test samples of a classifier trained on three sets."""

    synthetic: float
    gaussian: float
    real: float


def ml_efficacy(
    X_train,
    y_train,
    X_synthetic,
    y_synthetic,
    X_test,
    y_test,
    *,
    classifier=None,
    scoring="balanced_accuracy",
    random_state=None,
):
    """Train a classifier on synthetic samples and test it on real ones.

    Beside it stand two others: a Gaussian, with the mean and covariance of each class, which a
    generator should better; and the real training samples.

    Parameters
    ----------
    X_train : array-like of shape (n_train, n_features)
        Real samples that the sampler was trained on, as numbers.
    y_train : array-like of shape (n_train,)
        Their classes. Samples of classes of which there are no synthetic ones are in all three
        training sets.
    X_synthetic : array-like of shape (n_synthetic, n_features)
        Synthetic samples.
    y_synthetic : array-like of shape (n_synthetic,)
        Their classes.
    X_test : array-like of shape (n_test, n_features)
        Real samples that the sampler did not see.
    y_test : array-like of shape (n_test,)
        Their classes.
    classifier : estimator, default=None
        Any classifier; None is a random forest.
    scoring : str or callable, default="balanced_accuracy"
        scikit-learn's name of a scorer, or a scorer.
    random_state : int, RandomState instance or None, default=None
        Seed of the Gaussians and of the random forest.

    Returns
    -------
    scores : MLEfficacy
        A named tuple (synthetic, gaussian, real).

    References
    ----------
    .. [1] Esteban, Hyland, Rätsch, "Real-valued (medical) time series generation with recurrent
       conditional GANs", 2017, arXiv:1706.02633: train on synthetic, test on real.

    Examples
    --------
    >>> from skgan_resample.metrics import ml_efficacy
    >>> X, y = [[0.0], [1.0], [8.0], [9.0]], [0, 0, 1, 1]
    >>> ml_efficacy(X, y, X, [1, 1, 0, 0], X, y, random_state=0).synthetic  # classes swapped
    0.0
    """
    X_train, X_synthetic, X_test = map(np.asarray, aligned(X_train, X_synthetic, X_test))
    y_train, y_synthetic = np.asarray(y_train), np.asarray(y_synthetic)
    for X, y in ((X_train, y_train), (X_synthetic, y_synthetic), (X_test, y_test)):
        check_consistent_length(X, y)
    if unknown := {*y_synthetic.tolist()} - {*y_train.tolist()}:
        raise ValueError(
            f"Got synthetic samples of the classes {unknown}, but those of y_train are "
            f"{np.unique(y_train)}."
        )
    rng = check_random_state(random_state)
    if classifier is None:
        classifier = RandomForestClassifier(random_state=rng.randint(2**31 - 1))
    replaced = np.isin(y_train, y_synthetic)
    gaussian = np.empty((len(y_synthetic), X_train.shape[1]))
    for label in np.unique(y_synthetic):
        real, rows = X_train[y_train == label], y_synthetic == label
        covariance = np.cov(real.T, ddof=min(1, len(real) - 1)).reshape(2 * X_train.shape[1:])
        gaussian[rows] = rng.multivariate_normal(real.mean(axis=0), covariance, rows.sum())

    def score(X, y):
        X, y = np.concatenate([X_train[~replaced], X]), np.concatenate([y_train[~replaced], y])
        model = clone(classifier).fit(X, y)
        return float(check_scoring(model, scoring=scoring)(model, X_test, y_test))

    made = score(X_synthetic, y_synthetic), score(gaussian, y_synthetic)
    return MLEfficacy(*made, score(X_train[replaced], y_train[replaced]))


def _mean(scores):
    """Mean of those that are defined, from 0 to 1 but for rounding; NaN if none is."""
    import pandas as pd

    return float(pd.Series([*scores], dtype=float).clip(0, 1).mean())


def as_frame(X):
    """Any table, or one column, as a pandas frame, what the codec takes for a number as one."""
    check_pandas_support("A score of tables")
    import pandas as pd

    if hasattr(X, "to_frame"):  # a column of pandas or polars
        X = X.to_frame()
    if hasattr(X, "iter_columns"):  # of polars
        X = X.to_dict(as_series=False)
    frame = pd.DataFrame(X.toarray() if sparse.issparse(X) else X).infer_objects()
    for j, (_, column) in enumerate(frame.items()):
        if column.dtype.kind == "O" and not hasattr(column.dtype, "categories"):
            frame.isetitem(j, _plain(column))
    return frame


def _plain(column):
    """Objects as numbers, where all are numbers, dates, times of day or periods."""
    import pandas as pd

    present = column.dropna()
    kinds = {*map(type, present)}

    def are(*classes):
        return kinds and bool not in kinds and all(issubclass(kind, classes) for kind in kinds)

    if any(map(are, (datetime.date, datetime.time, pd.Period))):
        number = _nanoseconds
    elif are(datetime.timedelta):
        number = datetime.timedelta.total_seconds
    elif are(Real, Decimal):
        number = float
    else:
        return column
    numbers = np.full(len(column), np.nan)
    numbers[column.notna()] = [*map(number, present)]
    return numbers


def _nanoseconds(time):
    """A date, the start of a period, or a time of the first of all days; in UTC, since 1970."""
    if hasattr(time, "to_timestamp"):
        time = time.to_timestamp()
    elif isinstance(time, datetime.time):
        time = datetime.datetime.combine(datetime.date.min, time, None)
    elif getattr(time, "tzinfo", None) is not None:
        time = time.astimezone(datetime.UTC).replace(tzinfo=None)
    return 1000 * np.datetime64(time, "us").astype(float)


def is_numeric(column):
    """Whether a column of a frame holds numbers or times."""
    return column.dtype.kind in "iufmM"


def as_numbers(column):
    """Numbers or times as float64, NaN where missing."""
    if column.dtype.kind in "mM":
        times = np.asarray(column, dtype=f"{column.dtype.kind}8[ns]")
        return np.where(np.isnat(times), np.nan, times.astype(float))
    return column.to_numpy(float, na_value=np.nan)


def _numbers(X):
    """Columns of numbers or times as a frame of float64, NaN where missing."""
    import pandas as pd

    frame = as_frame(X)
    if not all(is_numeric(column) for _, column in frame.items()):
        raise ValueError(
            "Got a column of other values than numbers and times. Leave it out here: "
            "tv_complement and contingency_similarity compare categories."
        )
    return pd.DataFrame({j: as_numbers(column) for j, (_, column) in enumerate(frame.items())})


def _codes(X_real, X_synthetic):
    """Categories as whole numbers, -1 where missing: (n_real, n_columns), (n_synthetic, ...)."""
    import pandas as pd

    tables = [as_frame(X).to_numpy(object) for X in aligned(X_real, X_synthetic)]
    codes = [pd.factorize(column)[0] for column in np.concatenate(tables).T]
    return np.split(np.transpose(codes), [len(tables[0])])
