"""Warnings of mode collapse and of near-copies: when they come, and when not."""

import warnings

import numpy as np
import pytest
import torch
from imblearn.pipeline import make_pipeline
from samplers import images, quick, table
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning

from skgan_resample import (
    CGANSampler,
    IntraClassACGANSampler,
    RowMixSampler,
    SubclassDiscovery,
)
from skgan_resample._base import BaseSampler
from skgan_resample._gan_base import BaseGANSampler


class Making(BaseSampler):
    """Makes samples of a class by a function of its encoded training samples."""

    n_iter_ = 100  # as after a training, which is checked
    _check_fit = BaseGANSampler._check_fit

    def __init__(
        self,
        make,
        image_shape=None,
        sampling_strategy="auto",
        categorical_features="auto",
        random_state=0,
    ):
        self.make, self.image_shape, self.sampling_strategy = make, image_shape, sampling_strategy
        self.categorical_features, self.random_state = categorical_features, random_state

    def _fit(self, x, y, rng):
        x = (x - np.float32(127.5)) / np.float32(127.5) if x.dtype == np.uint8 else x
        self.of_class_ = [x[y == c] for c in range(len(self.classes_))]

    def _sample(self, y, rng):
        made = [self.make(self.of_class_[c], (y == c).sum(), c) for c in np.unique(y)]
        return np.concatenate(made).astype(np.float32)


def constant(x, n, c):
    return np.full((n, *x.shape[1:]), 0.1)


def copies(x, n, c):
    return x[np.arange(n) % len(x)]


def data(kind):
    return table((30, 12, 5)) if kind == "table" else images(8, 8, counts=(30, 12, 5))


@pytest.mark.parametrize("kind", ["table", "images"])
def test_a_collapsed_class_is_named(kind):
    # not the largest class, nor one of five samples
    message = r"^Mode collapse in class 1 \(12 samples\): the median .* by Making is 0.00 of that"
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        Making(constant).fit(*data(kind))
    assert len(warned) == 1


@pytest.mark.parametrize("kind", ["table", "images"])
def test_a_copied_class_is_named(kind):
    message = r"^Near-copies of training samples in class 1 \(12 samples\): 100% .* by Making"
    with pytest.warns(UserWarning, match=message) as warned:
        Making(copies).fit(*data(kind))
    assert len(warned) == 1


def test_of_balanced_data_all_classes_are_compared():
    message = r"classes 0 \(12 samples\), 1 \(12 samples\): .* is 0.00 of"
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        Making(constant).fit(*table((12, 12)))
    assert len(warned) == 1


