"""RowMix: new samples mixed from real ones of their class; the baseline without a network."""

from __future__ import annotations

import numpy as np

from .._base import BaseSampler
from .._docstrings import documented
from ..codec import SparseCodec
from ..mixing import ImageMixture, SparseMixture, TableMixture


@documented
class RowMixSampler(BaseSampler):
    r"""Over-sample by mixing real samples of a class; no network, no training.

    A new row of a table lies between two random rows of its class, as in SMOTE with all rows as
    neighbours, plus noise from the variation within the classes, as in a smoothed bootstrap. A new
    image is one of its class, half of them with parts of a near neighbour, then changed in
    brightness, translated and mirrored. It takes milliseconds, and is the baseline for the
    samplers that train networks.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {random_state}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {codec_}
    mixture_ : TableMixture, SparseMixture or ImageMixture
        The distribution that new samples are drawn from. It holds the training samples.
    {is_synthetic_} {n_features_in_} {feature_names_in_}

    See Also
    --------
    BAGANGPSampler : A class-conditional GAN.
    imblearn.over_sampling.SMOTE : Interpolation between near neighbours.
    imblearn.over_sampling.RandomOverSampler : Duplicates, with ``shrinkage`` a smoothed bootstrap.

    Notes
    -----
    A new row of a table is

    .. math::
        x = (1 - t) x_i + t x_j + 0.4 (x_k - \mu_{y_k}), \qquad t = u / (u + v)

    with :math:`x_i, x_j` any two rows of the class [1]_ [2]_, u and v uniform, and :math:`x_k` a
    row of any class, from which the mean of that class is subtracted [3]_: residuals are pooled
    over the classes, so that a small class gets the variation within the others. A column gets none
    where it would leave the range seen, as where a few huge values make most residuals large. The
    noise scale of 0.4 was set by hand. A category, and whether a value is missing, comes from
    :math:`x_i` or, with probability t, from :math:`x_j`; columns that encode one category, and
    columns of two values of which some pair is never seen, come from the same one. Columns whose
    values recur are rounded stochastically to the observed value below or above.

    Half of the new images take parts of a near neighbour through a mask of low-frequency noise
    [4]_. Then half get a random gamma, and half are translated by up to a fourteenth of their size
    and mirrored if the class is symmetric. Near-copies of training images are drawn again.

    A class of one sample gets copies of it, to which the variation of the other classes is added.

    References
    ----------
    .. [1] Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 16, 2002.
    .. [2] Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
    .. [3] Menardi & Torelli, "Training and assessing classification rules with imbalanced data"
       (ROSE), Data Mining and Knowledge Discovery 28, 2014.
    .. [4] Harris et al., "FMix: enhancing mixed sample data augmentation", arXiv:2002.12047, 2020.

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

    def _table_codec(self, X):
        if isinstance(self.categorical_features, (str, type(None))) and SparseCodec.takes(X):
            return SparseCodec()
        return super()._table_codec(X)

    def _fit(self, x, y, rng):
        n_classes, codec = len(self.classes_), self.codec_
        self.mixture_: TableMixture | SparseMixture | ImageMixture
        if isinstance(codec, SparseCodec):
            self.mixture_ = SparseMixture.fit(x, y, n_classes)
        elif x.ndim == 2:
            self.mixture_ = TableMixture.fit(x, y, n_classes, codec.units_, codec.missing_)
        else:  # x may be the caller's own memory
            self.mixture_ = ImageMixture.fit(x.copy(), y, n_classes, rng, step=codec.step_)

    def _sample(self, y, rng):
        return self.mixture_.sample(y, rng)

    def _make(self, counts, rng, out=None):
        if not isinstance(self.codec_, SparseCodec):
            return super()._make(counts, rng, out)
        labels = np.repeat(np.arange(len(counts)), counts)
        return self.codec_.inverse_transform(self._sample(labels, rng))
