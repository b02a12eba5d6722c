"""The sampler contract, the data: counts, containers, images, randomness."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from samplers import (
    assert_extends,
    dense,
    each_base_sampler,
    each_sampler,
    each_sampler_others_slow,
    each_trained_sampler_others_slow,
    fingerprint,
    images,
    quick,
    resampled,
    table,
)
from scipy import sparse
from sklearn.exceptions import NotFittedError

from skgan_resample import (
    BAGANGPSampler,
    BAGANSampler,
    CGANSampler,
    CycleGANSampler,
    RowMixSampler,
)


@pytest.fixture
def n_threads(request):
    """Run a test with that many torch threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


# two would wait for each other on cores that other tests share
one_thread = pytest.mark.parametrize("n_threads", [1], indirect=True)
two_threads = pytest.mark.parametrize("n_threads", [2], indirect=True)

# Counts ------------------------------------------------------------------------------------------

STRATEGIES = [
    ((12, 5), 0.75, [12, 9]),
    ((12, 5), 1.0, [12, 12]),
    ((12, 5, 3), "auto", [12, 12, 12]),
    ((12, 5, 3), "not majority", [12, 12, 12]),
    ((12, 5, 3), "all", [12, 12, 12]),
    ((12, 5, 3), "minority", [12, 5, 12]),
    ((12, 5, 3), "not minority", [12, 12, 3]),
    ((12, 5, 3), {1: 7}, [12, 7, 3]),
    ((12, 5, 3), {2: 3, 1: 6, 0: 15}, [15, 6, 3]),
    ((12, 5, 3), lambda y: {2: np.sum(y == 1)}, [12, 5, 5]),
]


def check_counts(Sampler, counts, strategy, expected):
    X, y = table(counts)
    sampler = quick(Sampler, sampling_strategy=strategy)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert np.bincount(y_resampled).tolist() == expected
    assert_extends(X, X_resampled)
    assert_extends(y, y_resampled)
    assert (np.diff(y_resampled[len(y) :]) >= 0).all()  # class by class
    assert_array_equal(sampler.is_synthetic_, np.arange(len(y_resampled)) >= len(y))
    asked = [sampler.sampling_strategy_.get(label, 0) for label in range(len(counts))]
    assert asked == np.subtract(expected, counts).tolist()


@pytest.mark.parametrize(("counts", "strategy", "expected"), STRATEGIES)
@each_base_sampler
def test_every_strategy_gives_exact_counts(Sampler, counts, strategy, expected):
    check_counts(Sampler, counts, strategy, expected)


@each_sampler
def test_every_sampler_gives_exact_counts(Sampler):
    sampler, (X, y), (X_resampled, y_resampled) = resampled(Sampler)
    assert_extends(X, X_resampled)
    assert_extends(y, y_resampled)
    assert y_resampled[len(y) :].tolist() == ["b"] * 7 + ["c"] * 9
    assert_array_equal(sampler.is_synthetic_, np.arange(36) >= 20)


@pytest.mark.parametrize("strategy", ["auto", {0: 6}])
@each_base_sampler
def test_nothing_is_generated_where_nothing_is_asked_for(Sampler, strategy, untouched_globals):
    X, y = table((6, 6))
    sampler = quick(Sampler, sampling_strategy=strategy).fit(*table((6, 3)))
    X_resampled, y_resampled = sampler.fit_resample(pd.DataFrame(X), y.tolist())
    assert_array_equal(X_resampled, X)
    assert y_resampled == y.tolist()
    assert not sampler.is_synthetic_.any()
    with pytest.raises(NotFittedError):
        sampler.sample(2)
    assert len(sampler.fit(X, y).sample(2)[0]) == 4  # fit trains all the same


class ClassIndex(BAGANSampler):
    """Generates the index of the class."""

    def _generate(self, y, *_):
        return y[:, None].float()


