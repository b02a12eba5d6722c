"""What callers hand in, as one dense array, and new rows in the callers' own types."""

import math

import numpy as np
from scipy import sparse


def is_dataframe(X):
    """Whether X is a pandas DataFrame or Series."""
    return hasattr(X, "iloc")


def refuse_unsupported(X):
    """Raise for containers that would come back as something else than they were.

    Raises
    ------
    TypeError
        If X is a polars frame or series, or an array with masked values.
    """
    if type(X).__module__.partition(".")[0] == "polars":
        raise TypeError(
            f"Got a polars {type(X).__name__}, but expected an array, a pandas DataFrame, a sparse "
            "matrix or a list. Convert it with its to_pandas()."
        )
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise TypeError("Got a masked array with masked values. Fill them with its filled(value).")


def flatten_pictures(X):
    """Lay pictures out as rows.

    Parameters
    ----------
    X : array-like
        (n, h, w) or (n, h, w, c) pictures, or anything else.

    Returns
    -------
    X : array-like
        (n, h * w[ * c]) if X had pictures, else X itself.
    image_shape : tuple of int or None
        (h, w) or (h, w, c), None if X had no pictures.
    """
    if is_dataframe(X) or sparse.issparse(X):
        return X, None
    array = np.asarray(X) if isinstance(X, (list, tuple)) else X
    if getattr(array, "ndim", 2) not in (3, 4):
        return X, None
    array = np.asarray(array)
    return array.reshape(len(array), math.prod(array.shape[1:])), array.shape[1:]


def integer_columns(X, n_features, dtype):
    """Mask of shape (n_features,) of the columns that hold whole numbers or booleans."""
    if is_dataframe(X):
        return np.array([_is_whole(column_dtype) for column_dtype in X.dtypes])
    return np.full(n_features, _is_whole(dtype))


def _is_whole(dtype):
    return getattr(dtype, "kind", "O") in "iub"


def append(X, new):
    """Put new rows below X, in the container and dtypes of X.

    Parameters
    ----------
    X : {array-like, DataFrame, Series, sparse matrix, list, tuple}
        The original rows, returned bitwise as they are.
    new : ndarray
        New rows; of the shape of the originals, or flattened.

    Returns
    -------
    X_resampled : same type as X
        With a fresh RangeIndex where X is a pandas object. An ndarray where X is an array-like of
        none of these types, such as a torch tensor.
    """
    if is_dataframe(X):
        import pandas as pd

        if X.ndim == 1:
            rows = pd.Series(new, name=X.name).astype(X.dtype)
        else:
            rows = pd.DataFrame(new, columns=X.columns).astype(X.dtypes)
        return pd.concat([X, rows], ignore_index=True) if len(new) else X.reset_index(drop=True)
    if sparse.issparse(X):
        return sparse.vstack([X, type(X)(new.astype(X.dtype))], format=X.format, dtype=X.dtype)
    if isinstance(X, (list, tuple)):
        return type(X)([*X, *_cast(new, np.asarray(X)).tolist()])
    X = np.asanyarray(X)
    return np.concatenate([X, _cast(new, X)])


def _cast(new, like):
    return new.reshape(len(new), *like.shape[1:]).astype(like.dtype)
