"""Images mixed from two of their class through smooth masks, and augmented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom
from scipy.special import expit
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from ._members import Members

_SHARPNESS = 8.0
_POOL = 4096  # images of a class among which neighbours are searched
_BATCH_PIXELS = 1 << 18  # 334 images of 28 x 28: what is float32 on the way takes 1 MB an array


@dataclass(frozen=True)
class ImageMixture:
    r"""Proposal distribution of new images.

    A candidate is an image of the class, half of them with parts of a near neighbour:

    .. math:: x = x_i + m (x_j - x_i), \qquad m = \mathrm{sigmoid}(8 (f + l))

    with j one of the k nearest neighbours of i in its class, f a smooth random field and l ~ N(0,
    0.7) a random level. The others stay whole, so that seams do not tell a classifier the class.
    Candidates are augmented: half get a random gamma, which takes their brightness a random part of
    the way to another image's of the class, and half are translated by up to a fourteenth of their
    size and perhaps mirrored, where mirrored images look like members of their class.

    Parameters
    ----------
    x : ndarray of shape (n, c, h, w)
        Images, float32 in [-1, 1] or uint8.
    members : Members
        Images of each class.
    neighbours : ndarray of shape (n, k)
        Numbers of the nearest images of the same class.
    brightness : ndarray of shape (n,)
        Mean of each image in [0, 1].
    mirrored : ndarray of shape (K,)
        Probability that an image of a class is mirrored, given that it is translated.

    Notes
    -----
    Masks from low-frequency noise are FMix's [1]_, here with soft seams and between neighbours of
    one class; mixup [2]_ interpolates whole images, SMOTE [3]_ towards neighbours.

    References
    ----------
    .. [1] Harris, Marcu, Painter, Niranjan, Prügel-Bennett, Hare, "FMix: enhancing mixed sample
       data augmentation", arXiv:2002.12047, 2020.
    .. [2] Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018.
    .. [3] Chawla, Bowyer, Hall, Kegelmeyer, "SMOTE: synthetic minority over-sampling technique",
       JAIR 16, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.mixing import ImageMixture
    >>> x = np.random.default_rng(0).integers(256, size=(6, 1, 8, 8), dtype=np.uint8)
    >>> mixture = ImageMixture.fit(x, np.array([0, 0, 0, 0, 1, 1]), 2, np.random.default_rng(0))
    >>> mixture.sample(np.array([1, 1]), np.random.default_rng(1)).shape
    (2, 1, 8, 8)
    """

    x: NDArray
    members: Members
    neighbours: NDArray[np.int64]
    brightness: NDArray[np.float32]
    mirrored: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        x: NDArray,
        y: NDArray[np.int64],
        n_classes: int,
        rng: np.random.Generator,
        n_neighbors: int = 5,
    ) -> ImageMixture:
        """Find neighbours, and see which classes may be mirrored.

        Parameters
        ----------
        x : ndarray of shape (n, c, h, w)
            Images: float32 in [-1, 1], or uint8, where 0 stands for -1 and 255 for 1. Kept, not
            copied.
        y : ndarray of shape (n,)
            Class index, each of ``0 .. n_classes - 1`` at least once.
        n_classes : int
            Number of classes, K.
        rng : numpy.random.Generator
            Chooses among the images of large classes.
        n_neighbors : int, default=5
            Neighbours of each image, k.

        Returns
        -------
        mixture : ImageMixture
        """
        members = Members.fit(y, n_classes)
        neighbours = np.empty((len(x), n_neighbors), dtype=np.int64)
        hits = np.empty((n_classes, 2))
        for c, images in enumerate(members.by_class()):
            shuffled = rng.permutation(images)
            neighbours[shuffled] = _nearest(x, shuffled, n_neighbors)
            hits[c] = _mirror_hits(_coarse(x, shuffled[:300]))
        middle, half_span = _scale(x)
        brightness = (x.mean(axis=(1, 2, 3), dtype=np.float32) - middle) / half_span / 2 + 0.5
        return cls(x, members, neighbours, brightness, _mirror_odds(*hits.T))

    def sample(self, y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
        """Draw one image per label.

        Parameters
        ----------
        y : ndarray of shape (m,)
            Class indices.
        rng : numpy.random.Generator
            Stream of the draws.

        Returns
        -------
        images : ndarray of shape (m, c, h, w)
            float32 in [-1, 1].
        """
        images = np.empty((len(y), *self.x.shape[1:]), dtype=np.float32)
        for batch in _batches(len(y), self.x):
            images[batch] = self._augment(self._candidates(y[batch], rng), y[batch], rng)
        return images

    def _candidates(self, y, rng):
        """Images of the labels' classes, (m,) -> (m, c, h, w), half mixed with a neighbour."""
        first = self.members.draw(y, rng)
        which = rng.integers(self.neighbours.shape[1], size=len(y))
        images = _floats(self.x, first)
        mixed = _coin(len(y), rng)
        other = _floats(self.x, self.neighbours[first, which][mixed])
        mask = _smooth_masks(len(other), images.shape[2:], rng)
        images[mixed] += mask * (other - images[mixed])
        return np.clip(images, -1, 1, out=images)

    def _augment(self, images, y, rng):
        """Random gamma for half of the images, translation and flip for half; in place."""
        changed = _coin(len(y), rng)
        target = self.brightness[self.members.draw(y[changed], rng)]
        images[changed] = _random_gamma(images[changed], target, rng)
        moved = _coin(len(y), rng)
        images[moved] = _translate_and_flip(images[moved], self.mirrored[y[moved]], rng)
        return images


