"""Containers of samples and labels: read them, and append new samples in their own types."""

import math
import sys
import warnings
from collections.abc import Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from numbers import Integral
from types import SimpleNamespace

import numpy as np
from scipy import sparse

_PASSED_BY = (__name__.partition(".")[0], "sklearn", "imblearn", "joblib")
_VALUES_CHECKED = 1 << 18
_WITH_NAN = float, np.floating, Decimal, np.datetime64, np.timedelta64
_MASKED = "Got a masked array with masked values. Fill them with its filled(value)."


def is_dataframe(X):
    """Whether X is a pandas DataFrame or Series."""
    return hasattr(X, "iloc")


def is_polars(X):
    """Whether X is a polars DataFrame or Series."""
    return type(X).__module__.partition(".")[0] == "polars"


def read_labels(y):
    """Labels as scikit-learn takes them: those of polars, and of pandas' own dtypes, as an array.

    Of pandas' own booleans, alone or as categories, scikit-learn would make floats, and it does not
    take numpy's StringDType. A polars DataFrame of more than one column, masked values, texts among
    other labels, or objects other than texts are a TypeError, missing labels a ValueError.
    """
    if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
        raise TypeError(_MASKED)
    if y is None or sparse.issparse(y):
        return y
    if is_polars(y):
        if hasattr(y, "width") and y.width > 1:
            raise TypeError(
                f"Got a polars DataFrame of {y.width} columns as y, but expected a Series of "
                "labels, or an array of them."
            )
        y = (y.to_series() if hasattr(y, "width") else y).to_numpy()
    is_own = getattr(y, "ndim", 2) == 1 and hasattr(y, "isna") and not hasattr(y.dtype, "char")
    if getattr(getattr(y, "dtype", None), "kind", None) == "T":  # numpy's StringDType
        y = np.asarray(y, dtype=object)
    values = np.asarray(y, dtype=object).ravel()
    lacks = is_missing(values)
    if lacks.any():
        raise ValueError(
            f"Got missing labels in y, {lacks.sum()} of them, the first at index "
            f"{lacks.argmax()}, but expected a class for each sample. Leave these out of X and y."
        )
    types = {issubclass(kind, str): kind.__name__ for kind in dict.fromkeys(map(type, values))}
    if len(types) > 1:
        raise TypeError(
            f"Got labels of the types {types[True]} and {types[False]} in y, but expected one "
            "type. Convert them, for example to texts."
        )
    labels = np.array(y.tolist()) if is_own else y
    some = labels if hasattr(labels, "dtype") else labels[:1] if isinstance(labels, list) else ()
    array = np.asarray(some)
    if array.dtype == object and array.ndim == 1 and not isinstance([*array, ""][0], str):
        raise TypeError(
            f"Unknown label type: got objects of the type {type(array[0]).__name__} in y, but "
            "expected texts, or an array of numpy's own type of numbers. Convert them, for example "
            "by numpy.array(y).astype(str)."
        )
    return labels


def is_missing(objects):
    """Mask of None, NaN, that of Decimal included, NaT, and pandas' NA among objects, (n,)."""
    kinds = set(map(type, objects))
    named = tuple(k for k in kinds if k.__name__ in ("NoneType", "NAType", "NaTType"))
    numbers = tuple(k for k in kinds if issubclass(k, _WITH_NAN))
    if not named and not numbers:
        return np.zeros(len(objects), dtype=bool)
    mask = [isinstance(v, named) or (isinstance(v, numbers) and _is_nan(v)) for v in objects]
    return np.array(mask, dtype=bool)


def _is_nan(value):
    return value.is_nan() if isinstance(value, Decimal) else value != value


