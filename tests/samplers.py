"""What the tests of the samplers share: the samplers themselves, quick settings, small data."""

import copy
import functools
import inspect

import joblib
import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.cluster import KMeans

import skgan_resample
from skgan_resample._base import new_seed
from skgan_resample.nn.run import TrainingRun, as_floats

ALL_SAMPLERS = [
    getattr(skgan_resample, name)
    for name in skgan_resample.__all__
    if name.endswith("Sampler") and not name.startswith("Base")
]

TRAINED = [S for S in ALL_SAMPLERS if "max_iter" in inspect.signature(S).parameters]

# for what only their common base can get wrong: one without a training, one that is
# trained adversarially alone, one with an autoencoder before that
BASE_SAMPLERS = [
    skgan_resample.RowMixSampler,
    skgan_resample.CGANSampler,
    skgan_resample.BAGANSampler,
]

each_sampler = pytest.mark.parametrize("Sampler", ALL_SAMPLERS)
# the quick loop does with the two that have no autoencoder
each_base_sampler = pytest.mark.parametrize(
    "Sampler", [*BASE_SAMPLERS[:2], pytest.param(BASE_SAMPLERS[2], marks=pytest.mark.slow)]
)
each_trained_sampler = pytest.mark.parametrize("Sampler", TRAINED)


def others_slow(Samplers):
    """The same samplers, all but the first two of ``BASE_SAMPLERS`` marked as slow."""
    slow = pytest.mark.slow
    return [S if S in BASE_SAMPLERS[:2] else pytest.param(S, marks=slow) for S in Samplers]


each_sampler_others_slow = pytest.mark.parametrize("Sampler", others_slow(ALL_SAMPLERS))
each_trained_sampler_others_slow = pytest.mark.parametrize("Sampler", others_slow(TRAINED))

needs_callbacks = pytest.mark.skipif(
    not hasattr(skgan_resample.BAGANSampler, "set_callbacks"),
    reason="callbacks came with scikit-learn 1.9",
)

# for tests that break a loss or draw any data: what the sampler then makes may be warned about
poor_rows_expected = pytest.mark.filterwarnings(
    "ignore:(Mode collapse|Near-copies|Samples of another class)"
)


def quick(Sampler, **parameters):
    """A sampler that trains for two updates a stage, with a seed, and looks for no subclasses."""
    settings = {
        "max_iter": 2,
        "autoencoder_max_iter": 2,
        "random_state": 0,
        "subclass_discovery": KMeans(1, n_init=1),
    }
    known = inspect.signature(Sampler).parameters
    return Sampler(**{name: settings[name] for name in settings if name in known} | parameters)


@functools.cache
def resampled(Sampler):
    """A quick sampler after ``fit_resample`` of a table: (sampler, (X, y), what it returned).

    All tests share it, so that each sampler is trained once; they may sample from it and no more.
    """
    X, y = table(dtype=np.int16)
    y = np.array(["a", "b", "c"])[y]
    sampler = quick(Sampler)
    return sampler, (X, y), sampler.fit_resample(X, y)


class RecordedRun(TrainingRun):
    """A run that keeps copies of its networks between the stages, and the losses."""

    def train_autoencoder(self, network, loss, data):
        history = super().train_autoencoder(network, loss, data)
        self.autoencoder = copy.deepcopy(network)
        return history

    def train_adversarial(self, generator, discriminator, d_loss, g_loss, *data, **options):
        self.started_from = copy.deepcopy((generator, discriminator))
        self.generator, self.discriminator = generator, discriminator
        self.d_loss, self.g_loss = d_loss, g_loss
        return super().train_adversarial(generator, discriminator, d_loss, g_loss, *data, **options)


def with_wrong_sign(sampler, of="g_loss"):
    """A sampler like this one, of which "d_loss" or "g_loss" has the wrong sign."""

    class Broken(type(sampler)):
        def _fit_gan(self, x, y, run):
            train = run.train_adversarial

            def broken(generator, discriminator, d_loss, g_loss, *data, **options):
                losses = {"d_loss": d_loss, "g_loss": g_loss}
                sound = losses[of]
                losses[of] = lambda x, y: -sound(x, y)
                return train(generator, discriminator, *losses.values(), *data, **options)

            run.train_adversarial = broken
            return super()._fit_gan(x, y, run)

    return Broken(**sampler.get_params())


def recorded(sampler, X, y):
    """Fit a sampler; return its :class:`RecordedRun`, with the encoded samples x and y on it."""
    runs = []

    def start(*args, **settings):
        runs.append(RecordedRun(*args, **settings))
        return runs[0]

    x, y_index = sampler._validate(X, y)
    sampler._rng = make_rng(new_seed(sampler.random_state))
    sampler._fit(x, y_index, sampler._rng, start)
    runs[0].x, runs[0].y = as_floats(torch.from_numpy(x)), torch.from_numpy(y_index)
    return runs[0]


def make_rng(seed):
    """A stream of torch's, on the CPU."""
    return torch.Generator().manual_seed(seed)


def table(counts=(12, 5, 3), n_features=4, dtype=np.float64, seed=0):
    """Rows of small whole numbers, which every dtype holds, and their classes in random order."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    return rng.integers(0, 100, (len(y), n_features)).astype(dtype), y


def images(*shape, counts=(6, 3), seed=0):
    """Images of noise in the full range of a byte, (n, *shape), and their classes."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    return rng.integers(0, 256, (len(y), *shape)).astype(np.uint8), y


def dense(X):
    """Any container of numbers as an array."""
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


def fingerprint(X):
    """A hash of X's values."""
    return joblib.hash(X.to_dict("list") if hasattr(X, "iloc") else X)


def assert_extends(X, X_resampled):
    """X_resampled starts with X, bitwise, and is of X's container, dtypes and names."""
    assert type(X_resampled) is type(X)
    n = X.shape[0] if sparse.issparse(X) else len(X)
    if hasattr(X, "iloc"):
        # equals() compares the dtypes, too
        assert X_resampled.iloc[:n].equals(X.reset_index(drop=True))
        assert X_resampled.index.tolist() == list(range(len(X_resampled)))
        assert X_resampled.columns.equals(X.columns) if X.ndim == 2 else X_resampled.name == X.name
    elif isinstance(X, (list, tuple)):
        assert X_resampled[:n] == X
    else:
        assert X_resampled.dtype == X.dtype
        assert dense(X_resampled)[:n].tobytes() == dense(X).tobytes()