def _scale(x):
    """Middle and half of the span of the pixels: of bytes, else of what is already in [-1, 1]."""
    return (127.5, 127.5) if x.dtype == np.uint8 else (0.0, 1.0)


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


def _smooth_masks(n, size, rng):
    """Masks of shape (n, 1, h, w): sigmoid of smooth fields through 3 x 3 normal values."""
    height, width = (zoom(np.eye(3), (s / 3, 1)).astype(np.float32) for s in size)
    field = height @ rng.standard_normal((n, 1, 3, 3), dtype=np.float32) @ width.T
    level = 0.7 * rng.standard_normal((n, 1, 1, 1), dtype=np.float32)
    return expit(_SHARPNESS * (field + level))


def _random_gamma(images, target, rng):
    """Raise pixels in [0, 1] to the power that takes their mean a random part of the way to target.

    Of (m, c, h, w) images in [-1, 1] and (m,) target means; the exponent is within exp(-0.7, 0.7).
    """
    unit = (images + 1) / 2
    ratio = _log_level(target) / _log_level(unit.mean(axis=(1, 2, 3)))
    part = rng.random(len(images), dtype=np.float32)
    exponent = np.exp(np.clip(part * np.log(ratio), -0.7, 0.7))[:, None, None, None]
    with np.errstate(divide="ignore"):  # 0 stays 0: exp(-inf)
        return 2 * np.exp(exponent * np.log(unit)) - 1  # four times as fast as a power


def _log_level(mean):
    return np.log(mean.clip(0.02, 0.98))


def _translate_and_flip(images, mirrored, rng):
    """Translate (m, c, h, w) images by up to 1/14 of their size, edges repeated; mirror some."""
    m, channels, height, width = images.shape
    reach = max(height, width) // 14
    down, right = rng.integers(-reach, reach + 1, (2, m, 1))
    rows = (np.arange(height) + down).clip(0, height - 1)
    columns = (np.arange(width) + right).clip(0, width - 1)
    flip = rng.random((m, 1)) < mirrored[:, None]
    columns = np.where(flip, columns[:, ::-1], columns)
    source = rows[:, :, None] * width + columns[:, None, :]
    flat = images.reshape(m, channels, height * width)
    return np.take_along_axis(flat, source.reshape(m, 1, height * width), axis=2).reshape(images.shape)


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
    """Numbers of the k nearest other images of a class, given in random order: (m,) -> (m, k).

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
    """How many of some images are nearer to another's mirror image than to any other, of how many.

    Of (m, c, h', w') images.
    """
    nearest = []
    for others in (images, images[..., ::-1]):
        distances = euclidean_distances(_flat(images), _flat(others), squared=True)
        np.fill_diagonal(distances, np.inf)
        nearest.append(distances.min(axis=1))
    return np.count_nonzero(nearest[1] < nearest[0]), len(images)


def _flat(images):
    return images.reshape(len(images), -1)


def _mirror_odds(hits, tried):
    """Probability of mirroring by class: its share of hits, drawn to all classes' by ten images."""
    share = hits.sum() / tried.sum()
    return np.minimum((hits + 10 * share) / (tried + 10), 0.5)