def normal(n, d=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_of_many_classes_the_worst_are_named():
    y = np.repeat(list("abcdefg"), 9)
    message = r"classes g \(9 samples\), f .* c .* and 2 more: .* is 0.01 to 0.0[78] of"
    with pytest.warns(ConvergenceWarning, match=message):
        Making(lambda x, n, c: copies(x, n, c) * (7 - c) / 90).fit(normal(63), y)

    def partly(x, n, c):
        return np.r_[copies(x, n, c)[: n * 2 // (3 - c)], x.mean(0) + normal(n)][:n]

    message = r"classes 1 \(60 samples\), 0 \(60 samples\): 6\d% to 100% of"
    with pytest.warns(UserWarning, match=message):
        Making(partly, sampling_strategy="all").fit(normal(120), np.repeat([0, 1], 60))


LEVELS = np.repeat(np.random.default_rng(0).integers(2, size=(100, 2)) / 3 + 0.1, 50, axis=1)


@pytest.mark.parametrize(
    ("real", "make"),
    [
        (normal(200), lambda x, n, c: normal(n, seed=1)),
        (normal(200), lambda x, n, c: 0.25 * normal(n, seed=1)),
        (
            np.concatenate([np.full((1, 5), 1e4), normal(200)]),
            lambda x, n, c: np.median(x, 0) + x[1:].std(0) * normal(n, seed=1),
        ),
        (normal(200), lambda x, n, c: np.r_[x[: n * 2 // 5], normal(n, seed=1)][:n]),
        (np.full((9, 3), 0.1), copies),
        (LEVELS, copies),
        # about half of the pairs differ, in one set a little more than half and in the other less
        (np.repeat([[0.0], [1.0]], [3, 5], 0), lambda x, n, c: copies(x, n, c)[::-1]),
        (normal(9), lambda x, n, c: np.full((n, 5), np.nan)),  # an error where they are asked for
    ],
    ids=[
        "new",
        "narrow",
        "outlier",
        "fewer than half",
        "all alike",
        "two levels",
        "two values",
        "not finite",
    ],
)
def test_of_these_nobody_is_warned(real, make):
    X = np.concatenate([real, real[:1]])
    y = np.arange(len(X)) == len(real)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Got 1 sample of class")
        Making(make, sampling_strategy={False: len(X) + 1}).fit(X, y)


def test_copies_of_a_large_class_are_found():
    X, y = normal(5010, 2), np.arange(5010) < 5000
    with pytest.warns(UserWarning, match="100% of the samples generated by Making"):
        Making(lambda x, n, c: x[1 : 2 * n : 2], sampling_strategy={True: 5001}).fit(X, y)


FIVE = SubclassDiscovery(n_subclasses=5, random_state=0)


@pytest.mark.parametrize(
    ("make", "counts", "message"),
    [
        (lambda: Making(constant), (30, 12), "Mode collapse"),
        (lambda: Making(copies), (30, 12), "Near-copies"),
        (RowMixSampler, (12, 1), "Got 1 sample"),
        (lambda: quick(IntraClassACGANSampler, subclass_discovery=FIVE), (12, 3), "distinct row"),
    ],
    ids=["collapse", "copies", "one sample", "subclasses"],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda sampler, X, y: sampler.fit(X, y),
        lambda sampler, X, y: sampler.fit_resample(X, y),
        lambda sampler, X, y: sampler.fit(sparse.csr_array(X), y),  # one more, of the codec
        lambda sampler, X, y: make_pipeline(sampler, DummyClassifier()).fit(X, y),
    ],
    ids=["fit", "fit_resample", "sparse", "pipeline"],
)
def test_a_warning_points_at_the_line_of_the_caller(make, counts, message, call):
    X, y = table(counts)
    sampler = make()
    with pytest.warns(UserWarning, match=message) as warned:
        call(sampler, X, y)
    assert {warning.filename for warning in warned} == {__file__}


@pytest.mark.slow
def test_networks_of_many_columns_are_warned_of_before_they_are_trained():
    X, y = np.random.default_rng(0).random((9, 5001)), np.arange(9) < 3
    message = r"Got 5,001 columns.* of CGANSampler has more than 10,002 weights.* SelectKBest"
    sampler = quick(CGANSampler, max_iter=1, hidden_dim=2)
    with pytest.warns(UserWarning, match=message) as warned:
        sampler.fit(X, y)
    assert [warning.filename for warning in warned] == [__file__]
    sizes = [weight.numel() for weight in sampler.generator_.parameters()]
    assert sum(sizes) > 10_002
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampler.fit(X[:, 1:], y)
        RowMixSampler().fit(X, y)


def swapped(x, n, c):
    """Samples from where the other of two classes lies, as encoded."""
    return np.random.default_rng(0).normal((1.4, -0.5)[c], 0.6, (n, x.shape[1]))


@pytest.mark.parametrize(
    ("gap", "make", "warned"), [(3.0, swapped, 1), (3.0, copies, 0), (0.0, swapped, 0)]
)
def test_samples_of_another_class_are_warned_of(gap, make, warned):
    """Not of classes that cannot be distinguished (a gap of 0), whatever is generated."""
    y = np.repeat([0, 1], (60, 20))
    X = np.random.default_rng(1).normal(gap * y[:, None], 1, (80, 5))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Making(make, sampling_strategy={0: 80, 1: 80}).fit(X, y)
    found = [str(w.message) for w in caught if "another class" in str(w.message)]
    assert len(found) == warned
    assert all("(60 samples)" in message and "(20 samples)" in message for message in found)


class Constructed(CGANSampler):
    """Makes no update and says that it has made all of them."""

    def _fit_gan(self, x, y, run):
        run.max_iter = 0
        generator, _ = super()._fit_gan(x, y, run)
        return generator, {"generator": torch.zeros(self.max_iter)}


class Constant(Constructed):
    def _generate(self, y, run):
        return 0 * super()._generate(y, run) + 0.1


def test_short_trainings_and_none_are_not_compared():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Constant(max_iter=99).fit(*table((30, 12)))
        RowMixSampler().fit(*table((30, 12)))
    with pytest.warns(ConvergenceWarning):
        Constant(max_iter=100).fit(*table((30, 12)))


def test_comparing_draws_nothing_from_the_fit():
    unseen, seen = (
        Constructed(max_iter=n, random_state=0).fit_resample(*table((30, 12)))[0] for n in (99, 100)
    )
    assert seen.tobytes() == unseen.tobytes()
