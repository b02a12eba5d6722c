"""New rows of sparse tables: the distribution is that of the dense table, and nothing is dense."""

import tracemalloc
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from skgan_resample import RowMixSampler
from skgan_resample.mixing import SparseMixture, TableMixture

N, D, MADE = 200, 60, 3000
VALUES = {
    "between 0 and 1": lambda rng, k: rng.random(k),
    "below 0": lambda rng, k: -rng.random(k),
    "both signs": lambda rng, k: rng.normal(size=k),
    "counts": lambda rng, k: rng.integers(1, 5, k),
    "zero or one": lambda rng, k: np.ones(k),
    "a few of both signs": lambda rng, k: rng.choice([-1, 1, 2], k),
}
Y = np.arange(N) % 5 == 0


def table(kind, seed=0):
    """Rows with a column that is nowhere zero, a constant and an empty one."""
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((N, D)) < 0.1, VALUES[kind](rng, (N, D)), 0.0)
    X[Y, :20] *= 2
    X[:, 3] = rng.normal(size=N)
    X[:, 4], X[:, 5] = 1, 0
    return X


@pytest.mark.parametrize("kind", VALUES)
def test_rows_are_distributed_as_those_of_the_dense_table(kind):
    X = table(kind)
    made = [
        RowMixSampler(random_state=0).fit(form(X), Y).sample(MADE)[0]
        for form in (sparse.csr_array, np.asarray)
    ]
    new, like = made[0].toarray().reshape(2, MADE, D), made[1].reshape(2, MADE, D)
    error = np.sqrt((new.var(axis=1) + like.var(axis=1)) / MADE)
    assert (np.abs(new.mean(axis=1) - like.mean(axis=1)) <= 4.5 * error).all()
    assert new.std(axis=1) == pytest.approx(like.std(axis=1), rel=0.2, abs=0.05)
    assert (new != 0).mean() == pytest.approx((like != 0).mean(), rel=0.05)
    largest = [np.mean(rows[..., 6:20] == X[:, 6:20].max(axis=0)) for rows in (new, like)]
    assert largest[0] == pytest.approx(largest[1], rel=0.15)
    assert all(np.isin(new[..., j], X[:, j]).all() for j in {*range(D)} - {3})
    assert np.isin(new[..., 3], X[:, 3]).mean() < 0.1  # the ends
    assert X[:, 3].min() <= new[..., 3].min() < new[..., 3].max() <= X[:, 3].max()


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
@pytest.mark.filterwarnings("ignore:Near-copies")
@pytest.mark.parametrize("dtype", [np.float32, np.int8, bool])
def test_containers_and_dtypes_are_kept_without_a_warning(container, dtype):
    X = container(table("counts")[:, 6:].astype(dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataConversionWarning)
        sampler = RowMixSampler(random_state=0)
        X_resampled, _ = sampler.fit_resample(X, Y)
        new, _ = sampler.sample({True: 2, False: 0}, random_state=1)
    assert type(X_resampled) is type(new) is type(X)
    assert X_resampled.dtype == new.dtype == X.dtype
    assert (X_resampled.tocsr()[:N] != X.tocsr()).nnz == 0
    assert new.shape == (2, X.shape[1])
    again = sampler.sample({True: 2}, random_state=1)[0]
    assert (again != new).nnz == 0


@pytest.mark.filterwarnings("ignore:Near-copies")
def test_one_hot_columns_stay_one_hot():
    codes = np.random.default_rng(0).integers(0, [15, 12], (N, 2))
    X = sparse.csr_array(np.hstack([np.eye(15)[codes[:, 0]], np.eye(12)[codes[:, 1]]]))
    new = RowMixSampler(random_state=0).fit(X, Y).sample(200)[0].toarray()
    assert (new[:, :15].sum(axis=1) == 1).all()
    assert (new[:, 15:].sum(axis=1) == 1).all()
    pairs = {tuple(row) for row in new}
    assert len(pairs - {tuple(row) for row in X.toarray()}) > 5  # each by itself


@pytest.mark.filterwarnings("ignore:Got 1 sample")
def test_classes_of_one_row_give_copies_of_it():
    X = sparse.csr_array(np.diag(np.arange(1.0, 7)))
    sampler = RowMixSampler(random_state=0, sampling_strategy={0: 3, 4: 2})
    X_resampled, y_resampled = sampler.fit_resample(X, np.arange(6))
    assert isinstance(sampler.mixture_, SparseMixture)
    assert_array_equal(X_resampled.toarray(), X.toarray()[y_resampled])


def test_a_wide_table_is_never_dense():
    X = sparse.random(400, 20_000, 0.002, "csr", random_state=0)
    tracemalloc.start()
    X_resampled, _ = RowMixSampler(random_state=0).fit_resample(X, np.arange(400) < 40)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert X_resampled.shape == (720, 20_000)
    assert X_resampled.nnz < 8 * X.nnz
    assert peak < X_resampled.shape[0] * 20_000  # a byte a value


@pytest.mark.parametrize("value", [np.nan, 1e9])
def test_what_is_missing_or_large_goes_the_dense_way(value):
    X = table("counts")
    X[7, 20] = value
    with pytest.warns(DataConversionWarning, match="made dense"):
        sampler = RowMixSampler().fit(sparse.csr_array(X), Y)
    assert isinstance(sampler.mixture_, TableMixture)


@pytest.mark.filterwarnings("ignore:Got a sparse")
def test_categories_of_a_sparse_table_are_told_by_a_mask():
    X = sparse.csr_array(table("counts"))
    sampler = RowMixSampler(categorical_features=np.arange(D) == 7).fit(X, Y)
    assert sampler.codec_.categorical_features_.tolist() == [7]
