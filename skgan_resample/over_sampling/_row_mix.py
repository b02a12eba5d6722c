"""Rows mixed from real ones of their class: what an anchored BAGAN-GP starts from, alone."""

from __future__ import annotations

import torch

from .._base import BaseSampler
from .._docstrings import documented
from ..nn.picture_anchors import fit_anchors


@documented
class RowMixSampler(BaseSampler):
    r"""Over-sample by mixing real rows of a class; no network, no training.

    A new row of a table lies between two random rows of its class and borrows some of the
    variation within the other classes; a new picture is a real one of its class, half of them with
    parts of a near neighbour, then changed in brightness, shifted and mirrored. These are the
    drafts that :class:`BAGANGPSampler` starts from, and whose correction by an adversary has gained
    nothing measurable: this is the method for everyday use.

    Parameters
    ----------
    {sampling_strategy}
    {image_shape}
    {categorical_features}
    random_state : int, RandomState instance or None, default=None
        Seed of the draws. An int gives the same rows at every call. None takes fresh entropy;
        numpy's and torch's global streams are never used.

    Attributes
    ----------
    {sampling_strategy_}
    {classes_}
    {codec_}
    {is_synthetic_}
    {n_features_in_}
    {feature_names_in_}
    anchors_ : TableAnchors or PictureAnchors
        The real rows and the law of the rows mixed from them.
    generator_ : torch.nn.Module
        Leaves drafts as they are.
    history_ : dict of str to ndarray
        Arrays without a value.
    n_iter_ : int
        0, since nothing is trained.
    retains_training_data_ : bool
        Whether the fitted sampler holds training rows; True.

    See Also
    --------
    BAGANGPSampler : The same rows, corrected by a generator that was trained against a critic.
    imblearn.over_sampling.SMOTE : Interpolation between near neighbours.
    imblearn.over_sampling.RandomOverSampler : Duplicates, with ``shrinkage`` blurred ones.

    Notes
    -----
    A new row of a table is

    .. math::
        x = (1 - t) x_i + t x_j + 0.4 (x_k - \mu_{y_k}), \qquad t = u / (u + v)

    with :math:`x_i, x_j` any two rows of the class, u and v uniform, and :math:`x_k` a row of any
    class less the mean of that class. Categories and gaps come from one of the two rows, columns
    whose values recur are rounded to values seen; the Notes of :class:`BAGANGPSampler` say the
    rest.

    On 14 imbalanced tables and four classifiers this law reaches a balanced accuracy of .766 and an
    AUC of .847, after .732 and .829 with SMOTE and .643 and .813 without resampling. macro-F1 is
    lower than SMOTE's, .663 after .669. A class of one row gets that row with borrowed variation.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from skgan_resample import RowMixSampler
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> X_resampled, y_resampled = RowMixSampler(random_state=0).fit_resample(X, y)
    >>> len(set(Counter(y_resampled.tolist()).values()))
    1
    """

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        image_shape=None,
        categorical_features="auto",
        random_state=None,
    ):
        self.sampling_strategy = sampling_strategy
        self.image_shape = image_shape
        self.categorical_features = categorical_features
        self.random_state = random_state

    def _fit(self, x, y, rng):
        units, gaps = (getattr(self.codec_, name, ()) for name in ("units_", "number_missing_"))
        self.anchors_ = fit_anchors(
            torch.from_numpy(x), torch.from_numpy(y), len(self.classes_), rng, units, gaps
        )

    def _sample(self, y, rng):
        y = torch.from_numpy(y)
        draft = self.anchors_.draw(y, rng)
        return self.anchors_.vary(self.anchors_.settle(draft, draft, rng), y, rng).numpy()

    def _stream(self, seed):
        return torch.Generator(device="cpu").manual_seed(seed)

    def _warn_of_poor_samples(self, x, y):
        pass
