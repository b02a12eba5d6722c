"""The law without a network: that of an anchored BAGAN-GP before its training."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from samplers import pictures, table

from skgan_resample import BAGANGPSampler, RowMixSampler


@pytest.mark.parametrize("data", [table((30, 9)), pictures(8, 8)], ids=["table", "pictures"])
def test_rows_are_the_drafts_of_bagan_gp(data):
    drafts = BAGANGPSampler(max_iter=0, random_state=0).fit(*data)
    rows, labels = RowMixSampler(random_state=0).fit(*data).sample(50, random_state=1)
    expected, expected_labels = drafts.sample(50, random_state=1)
    assert_allclose(rows, expected, atol=1e-4)
    assert_array_equal(labels, expected_labels)
    assert len(np.unique(rows.reshape(100, -1), axis=0)) > 60  # not duplicates


def test_nothing_is_trained():
    sampler = RowMixSampler(random_state=0).fit(*table())
    assert list(sampler.generator_.parameters()) == []
    assert sampler.n_iter_ == 0
    assert sampler.retains_training_data_