def warn(message, category=UserWarning):
    """Warn at the line that called this package, be it by way of scikit-learn."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _PASSED_BY:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def flatten_images(X, image_shape):
    """Lay images out as rows, and say what shape they have: (X, own_shape, image_shape).

    X comes back as (n, h * w[ * c]) if it was images, (n, h, w) or (n, h, w, c), else as it is.
    ``own_shape`` is (h, w), (h, w, c) or, if X had no images, None; ``image_shape`` the images'
    shape by the parameter or by X itself, None for a table.

    Raises
    ------
    TypeError
        If X has masked values, which would come back without their mask, or holds dicts; or if it
        is an iterator, such as a generator.
    ValueError
        If the parameter is no shape, or not that of X; or if it is None and X, of three or four
        dimensions, does not look like images.
    """
    _check_type(X)
    own_shape = None
    is_series = is_dataframe(X) and X.ndim == 1
    if is_series or not (is_dataframe(X) or is_polars(X) or sparse.issparse(X)):
        try:
            array = np.asarray(X) if is_series or isinstance(X, (list, tuple)) else X
        except ValueError as error:
            raise ValueError(
                "Got samples of different shapes, but expected one shape. Crop, pad or resize them."
            ) from error
        if getattr(array, "dtype", None) == np.dtype(object) and array.shape[1:] == ():
            shape = np.shape(array[:1].tolist())[1:]
            if shape:
                raise ValueError(
                    f"Got an array of objects, the first of shape {shape}, but expected one array "
                    "of numbers: np.stack(X)."
                )
        if getattr(array, "ndim", 2) > 2:
            array = np.asarray(array)
            own_shape = array.shape[1:]
            if image_shape is None:
                _check_images(array)
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


def _check_type(X):
    """Refuse masked values, iterators, dicts, and tables that would lose their columns' names."""
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise TypeError(_MASKED)
    if isinstance(X, Iterator):
        raise TypeError(
            f"Got X of the type {type(X).__name__}, but expected an array, a frame or a list. Make "
            "a list of it: list(X)."
        )
    first = X[0] if isinstance(X, (list, tuple)) and X else X
    if (
        first is not X
        and hasattr(first, "__array_interface__")
        and not isinstance(first, (np.ndarray, np.generic))
    ):
        raise TypeError(
            f"Got a list of the type {type(first).__name__}, but expected an array. Make one of "
            "it: numpy.stack([numpy.asarray(x) for x in X])."
        )
    if type(X).__module__.partition(".")[0] == "pyarrow":
        raise TypeError(
            f"Got a pyarrow {type(X).__name__}, but expected an array, a frame or a list. Take its "
            "to_pandas(), or polars.from_arrow."
        )
    if getattr(getattr(X, "dtype", None), "names", None):
        raise TypeError(
            "Got a structured array, but expected an array of one dtype, a frame or a list. Make "
            "a frame of it: pandas.DataFrame(X)."
        )
    if isinstance(first, Mapping) and not sparse.issparse(first):  # of these one kind is a dict
        raise TypeError(
            f"Got dicts, in X of the type {type(X).__name__}, but expected an array or a "
            "frame. Make a frame of them: pandas.DataFrame(X)."
        )


