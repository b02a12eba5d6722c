"""scikit-learn's and imbalanced-learn's own checks: every sampler, no expected failure."""

import numpy as np
import pytest
from imblearn.utils import estimator_checks as imblearn_checks
from samplers import (
    ALL_SAMPLERS,
    BASE_SAMPLERS,
    each_sampler,
    each_sampler_others_slow,
    quick,
    table,
)
from sklearn.utils import estimator_checks as sklearn_checks

QUICK = [quick(Sampler) for Sampler in ALL_SAMPLERS]
BY_HAND = ["check_param_validation", "check_dataframe_column_names_consistency"]


def every_check(module):
    """The module's ``parametrize_with_checks``; slow but for two samplers."""
    mark = module.parametrize_with_checks(QUICK)
    names, cases = mark.args
    return pytest.mark.parametrize(names, list(map(slow_for_others, cases)), **mark.kwargs)


def slow_for_others(case):
    """The case (an estimator and a check, perhaps with marks), marked if need be."""
    case = case if hasattr(case, "marks") else pytest.param(*case)
    if type(case.values[0]) in BASE_SAMPLERS[:2]:
        return case
    return pytest.param(*case.values, marks=[*case.marks, pytest.mark.slow])


@every_check(imblearn_checks)
def test_imbalanced_learn(estimator, check):
    check(estimator)


# of a few rows of small whole numbers, what is mixed from rows is often one of them
@pytest.mark.filterwarnings("ignore:Near-copies .* by RowMixSampler:UserWarning")
@pytest.mark.filterwarnings("ignore:Got 1 sample of class:UserWarning")
@every_check(sklearn_checks)
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", BY_HAND)
@each_sampler_others_slow
def test_checks_that_imbalanced_learn_leaves_out(Sampler, check):
    getattr(imblearn_checks, check)(Sampler.__name__, quick(Sampler))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Near-copies .* by GAMOSampler:UserWarning")  # of noise
@each_sampler
def test_defaults_balance_exactly(Sampler, untouched_globals):
    X, y = table(counts=(40, 15, 5), n_features=5)
    X_resampled, y_resampled = Sampler(random_state=0).fit_resample(X, y)
    assert np.bincount(y_resampled).tolist() == [40, 40, 40]
    assert np.isfinite(X_resampled).all()
