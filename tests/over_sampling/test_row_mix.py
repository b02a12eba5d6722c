"""RowMixSampler draws from the mixtures, keeps samples of its own and returns no copy."""

import numpy as np
import pandas as pd
import pytest
from samplers import images, table
from sklearn.datasets import load_digits

from skgan_resample import RowMixSampler
from skgan_resample.metrics import dcr
from skgan_resample.mixing import ImageMixture, TableMixture


@pytest.mark.parametrize(
    ("data", "Mixture"), [(table(), TableMixture), (images(6, 5), ImageMixture)]
)
def test_samples_are_those_of_the_mixture(data, Mixture):
    sampler = RowMixSampler(random_state=0).fit(*data)
    assert isinstance(sampler.mixture_, Mixture)
    made = sampler.mixture_.sample(np.repeat([0, 1], 3), np.random.default_rng(3))
    decoded = sampler.codec_.inverse_transform(made)
    again = sampler.mixture_.sample(np.repeat([0, 1], 3), np.random.default_rng(3))
    assert (sampler.codec_.inverse_transform(again) == decoded).all()
    assert not hasattr(sampler, "generator_")


@pytest.mark.parametrize("scale", [1.0, 15, 1 / 16, "bytes", "boolean", "mask"])
def test_no_image_is_a_training_image(scale):
    X, y = load_digits(return_X_y=True)
    X, y = X.reshape(-1, 8, 8)[:400], y[:400]
    kinds = {"bytes": (X * 15).astype(np.uint8), "boolean": X > 8, "mask": (X > 8) * 1.0}
    X = kinds[scale] if scale in kinds else X * scale
    X_new, y_new = RowMixSampler(random_state=0).fit(X, y).sample(100)
    assert (X_new % 1 == 0).all() == (scale != 1 / 16)
    for digit in range(10):
        real, made = (A.reshape(len(A), -1) for A in (X[y == digit], X_new[y_new == digit]))
        distances = (real[:, None] != made).any(2)
        if scale not in ("boolean", "mask"):
            assert distances.all()
            assert dcr(real, made).near_copies <= 0.05
        else:  # ten tries may not find a new pattern
            assert set(np.unique(made)) == {0, 1}
            assert distances.all(0).mean() > 0.9


def test_no_row_of_numbers_is_a_training_row():
    X = np.random.default_rng(0).normal(size=(200, 4))
    X_new, _ = RowMixSampler(random_state=0).fit(X, np.arange(200) < 150).sample(500)
    assert not (X_new[:, None] == X).all(2).any()


def test_what_is_missing_together_stays_together():
    """Marks of missing values are tied like columns of two values: to each other and to flags."""
    rng = np.random.default_rng(0)
    lacks, y = rng.random(200) < 0.4, np.repeat([0, 1], [140, 60])
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    X["level"] = rng.choice(["x", "y", "z"], 200)
    X = X.mask(np.c_[lacks, lacks, ~lacks, lacks]).assign(flag=lacks, other=rng.random(200) < 0.5)
    X_resampled, _ = RowMixSampler(random_state=0).fit_resample(X, y)
    new = X_resampled.iloc[200:]
    for column, marks in {"a": new.flag, "b": new.flag, "c": ~new.flag, "level": new.flag}.items():
        assert (new[column].isna() == marks).all()
    assert 0.2 < (new.other == new.flag).mean() < 0.8


def test_a_few_missing_values_do_not_make_copies():
    """Rare marks are never seen together, by chance: they tie no columns."""
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [200, 100])
    X = pd.DataFrame(rng.choice(list("abcd"), (300, 10))).mask(rng.random((300, 10)) < 0.02)
    X_resampled, _ = RowMixSampler(random_state=0).fit_resample(X, y)
    rows = [tuple(row) for row in X_resampled.fillna("-").to_numpy()]
    assert np.isin(rows, rows[:300]).all()  # no other levels
    assert np.mean([row in set(rows[:300]) for row in rows[300:]]) < 0.3


@pytest.mark.parametrize("values", [(0, 255), (0.0, 0.5), (-1, 1)])
def test_masks_of_any_two_values_are_no_copies(values):
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [60, 40])
    at, radius = rng.uniform(4, 8, (100, 2, 1, 1)), rng.uniform(2, 4, (100, 1, 1))
    discs = ((np.mgrid[:12, :12] - at) ** 2).sum(axis=1) < radius**2
    X = np.where(discs, values[1], values[0])
    made = RowMixSampler(random_state=0).fit(X, y).sample(300)[0]
    copies = (made[:, None] == X).all(axis=(2, 3)).any(axis=1)
    assert set(made.ravel()) == set(values)
    assert copies.mean() < 0.05
