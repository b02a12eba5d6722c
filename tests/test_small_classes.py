"""Classes of one to ten rows: exact counts, one warning, and what the guide says of them."""

import warnings

import numpy as np
import pytest
from samplers import each_sampler_others_slow, images, quick, table

from skgan_resample import GAMOSampler, RowMixSampler


def resampled(Sampler, X, y, **parameters):
    """The new rows of each class, and the texts of the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X_resampled, y_resampled = quick(Sampler, **parameters).fit_resample(X, y)
    new, labels = X_resampled[len(y) :], y_resampled[len(y) :]
    return [new[labels == c] for c in np.unique(y)], [str(warning.message) for warning in caught]


@pytest.mark.parametrize("make", [table, lambda counts: images(4, 3, counts=counts)])
@each_sampler_others_slow
def test_one_warning_names_the_classes_of_one_row(Sampler, make):
    made, messages = resampled(Sampler, *make((12, 1, 10, 2, 1)))
    assert [len(rows) for rows in made] == [0, 11, 2, 10, 11]
    assert all(np.isfinite(rows).all() for rows in made)
    assert len(messages) == 1
    assert messages[0].startswith("Got 1 sample of classes 1, 4, which cannot show")
    assert Sampler.__name__ in messages[0]


def test_a_class_that_needs_no_row_is_not_warned_of():
    assert resampled(RowMixSampler, *table((12, 1, 5)), sampling_strategy={2: 9})[1] == []
    _, (messages,) = resampled(RowMixSampler, *table((12, 1, 1)), sampling_strategy={1: 2, 2: 1})
    assert "Got 1 sample of class 1, which" in messages
    # where none needs one, sample may be asked for any
    with pytest.warns(UserWarning, match="Got 1 sample of classes 0, 1, which"):
        RowMixSampler().fit(*table((1, 1)))


def test_of_many_classes_five_are_named():
    _, messages = resampled(RowMixSampler, *table([3] + [1] * 9))
    assert "of classes 1, 2, 3, 4, 5 and 4 more, which" in messages[0]


def test_what_is_made_of_one_row():
    X, y = table((12, 1))
    (row,) = X[y == 1]
    (_, copies), _ = resampled(GAMOSampler, X, y)
    assert np.allclose(copies, row)
    (_, varied), _ = resampled(RowMixSampler, X, y)
    assert (np.abs(varied - row).max(axis=1) > 1e-3).sum() >= 9
