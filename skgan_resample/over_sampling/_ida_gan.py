"""IDA-GAN: imbalanced data augmentation GAN."""

from numbers import Real

import torch
from sklearn.utils._param_validation import Interval
from torch.nn.functional import cross_entropy, logsigmoid

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.latent import ClassGaussians
from ..nn.losses import auxiliary_d, logistic_d, logistic_g, negative_elbo
from ..nn.networks import ConcatGenerator, LinearHead, TwoHeads
from ..nn.run import in_batches


@documented
class IDAGANSampler(BaseGANSampler):
    r"""Over-sample with IDA-GAN, a GAN that starts from a variational autoencoder.

    A variational autoencoder learns from all classes. Its decoder becomes the generator, fed with a
    label and a code from one Gaussian of latent codes per class. Its encoder becomes the
    discriminator, with one head for real or generated and one for the class.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim}
    max_iter : int or "auto", default="auto"
        Updates of the generator, each after two of the discriminator; 0 means no adversarial
        training. "auto" is 300 for tables and 900 for images.
    {autoencoder_max_iter}
    kl_weight : float, default=0.01
        Weight of the codes' divergence from N(0, I), :math:`\beta`: twice the variance of the
        noise that the decoder assumes in every value.
    real_balance : float, default=1.0
        Real samples of a class of size n are drawn in proportion to ``n ** (1 - real_balance)`` in
        the adversarial training.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_} {latent_}

    See Also
    --------
    ACGANSampler : The same two heads, no autoencoder.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours.

    Notes
    -----
    With :math:`z \sim q(z|x) = N(\mu(x), \mathrm{diag}\,\sigma^2(x))` and d values in a sample, the
    autoencoder minimises the negative evidence lower bound

    .. math::
        \frac{1}{d} \Big( \lVert x - G(z) \rVert^2 + \beta \sum_j \tfrac{1}{2}
        (\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2) \Big)

    The Gaussian of class c has the mean of :math:`\mu(x)`, and the covariance of :math:`\mu(x)`
    plus the mean of :math:`\mathrm{diag}\,\sigma^2(x)`. D minimises the cross-entropy of both
    heads, that of the class on real and generated samples; G minimises :math:`-\log D(G(z, c)) -
    \log C_c(G(z, c))` for uniform classes c.

    There is no public code: this is a reconstruction from descriptions of the paper, which leave
    open :math:`\beta`, the batches, the updates and how the label enters: here one-hot beside the
    code, zeros while the autoencoder trains. The paper's settings are not known to us. Ours are
    ``real_balance``, :math:`\sigma^2 < 1` (so that outliers cannot widen a Gaussian at will), the
    shrinkage of the covariance for small classes, the moving average of G's weights, and the
    networks. For tables, these are residual MLPs, Adam's betas are (0, 0.9), and D has dropout,
    without which classes of ten rows are not learnt.

    References
    ----------
    .. [1] Yang & Zhou, IDA-GAN: A Novel Imbalanced Data Augmentation GAN, ICPR 2020,
       doi:10.1109/ICPR48806.2021.9411996.

    Examples
    --------
    {example}
    """

    _auto_max_iter = (300, 900)
    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "autoencoder_max_iter": BaseGANSampler._parameter_constraints["max_iter"],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
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
        kl_weight=0.01,
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
        self.kl_weight = kl_weight
        self.real_balance = real_balance
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        K = run.n_classes

        # 1. Variational autoencoder on all classes, without their labels.
        encoder = run.build(lambda: LinearHead(run.trunk(eps=1), 2 * run.latent_dim))
        generator = run.build(lambda: ConcatGenerator(run.decoder(run.latent_dim + K), K))

        def autoencoder_loss(x, y):
            mean, log_variance = _posterior(encoder(x))
            z = mean + (log_variance / 2).exp() * run.noise(y)
            return negative_elbo(x, generator(z, None), mean, log_variance, self.kl_weight)

        autoencoder = torch.nn.ModuleList([encoder, generator])
        history = run.train_autoencoder(autoencoder, autoencoder_loss, run.batches(x, y))

        # 2. One Gaussian of latent codes per class, with the moments of its samples' q(z|x).
        mean, log_variance = _posterior(in_batches(encoder, x))
        self.latent_ = latent = ClassGaussians.fit(mean, y.cpu(), K, log_variance.exp())

        # 3. G <- decoder, now with the label; trunk of D <- encoder, with two fresh heads.
        dropout = 0.3 if x.ndim == 2 else 0.0
        discriminator = run.build(lambda: TwoHeads(run.trunk(dropout), K))
        discriminator.trunk.load_state_dict(encoder.trunk.state_dict())

        # 4. Adversarial training: real or generated, and the class, as in ACGAN.
        def generated(like):
            y = run.labels(like)
            return generator(latent.sample(y, run.rng), y), y

        def d_loss(x, y):
            with torch.no_grad():
                fake, fake_y = generated(y)
            source, classes = discriminator(torch.cat([x, fake]))
            real, made = classes.chunk(2)
            return logistic_d(*source.chunk(2)) + auxiliary_d(real, made, y, fake_y)

        def g_loss(x, y):
            fake, fake_y = generated(y)
            source, classes = discriminator(fake)
            return logistic_g(source) + cross_entropy(classes, fake_y)

        data = run.batches(x, y, self.real_balance)
        history |= run.train_adversarial(generator, discriminator, d_loss, g_loss, data, n_critic=2)
        return generator, history

    def _generate(self, y, run):
        return self.generator_(self.latent_.sample(y, run.rng), y)


def _posterior(codes):
    """Mean and log variance of q(z|x), (n, latent_dim) each, of an encoder's outputs."""
    mean, free = codes.chunk(2, dim=1)
    return mean, logsigmoid(free)  # sigma^2 < 1