def test_each_class_gets_its_own_rows_in_every_batch():
    X = np.array([0.0, 1, 2, 3, 4, 5, 6, 100])
    sampler = quick(ClassIndex).fit(X[:, None], list("aabbbccc"))
    X_new, y_new = sampler.sample({"c": 1500, "b": 1000})  # batches are of 1024 rows at most
    assert y_new.tolist() == ["b"] * 1000 + ["c"] * 1500
    assert_allclose(X_new[:, 0], X.mean() + X.std() * np.repeat([1, 2], [1000, 1500]))


# Containers --------------------------------------------------------------------------------------

MIXED = {"whole": np.int64, "real": np.float32, "flag": bool, "byte": "UInt8"}
CONTAINERS = {
    **{dtype: partial(np.asarray, dtype=dtype) for dtype in ("float64", "float32", "float16")},
    **{dtype: partial(np.asarray, dtype=dtype) for dtype in ("int64", "int16", "uint8", "bool")},
    "list": np.ndarray.tolist,
    "tuple": lambda X: tuple(X.tolist()),
    "masked array, nothing masked": np.ma.array,
    "frame": lambda X: pd.DataFrame(X, columns=list(MIXED)).astype(MIXED),
    "frame, odd index": lambda X: pd.DataFrame(X, index=np.arange(len(X)) * 3),
    "frame of sparse columns": lambda X: pd.DataFrame(X).astype(pd.SparseDtype("int32", 0)),
    "csr_matrix": sparse.csr_matrix,
    "csr_array": lambda X: sparse.csr_array(X.astype(np.int8)),
    "csc_matrix": lambda X: sparse.csc_matrix(X.astype(np.float32)),
    "csc_array": sparse.csc_array,
    "coo_array": sparse.coo_array,
    "dok_array": sparse.dok_array,  # which is a dict, too
}


@pytest.mark.parametrize("container", CONTAINERS)
@each_base_sampler
def test_containers_and_dtypes_are_kept(Sampler, container):
    plain, y = table()
    X = CONTAINERS[container](plain * (plain > 30))
    before = fingerprint(X)
    X_resampled, _ = quick(Sampler).fit_resample(X, y)
    assert fingerprint(X) == before
    assert_extends(X, X_resampled)
    new = dense(X_resampled)[len(y) :].astype(float)
    assert new.shape == (16, 4)
    assert np.isfinite(new).all()
    assert (new.min(axis=0) >= dense(X).min(axis=0)).all()
    assert (new.max(axis=0) <= dense(X).max(axis=0)).all()


ELEMENTS = {
    "images of bytes": lambda X: X,
    "images of floats": lambda X: X.astype(np.float32),
    "rows of half precision": lambda X: X.reshape(len(X), -1).astype(np.float16),
    "tensors": torch.from_numpy,
    "tuples": lambda X: map(tuple, X.reshape(len(X), -1).tolist()),
    "lists": lambda X: X.tolist(),
}


@pytest.mark.parametrize("container", [list, tuple])
@pytest.mark.parametrize("kind", ELEMENTS)
def test_new_elements_of_a_list_are_what_the_first_one_is(kind, container):
    X, y = images(4, 3, counts=(8, 5))
    elements, labels = container(ELEMENTS[kind](X)), container(np.float32(y))
    X_resampled, y_resampled = quick(RowMixSampler).fit_resample(elements, labels)
    for made, given in ((X_resampled, elements), (y_resampled, labels)):
        assert type(made) is container
        assert len(made) == 16
        assert all(new is old for new, old in zip(made, given, strict=False))
        for new in made[13:]:
            assert type(new) is type(given[0])
            assert getattr(new, "dtype", None) == getattr(given[0], "dtype", None)
            assert np.shape(new) == np.shape(given[0])


