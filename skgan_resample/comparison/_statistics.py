"""Statistical tests of differences between samplers."""

import numpy as np
from scipy import stats


def corrected_t_test(differences, test_to_train):
    """Nadeau and Bengio's corrected resampled t-test: (statistic, p-value), two-sided.

    ``test_to_train``, the number of test samples over that of training samples, corrects for
    overlapping training sets; 0 is the plain t-test.
    """
    if not np.any(differences):
        return 0.0, 1.0
    n = len(differences)
    with np.errstate(divide="ignore"):
        statistic = np.mean(differences) / standard_error(differences, test_to_train)
    return statistic, 2 * stats.t.sf(abs(statistic), n - 1)


def standard_error(values, test_to_train):
    """Standard error of a mean over splits: their variance times 1 / n + n_test / n_train."""
    return np.std(values, ddof=1) * np.sqrt(1 / len(values) + test_to_train)


def wilcoxon(differences):
    """Wilcoxon's signed-rank test: (statistic, p-value), (0, 1) if all differences are zero."""
    if not np.any(differences):
        return 0.0, 1.0
    outcome = stats.wilcoxon(differences, zero_method="zsplit")  # as Demšar has it
    return outcome.statistic, outcome.pvalue


def friedman(scores):
    """Friedman's test over columns of scores; its p-value, NaN for fewer than three columns."""
    if scores.shape[1] < 3 or len(scores) < 2 or (np.ptp(scores, axis=1) == 0).all():
        return np.nan
    return stats.friedmanchisquare(*np.transpose(scores)).pvalue


def holm(p_values):
    """Adjust p-values, NaN where there was no test, by Holm's step-down method."""
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values)  # NaN comes last
    n = np.isfinite(p_values).sum()
    factors = np.maximum(n - np.arange(len(p_values)), 1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1)
    return adjusted
