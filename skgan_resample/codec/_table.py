"""Tables of numbers <-> standardised float32 tensors."""

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

_EXACT = 2.0**23


class TableCodec(BaseEstimator):
    """Encode numeric columns with mean 0 and standard deviation 1, and decode them.

    Scaling is done in float64, only the networks' input is float32. On the way back integer and
    boolean columns are rounded, and every column is clipped to the range seen by ``fit``.

    Attributes
    ----------
    scaler_ : StandardScaler
        Mean and scale of each column.
    low_, high_ : ndarray of shape (n_features,)
        The range of each column.
    integer_ : ndarray of shape (n_features,)
        Whether a column holds whole numbers.
    sample_shape_ : tuple of int
        (n_features,), the shape of one row of a tensor.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.codec import TableCodec
    >>> X = np.array([[1, 10], [2, 40], [4, 20]])
    >>> codec = TableCodec().fit(X)
    >>> codec.encode(X).dtype
    torch.float32
    >>> bool((codec.decode(codec.encode(X)) == X).all())
    True
    """

    def fit(self, X, y=None, integer=None):
        """Learn mean, scale and range of the columns.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Numbers.
        y : None
            Ignored.
        integer : ndarray of shape (n_features,), optional
            Which columns hold whole numbers; by default all or none, by the dtype of X.

        Returns
        -------
        self : TableCodec
        """
        whole = X.dtype.kind in "iub"
        self.integer_ = np.full(X.shape[1], whole) if integer is None else np.asarray(integer)
        self.low_, self.high_ = _bounds(X)
        self.scaler_ = StandardScaler().fit(X.astype(np.float64))
        if not np.isfinite(self.scaler_.scale_).all():
            column = int(np.flatnonzero(~np.isfinite(self.scaler_.scale_))[0])
            raise ValueError(
                f"Got values up to {np.abs(X[:, column]).max():g} in column {column}: their "
                "variance is not a finite float64. Rescale the column, or take its logarithm."
            )
        # A float32 tells whole numbers apart up to 2**24: a centre within 2**23 of both ends
        # keeps every integer column that spans less than 2**24 exact, however skewed it is.
        centre = np.clip(self.scaler_.mean_, self.high_ - _EXACT, self.low_ + _EXACT)
        short = self.integer_ & (self.high_ - self.low_ < 2 * _EXACT)
        self.scaler_.mean_ = np.where(short, centre, self.scaler_.mean_)
        self.sample_shape_ = (X.shape[1],)
        return self

    def encode(self, X):
        """Turn rows into a tensor.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        x : Tensor of shape (n_samples, n_features)
            float32.
        """
        check_is_fitted(self)
        return torch.from_numpy(self.scaler_.transform(X.astype(np.float64)).astype(np.float32))

    def decode(self, x):
        """Turn a tensor into rows.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_features)
            As :meth:`encode` makes it, on any device.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            float64; integer columns rounded, all columns within their range.
        """
        check_is_fitted(self)
        X = self.scaler_.inverse_transform(x.detach().cpu().numpy().astype(np.float64))
        return np.clip(np.where(self.integer_, np.rint(X), X), self.low_, self.high_)


def _bounds(X):
    """Range of each column, as float64 that a cast back to the dtype of X cannot overflow."""
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    if X.dtype.kind in "iu":
        high = np.minimum(high, np.nextafter(float(np.iinfo(X.dtype).max) + 1, 0))
    return low, high
