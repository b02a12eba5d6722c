"""The same columns of several tables, in one order."""

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays


def aligned(X, *others):
    """All tables, the columns of those that are frames in the order of the first one's.

    ValueError where a frame has other names, or a table another number of columns.
    """
    wanted, tables = getattr(X, "columns", None), [X]
    for other in others:
        got = getattr(other, "columns", None)
        is_unique = wanted is not None and len({*wanted}) == len(wanted)
        if is_unique and got is not None and list(got) != list(wanted):
            if apart := set(wanted).symmetric_difference(got):
                raise ValueError(
                    f"Got tables with the columns {list(wanted)} and {list(got)}, but expected the "
                    f"same ones: {sorted(map(str, apart))} are in one of them alone. Select or "
                    "rename the columns."
                )
            other = other[list(wanted)]
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
