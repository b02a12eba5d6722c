"""New images: parts of two neighbours of a class joined by smooth masks, and augmentation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import zoom
from scipy.special import expit
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from ._table import Members

_SHARPNESS = 8.0
_FINE = 1 / 8  # step of values among which a pixel may be spread over its neighbours, and stay
_POOL = 4096  # images of a class among which neighbours are searched
_BATCH_PIXELS = 1 << 18  # 334 images of 28 x 28: an intermediate float32 array takes 1 MB
_COPY_BELOW = 0.1  # share of the distance of two images; as in metrics.dcr
_TRIES, _NEIGHBOURS = 10, 5


@dataclass(frozen=True)
class ImageMixture:
    r"""Proposal distribution of new images.

    The notes of :class:`~skgan_resample.RowMixSampler` describe it. An image takes parts of a
    neighbour by

    .. math:: x = x_i + m (x_j - x_i), \qquad m = \mathrm{sigmoid}(8 (f + l))

    with j one of the k nearest neighbours of i in its class, f a smooth random field and l ~ N(0,
    0.7) a random level. Half of the candidates are image i itself, so that a classifier cannot
    recognise the class by the seams. A gamma takes the brightness part of the way to that of
    another image of the class. Translated images are perhaps mirrored if mirrored images look like
    others of their class. A candidate nearer to image i or j than a tenth of the distance between
    the two, or a copy of one when rounded, is drawn again, up to ten times: a class may hold only
    duplicates.
    """

    x: np.ndarray  # (n, c, h, w), float32 in [-1, 1] or uint8
    members: Members
    neighbours: np.ndarray  # (n, 5), indices of near images of the same class
    brightness: np.ndarray  # (n,), mean of each image in [0, 1]
    mirrored: np.ndarray  # (K,), probability that a translated image is mirrored
    step: float | np.ndarray  # of pixel values that the caller rounds to, in [-1, 1]

    @classmethod
    def fit(
        cls,
        x: np.ndarray,
        y: np.ndarray,
        n_classes: int,
        rng: np.random.Generator,
        step: float | np.ndarray = 2 / 255,
    ) -> ImageMixture:
        """Find neighbours of images, (n, c, h, w), and the classes whose images may be mirrored.

        Images are float32 in [-1, 1], or uint8, where 0 stands for -1 and 255 for 1; kept, not
        copied. y, (n,), holds class indices, each of the K classes at least once; rng chooses among
        the images of large classes. ``step`` is the spacing in [-1, 1] of the values that pixels
        will be rounded to, since rounding may make a copy; the default is that of bytes.
        """
        members = Members.fit(y, n_classes)
        neighbours = np.empty((len(x), _NEIGHBOURS), dtype=np.int64)
        hits = np.empty((n_classes, 2))
        for c, images in enumerate(members.by_class()):
            shuffled = rng.permutation(images)
            neighbours[shuffled] = _nearest(x, shuffled, _NEIGHBOURS)
            hits[c] = _mirror_hits(_coarse(x, shuffled[:300]))
        share = hits[:, 0].sum() / hits[:, 1].sum()  # of all classes: a prior worth ten images
        mirrored = np.minimum((hits[:, 0] + 10 * share) / (hits[:, 1] + 10), 0.5)
        brightness = x.mean(axis=(1, 2, 3), dtype=np.float32)
        brightness = brightness / 255 if x.dtype == np.uint8 else (brightness + 1) / 2
        return cls(x, members, neighbours, brightness, mirrored, step)

    def sample(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw images: class indices of shape (m,) -> float32 in [-1, 1] of shape (m, c, h, w)."""
        images = np.empty((len(y), *self.x.shape[1:]), dtype=np.float32)
        todo = np.arange(len(y))
        for _ in range(_TRIES):
            is_copy = np.zeros(len(todo), dtype=bool)
            for batch in _batches(len(todo), self.x):
                images[todo[batch]], is_copy[batch] = self._candidates(y[todo[batch]], rng)
            todo = todo[is_copy]
        return images

    def _candidates(self, y, rng):
        """Draw images, (m,) labels -> (m, c, h, w), and say which are near-copies."""
        first = self.members.draw(y, rng)
        which = rng.integers(self.neighbours.shape[1], size=len(y))
        a, b = _floats(self.x, first), _floats(self.x, self.neighbours[first, which])
        images = a.copy()
        mixed = _coin(len(y), rng)
        mask = _smooth_masks(mixed.sum(), a.shape[2:], rng)
        images[mixed] = (a[mixed] + mask * (b[mixed] - a[mixed])).clip(-1, 1)
        self._augment(images, y, rng)
        return images, self._is_near_copy(images, a, b)

    def _augment(self, images, y, rng):
        """Random gamma for half of the images, translation and flip for half; in place."""
        changed = _coin(len(y), rng)
        target = self.brightness[self.members.draw(y[changed], rng)]
        images[changed] = _random_gamma(images[changed], target, rng)
        moved = _coin(len(y), rng)
        by_parts = np.max(self.step) <= _FINE
        images[moved] = _translate_and_flip(images[moved], self.mirrored[y[moved]], by_parts, rng)
        np.clip(images, -1, 1, out=images)  # rounding errors

    def _is_near_copy(self, images, a, b):
        """Mask of shape (m,) of the images that are nearly a or b, or will be when rounded."""
        allowed, near = _COPY_BELOW * _length(a - b), np.zeros(len(a), dtype=bool)
        for change in (images - a, images - b):
            near |= _length(change) <= allowed
            near |= (np.abs(change, out=change) <= 0.501 * self.step).all(axis=(1, 2, 3))
        return near


