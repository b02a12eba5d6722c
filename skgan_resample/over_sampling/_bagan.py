"""BAGAN: balancing GAN."""

import torch
from torch.nn.functional import cross_entropy, mse_loss

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.latent import ClassGaussians
from ..nn.losses import balancing_d
from ..nn.networks import LinearHead, UnlabelledGenerator
from ..nn.run import in_batches


@documented
class BAGANSampler(BaseGANSampler):
    r"""Over-sample with BAGAN, a balancing GAN.

    An autoencoder learns from all classes. Its decoder becomes the generator, fed with codes from
    one Gaussian of latent codes per class. Its encoder becomes the discriminator, which recognises
    the class of a real sample, or that a sample is generated.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim} {max_iter}
    {autoencoder_max_iter} {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_} {latent_}

    See Also
    --------
    BAGANGPSampler : A supervised autoencoder and a gradient penalty.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours.

    Notes
    -----
    The autoencoder minimises the mean squared error. D has an output for each of the K classes and
    one for "fake". For B real samples it minimises the cross-entropy of these against their class
    and of :math:`\lceil B / K \rceil` generated ones against "fake". G minimises that of :math:`B +
    \lceil B / K \rceil` samples against their uniformly drawn classes c, with codes from
    :math:`N(\mu_c, \Sigma_c)`.

    Unlike in the paper, :math:`\Sigma_c` is shrunk towards the covariance pooled over the classes
    (Ledoit-Wolf), since that of a few samples is singular; samples come from a moving average of
    G's weights; the encoder has no dropout, the discriminator of tables one of 0.1; Adam's betas
    are (0.5, 0.9), for tables (0, 0.9), not (0.5, 0.999); the networks are smaller, and residual
    MLPs for tables. The paper's settings are ``latent_dim=100``, ``learning_rate=5e-5`` and equally
    many epochs of both stages (150 on MNIST): ``max_iter = epochs * n / batch_size``.

    References
    ----------
    .. [1] Mariani et al., BAGAN: Data Augmentation with Balancing GAN, 2018, arXiv:1803.09655.

    Examples
    --------
    {example}
    """

    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "autoencoder_max_iter": BaseGANSampler._parameter_constraints["max_iter"],
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
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        K, data = run.n_classes, run.batches(x, y)

        # 1. Autoencoder on all classes, without their labels.
        encoder = run.build(lambda: LinearHead(run.trunk(eps=1), run.latent_dim))
        decoder = run.build(run.decoder)
        autoencoder = torch.nn.Sequential(encoder, decoder)

        def autoencoder_loss(x, y):
            return mse_loss(autoencoder(x), x)

        history = run.train_autoencoder(autoencoder, autoencoder_loss, data)

        # 2. G <- decoder; trunk of D <- encoder, with a fresh softmax of K classes and "fake";
        #    one Gaussian of latent codes per class, kept from here on.
        generator = UnlabelledGenerator(decoder)
        dropout = 0.1 if x.ndim == 2 else 0.0
        discriminator = run.build(lambda: LinearHead(run.trunk(dropout), K + 1))
        discriminator.trunk.load_state_dict(encoder.trunk.state_dict())
        self.latent_ = latent = ClassGaussians.fit(in_batches(encoder, x), y.cpu(), K)

        # 3. B real samples and B / K fakes for D; as many fakes of uniform classes for G.
        def generated(like, n):
            y = run.labels(like.new_empty(n))
            return generator(latent.sample(y, run.rng), y), y

        def d_loss(x, y):
            with torch.no_grad():
                fake, _ = generated(y, -(-len(x) // K))
            real_scores, fake_scores = discriminator(torch.cat([x, fake])).tensor_split([len(x)])
            return balancing_d(real_scores, fake_scores, y)

        def g_loss(x, y):
            fake, fake_y = generated(y, len(x) + -(-len(x) // K))
            return cross_entropy(discriminator(fake), fake_y)

        history |= run.train_adversarial(generator, discriminator, d_loss, g_loss, data)
        return generator, history

    def _generate(self, y, run):
        return self.generator_(self.latent_.sample(y, run.rng), y)
