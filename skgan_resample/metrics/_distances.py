"""Exact distances between sets of rows, in bounded memory."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.utils import gen_batches


def distance_batches(A, B):
    """Yield (slice of A, its distances to all rows of B), a thousand rows at a time."""
    for batch in gen_batches(len(A), 1000):
        yield batch, cdist(A[batch], B)


def kth_distance(A, B, k):
    """Distance of each row of A, shape (n_a,), to its k-th nearest row of B."""
    return np.concatenate(
        [np.partition(distances, k - 1)[:, k - 1] for _, distances in distance_batches(A, B)]
    )