def _check_images(X):
    """Refuse (n, h, w[, c]) whose channels come first, or whose rows or columns are features."""
    remedy = f"If X holds images all the same, say image_shape={X.shape[1:]}."
    if X.ndim > 4:
        raise ValueError(
            f"Got X of shape {X.shape}, but expected a table, (n, d), or images, (n, height, width"
            "[, channels]). Make a row of each sample: X.reshape(len(X), -1)."
        )
    if X.ndim == 4 and X.shape[1] in (1, 3, 4) and min(X.shape[2:]) > 4:
        raise ValueError(
            f"Got X of shape {X.shape}, but expected (n, height, width, channels). If the channels "
            f"come first, take X.transpose(0, 2, 3, 1). {remedy}"
        )
    if X.dtype.kind not in "iuf" or X.itemsize == 1 or not X.size:
        return
    some = X[:: -(-X.size // _VALUES_CHECKED)].astype(np.float64)
    rounding = np.finfo(X.dtype).eps if X.dtype.kind == "f" else 0
    for axis in (2, 1):
        values = np.moveaxis(some, axis, 0).reshape(X.shape[axis], len(some), -1)
        with np.errstate(all="ignore"):  # infinity is refused later
            odd, is_image = _odd_rows(values, 10 * rounding)
        if len(odd):
            low, high = values[odd[0]].min(), values[odd[0]].max()
            message = (
                f"Got X of shape {X.shape}, which is taken for images, but along axis {axis} it "
                f"has values of different units: from {low:g} to {high:g} at index {odd[0]}, "
                f"from {values.min():g} to {values.max():g} in all. If these are features, make a "
                f"table of X: X.reshape(len(X), -1). {remedy}"
            )
            if not is_image:
                raise ValueError(message)
            warn(message)
            return


def _odd_rows(values, rounding):
    """Rows of values, (k, n, m), in a unit of their own, and if the others are of images.

    They span less than a thousandth of what all values do, but more than rounding errors, and less
    than a fifth of a neighbour. They are no empty border of images, of which few values differ, and
    no blurred one, like its neighbour. Rows of images follow each other, and vary together.
    """
    around_mean = (values - values.mean(axis=1, keepdims=True)).reshape(len(values), -1)
    z = around_mean / around_mean.std(axis=1, keepdims=True)
    alike = np.abs((z[1:] * z[:-1]).mean(axis=1))  # correlations with the next row
    values = values.reshape(z.shape)
    ends, span = np.quantile(values, [0.05, 0.95], axis=1), np.ptp(values, axis=1)
    share, around = span / np.ptp(ends), np.pad(span, 1)
    odd = (share > rounding) & (share < 1e-3) & (np.ptp(ends, axis=0) > span / 10)
    sharp = np.maximum(around[2:], around[:-2]) > 5 * span
    near = np.fmax(np.append(alike, 0), np.append(0, alike)) > 0.9
    others = np.flatnonzero(~odd)
    in_a_row = 1 < len(others) == np.ptp(others) + 1
    return np.flatnonzero(odd & sharp & ~near), in_a_row and np.median(alike[others[:-1]]) > 0.4


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
        return type(X)([*X, *_elements(new, X[0])])
    X = np.asanyarray(X)
    new = new.reshape(len(new), *X.shape[1:])
    return np.concatenate([X, new], dtype=X.dtype, casting="unsafe")  # of any byte order


def _elements(new, first):
    """New samples as elements of a list: of the type, and the dtype, of the first one."""
    if isinstance(first, np.ndarray):
        return new.astype(first.dtype)
    if hasattr(first, "new_tensor"):
        return map(first.new_tensor, new)
    if isinstance(first, np.generic):
        return new
    return map(tuple, new.tolist()) if type(first) is tuple else new.tolist()


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
    """X itself, under a flag that lets torch use its memory; nobody may write to it.

    Torch has no tensors of read-only memory, and warns of each.
    """
    if X.flags.writeable:
        return X
    memory = X.__array_interface__ | {"data": (X.__array_interface__["data"][0], False)}
    return np.asarray(SimpleNamespace(owner=X, __array_interface__=memory))


def _append_pandas(X, new):
    import pandas as pd

    if not len(new):
        return X.reset_index(drop=True)
    if X.ndim == 1:
        new = pd.Series(new, name=X.name).astype(X.dtype)
    elif not is_dataframe(new):
        new = pd.DataFrame(new, columns=X.columns).astype(X.dtypes)
    new.attrs = {}  # pandas would compare them, and those of X may have no one truth value
    extended = pd.concat([X, new], ignore_index=True)
    extended.attrs = deepcopy(X.attrs)
    return extended


def _append_polars(X, new):
    import polars as pl

    if not len(new):
        return X.clone()
    if not hasattr(X, "width"):
        new = pl.Series(X.name, new.tolist(), dtype=X.dtype)
    elif not is_polars(new):
        new = pl.DataFrame(new, schema=X.columns, orient="row").cast(dict(X.schema))
    return pl.concat([X, new])