LABELS = {
    "int": lambda y: y,
    "negative": lambda y: -y,
    "str": lambda y: np.array(["no", "yes", "perhaps"])[y],
    "object": lambda y: np.array(["no", "yes", "perhaps"], dtype=object)[y],
    "list": lambda y: y.tolist(),
    "column": lambda y: pd.DataFrame({"target": y}),
    "series": lambda y: pd.Series(y, name="target", dtype="int8", index=y * 2),
    "categories": lambda y: pd.Series(np.array(list("abc"))[y], name="target").astype("category"),
    "nullable": lambda y: pd.Series(y, dtype="Int64"),
    "categories of numbers": lambda y: pd.Series(y).astype("category"),
    "one-hot": lambda y: np.eye(3, dtype=np.int8)[y],
    "one-hot list": lambda y: np.eye(3, dtype=int)[y].tolist(),
    "one-hot, empty column": lambda y: np.eye(5, dtype=np.int64)[y + 1],
    "one-hot frame": lambda y: pd.DataFrame(np.eye(3, dtype=bool)[y], columns=list("abc")),
}


@pytest.mark.parametrize("kind", LABELS)
@each_base_sampler
def test_labels_keep_their_container_and_values(Sampler, kind):
    X, plain = table()
    y = LABELS[kind](plain)
    _, y_resampled = quick(Sampler).fit_resample(X, y)
    assert_extends(y, y_resampled)
    assert len(y_resampled) == 36
    axis = 0 if np.ndim(y_resampled) == 2 else None
    _, counts = np.unique(np.asarray(y_resampled), axis=axis, return_counts=True)
    assert counts.tolist() == [12, 12, 12]


@pytest.mark.parametrize("dtype", ["bool", "boolean", "category"])
def test_booleans_are_labels(dtype):
    X, y = table((12, 5))
    y = pd.Series(y.astype(bool)).astype(dtype)
    sampler = quick(BAGANSampler)
    _, y_resampled = sampler.fit_resample(X, y)
    assert_extends(y, y_resampled)
    assert y_resampled.tolist().count(True) == y_resampled.tolist().count(False) == 12
    assert sampler.classes_.dtype == bool
    assert sampler.sample(2)[1].dtype == bool


def test_a_column_of_labels_comes_back_flat():
    X, y = table()
    _, y_resampled = quick(BAGANSampler).fit_resample(X, y[:, None])
    assert y_resampled.shape == (36,)


def test_torch_tensors_come_back_as_arrays():
    X, y = table()
    X_resampled, y_resampled = quick(BAGANSampler).fit_resample(torch.tensor(X), torch.tensor(y))
    assert_extends(X, X_resampled)
    assert_extends(y, y_resampled)


def constant(value, *shape):
    """A sampler that generates one value alone, as encoded."""

    class Constant(BAGANSampler):
        def _generate(self, y, *_):
            return torch.full((len(y), *shape), value)

    return Constant


@pytest.mark.filterwarnings("ignore:Got 1 sample of class 0")
def test_columns_of_whole_numbers_are_rounded_not_cut():
    flags = [False, True, False, False]
    X = pd.DataFrame({"whole": [1, 2, 3, 5], "real": [1.0, 2.0, 3.0, 5.0], "flag": flags})
    sampler = quick(constant(0.0, 3), categorical_features=None)
    X_resampled, _ = sampler.fit_resample(X, [0, 1, 1, 1])
    assert X_resampled.iloc[-1].tolist() == [3, 2.75, False]


# Images ----------------------------------------------------------------------------------------

SHAPES = [(28, 28, 1), (8, 8, 1), (1, 1), (1, 9), (5, 4)]
LARGE = [(32, 32, 3), (100, 100, 3), (37, 53, 2)]


def check_pictures(Sampler, shape):
    X, y = images(*shape, counts=(3, 2))
    sampler = quick(Sampler)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert_extends(X, X_resampled)
    assert np.bincount(y_resampled).tolist() == [3, 3]
    assert sampler.sample(2)[0].shape == (4, *shape)
    assert sampler.n_features_in_ == np.prod(shape)


@pytest.mark.parametrize(
    "shape", SHAPES + [pytest.param(shape, marks=pytest.mark.slow) for shape in LARGE], ids=str
)
@each_sampler_others_slow
@one_thread
def test_pictures_of_any_size(Sampler, shape, n_threads):
    check_pictures(Sampler, shape)
    X, y = images(*shape, counts=(3, 2))
    flat, _ = quick(Sampler, image_shape=shape).fit_resample(X.reshape(5, -1), y)
    assert_extends(X.reshape(5, -1), flat)


