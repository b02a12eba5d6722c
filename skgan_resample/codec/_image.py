"""Flattened images, (n, h * w * c) <-> float32 arrays (n, c, h, w)."""

import math

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

_AT_ONCE = 64  # images; keeps intermediate float64 arrays small
_FEW = 16  # values of a channel


class ImageCodec(BaseEstimator):
    """Encode flattened images as (n, c, h, w) arrays in [-1, 1], and decode them.

    In each channel, the smallest value of the training data becomes -1, the largest 1. A few hot
    pixels are clipped: values further from all others than these are from each other, if there is
    at most one for 100 images (or three in all) and at most 1 in 1,000 pixels. Decoded values are
    clipped to the range, so that nothing wraps around, and rounded where pixels are whole numbers.
    A channel of at most 16 values, as of masks, takes the nearest of these.

    Parameters
    ----------
    image_shape : tuple of int
        (height, width) or (height, width, channels).

    Attributes
    ----------
    low_, high_ : ndarray of shape (channels, 1, 1)
        The range of the pixels of each channel.
    integer_ : ndarray of shape (height * width * channels,)
        Whether a pixel is a whole number.
    step_ : ndarray of shape (channels, 1, 1)
        Largest distance in [-1, 1] of neighbouring values that pixels are rounded to; 0 if they are
        not rounded.
    sample_shape_ : tuple of int
        (channels, height, width) of an encoded image.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample import ImageCodec
    >>> X = np.arange(12, dtype=np.uint8).reshape(2, 6)
    >>> codec = ImageCodec(image_shape=(3, 2)).fit(X)
    >>> codec.transform(X).shape
    (2, 1, 3, 2)
    >>> bool((codec.inverse_transform(codec.transform(X)) == X).all())
    True
    """

    def __init__(self, image_shape):
        self.image_shape = image_shape

    def fit(self, X, y=None, integer=None):
        """Learn the range of the pixels.

        Parameters
        ----------
        X : ndarray of shape (n_samples, height * width * channels)
            Flattened images.
        y : None
            Ignored.
        integer : ndarray of shape (height * width * channels,), optional
            Which pixels are whole numbers; by default all if all values of X are, whatever its
            dtype, else none.

        Returns
        -------
        self : ImageCodec
        """
        height, width, channels = (*self.image_shape, 1)[:3]
        if X.shape[1] != math.prod(self.image_shape):
            raise ValueError(
                f"Got image_shape={tuple(self.image_shape)}, which needs "
                f"{math.prod(self.image_shape)} values a row, but X has {X.shape[1]}. Give the "
                "(height, width) or (height, width, channels) of the flattened images."
            )
        self.sample_shape_ = (channels, height, width)
        self.integer_ = np.full(X.shape[1], _is_whole(X) if integer is None else integer)
        ranges = [_range(X[:, c::channels]) for c in range(channels)]
        self.low_, self.high_ = np.transpose(ranges)[..., None, None]
        # the float64 next to the largest int64 or uint64 lies just beyond it
        beyond = np.isin(self.high_, (2.0**63, 2.0**64)) & self.integer_.any()
        self.high_[beyond] = np.nextafter(self.high_[beyond], 0)
        self._middle = self.low_ / 2 + self.high_ / 2  # halved first: the sum may overflow
        half_span = self.high_ / 2 - self.low_ / 2
        self._half_span = np.where(half_span, half_span, 1)
        self._values = [_few_values(X[:, c::channels]) for c in range(channels)]
        self.step_ = self.integer_.all() / self._half_span
        for c, values in enumerate(self._values):
            if values is not None:  # to which pixels are rounded
                gap = np.diff(values.clip(self.low_[c], self.high_[c]).ravel()).max(initial=0)
                self.step_[c] = np.maximum(self.step_[c], gap / self._half_span[c])
        self._has_all_bytes = not self.low_.any() and (self.high_ == 255).all()
        if X.dtype == np.uint8 and not self._has_all_bytes:
            self.step_ += 1 / 127.5  # rounded to bytes, see view
        return self

    def transform(self, X):
        """Encode flattened images.

        Parameters
        ----------
        X : ndarray of shape (n_samples, height * width * channels)
            Flattened images.

        Returns
        -------
        encoded : ndarray of shape (n_samples, channels, height, width)
            float32 in [-1, 1].
        """
        check_is_fitted(self)
        return self._encoded(np.asarray(X), np.float32)

    def view(self, X):
        """Encode flattened images, except that bytes stay bytes: 0 for -1, and 255 for 1.

        Networks are given bytes as floats a batch at a time, which takes a quarter of the memory.

        Parameters
        ----------
        X : ndarray of shape (n_samples, height * width * channels)
            Flattened images.

        Returns
        -------
        images : ndarray of shape (n_samples, channels, height, width)
            float32 in [-1, 1], or uint8; in the memory of X if that has values from 0 to 255.
        """
        if X.dtype != np.uint8:
            return self.transform(X)
        return self._laid_out(X) if self._has_all_bytes else self._encoded(X, np.uint8)

    def _encoded(self, X, dtype):
        """Flattened images as float32 in [-1, 1], or as bytes that stand for these."""
        images = self._laid_out(X)
        encoded = np.empty(images.shape, dtype)
        for start in range(0, len(X), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            part = (np.clip(images[some], self.low_, self.high_) - self._middle) / self._half_span
            encoded[some] = np.rint(127.5 * part + 127.5) if dtype == np.uint8 else part
        # contiguous either way; torch picks its convolutions by strides
        return self._laid_out(encoded) if encoded.shape[1] == 1 else encoded

    def _laid_out(self, X):
        """Flattened images with their channels first, in the same memory where possible."""
        channels, height, width = self.sample_shape_
        return X.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)

    def inverse_transform(self, encoded):
        """Decode images.

        Parameters
        ----------
        encoded : ndarray of shape (n_samples, channels, height, width)
            As :meth:`transform` makes it, or a network.

        Returns
        -------
        X : ndarray of shape (n_samples, height * width * channels)
            float64, rounded where pixels are whole, and within the range of the pixels.
        """
        check_is_fitted(self)
        X = np.clip(encoded, -1, 1) * self._half_span + self._middle
        np.rint(X, out=X, where=self._laid_out(self.integer_))
        for c, values in enumerate(self._values):
            if values is not None:
                X[:, c] = values[np.searchsorted(values[:-1] / 2 + values[1:] / 2, X[:, c])]
        np.clip(X, self.low_, self.high_, out=X)
        return X.transpose(0, 2, 3, 1).reshape(len(X), -1)


def _is_whole(X):
    """Whether all values are whole numbers, by the dtype or, of floats, a few images at a time."""
    if X.dtype.kind != "f":
        return X.dtype.kind in "iub"
    parts = (X[start : start + _AT_ONCE] for start in range(0, len(X), _AT_ONCE))
    return all((part == np.rint(part)).all() for part in parts)


def _few_values(images):
    """The values of the pixels of images, (n, h * w), in order; None if they are more than 16."""
    found = np.empty(0)
    for start in range(0, len(images), _AT_ONCE):
        found = np.union1d(found, images[start : start + _AT_ONCE])
        if len(found) > _FEW:
            return None
    return found


def _range(images):
    """Least and largest value of images (n, h * w) except for a few hot pixels."""
    few = min(max(len(images) // 100, 3), images.size // 1000)
    darkest = images.min(axis=1).argsort()[: few + 1]  # only these images hold extreme values
    brightest = images.max(axis=1).argsort()[-few - 1 :]
    values = np.sort(images[np.union1d(darkest, brightest)], axis=None)
    low, a, b, high = map(float, values[[0, few, -few - 1, -1]])
    return a if a - low > b - a > 0 else low, b if high - b > b - a > 0 else high
