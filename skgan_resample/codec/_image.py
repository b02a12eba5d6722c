"""Images: flattened, one a row <-> float32 arrays (n, c, h, w)."""

import math

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

_AT_ONCE = 64  # images; what is float64 on the way stays small


class ImageCodec(BaseEstimator):
    """Encode flattened images as (n, c, h, w) arrays in [-1, 1], and decode them.

    One scale serves all pixels: the smallest value of the training data becomes -1, the largest
    1 (for uint8, always 0 and 255). Integer pixels are rounded on the way back, and all are
    clipped to that range, so that nothing wraps around.

    Parameters
    ----------
    image_shape : tuple of int
        (height, width) or (height, width, channels).

    Attributes
    ----------
    low_, high_ : float
        The range of the pixels.
    integer_ : ndarray of shape (height * width * channels,)
        Whether a pixel is a whole number.
    step_ : float
        Distance in [-1, 1] of two values that a pixel can have; 0 unless all are whole numbers.
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
            Which pixels are whole numbers; by default all or none, by the dtype of X.

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
        whole = X.dtype.kind in "iub"
        self.integer_ = np.full(X.shape[1], whole) if integer is None else np.asarray(integer)
        byte = X.dtype == np.uint8
        self.low_, self.high_ = (0.0, 255.0) if byte else (float(X.min()), float(X.max()))
        if self.integer_.any() and self.high_ in (2.0**63, 2.0**64):
            # the float64 next to the largest int64 or uint64 lies just beyond it
            self.high_ = np.nextafter(self.high_, 0)
        self.step_ = 1 / self._half_span if self.integer_.all() else 0.0
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
        images = self._laid_out(np.asarray(X))
        encoded = np.empty(images.shape, dtype=np.float32)
        for start in range(0, len(X), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            encoded[some] = (images[some].astype(np.float64) - self._middle) / self._half_span
        # contiguous either way; torch picks its convolutions by strides
        return self._laid_out(encoded) if encoded.shape[1] == 1 else encoded

    def view(self, X):
        """Encode flattened images, except those of bytes: these are only laid out.

        Networks are given bytes as floats a batch at a time, which takes a quarter of the memory.

        Parameters
        ----------
        X : ndarray of shape (n_samples, height * width * channels)
            Flattened images.

        Returns
        -------
        images : ndarray of shape (n_samples, channels, height, width)
            uint8, in the memory of X, or float32 in [-1, 1].
        """
        check_is_fitted(self)
        return self._laid_out(X) if X.dtype == np.uint8 else self.transform(X)

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
            float64, rounded where pixels are integers, and within the range of the pixels.
        """
        check_is_fitted(self)
        pixels = np.clip(np.asarray(encoded), -1, 1).transpose(0, 2, 3, 1)
        X = pixels.reshape(len(pixels), -1).astype(np.float64)
        X *= self._half_span
        X += self._middle
        np.rint(X, out=X, where=self.integer_)
        return np.clip(X, self.low_, self.high_, out=X)

    @property
    def _middle(self):
        return self.low_ / 2 + self.high_ / 2  # halved first: the sum may overflow

    @property
    def _half_span(self):
        return self.high_ / 2 - self.low_ / 2 or 1.0


def as_floats(x):
    """Encoded samples as networks see them: bytes as float32 in [-1, 1], others as they are."""
    middle = np.float32(127.5)
    return (x.astype(np.float32) - middle) / middle if x.dtype == np.uint8 else x
