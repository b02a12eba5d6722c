"""The same columns of several tables, in one order."""

import numpy as np
from scipy import sparse
from sklearn.metrics.pairwise import check_pairwise_arrays


def aligned(X, *others):
    """All tables, the columns of those that are frames in the order of the first one's.

    Sparse ones are made dense. ValueError where a frame has other names, or a table another number
    of columns.
    """
    X, *rest = (table.toarray() if sparse.issparse(table) else table for table in (X, *others))
    wanted, tables = list(getattr(X, "columns", ())), [X]
    is_named = wanted and len({*wanted}) == len(wanted)
    for other in rest:
        got = list(getattr(other, "columns", ()))
        if is_named and got and got != wanted:
            if apart := {*wanted} ^ {*got}:
                raise ValueError(
                    f"Got tables with the columns {wanted} and {got}, but expected the same ones: "
                    f"{sorted(map(str, apart))} are in one of them alone. Select or rename the "
                    "columns."
                )
            other = other[wanted]
        widths = [(np.shape(table)[1:] or (1,))[0] for table in (X, other)]
        if widths[0] != widths[1]:
            raise ValueError(
                f"Got tables of {widths[0]} and of {widths[1]} columns, but expected the same "
                "columns in both."
            )
        tables.append(other)
    return tables


def aligned_arrays(X_real, X_synthetic):
    """Two tables of numbers as arrays of floats."""
    return check_pairwise_arrays(*aligned(X_real, X_synthetic), dtype=np.float64)
