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
    boolean columns are rounded, every column is clipped to the range seen by ``fit``, and a column
    in which values recur (fewer than half as many values as rows: codes, counts, grades) takes the
    nearest of the values seen.

    Attributes
    ----------
    scaler_ : StandardScaler
        Mean and scale of each column.
    low_, high_ : ndarray of shape (n_features,)
        The range of each column.
    integer_ : ndarray of shape (n_features,)
        Whether a column holds whole numbers.
    values_ : dict of int to ndarray
        The values of the columns in which values recur, in ascending order.
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
        self.low_, self.high_ = _bounds(X, self.integer_)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
            self.scaler_ = StandardScaler().fit(X.astype(np.float64))
        # the scale does not tell: scikit-learn takes an infinite variance for a constant column
        if not np.isfinite(self.scaler_.var_).all():
            column = int(np.flatnonzero(~np.isfinite(self.scaler_.var_))[0])
            raise ValueError(
                f"Got values up to {np.abs(X[:, column]).max():g} in column {column}: their "
                "variance is not a finite float64. Rescale the column, or take its logarithm."
            )
        self._scale_nearly_constant_columns()
        # A float32 tells whole numbers apart up to 2**24: a centre within 2**23 of both ends
        # keeps every integer column that spans less than 2**24 exact, however skewed it is.
        centre = np.clip(self.scaler_.mean_, self.high_ - _EXACT, self.low_ + _EXACT)
        short = self.integer_ & (self.high_ - self.low_ < 2 * _EXACT)
        self.scaler_.mean_ = np.where(short, centre, self.scaler_.mean_)
        values = {column: np.unique(X[:, column]) for column in range(X.shape[1])}
        self.values_ = {
            column: seen.astype(np.float64)
            for column, seen in values.items()
            if len(seen) < len(X) / 2
        }
        self.sample_shape_ = (X.shape[1],)
        return self

    def _scale_nearly_constant_columns(self):
        """Scale columns by their range where StandardScaler finds no variance to scale them by."""
        scaler, spread = self.scaler_, self.high_ - self.low_
        flat = scaler.scale_ != np.sqrt(scaler.var_)
        scaler.mean_ = np.where(flat, self.low_ / 2 + self.high_ / 2, scaler.mean_)
        scaler.scale_ = np.where(flat & (spread > 0), spread, scaler.scale_)

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
            float64; integer columns rounded, columns of recurring values on one of them, all within
            their range.
        """
        check_is_fitted(self)
        X = self.scaler_.inverse_transform(x.detach().cpu().numpy().astype(np.float64))
        X = np.where(self.integer_, np.rint(X), X)
        for column, seen in self.values_.items():
            middles = seen[:-1] / 2 + seen[1:] / 2
            X[:, column] = seen[np.searchsorted(middles, X[:, column])]
        return np.clip(X, self.low_, self.high_)


def _bounds(X, integer):
    """Range of each column, as float64 that a cast back to its dtype cannot overflow."""
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    # the float64 next to the largest int64 or uint64 lies just beyond it
    beyond = integer & np.isin(high, [2.0**63, 2.0**64])
    return low, np.where(beyond, np.nextafter(high, 0), high)
