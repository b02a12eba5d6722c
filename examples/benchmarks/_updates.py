"""Data and samplers whose updates are timed, and features of images."""

import gzip
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from skgan_resample import BAGANGPSampler, BAGANSampler, _gan_base

SHAPES = {"table, 30": (30,), "28 x 28 x 1": (28, 28, 1), "32 x 32 x 3": (32, 32, 3)}
SHAPES["64 x 64 x 3"] = (64, 64, 3)
SAMPLERS = {
    "BAGAN-GP": lambda **words: BAGANGPSampler(autoencoder_max_iter=0, n_critic=1, **words),
    "BAGAN": lambda **words: BAGANSampler(autoencoder_max_iter=0, **words),
}


@contextmanager
def timed(clock):
    """Times of a clock after each update: a list, which a fit within the block fills."""
    times, update = [], _gan_base._Progress.update

    def timed_update(self, *args):
        times.append(clock())
        return update(self, *args)

    _gan_base._Progress.update = timed_update
    try:
        yield times
    finally:
        _gan_base._Progress.update = update


def fashion(folder):
    """4,000 images, ten classes of 40 to 1,000, and 2,000 others."""
    with gzip.open(Path(folder) / "train-images-idx3-ubyte.gz") as file:
        X = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(Path(folder) / "train-labels-idx1-ubyte.gz") as file:
        y = np.frombuffer(file.read(), np.uint8, offset=8)
    counts = np.geomspace(1000, 40, 10).astype(int)
    rows = [np.flatnonzero(y[:50_000] == c)[:n] for c, n in enumerate(counts)]
    held_out = slice(50_000, 54_000)
    return X[np.concatenate(rows)], y[np.concatenate(rows)], X[held_out], y[held_out]


def features_of(X, y):
    """A function that gives images' features: the hidden layer of a classifier of X and y."""
    scaler = StandardScaler().fit(X.reshape(len(X), -1))
    network = MLPClassifier((64,), random_state=0, tol=1e-3, max_iter=1000)
    network.fit(scaler.transform(X.reshape(len(X), -1)), y)

    def features(images):
        x = scaler.transform(images.reshape(len(images), -1))
        return np.maximum(x @ network.coefs_[0] + network.intercepts_[0], 0)

    return features