@each_sampler
@one_thread
def test_pictures_of_three_channels(Sampler, n_threads):
    check_pictures(Sampler, (5, 4, 3))


@pytest.mark.parametrize(
    "kind", ["flattened", "list", "frame", "csr_array", "shape given", "floats", "frame of floats"]
)
def test_pictures_mean_the_same_in_every_container(kind):
    X, y = images(4, 3)
    X[0, 0] = [0, 128, 255]  # a list does not know that its numbers are bytes
    expected, _ = quick(BAGANSampler).fit_resample(X, y)
    flat = X.reshape(len(X), -1)
    same = {"flattened": flat, "frame": pd.DataFrame(flat), "csr_array": sparse.csr_array(flat)}
    same |= {"floats": X.astype(float), "frame of floats": pd.DataFrame(flat.astype("float32"))}
    shape = None if kind == "list" else [4, 3]
    container = same.get(kind, X.tolist() if kind == "list" else X)
    X_resampled, _ = quick(BAGANSampler, image_shape=shape).fit_resample(container, y)
    assert_extends(container, X_resampled)
    assert_array_equal(dense(X_resampled).ravel(), expected.ravel())


def bytes_of_16(hot=16):
    """Images of bytes from 0 to 16, one pixel of which may be hot."""
    X, y = np.random.default_rng(0).integers(0, 17, (40, 8, 8)), np.arange(40) % 5 == 0
    X[0, 3, 3] = hot
    return X.astype(np.uint8), y


@each_trained_sampler_others_slow
def test_bytes_of_a_part_of_their_range_are_learnt_like_those_of_all(Sampler):
    X, y = bytes_of_16()
    sampler = quick(Sampler)
    new = sampler.fit_resample(X, y)[0][40:]
    bright = sampler.fit_resample(X * np.uint8(15), y)[0][40:] / 15
    assert np.abs(new - bright).max() <= 0.54  # one rounded to a whole number, one to a fifteenth
    assert_array_equal(sampler.fit_resample(*bytes_of_16(hot=255))[0][40:], new)


def test_mixed_bytes_of_a_part_of_their_range_are_as_bright_as_real_ones():
    X, y = bytes_of_16(hot=255)
    new = quick(RowMixSampler, sampling_strategy={True: 500}).fit_resample(X, y)[0][40:]
    assert (new.min(), new.max()) == (0, 16)
    assert abs(new.mean() - X[y].clip(0, 16).mean()) < 0.5
    assert abs(new.std() / X[y].clip(0, 16).std() - 1) < 0.3


@pytest.mark.parametrize(("value", "pixel"), [(3.0, 255), (-3.0, 0), (0.0, 128), (0.41, 180)])
def test_bytes_are_rounded_and_clipped_never_wrapped(value, pixel):
    X, y = images(4, 3)
    X_resampled, _ = quick(constant(value, 1, 4, 3)).fit_resample(X, y)
    assert (X_resampled[len(X) :] == pixel).all()


def test_pixels_of_mixed_columns_are_rounded_where_whole():
    X, y = images(1, 4)
    X = pd.DataFrame(X.reshape(len(X), -1)).astype({0: "UInt8", 1: "int32", 3: "float32"})
    X_resampled, _ = quick(BAGANSampler, image_shape=(1, 4)).fit_resample(X, y)
    assert_extends(X, X_resampled)


class Threads(BAGANSampler):
    """Notes the number of torch's threads in its training and in its generation."""

    seen = []

    def _fit_gan(self, *args):
        self.seen.append(torch.get_num_threads())
        return super()._fit_gan(*args)

    def _generate(self, *args):
        self.seen.append(torch.get_num_threads())
        return super()._generate(*args)


