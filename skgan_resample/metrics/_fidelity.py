"""How near the distribution of synthetic samples comes to that of the real ones."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.utils import _safe_indexing, check_random_state, gen_batches
from sklearn.utils.validation import _num_samples

from ._align import aligned, aligned_arrays


def frechet_distance(X_real, X_synthetic):
    r"""Compute the Fréchet distance between the Gaussians fitted to two sets of samples.

    On the features of an Inception network this is known as FID [1]_. Zero for equal means and
    covariances; biased upwards for few samples, so compare at equal n (:func:`with_real_floor`).

    .. math:: \|\mu_1 - \mu_2\|^2 + \operatorname{tr}(\Sigma_1 + \Sigma_2
        - 2 (\Sigma_1 \Sigma_2)^{1/2})

    Parameters
    ----------
    X_real : array-like of shape (n_real, n_features)
        Features of real samples, two or more.
    X_synthetic : array-like of shape (n_synthetic, n_features)
        The same features of synthetic samples, two or more.

    Returns
    -------
    distance : float
        The squared distance, as usual for FID.

    References
    ----------
    .. [1] Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
       equilibrium", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.metrics import frechet_distance
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> frechet_distance(X, X + 3)
    9.0
    """
    X_real, X_synthetic = aligned_arrays(X_real, X_synthetic)
    shift = X_real.mean(axis=0) - X_synthetic.mean(axis=0)
    root_real, root_synthetic = _covariance_root(X_real), _covariance_root(X_synthetic)
    # tr (S1 S2)^(1/2), with S = R'R, is the nuclear norm of R1 R2': no matrix root, always real
    overlap = np.linalg.norm(root_real @ root_synthetic.T, "nuc")
    return float(shift @ shift + (root_real**2).sum() + (root_synthetic**2).sum() - 2 * overlap)


def _covariance_root(X):
    """An R with R'R the covariance of X."""
    if len(X) < 2:
        raise ValueError(f"Got {len(X)} sample, but expected two or more to estimate a covariance.")
    return np.linalg.qr(X - X.mean(axis=0), mode="r") / np.sqrt(len(X) - 1)


class PRDC(NamedTuple):
    """Precision, recall, density and coverage."""

    precision: float
    recall: float
    density: float
    coverage: float


def precision_recall_density_coverage(X_real, X_synthetic, *, n_neighbors=5):
    """Measure fidelity (precision, density) and diversity (recall, coverage) by neighbourhoods.

    A sample's ball reaches to its ``n_neighbors``-th neighbour within its own set. Precision is the
    share of synthetic samples in the ball of a real one, recall the share of real samples in the
    ball of a synthetic one [1]_. Density counts how many real balls hold a synthetic sample, over
    ``n_neighbors``; coverage is the share of real balls that hold any [2]_.

    Parameters
    ----------
    X_real : array-like of shape (n_real, n_features)
        Features of real samples, more than ``n_neighbors``.
    X_synthetic : array-like of shape (n_synthetic, n_features)
        The same features of synthetic samples, more than ``n_neighbors``.
    n_neighbors : int, default=5
        Neighbours that a ball holds.

    Returns
    -------
    scores : PRDC
        A named tuple (precision, recall, density, coverage), between 0 and 1. Only density has no
        upper bound; it is about 1 for equal distributions.

    References
    ----------
    .. [1] Kynkäänniemi et al., "Improved precision and recall metric for assessing generative
       models", NeurIPS 2019.
    .. [2] Naeem et al., "Reliable fidelity and diversity metrics for generative models",
       ICML 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.metrics import precision_recall_density_coverage
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> precision_recall_density_coverage(X, X + 100)
    PRDC(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    X_real, X_synthetic = aligned_arrays(X_real, X_synthetic)
    fewest = min(len(X_real), len(X_synthetic))
    if not 1 <= n_neighbors < fewest:
        raise ValueError(
            f"Got n_neighbors={n_neighbors}, but expected from 1 to {fewest - 1}, one less than "
            "the samples of the smaller set."
        )
    radius_real, radius_synthetic = (_radii(X, n_neighbors) for X in (X_real, X_synthetic))
    n_balls = np.zeros(len(X_synthetic))
    recalled, covered = np.zeros((2, len(X_real)), dtype=bool)
    for batch, distances in _distances(X_synthetic, X_real):
        in_real_ball = distances <= radius_real
        n_balls[batch] = in_real_ball.sum(axis=1)
        covered |= in_real_ball.any(axis=0)
        recalled |= (distances <= radius_synthetic[batch, None]).any(axis=0)
    scores = (n_balls > 0).mean(), recalled.mean(), n_balls.mean() / n_neighbors, covered.mean()
    return PRDC(*map(float, scores))


def _distances(A, B):
    """Yield (slice of A, its distances to all of B), a thousand samples at a time."""
    for batch in gen_batches(len(A), 1000):
        yield batch, cdist(A[batch], B)


def _radii(X, k):
    """Distance of each sample, shape (n,), to its k-th neighbour."""
    return np.concatenate([np.partition(d, k)[:, k] for _, d in _distances(X, X)])


def with_real_floor(metric, X_real, X_synthetic, *, n_repeats=5, random_state=None):
    """Compute a metric beside its floor: what real samples score against other real ones.

    The real samples are halved at random. The metric compares one half with as many synthetic
    samples, and for the floor with the other half: most metrics depend on the numbers of samples.

    Parameters
    ----------
    metric : callable
        Maps (X_real, X_synthetic) to a number or a tuple of numbers.
    X_real : array-like or DataFrame of shape (n_real, n_features)
        Real samples, or features of these, as the metric takes them.
    X_synthetic : array-like or DataFrame of shape (n_synthetic, n_features)
        The same of synthetic samples.
    n_repeats : int, default=5
        Random halvings; their results are averaged.
    random_state : int, RandomState instance or None, default=None
        Seed of the halvings.

    Returns
    -------
    value : float or ndarray
        The metric of real against synthetic samples.
    floor : float or ndarray
        The metric of real against real samples.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.metrics import frechet_distance, with_real_floor
    >>> rng = np.random.default_rng(0)
    >>> X, far = rng.normal(size=(60, 2)), rng.normal(5, size=(40, 2))
    >>> value, floor = with_real_floor(frechet_distance, X, far, random_state=0)
    >>> bool(value > 10 * floor)
    True
    """
    X_real, X_synthetic = aligned(X_real, X_synthetic)
    rng = check_random_state(random_state)
    n_real, n_synthetic = _num_samples(X_real), _num_samples(X_synthetic)
    n = min(n_real // 2, n_synthetic)
    values, floors = [], []
    for _ in range(n_repeats):
        order = rng.permutation(n_real)
        real, others = (_safe_indexing(X_real, half) for half in (order[:n], order[n : 2 * n]))
        synthetic = _safe_indexing(X_synthetic, rng.permutation(n_synthetic)[:n])
        values.append(metric(real, synthetic))
        floors.append(metric(real, others))
    return np.mean(values, axis=0), np.mean(floors, axis=0)
