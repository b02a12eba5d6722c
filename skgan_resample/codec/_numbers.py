"""Columns of numbers <-> standardised columns."""

import numpy as np
from sklearn.preprocessing import StandardScaler

_EXACT = 2.0**23


class Numbers:
    """Scale columns of numbers to mean 0 and standard deviation 1, and back to values seen.

    Scaling is done in float64, only the networks' input is float32.

    Parameters
    ----------
    columns : list of Column
        What the columns are called, and whether they hold whole numbers.

    Attributes
    ----------
    scaler : StandardScaler
        Mean and scale of each column.
    low, high : ndarray of shape (n_columns,)
        The range of each column.
    integer : ndarray of shape (n_columns,)
        Whether a column holds whole numbers.
    values : dict of int to ndarray
        The values of the columns in which values recur, in ascending order: in which there are
        fewer than half as many of them as rows.
    """

    def __init__(self, columns):
        self.labels = [column.label for column in columns]
        self.integer = np.array([column.integer for column in columns], dtype=bool)

    def fit(self, X, missing):
        """Learn from (n, n_columns) float64 without gaps; ``missing`` tells where there were."""
        self.values = {}
        if not X.shape[1]:
            return self
        self.low, self.high = _bounds(X, self.integer)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
            self.scaler = StandardScaler().fit(X)
        # the scale does not tell: scikit-learn takes an infinite variance for a constant column
        for j in np.flatnonzero(~np.isfinite(self.scaler.var_)):
            raise ValueError(
                f"Got values up to {np.abs(X[:, j]).max():g} in {self.labels[j]}: their variance "
                "is not a finite float64. Rescale the column, or take its logarithm."
            )
        self._scale_nearly_constant_columns()
        # A float32 tells whole numbers apart up to 2**24: a centre within 2**23 of both ends
        # keeps every integer column that spans less than 2**24 exact, however skewed it is.
        centre = np.clip(self.scaler.mean_, self.high - _EXACT, self.low + _EXACT)
        short = self.integer & (self.high - self.low < 2 * _EXACT)
        self.scaler.mean_ = np.where(short, centre, self.scaler.mean_)
        for column, absent in enumerate(missing.T):
            seen = np.unique(X[~absent, column])
            if len(seen) < (~absent).sum() / 2:
                self.values[column] = seen
        return self

    def transform(self, X):
        """Standardise; (n, n_columns) -> the same."""
        return self.scaler.transform(X) if X.shape[1] else X

    def inverse_transform(self, x):
        """Go back to numbers that the columns could hold; (n, n_columns) -> the same, float64."""
        if not x.size:
            return x
        X = self.scaler.inverse_transform(x.astype(np.float64))
        X = np.where(self.integer, np.rint(X), X)
        for column, seen in self.values.items():
            middles = seen[:-1] / 2 + seen[1:] / 2
            X[:, column] = seen[np.searchsorted(middles, X[:, column])]
        return np.clip(X, self.low, self.high)

    def _scale_nearly_constant_columns(self):
        """Scale columns by their range where StandardScaler finds no variance to scale them by."""
        scaler, spread = self.scaler, self.high - self.low
        flat = scaler.scale_ != np.sqrt(scaler.var_)
        scaler.mean_ = np.where(flat, self.low / 2 + self.high / 2, scaler.mean_)
        scaler.scale_ = np.where(flat & (spread > 0), spread, scaler.scale_)


def _bounds(X, integer):
    """Range of each column, as float64 that a cast back to its dtype cannot overflow."""
    low, high = X.min(axis=0), X.max(axis=0)
    # the float64 next to the largest int64 or uint64 lies just beyond it
    beyond = integer & np.isin(high, [2.0**63, 2.0**64])
    return low, np.where(beyond, np.nextafter(high, 0), high)
