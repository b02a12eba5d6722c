"""Sparse tables of numbers that are mostly zeros, as they are."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

from .._containers import append
from ._columns import read
from ._encoders import Numbers, number_encoders

_LARGEST = 2.0**23  # whole numbers up to it are exact in float32, wherever their mean is


class SparseCodec(TransformerMixin, BaseEstimator):
    """Encode a sparse table as a CSR array of float64; decode it in its own container and dtype.

    Numbers are not scaled. Decoded, they are rounded and clipped as by :class:`TableCodec` in
    columns whose values do not recur.

    Attributes
    ----------
    sample_shape_ : tuple of int
        (n_features,), the shape of one encoded row.
    """

    @staticmethod
    def takes(X):
        """Whether X is a sparse table of numbers, most of which are zeros and none large."""
        if not sparse.issparse(X) or X.ndim != 2 or X.dtype.kind not in "biuf" or X.shape[0] < 5:
            return False
        values = sparse.csr_array(X).data
        n_set, largest = np.count_nonzero(values), abs(values).max(initial=0)
        return 0 < largest < _LARGEST and n_set < 0.5 * X.shape[0] * X.shape[1]

    def fit(self, X, y=None):
        """Learn the container and the dtype of X, of shape (n_samples, n_features)."""
        self._like = type(X)((0, X.shape[1]), dtype=X.dtype)
        self.sample_shape_, self._numbers, X = X.shape[1:], {}, sparse.csc_array(X)
        for j in np.flatnonzero(np.diff(X.indptr) >= X.shape[0] / 2 - 1):
            for _, number in number_encoders(*read(X, np.array([j]), range(X.shape[1]))):
                if isinstance(number, Numbers) and not number.recurring:
                    self._numbers[j] = number
        return self

    def transform(self, X):
        """Encode X, of shape (n_samples, n_features), as it is: sorted, without stored zeros."""
        encoded = sparse.csr_array(X, dtype=np.float64, copy=True)
        encoded.sum_duplicates()
        encoded.eliminate_zeros()
        return encoded

    def inverse_transform(self, encoded):
        """Decode rows, of shape (n_samples, n_features)."""
        decoded = sparse.csc_array(encoded, copy=True)
        for j, number in self._numbers.items():
            some = slice(*decoded.indptr[j : j + 2])
            code = (number.steps(decoded.data[None, some]) - number.centre) / number.scale
            decoded.data[some] = number.decode(code.T)[0]
        decoded.eliminate_zeros()
        return append(self._like, decoded)
