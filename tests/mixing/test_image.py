"""New images: what they are put together from, how they are augmented, what they may not be."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

from skgan_resample.metrics import dcr
from skgan_resample.mixing import ImageMixture


def fit(x, y, **options):
    return ImageMixture.fit(x, y, y.max() + 1, np.random.default_rng(0), **options)


def draw(mixture, y, seed=1):
    return mixture.sample(np.asarray(y), np.random.default_rng(seed))


def floats(x):
    return (x.astype(np.float32) - 127.5) / 127.5


def bars(n=40, size=28):
    """Class 0: a bar left or right of the middle (symmetric); class 1: always left of it."""
    rng = np.random.default_rng(0)
    x, y = np.zeros((n, 1, size, size), dtype=np.uint8), np.arange(n) % 2
    for image, label in zip(x, y, strict=True):
        column = rng.integers(2, 10)
        if label == 0 and rng.random() < 0.5:
            column = size - 1 - column
        image[0, rng.integers(2, 8) :, column] = rng.integers(100, 256)
    return x, y


def noise(n=24, shape=(3, 20, 12)):
    rng = np.random.default_rng(0)
    return rng.integers(256, size=(n, *shape), dtype=np.uint8), np.arange(n) % 3


def test_neighbours_are_of_the_same_class_and_not_the_image_itself():
    x, y = bars()
    mixture = fit(x, y)
    assert (y[mixture.neighbours] == y[:, None]).all()
    assert (mixture.neighbours != np.arange(40)[:, None]).all()


def test_neighbours_are_the_nearest_and_repeat_in_small_classes():
    level = np.array([0, 10, 11, 30, 200, 90, 100])
    x = np.tile(level[:, None, None, None], (1, 1, 6, 6)).astype(np.uint8)
    mixture = fit(x, np.array([0, 0, 0, 0, 1, 2, 2]))
    nearest = [[1, 2, 3], [2, 0, 3], [1, 0, 3], [2, 1, 0], [4] * 3, [6] * 3, [5] * 3]
    assert_array_equal(mixture.neighbours, np.array(nearest)[:, [0, 1, 2, 0, 1]])


def test_only_symmetric_classes_are_mirrored():
    symmetric, lopsided = fit(*bars(400)).mirrored
    assert 0.3 < symmetric <= 0.5
    assert lopsided < 0.1


def test_images_are_mirrored_from_left_to_right():
    x = np.zeros((2, 1, 20, 20), dtype=np.uint8)
    x[0, 0, :5, :5] = x[1, 0, :5, 15:] = 200
    new = draw(fit(x, np.zeros(2, dtype=int)), np.zeros(200, dtype=np.int64))
    assert (new[:, 0, 10:] == -1).all()


def test_the_probability_of_mirroring_is_drawn_to_that_of_all_classes():
    x, y = bars(400)
    # a class of one lopsided image knows nothing by itself
    few = fit(np.concatenate([x, x[1:2]]), np.append(y, 2)).mirrored
    hits = few[0] * (200 + 10) + few[1] * (200 + 10) - 20 * few[2] * 11 / 10
    share = few[2] * 11 / 10  # (0 + 10 share) / (1 + 10)
    assert hits / 401 == pytest.approx(share, rel=0.02)


def test_every_part_of_an_image_comes_from_its_class():
    x, y = noise(60, (1, 9, 9))
    x[y == 1] //= 4  # darker than -0.5
    new = draw(fit(x, y), np.ones(500, dtype=np.int64))
    assert new.min() >= -1
    assert new.max() < -0.3  # a gamma makes dark pixels a little lighter


def test_an_image_alone_is_translated_by_whole_pixels():
    x = np.linspace(-1, 1, 28 * 28, dtype=np.float32).reshape(1, 1, 28, 28)
    new = draw(fit(x, np.array([0]), step=1e-6), np.zeros(500, dtype=np.int64))
    steps = (new[:, 0, 14, 14] + 1) / 2 * 783 - 14 * 28 - 14
    # never mixed, mirrored or changed in gamma, and hardly ever the image itself
    within = [28 * down + right for down in range(-2, 3) for right in range(-2, 3)]
    assert_allclose(steps, steps.round(), atol=1e-3)
    counts = dict(zip(*np.unique(steps.round(), return_counts=True), strict=True))
    assert counts.pop(0, 0) < 10
    assert sorted([*counts, 0]) == within


def test_small_images_are_translated_by_parts_of_a_pixel():
    x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    new = draw(fit(x, np.array([0])), np.zeros(500, dtype=np.int64))
    steps = (new[:, 0, 4, 4] + 1) / 2 * 63 - 36
    reach = 8 / 14 * (8 + 1)  # down and to the right
    assert -reach <= steps.min() < 0.9 * -reach
    assert 0.9 * reach < steps.max() <= reach
    inside = new[:, 0, 1:-1, 1:-1]
    assert_allclose(np.diff(inside, axis=2), 2 / 63, atol=1e-5)  # a ramp stays one


def test_each_side_is_translated_by_its_own_size():
    """Of wide images, as spectrograms, a short side is hardly moved."""
    x = np.full((40, 1, 8, 128), -1, dtype=np.float32)
    x[:, :, 3] = 1
    new = draw(fit(x, np.zeros(40, dtype=np.int64)), np.zeros(500, dtype=np.int64))
    assert (new[:, 0, [0, 1, 5, 6, 7]] == -1).all()
    assert ((new[:, 0, 2:5] + 1).sum(axis=1) > 1.9).all()  # what leaves a row is in the next


def test_brightness_goes_part_of_the_way_to_another_image_s():
    x = np.full((12, 1, 8, 8), 60, dtype=np.uint8)
    x[6:] = 180  # near ones are alike: neither mask nor translation changes anything
    new = draw(fit(x, np.zeros(12, dtype=int)), np.zeros(500, dtype=np.int64))
    level = new[:, 0, 0, 0]
    assert_allclose(new, np.broadcast_to(level[:, None, None, None], new.shape), atol=1e-6)
    assert floats(np.uint8(60)) - 1e-3 <= level.min()
    assert level.max() <= floats(np.uint8(180)) + 1e-3
    assert len(np.unique(level)) > 100


def digits(dtype):
    x, y = (data[:600] for data in load_digits(return_X_y=True))
    x = x.reshape(-1, 1, 8, 8)
    return (x * 15).astype(np.uint8) if dtype == "bytes" else (x / 8 - 1).astype(np.float32), y


@pytest.mark.parametrize(("dtype", "step"), [("bytes", 2 / 255), ("floats", 2 / 16)])
def test_images_are_no_copies(dtype, step):
    x, y = digits(dtype)
    new = draw(fit(x, y, step=step), np.arange(1000) % 10)
    real = (floats(x) if dtype == "bytes" else x).reshape(len(x), -1)
    rounded = [np.rint((images.reshape(-1, 64) + 1) / step) for images in (real, new)]
    assert not {row.tobytes() for row in rounded[0]} & {row.tobytes() for row in rounded[1]}
    assert dcr(real, new.reshape(-1, 64)).near_copies <= 0.05


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28)])
def test_black_and_white_images_are_no_copies(shape):
    x, y = noise(30, shape)
    x = np.where(x < 128, -1, 1).astype(np.float32)
    new = np.sign(draw(fit(x, y, step=2.0), np.arange(300) % 3))
    assert not (new[:, None] == x).all(axis=(2, 3, 4)).any()


def test_classes_of_duplicates_are_drawn_all_the_same():
    x = np.full((5, 1, 20, 20), 99, dtype=np.uint8)
    new = draw(fit(x, np.array([0, 0, 0, 0, 1])), np.arange(10) % 2)
    assert_allclose(new, np.full((10, 1, 20, 20), floats(np.uint8(99))), atol=1e-6)


def test_bytes_and_floats_agree_and_are_kept_as_they_are():
    x, y = noise()
    x = x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)  # channels last in memory
    of_bytes, of_floats = fit(x, y), fit(floats(x), y)
    assert of_bytes.x is x
    assert_array_equal(of_bytes.neighbours, of_floats.neighbours)
    labels = np.arange(60) % 3
    assert_allclose(draw(of_bytes, labels), draw(of_floats, labels), atol=2e-6)


def test_the_same_seed_gives_the_same_images_and_a_pickle_too():
    mixture, labels = fit(*noise()), np.arange(60) % 3
    assert_array_equal(draw(mixture, labels), draw(pickle.loads(pickle.dumps(mixture)), labels))
    assert (draw(mixture, labels) != draw(mixture, labels, seed=2)).any()
    assert draw(mixture, labels).dtype == np.float32
    assert draw(mixture, labels[:0]).shape == (0, 3, 20, 12)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 30), (2, 30, 1), (1, 3, 200), (3, 300, 300)])
def test_images_of_odd_sizes(shape):
    x, y = noise(n=6, shape=shape)
    new = draw(fit(x, y), np.arange(9) % 3)
    assert new.shape == (9, *shape)
    assert np.abs(new).max() <= 1


@pytest.mark.parametrize("size", [6, 8, 12, 13])
def test_single_pixels_of_masks_stay(size):
    rng = np.random.default_rng(0)
    x = np.full((200, 1, size, size), -1, dtype=np.float32)
    x[np.arange(200)[:, None], 0, *rng.integers(size, size=(2, 200, 4))] = 1
    new = draw(fit(x, np.zeros(200, dtype=int), step=2.0), np.zeros(400, dtype=int))
    assert set(np.unique(new > 0).tolist()) == {False, True}
    assert (new > 0).mean() == pytest.approx((x > 0).mean(), rel=0.1)
    assert (new > 0).any(axis=(1, 2, 3)).all()
