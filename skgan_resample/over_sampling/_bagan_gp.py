"""BAGAN-GP: balancing GAN with a supervised autoencoder and a gradient penalty."""

from numbers import Integral, Real

import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch.nn.functional import l1_loss

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.latent import ClassGaussians
from ..nn.losses import (
    gradient_penalty,
    logistic_d,
    logistic_g,
    points_around,
    points_between,
)
from ..nn.networks import LinearHead, ProductDiscriminator, ProductGenerator
from ..nn.run import in_batches


@documented
class BAGANGPSampler(BaseGANSampler):
    r"""Over-sample with BAGAN-GP, a balancing GAN with gradient penalty.

    A supervised autoencoder rebuilds samples from their code times an embedding of their label. Its
    decoder becomes the generator and its encoder the first layers of the discriminator, which also
    has to reject real samples with a wrong label. Generated classes are balanced.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim}
    max_iter : int or "auto", default="auto"
        Updates of the generator; 0 means no adversarial training. "auto" is 250 for tables and 700
        for images.
    autoencoder_max_iter : int or "auto", default="auto"
        Updates of the autoencoder before the adversarial training; 0 starts from random weights.
        "auto" is 250 for tables and 700 for images.
    n_critic : int, default=3
        Updates of the discriminator before each of the generator.
    penalty_weight : float, default=10.0
        Weight of the gradient penalty, :math:`\lambda`; 0 leaves it out.
    penalty_points : {"between", "real"}, default="between"
        Where the gradient is penalised: between real and generated samples, as in WGAN-GP [2]_, or
        around real ones, as in DRAGAN [3]_.
    supervised_autoencoder : bool, default=True
        Whether the autoencoder sees the label. False is the paper's ablation "v2".
    wrong_labels : bool, default=True
        Whether the discriminator also has to reject real samples with a wrong label. The paper's
        ablation "v1" has ``wrong_labels=False``, ``supervised_autoencoder=False`` and
        ``fake_labels="data"``.
    latent : {"matched", "standard"}, default="matched"
        Where codes are drawn from: a Gaussian with mean and covariance of all training samples'
        codes, which is ours, or the paper's N(0, I), for which the autoencoder is not trained.
    {fake_labels}
    real_balance : float, default=1.0
        Real samples of a class of size n are drawn in proportion to ``n ** (1 - real_balance)`` in
        the adversarial training.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_}
    latent_ : ClassGaussians
        With ``latent="matched"``, one Gaussian of all latent codes.

    See Also
    --------
    BAGANSampler : The method that this one improves on.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours.

    Notes
    -----
    The autoencoder minimises the mean absolute error. With :math:`D = \sigma(d)`, codes z from
    ``latent``, uniform labels c, a wrong label :math:`\tilde y \ne y`, u from U(0, 1) and
    :math:`\hat x = x + u (G(z, c) - x)`, D minimises

    .. math::
        -\log D(x, y) - \log(1 - D(G(z, c), c)) - \log(1 - D(x, \tilde y))
        + \lambda (\lVert \nabla_{\hat x} d(\hat x, y) \rVert_2 - 1)^2

    and G minimises :math:`-\log D(G(z, c), c)`.

    As in the paper, and unlike in its code, u is uniform and D starts from the encoder. Unlike
    in both, codes are those of ``latent="matched"``; a wrong label is never the right one; D has
    three updates for each of G, not five, each with a batch of its own; real classes are balanced;
    samples come from a moving average of G's weights; the label's embeddings start from N(0, 1),
    not from Keras's U(-0.05, 0.05), from which a class's embedding could reach zero; D multiplies
    its features by the embedding without a dense layer between; there is no batch normalisation;
    the networks are smaller, and residual MLPs for tables. The paper's settings are
    ``latent="standard"``, ``latent_dim=128``, ``n_critic=5``, ``real_balance=0``,
    ``batch_size=128``, ``learning_rate=2e-4``, the same betas and 30 epochs of the autoencoder:
    ``autoencoder_max_iter = 30 * n / 128``. cDRAGAN, without an autoencoder, is
    ``autoencoder_max_iter=0, penalty_points="real"``.

    References
    ----------
    .. [1] Huang & Jafari, Enhanced balancing GAN: minority-class image generation, Neural
       Computing and Applications, 2021, arXiv:2011.00189.
    .. [2] Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017.
    .. [3] Kodali et al., On Convergence and Stability of GANs, 2017.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from skgan_resample import BAGANGPSampler
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> sampler = BAGANGPSampler(max_iter=50, autoencoder_max_iter=50, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> [y_resampled.tolist().count(label) for label in (0, 1)]
    [180, 180]
    >>> X_new, y_new = sampler.sample({1: 5})
    >>> X_new.shape
    (5, 20)
    """

    _auto_max_iter = _auto_autoencoder_max_iter = (250, 700)
    _momentum = (0.5, 0.5)
    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "autoencoder_max_iter": BaseGANSampler._parameter_constraints["max_iter"],
        "n_critic": [Interval(Integral, 1, None, closed="left")],
        "penalty_weight": [Interval(Real, 0, None, closed="left")],
        "penalty_points": [StrOptions({"between", "real"})],
        "supervised_autoencoder": ["boolean"],
        "wrong_labels": ["boolean"],
        "latent": [StrOptions({"matched", "standard"})],
        "fake_labels": [StrOptions({"balanced", "data"})],
        "real_balance": [Interval(Real, 0, 1, closed="both")],
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
        autoencoder_max_iter="auto",
        n_critic=3,
        penalty_weight=10.0,
        penalty_points="between",
        supervised_autoencoder=True,
        wrong_labels=True,
        latent="matched",
        fake_labels="balanced",
        real_balance=1.0,
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
        self.autoencoder_max_iter = autoencoder_max_iter
        self.n_critic = n_critic
        self.penalty_weight = penalty_weight
        self.penalty_points = penalty_points
        self.supervised_autoencoder = supervised_autoencoder
        self.wrong_labels = wrong_labels
        self.latent = latent
        self.fake_labels = fake_labels
        self.real_balance = real_balance
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        K = run.n_classes

        # 1. Supervised autoencoder: decoder(encoder(x) * Emb(y)) against x.
        encoder = run.build(lambda: LinearHead(run.trunk(eps=1), run.latent_dim))
        generator = run.build(lambda: ProductGenerator(run.decoder(), K, run.latent_dim))

        def autoencoder_loss(x, y):
            label = y if self.supervised_autoencoder else None
            return l1_loss(generator(encoder(x), label), x)

        autoencoder = torch.nn.ModuleList([encoder, generator])
        history = run.train_autoencoder(autoencoder, autoencoder_loss, run.batches(x, y))

        # 2. G = decoder after embedding; D starts from the encoder, its embedding afresh.
        discriminator = run.build(lambda: ProductDiscriminator(run.trunk(), K))
        discriminator.trunk.load_state_dict(encoder.trunk.state_dict())
        if self.latent == "matched":
            self.latent_ = ClassGaussians.fit(in_batches(encoder, x), torch.zeros_like(y).cpu(), 1)

        # 3. Adversarial training: real, generated, and real samples with a wrong label.
        def generated(like):
            y = run.labels(like, balanced=self.fake_labels == "balanced")
            return generator(self._codes(y, run), y), y

        def d_loss(x, y):
            with torch.no_grad():
                fake, fake_y = generated(y)
            features = discriminator.trunk(x)  # of real samples, once for both of their labels
            real, rejected = discriminator.scores(features, y), [discriminator(fake, fake_y)]
            if self.wrong_labels:
                shift = torch.randint(1, K, y.shape, generator=run.rng).to(y.device)
                rejected.append(discriminator.scores(features, (y + shift) % K))
            return logistic_d(real, *rejected) + self._penalty(discriminator, x, fake, y, run.rng)

        def g_loss(x, y):
            return logistic_g(discriminator(*generated(y)))

        data = run.batches(x, y, self.real_balance)
        history |= run.train_adversarial(
            generator, discriminator, d_loss, g_loss, data, self.n_critic
        )
        return generator, history

    def _codes(self, y, run):
        """A code for each of (m,) labels, whatever they are: (m, latent_dim)."""
        if hasattr(self, "latent_"):
            return self.latent_.sample(torch.zeros_like(y), run.rng)
        return run.noise(y)

    def _penalty(self, discriminator, x, fake, y, rng):
        """Weighted gradient penalty of the discriminator, in the classes of the real samples."""
        if not self.penalty_weight:
            return 0.0
        between = self.penalty_points == "between"
        points = points_between(x, fake, rng) if between else points_around(x, rng)
        points = points.requires_grad_()
        return self.penalty_weight * gradient_penalty(discriminator(points, y), points)

    def _generate(self, y, run):
        return self.generator_(self._codes(y, run), y)
