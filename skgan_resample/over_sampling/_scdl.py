"""WAE-GAN and SCDL-GAN: class distributions learnt by a Wasserstein autoencoder, then a GAN."""

from numbers import Real

import torch
from sklearn.utils._param_validation import Interval
from torch.nn.functional import cross_entropy, mse_loss

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.latent import ClassGaussians
from ..nn.losses import balancing_d, mmd_imq
from ..nn.networks import LinearHead, UnlabelledGenerator
from ..nn.run import in_batches


@documented
class WAEGANSampler(BaseGANSampler):
    r"""Over-sample with WAE-GAN, a GAN on the codes of a Wasserstein autoencoder.

    A Wasserstein autoencoder learns from all classes. Its decoder becomes the generator, trained on
    the codes of real samples against a discriminator that recognises the class of a sample, or that
    it is generated. New samples come from one Gaussian of latent codes per class.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim} {max_iter}
    {autoencoder_max_iter}
    mmd_weight : float, default=0.2
        Weight of the maximum mean discrepancy between codes and N(0, I), :math:`\lambda_1`; the
        mean squared error of the reconstruction has the weight 1.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_} {latent_}

    See Also
    --------
    SCDLSampler : The same with codes that also predict the class.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours.

    Notes
    -----
    The autoencoder minimises, with inverse multiquadratic kernels in the MMD,

    .. math:: L_{WAE} = \mathrm{mean}\,(x - G(E(x)))^2 + \lambda_1 MMD(E(x), N(0, I))

    D starts afresh and minimises the cross-entropy of K classes and "fake". G minimises that of its
    samples against their class, fed with the codes of uniformly drawn real samples. Then class c is
    generated from :math:`N(\mu_c, \Sigma_c)`, the moments of its codes.

    There is no public code: this is a reconstruction from the text, which speaks of a multivariate
    normal distribution and writes :math:`\mu_c + \sigma_c \epsilon`, independent coordinates. They
    lose the correlations within a class. Here covariances are full, and shrunk for small classes
    towards the pooled one. Ours, too, are the moving average of G's weights, Adam's betas (0.5,
    0.9), and the networks (residual MLPs for tables). The paper's settings are not known to us. The
    code of [2]_ has :math:`\lambda_1 = 10` and a sum of squares. Here it is a mean over the values
    of a sample, so that a weight stands for that times their number there.

    References
    ----------
    .. [1] Cai et al., Supervised Class Distribution Learning for GANs-Based Imbalanced
       Classification, ICDM 2019, doi:10.1109/ICDM.2019.00014.
    .. [2] Tolstikhin et al., Wasserstein Auto-Encoders, ICLR 2018.

    Examples
    --------
    {example}
    """

    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "autoencoder_max_iter": BaseGANSampler._parameter_constraints["max_iter"],
        "mmd_weight": [Interval(Real, 0, None, closed="left")],
    }

    _momentum = (0.5, 0.5)
    supervision_weight = 0.0  # the codes are not supervised; a parameter of SCDLSampler

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
        mmd_weight=0.2,
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
        self.mmd_weight = mmd_weight
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        K, data = run.n_classes, run.batches(x, y)

        # 1. Class distributions: a Wasserstein autoencoder; SCDL's codes also predict the class.
        encoder = run.build(lambda: LinearHead(run.trunk(eps=1), run.latent_dim))
        decoder = run.build(run.decoder)
        classifier = run.build(lambda: torch.nn.Linear(run.latent_dim, K))

        def autoencoder_loss(x, y):
            z, prior = encoder(x), run.noise(y)
            loss = mse_loss(decoder(z), x) + self.mmd_weight * mmd_imq(prior, z)
            return loss + self.supervision_weight * cross_entropy(classifier(z), y)

        autoencoder = torch.nn.ModuleList([encoder, decoder, classifier])
        history = run.train_autoencoder(autoencoder, autoencoder_loss, data)

        # 2. G <- decoder; a discriminator of its own, of K classes and "fake".
        generator = UnlabelledGenerator(decoder)
        discriminator = run.build(lambda: LinearHead(run.trunk(), K + 1))

        # 3. Adversarial training, on the codes of uniformly drawn real samples instead of noise.
        codes, labels = in_batches(encoder, x).to(run.device), y.to(run.device)

        def generated(n):
            rows = torch.randint(len(x), (n,), generator=run.rng).to(run.device)
            return generator(codes[rows], labels[rows]), labels[rows]

        def d_loss(x, y):
            with torch.no_grad():
                fake, _ = generated(len(x))
            real_scores, fake_scores = discriminator(torch.cat([x, fake])).chunk(2)
            return balancing_d(real_scores, fake_scores, y)

        def g_loss(x, y):
            fake, fake_y = generated(len(x))
            return cross_entropy(discriminator(fake), fake_y)

        history |= run.train_adversarial(generator, discriminator, d_loss, g_loss, data)

        # 4. One Gaussian of latent codes per class, to generate from.
        self.latent_ = ClassGaussians.fit(codes.cpu(), y.cpu(), K)
        return generator, history

    def _generate(self, y, run):
        return self.generator_(self.latent_.sample(y, run.rng), y)


@documented
class SCDLSampler(WAEGANSampler):
    r"""Over-sample with SCDL-GAN, supervised class distribution learning and a GAN.

    The codes of a Wasserstein autoencoder are also trained to predict the class, so that classes do
    not overlap in latent space. The rest is :class:`WAEGANSampler`.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim} {max_iter}
    {autoencoder_max_iter}
    mmd_weight : float, default=0.1
        Weight of the maximum mean discrepancy between codes and N(0, I), :math:`\lambda_1`.
    supervision_weight : float, default=1.0
        Weight of the cross-entropy of a linear classifier on the codes, :math:`\lambda_2`.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_} {latent_}

    See Also
    --------
    WAEGANSampler : The same without supervision of the codes.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours.

    Notes
    -----
    The autoencoder minimises :math:`L_{WAE} + \lambda_2 L_{SV}`, where :math:`L_{SV}` is the
    cross-entropy of the class given the code, as the paper's text says; its eq. 2 has the
    reconstruction in place of the code. For tables Adam's betas are (0, 0.9). For the paper's
    settings and other differences from it, see :class:`WAEGANSampler`.

    References
    ----------
    .. [1] Cai et al., Supervised Class Distribution Learning for GANs-Based Imbalanced
       Classification, ICDM 2019, doi:10.1109/ICDM.2019.00014.

    Examples
    --------
    {example}
    """

    _parameter_constraints: dict = {
        **WAEGANSampler._parameter_constraints,
        "supervision_weight": [Interval(Real, 0, None, closed="left")],
    }
    _momentum = BaseGANSampler._momentum

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
        mmd_weight=0.1,
        supervision_weight=1.0,
        batch_size=64,
        learning_rate=1e-3,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        super().__init__(
            sampling_strategy=sampling_strategy,
            image_shape=image_shape,
            categorical_features=categorical_features,
            latent_dim=latent_dim,
            hidden_dim=hidden_dim,
            max_iter=max_iter,
            autoencoder_max_iter=autoencoder_max_iter,
            mmd_weight=mmd_weight,
            batch_size=batch_size,
            learning_rate=learning_rate,
            device=device,
            random_state=random_state,
            verbose=verbose,
        )
        self.supervision_weight = supervision_weight