@two_threads
def test_small_problems_take_one_thread(n_threads):
    Threads.seen.clear()
    quick(Threads).fit_resample(*images(8, 9, 5))  # a full batch would have 23,040 values
    quick(Threads).fit_resample(*images(28, 28))  # and this one 50,176
    assert Threads.seen == [1] * 4


# Randomness --------------------------------------------------------------------------------------


@each_base_sampler
def test_a_seed_means_the_same_arrays_in_every_container(Sampler):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(150, 3)).cumsum(axis=0), np.repeat([0, 1], [100, 50])
    sampler = quick(Sampler)
    expected, _ = sampler.fit_resample(X, y)
    for same in [X, np.asfortranarray(X), pd.DataFrame(X), pd.DataFrame(dict(enumerate(X.T)))]:
        assert_array_equal(sampler.fit_resample(same, y)[0], expected)
    for same in [X.tolist(), sparse.csr_matrix(X), sparse.csc_array(X)]:
        assert_array_equal(dense(sampler.fit_resample(same, y)[0]), expected)
    other, _ = sampler.set_params(random_state=1).fit_resample(X, y)
    assert not np.array_equal(other, expected)


@each_sampler
@two_threads
def test_global_streams_and_threads_are_left_alone(Sampler, n_threads, untouched_globals):
    _, data, (expected, _) = resampled(Sampler)
    sampler = quick(Sampler).fit(*images(6, 5))
    sampler.sample(2)
    sampler.sample(2, random_state=0)
    assert_array_equal(sampler.fit_resample(*data)[0], expected)


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)], ids=["None", "stream"])
@each_base_sampler
@two_threads
def test_whatever_the_seed_is(Sampler, seed, n_threads, untouched_globals):
    sampler = quick(Sampler, random_state=seed)
    first, again = (sampler.fit_resample(*table())[0] for _ in range(2))
    assert not np.array_equal(first, again)
    sampler.sample(2)


# What a review has broken ------------------------------------------------------------------------


@each_base_sampler
def test_dates_are_labels(Sampler):
    X, y = table((12, 5))
    dates = np.array(["2020-01-01", "2021-01-01"], "M8[D]")[y]
    sampler = quick(Sampler)
    _, y_resampled = sampler.fit_resample(X, dates)
    assert np.unique(y_resampled, return_counts=True)[1].tolist() == [12, 12]
    assert len(sampler.sample({dates[0]: 3})[0]) == 3


def test_nothing_of_an_earlier_fit_is_left_after_an_error():
    X, y = table((12, 5))
    sampler = quick(CycleGANSampler).fit(X, y)
    with pytest.raises(ValueError, match="infinity"):
        sampler.fit(np.full_like(X, np.inf), y)
    assert not any(isinstance(value, dict) for value in vars(sampler).values())
    assert set(vars(sampler)) - set(sampler.get_params()) <= {"codec_"}


def test_parameters_set_after_a_fit_do_not_change_its_samples():
    sampler = quick(BAGANGPSampler).fit(*table())
    expected, _ = sampler.sample(3, random_state=0)
    sampler.set_params(latent="standard", latent_dim=3, hidden_dim=2, image_shape=(2, 2))
    assert_array_equal(sampler.sample(3, random_state=0)[0], expected)


def test_threads_sample_with_seeds_of_their_own_and_the_generator_with_its_own_stream():
    X, y = table((30, 12))
    frame = pd.DataFrame(X).astype(int).assign(kind=np.array(list("uvw"))[X[:, 0].astype(int) % 3])
    frame.columns = frame.columns.astype(str)
    sampler, twin = quick(CGANSampler).fit(frame, y), quick(CGANSampler).fit(frame, y)
    expected = sampler.sample(200, random_state=0)[0]
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda seed: sampler.sample(200, random_state=seed)[0], [0, 1, 0, 2, 0, 3])
        assert [frame.equals(expected) for frame in made] == [True, False, True, False, True, False]
    sampler.generator_(torch.zeros(3, sampler.latent_dim_), torch.tensor([0, 1, 1]))
    assert sampler.sample(5)[0].equals(twin.sample(5)[0])
