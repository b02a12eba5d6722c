"""Diversity of images."""

import numpy as np
from sklearn.utils import check_random_state


def ssim_diversity(X, y, *, image_shape=None, n_pairs=200, random_state=None):
    """Compute the mean structural similarity of random pairs of images of a class.

    The less similar the pairs, the more diverse the class [1]_. Compare the values of real and of
    synthetic images: a class whose synthetic images are more similar has lost diversity. Needs
    torchmetrics.

    Parameters
    ----------
    X : array-like of shape (n, height, width), (n, height, width, channels) or (n, n_features)
        Images, of 6 by 6 pixels or more.
    y : array-like of shape (n,)
        Their classes.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flattened images.
    n_pairs : int, default=200
        Random pairs of different images per class.
    random_state : int, RandomState instance or None, default=None
        Seed of the pairs.

    Returns
    -------
    similarity : dict
        Mean structural similarity by class, 1 if all its images are the same; NaN for a class of
        one image.

    References
    ----------
    .. [1] Odena, Olah, Shlens, "Conditional image synthesis with auxiliary classifier GANs",
       ICML 2017, who take its multi-scale version.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan_resample.metrics import ssim_diversity
    >>> X = np.random.default_rng(0).integers(0, 256, (20, 8, 8))
    >>> X[:10] = X[0]
    >>> similarity = ssim_diversity(X, [0] * 10 + [1] * 10, random_state=0)
    >>> similarity[0], abs(similarity[1]) < 0.1
    (1.0, True)
    """
    try:
        import torch
        from torchmetrics.functional.image import (
            structural_similarity_index_measure as structural_similarity,
        )
    except ImportError as error:
        raise ImportError("ssim_diversity needs torchmetrics: pip install torchmetrics") from error
    X, y = np.asarray(X, float), np.asarray(y)
    X = X.reshape(len(X), *(X.shape[1:] if image_shape is None else image_shape))
    if X.ndim not in (3, 4):
        raise ValueError(
            f"Got X of shape {X.shape}, but expected images; give the image_shape of flat ones."
        )
    x = torch.from_numpy(np.moveaxis(X, 3, 1) if X.ndim == 4 else X[:, None])
    rng, similarity, extent = check_random_state(random_state), {}, float(np.ptp(X)) or 1.0
    for label in np.unique(y).tolist():
        images = x[np.flatnonzero(y == label)]
        similarity[label] = np.nan
        if len(images) > 1:  # pairs of different ones
            first = rng.randint(len(images), size=n_pairs)
            second = (first + rng.randint(1, len(images), size=n_pairs)) % len(images)
            value = structural_similarity(images[first], images[second], data_range=extent)
            similarity[label] = np.asarray(value).item()
    return similarity
