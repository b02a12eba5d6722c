"""CGAN: conditional GAN."""

from functools import partial

import torch
from sklearn.utils._param_validation import StrOptions

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.losses import logistic_d, logistic_g, slope_penalty
from ..nn.networks import ConcatDiscriminator, ConcatGenerator, TransposedConv


@documented
class CGANSampler(BaseGANSampler):
    r"""Over-sample with a conditional GAN.

    Generator and discriminator both see the class label. There is no autoencoder.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim} {max_iter}
    fake_labels : {"balanced", "data"}, default="balanced"
        Classes of the samples generated during training: uniform, with real samples drawn
        uniformly, too, or those of the real batch.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_}

    See Also
    --------
    BAGANGPSampler : Starts from a supervised autoencoder.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours.

    Notes
    -----
    D minimises :math:`-0.9 \log D(x, y) - 0.1 \log(1 - D(x, y)) - \log(1 - D(G(z, c), c))`, which
    has one-sided label smoothing, and G the non-saturating :math:`-\log D(G(z, c), c)`.

    Unlike in the source [2]_, the 0.9 is the target of real samples (its formula :math:`\log(0.9 -
    D(G(z)))` is undefined for D > 0.9); classes are balanced, where it takes those of the data
    (``fake_labels="data"``); D's squared slope at real samples is penalised (R1 [3]_); samples come
    from a moving average of the generator's weights; the networks are smaller. For tables, they are
    residual MLPs, the label in G's input is a quarter as large as the noise, Adam's betas are (0,
    0.9), and D sees one-hot blocks with noise added. The paper's settings are ``latent_dim=100``,
    ``max_iter=40000``, ``batch_size=8``, ``learning_rate=2e-3``.

    References
    ----------
    .. [1] Mirza & Osindero, Conditional Generative Adversarial Nets, 2014, arXiv:1411.1784.
    .. [2] Abi Hana, Enhancing Image Classification Using Conditional GAN-Based Data Augmentation,
       Universite Paris-Saclay.
    .. [3] Mescheder, Geiger & Nowozin, Which Training Methods for GANs Do Actually Converge?, ICML
       2018, arXiv:1801.04406.

    Examples
    --------
    {example}
    """

    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "fake_labels": [StrOptions({"balanced", "data"})],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        image_shape=None,
        categorical_features="auto",
        latent_dim="auto",
        hidden_dim="auto",
        max_iter="auto",
        fake_labels="balanced",
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
        self.fake_labels = fake_labels
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        K = run.n_classes

        # 1. Two fresh networks; both see the label.
        decoder = partial(run.decoder, run.latent_dim + K, enlarge=TransposedConv, kernel=7)
        is_table = x.ndim == 2
        label = run.latent_dim**0.5 / 4 if is_table else 1.0  # beside noise of size sqrt(d)
        generator = run.build(lambda: ConcatGenerator(decoder(), K, label))
        trunk = partial(run.trunk, dropout=0.2 if is_table else 0.4, block_noise=0.4)
        discriminator = run.build(lambda: ConcatDiscriminator(trunk(), K))

        # 2. Adversarial training, with real targets of 0.9.
        balanced = self.fake_labels == "balanced"

        def generated(like):
            y = run.labels(like, balanced)
            return generator(run.noise(y), y), y

        def d_loss(x, y):
            with torch.no_grad():
                fake, fake_y = generated(y)
            scores = discriminator(torch.cat([x, fake]), torch.cat([y, fake_y]))
            return logistic_d(*scores.chunk(2), real_target=0.9)

        def g_loss(x, y):
            return logistic_g(discriminator(*generated(y)))

        data = run.batches(x, y, balance=float(balanced))
        slope = partial(slope_penalty, discriminator)
        return generator, run.train_adversarial(
            generator, discriminator, d_loss, g_loss, data, d_penalty=slope
        )
