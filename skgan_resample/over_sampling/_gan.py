"""GAN: one unconditional generator per class."""

from functools import partial

import torch

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.losses import logistic_d, logistic_g, slope_penalty
from ..nn.networks import LinearHead, Stacked, TransposedConv

_FEWEST = 16  # samples of a class in a batch


@documented
class GANSampler(BaseGANSampler):
    r"""Over-sample with one GAN per class.

    Each class has a generator and a discriminator of its own, trained on its samples alone. It is a
    baseline: a small class learns nothing from the others.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim}
    max_iter : int or "auto", default="auto"
        Updates of every class's generator; 0 means no training. "auto" is 500 for tables, 300 for
        images.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_}

    See Also
    --------
    CGANSampler : One generator for all classes.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours.

    Notes
    -----
    In each class D minimises :math:`-\log D(x) - \log(1 - D(G(z)))` and G the non-saturating
    :math:`-\log D(G(z))` of [1]_. All classes are trained, also those that need no sample. They
    share the batch in equal parts, of 16 samples or more. The generator of a class of a few samples
    makes samples close to these.

    As in the paper, D has dropout. Unlike there, D's squared slope at real samples is penalised (R1
    [2]_); samples come from a moving average of the generator's weights; the networks are
    convolutional for images and residual MLPs for tables, without maxout units; Adam replaces
    gradient descent with momentum. For tables its betas are (0, 0.9), and D sees one-hot blocks
    with noise added. The paper's settings are not comparable.

    References
    ----------
    .. [1] Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, arXiv:1406.2661.
    .. [2] Mescheder, Geiger & Nowozin, Which Training Methods for GANs Do Actually Converge?, ICML
       2018, arXiv:1801.04406.

    Examples
    --------
    {example}
    """

    _auto_max_iter = (500, 300)

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        image_shape=None,
        categorical_features="auto",
        latent_dim="auto",
        hidden_dim="auto",
        max_iter="auto",
        batch_size=64,
        learning_rate=1e-3,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.sampling_strategy = sampling_strategy
        self.image_shape = image_shape
        self.categorical_features = categorical_features
        self.latent_dim = latent_dim
        self.hidden_dim = hidden_dim
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        classes = range(run.n_classes)

        # 1. Two fresh networks per class; none of them sees a label.
        decoder = partial(run.decoder, enlarge=TransposedConv, head=None)
        generator = Stacked([run.build(decoder) for _ in classes], run.block_head())
        trunk = partial(run.trunk, dropout=0.4, block_noise=0.4)
        discriminator = Stacked([run.build(lambda: LinearHead(trunk(), 1)) for _ in classes])

        # 2. Adversarial training of each class, on its samples. The classes share a loop and a sum
        #    of losses, but no weight: Adam's steps are those of separate trainings.
        def d_loss(x, y):
            with torch.no_grad():
                fake = generator(run.noise(y), y)
            return logistic_d(*discriminator(torch.cat([x, fake]), torch.cat([y, y])).chunk(2))

        def g_loss(x, y):
            return logistic_g(discriminator(generator(run.noise(y), y), y))

        data = run.batches_by_class(x, y, classes, max(self.batch_size // len(classes), _FEWEST))
        slope = partial(slope_penalty, discriminator)
        return generator, run.train_adversarial(
            generator, discriminator, d_loss, g_loss, data, d_penalty=slope
        )