def _floats(x, chosen):
    """Some images as contiguous float32 in [-1, 1]."""
    images = x[chosen].astype(np.float32, order="C")
    if x.dtype == np.uint8:
        images -= 127.5
        images /= 127.5
    return images


def _batches(n, x):
    """Slices of n images of the size of those of x, a few hundred small ones at a time."""
    step = max(1, _BATCH_PIXELS // x[0].size)
    return [slice(start, start + step) for start in range(0, n, step)]


def _coin(n, rng):
    return rng.random(n, dtype=np.float32) < 0.5


def _flat(images):
    return images.reshape(len(images), images[0].size)


def _length(images):
    return np.linalg.norm(_flat(images), axis=1)


def _smooth_masks(n, size, rng):
    """Masks of shape (n, 1, h, w): sigmoid of smooth fields through 3 x 3 normal values."""
    height, width = (zoom(np.eye(3), (s / 3, 1)).astype(np.float32) for s in size)
    field = height @ rng.standard_normal((n, 1, 3, 3), dtype=np.float32) @ width.T
    level = 0.7 * rng.standard_normal((n, 1, 1, 1), dtype=np.float32)
    return expit(_SHARPNESS * (field + level))


def _random_gamma(images, target, rng):
    """Take (m, c, h, w) images part of the way to (m,) mean brightnesses in [0, 1], by a power."""
    unit = (images + 1) / 2
    wanted, now = np.log(np.clip([target, unit.mean(axis=(1, 2, 3))], 0.02, 0.98))
    part = rng.random(len(images), dtype=np.float32)
    exponent = np.exp(np.clip(part * np.log(wanted / now), -0.7, 0.7))[:, None, None, None]
    with np.errstate(divide="ignore"):  # 0 stays 0: exp(-inf)
        return 2 * np.exp(exponent * np.log(unit)) - 1  # four times as fast as a power


def _translate_and_flip(images, mirrored, by_parts, rng):
    """Translate (m, c, h, w) images by up to 1/14 of their size, edges repeated; mirror some.

    By whole pixels, without smoothing, or ``by_parts`` of one along a side of less than 14 pixels.
    """
    m, reach = len(images), np.array(images.shape[2:])[:, None] / 14
    shift = rng.uniform(-reach, reach, (2, m))
    if not by_parts:
        shift = np.rint(shift)
    if (reach >= 1).any():
        whole = rng.integers(-reach.astype(int), reach.astype(int) + 1, (2, m))
        shift = np.where(reach >= 1, whole, shift)
    flip = rng.random(m) < mirrored
    moved = _translated(images, shift)
    moved[flip] = moved[flip, ..., ::-1]
    return moved


def _translated(images, shift):
    """Translate (m, c, h, w) images by (2, m) pixels, by linear interpolation between them."""
    down, right = np.abs(shift).max(axis=1, initial=0).astype(int) + 1
    padded = np.pad(images, [(0, 0), (0, 0), (down, down), (right, right)], mode="edge")
    windows = sliding_window_view(padded, images.shape[2:], axis=(2, 3))
    whole = np.floor(shift).astype(int)
    part, moved = (shift - whole).astype(np.float32), np.zeros_like(images)
    for i, j in np.ndindex(2, 2):
        weight = np.abs(1 - i - part[0]) * np.abs(1 - j - part[1])
        if weight.any():
            corner = windows[np.arange(len(images)), :, whole[0] + down + i, whole[1] + right + j]
            moved += weight[:, None, None, None] * corner
    return moved


def _coarse(x, chosen):
    """Some images as they are compared, averaged over squares: (m, c, h', w')."""
    grain = max(1, min(max(x.shape[2:]) // 14, *x.shape[2:]))
    rows, columns = (_averaging(size, grain) for size in x.shape[2:])
    parts = (_floats(x, chosen[batch]) for batch in _batches(len(chosen), x))
    return np.concatenate([rows @ part @ columns.T for part in parts])


def _averaging(size, grain):
    """Matrix of shape (size', size) that averages runs of grain pixels, the last one shorter."""
    runs = np.eye(-(-size // grain), dtype=np.float32).repeat(grain, axis=1)[:, :size]
    return runs / runs.sum(axis=1, keepdims=True)


def _nearest(x, images, k):
    """Indices of the k nearest other images of a class, given in random order: (m,) -> (m, k).

    They are searched among the first 4,096, and repeat where a class has too few.
    """
    if len(images) == 1:
        return np.repeat(images, k)[None]
    pool, m = images[:_POOL], min(k, len(images) - 1)
    search = NearestNeighbors(n_neighbors=m, algorithm="brute").fit(_flat(_coarse(x, pool)))
    found = [search.kneighbors(return_distance=False)]  # of the pool, none its own neighbour
    for start in range(_POOL, len(images), 1024):
        queries = _flat(_coarse(x, images[start : start + 1024]))
        found.append(search.kneighbors(queries, return_distance=False))
    return pool[np.concatenate(found)[:, np.arange(k) % m]]


def _mirror_hits(images):
    """Number of images nearer to the mirror image of another than to any other, and of images."""
    nearest = []
    for others in (images, images[..., ::-1]):
        distances = euclidean_distances(_flat(images), _flat(others), squared=True)
        np.fill_diagonal(distances, np.inf)
        nearest.append(distances.min(axis=1))
    return np.count_nonzero(nearest[1] < nearest[0]), len(images)
