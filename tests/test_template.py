"""What the template of the samplers works out by itself, in closed forms."""

import inspect
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from samplers import each_sampler, quick, table
from scipy import sparse
from skgan_resample._generation import _class_indices, _rows_each, new_seed, regroup

from skgan_resample import BAGANSampler, CGANSampler


@pytest.mark.parametrize(
    ("shape", "latent_dim", "n_updates"),
    [((3,), 8, 500), ((40,), 20, 500), ((1, 6, 6), 18, 1500), ((3, 32, 32), 64, 1500)],
)
def test_auto_goes_by_the_data(shape, latent_dim, n_updates):
    sampler = BAGANSampler()
    assert sampler._sizes(torch.zeros(2, *shape)) == (latent_dim, n_updates, n_updates)
    assert sampler.latent_dim_ == latent_dim
    sampler.set_params(latent_dim=5, max_iter=0, autoencoder_max_iter=7)
    assert sampler._sizes(torch.zeros(2, *shape)) == (5, 0, 7)


@pytest.mark.parametrize(("n_classes", "n_each"), [(0, 200), (1, 200), (20, 100), (500, 20)])
def test_rows_to_judge_are_2000_in_all_and_20_to_200_a_class(n_classes, n_each):
    assert _rows_each(range(n_classes)) == n_each


@pytest.mark.parametrize("counts", [[3, 0, 4, 1], [0, 8]])
def test_rows_are_laid_out_class_by_class(counts):
    expected = np.repeat(np.arange(len(counts)), counts)
    for start in range(8):
        assert_array_equal(_class_indices(counts, start, 8 - start), expected[start:])
        assert_array_equal(_class_indices(counts, 0, start), expected[:start])


@pytest.mark.parametrize("sizes", [[], [0, 0], [4], [1, 2, 3, 4], [10], [3, 3, 3], [7, 0, 1]])
@pytest.mark.parametrize("size", [1, 3, 4, 20])
def test_batches_are_joined_and_split(sizes, size):
    rows = np.arange(sum(sizes))
    made = list(regroup(iter(np.split(rows, np.cumsum(sizes)[:-1]) if sizes else []), size))
    expected = np.split(rows, range(size, len(rows), size)) if len(rows) else []
    assert [batch.tolist() for batch in made] == [batch.tolist() for batch in expected]


def test_a_seed_comes_from_numpys_stream_or_from_nowhere():
    assert new_seed(3) == np.random.RandomState(3).randint(2**31 - 1)
    stream, twin = np.random.RandomState(5), np.random.RandomState(5)
    assert new_seed(stream) == twin.randint(2**31 - 1)
    assert new_seed(stream) == twin.randint(2**31 - 1)
    before = np.random.get_state()[1].tolist()
    assert new_seed(None) != new_seed(None)
    assert np.random.get_state()[1].tolist() == before


@each_sampler
def test_every_parameter_has_a_constraint(Sampler):
    # scikit-learn passes a parameter without one as it is
    assert set(inspect.signature(Sampler).parameters) <= set(Sampler._parameter_constraints)


@pytest.mark.parametrize(("precision", "bf16"), [("float32", False), ("bf16", True)])
def test_the_loops_are_told_the_precision(precision, bf16):
    sampler = CGANSampler(precision=precision)
    sampler._progress, sampler._patience, sampler._ranks = SimpleNamespace(deadline=1.0), None, None
    assert sampler._schedule(3).bf16 is bf16


def test_half_a_second_is_a_time():
    CGANSampler(max_time=0.5)._validate_params()
    with pytest.raises(ValueError, match="max_time"):
        CGANSampler(max_time=0.0)._validate_params()


def test_one_hot_labels_of_two_classes():
    X, y = table((9, 4))
    _, y_resampled = quick(CGANSampler).fit_resample(X, np.eye(2, dtype=int)[y])
    assert y_resampled.sum(0).tolist() == [9, 9]
    # imbalanced-learn's own hook gives the same
    _, by_hook = quick(CGANSampler)._fit_resample(X, np.eye(2, dtype=int)[y])
    assert_array_equal(by_hook, y_resampled)


def test_pictures_may_be_sparse():
    X, y = table((9, 4))
    X_resampled, _ = quick(CGANSampler, image_shape=(2, 2)).fit_resample(sparse.csr_array(X), y)
    assert_array_equal(X_resampled[:13].toarray(), X)


def test_pixels_are_whole_where_a_frames_columns_are():
    X, y = table((9, 4))
    frame = pd.DataFrame(X).astype({0: int, 2: int})
    sampler = quick(CGANSampler, image_shape=(2, 2)).fit(frame, y)
    assert sampler.codec_.integer_.tolist() == [True, False, True, False]


@pytest.mark.parametrize("shape", [(4,), (501,), (3, 64, 64)])
def test_rows_are_generated_at_once_by_their_width(shape):
    sampler = CGANSampler()
    sampler.codec_ = SimpleNamespace(sample_shape_=shape)
    assert isinstance(sampler._at_once(), int)
    assert sampler._at_once() * np.prod(shape) <= 2**22


def test_a_class_that_needs_a_single_row_lacks_rows():
    sampler = CGANSampler()
    sampler.classes_, sampler.sampling_strategy_ = np.arange(3), {1: 1, 2: 0}
    assert sampler._lacking(np.ones(3, dtype=bool)).tolist() == [False, True, False]
    sampler.sampling_strategy_ = {}
    assert sampler._lacking(np.array([True, False, True])).tolist() == [True, False, True]
