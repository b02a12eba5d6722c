"""What callers hand in, as one dense array, and new samples in the callers' own types."""

import math
from numbers import Integral

import numpy as np
from scipy import sparse

_MASKED = "Got a masked array with masked values. Fill them with its filled(value)."


def is_dataframe(X):
    """Whether X is a pandas DataFrame or Series."""
    return hasattr(X, "iloc")


def is_polars(X):
    """Whether X is a polars DataFrame or Series."""
    return type(X).__module__.partition(".")[0] == "polars"


def read_labels(y):
    """Labels as scikit-learn takes them: those of polars, and of pandas' own dtypes, as an array.

    Of pandas' own booleans, alone or as categories, scikit-learn would make floats. A polars
    DataFrame of more than one column, or masked values, are a TypeError.
    """
    if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
        raise TypeError(_MASKED)
    if not is_polars(y):
        is_own = getattr(y, "ndim", 2) == 1 and hasattr(y, "isna") and not hasattr(y.dtype, "char")
        return np.array(y.tolist()) if is_own and not y.isna().any() else y
    is_frame = hasattr(y, "width")
    if is_frame and y.width > 1:
        raise TypeError(
            f"Got a polars DataFrame of {y.width} columns as y, but expected a Series of labels, "
            "or an array of them."
        )
    return (y.to_series() if is_frame else y).to_numpy()


def flatten_images(X, image_shape):
    """Lay images out as rows, and say what shape they have: (X, own_shape, image_shape).

    X comes back as (n, h * w[ * c]) if it was images, (n, h, w) or (n, h, w, c), else as it is.
    ``own_shape`` is (h, w), (h, w, c) or, if X had no images, None; ``image_shape`` the images'
    shape by the parameter or by X itself, None for a table.

    Raises
    ------
    TypeError
        If X has masked values, which would come back without their mask.
    ValueError
        If the parameter is no shape, or not that of X.
    """
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise TypeError(_MASKED)
    own_shape = None
    if not (is_dataframe(X) or is_polars(X) or sparse.issparse(X)):
        array = np.asarray(X) if isinstance(X, (list, tuple)) else X
        if getattr(array, "ndim", 2) in (3, 4):
            array = np.asarray(array)
            own_shape = array.shape[1:]
            X = array.reshape(len(array), math.prod(own_shape))
    if image_shape is None:
        return X, own_shape, own_shape
    shape = tuple(image_shape)
    if len(shape) not in (2, 3) or any(not isinstance(n, Integral) or n < 1 for n in shape):
        raise ValueError(
            f"Got image_shape={image_shape!r}, but expected (height, width) or "
            "(height, width, channels) in whole numbers."
        )
    if own_shape is not None and (*own_shape, 1)[:3] != (*shape, 1)[:3]:
        raise ValueError(
            f"Got image_shape={shape}, but the images in X have shape {own_shape}. Leave "
            "image_shape at None for images that are not flattened."
        )
    return X, own_shape, shape


def integer_columns(X, n_features, dtype):
    """Mask of shape (n_features,) of the columns that hold whole numbers or booleans."""
    if is_dataframe(X):
        return np.array([_is_whole(column_dtype) for column_dtype in X.dtypes])
    return np.full(n_features, _is_whole(dtype))


def _is_whole(dtype):
    return getattr(dtype, "kind", "O") in "iub"


def append(X, new):
    """Put new samples or labels below X, which stays bitwise as it is, in its container and dtypes.

    ``new`` is in the container of X or, flattened, in an array; of shape (0,) if there are none.
    A pandas object gets a fresh RangeIndex. An ndarray comes back where X is an array-like of no
    known type, such as a torch tensor.
    """
    if is_polars(X):
        return _append_polars(X, new)
    if is_dataframe(X):
        return _append_pandas(X, new)
    if sparse.issparse(X):
        rows = [type(X)(new.astype(X.dtype))] if len(new.shape) == 2 else []
        return sparse.vstack([X, *rows], format=X.format, dtype=X.dtype)
    if isinstance(X, (list, tuple)):
        like = np.asarray(X)
        if new.dtype != object:
            new = new.reshape(len(new), *like.shape[1:]).astype(like.dtype)
        return type(X)([*X, *new.tolist()])
    X = np.asanyarray(X)
    return np.concatenate([X, new.reshape(len(new), *X.shape[1:]).astype(X.dtype)])


def with_room(X, n_new):
    """A copy of an array with room for ``n_new`` samples below it, so as not to hold these twice.

    None if X is not an array that :func:`append` would give back as it is.
    """
    if type(X) not in (np.ndarray, np.memmap):
        return None
    extended = np.empty((len(X) + n_new, *X.shape[1:]), X.dtype)
    extended[: len(X)] = X
    return extended


def writable(X):
    """X itself, under a flag that lets torch use its memory; nobody may write to it."""
    if X.flags.writeable:
        return X
    return np.asarray(_Memory(X))


class _Memory:
    """Memory of a read-only array: torch has no such tensors, and warns of each."""

    def __init__(self, X):
        self.owner = X
        address, _ = X.__array_interface__["data"]
        self.__array_interface__ = X.__array_interface__ | {"data": (address, False)}


def _append_pandas(X, new):
    import pandas as pd

    if not len(new):
        return X.reset_index(drop=True)
    if X.ndim == 1:
        new = pd.Series(new, name=X.name).astype(X.dtype)
    elif not is_dataframe(new):
        new = pd.DataFrame(new, columns=X.columns).astype(X.dtypes)
    return pd.concat([X, new], ignore_index=True)


def _append_polars(X, new):
    import polars as pl

    if not len(new):
        return X.clone()
    if not hasattr(X, "width"):
        new = pl.Series(X.name, new.tolist(), dtype=X.dtype)
    elif not is_polars(new):
        new = pl.DataFrame(new, schema=X.columns, orient="row").cast(dict(X.schema))
    return pl.concat([X, new])
