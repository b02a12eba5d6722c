"""BAGAN-GP: balancing GAN with a supervised autoencoder and a gradient penalty."""

from __future__ import annotations

from functools import partial
from numbers import Integral, Real

import torch
from sklearn.utils._param_validation import Interval, StrOptions

from .._base import BaseGANSampler
from .._docs import document
from ..nn.losses import (
    gradient_penalty,
    logistic_d,
    logistic_g,
    points_around,
    points_between,
    reconstruction_l1,
    reconstruction_l2,
)
from ..nn.networks import LinearHead, build, corrector_for, decoder_for, trunk_for
from ..nn.picture_anchors import fit_anchors
from ..nn.players import ConcatGenerator, CorrectingGenerator, ProductCritic, ProductGenerator
from ..nn.training import batches, train_adversarial, train_autoencoder

_COST_OF_CHANGE = 100.0


@document
class BAGANGPSampler(BaseGANSampler):
    r"""Over-sample with BAGAN-GP, a balancing GAN with gradient penalty.

    A class-conditional generator and critic are trained against each other on classes that are
    balanced among the generated rows. The critic also has to reject real rows that come with a
    wrong label, and its gradient is penalised.

    By default the generator is anchored: it starts from drafts laid between real rows of the class
    and learns to correct them, since rows made from noise alone left classifiers worse off than
    duplicates did. With ``anchored=False`` it is the paper's method: a supervised autoencoder
    rebuilds rows from their code times an embedding of their label; its decoder becomes the
    generator of rows from noise, its encoder the first layers of the critic.

    Parameters
    ----------
    <head>
    <autoencoder>
    anchored : bool, default=True
        Whether generated rows start from real ones. Then ``latent_dim``,
        ``autoencoder_max_iter``, ``label_embedding`` and ``penalty_points`` have no effect, and
        ``max_iter="auto"`` is 200.
    n_critic : int, default=1
        Updates of the critic before each of the generator; the paper's value is 5.
    penalty_weight : float, default=10.0
        Weight of the gradient penalty; 0 leaves it out.
    penalty_points : {"between", "real"}, default="between"
        Where, with ``anchored=False``, the critic's gradient is held at norm one: between real and
        generated rows, as in WGAN-GP [2]_, or around the real ones, as in DRAGAN [3]_.
    label_embedding : bool, default=True
        Whether, with ``anchored=False``, label and code meet as a product with an embedding, in
        the autoencoder and in the generator. False is the paper's ablation "v2": an autoencoder
        that sees no label, and a generator of the code and the one-hot label side by side.
    fake_labels : {"balanced", "data"}, default="balanced"
        Classes of the generated rows during training: uniform, or those of the real batch. With
        ``label_embedding=False``, "data" is the paper's ablation "v1" (both with
        ``anchored=False``).
    real_balance : float, default=0.5
        Real rows of a class of size n are drawn in proportion to ``n ** (1 - real_balance)`` in
        the adversarial training; 0, the paper's way, keeps the frequencies of the data.
    <tail>

    Attributes
    ----------
    <attributes>
    anchors_ : TableAnchors or PictureAnchors
        With ``anchored=True``, the real rows and the law of the drafts made from them.
    retains_training_data_ : bool
        Whether the fitted sampler holds training rows: that of ``anchored``.

    See Also
    --------
    BAGANSampler : The method that this one improves on.
    RowMixSampler : The drafts alone, without networks.
    CGANSampler : No autoencoder.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours, in milliseconds.

    Notes
    -----
    With codes z ~ N(0, I), a label c drawn uniformly and :math:`\tilde c` a wrong one, the critic
    minimises

    .. math::
        -\log D(x, y) - \log(1 - D(G(z, c), c)) - \log(1 - D(x, \tilde c))
        + 10 \, (\lVert \nabla_{\hat x} D(\hat x, y) \rVert_2 - 1)^2

    and the generator :math:`-\log D(G(z, c), c)`.

    Anchored, a draft of a table's row is

    .. math::
        x = (1 - t) x_i + t x_j + 0.4 (x_k - \mu_{y_k}), \qquad t = u / (u + v)

    with :math:`x_i, x_j` any two rows of the class, u and v uniform, and :math:`x_k` a row of any
    class less the mean of that class: small classes borrow the variation within the others. The 0.4
    was set by hand; 0.6, or what held-out likelihood chooses, did no better (docs/results). A
    category comes from :math:`x_i` or, with probability t, from :math:`x_j`, and so do whether a
    value is missing and columns of two values; columns that encode one category, or of which some
    pair of values is never seen, come from the same one, others choose anew. Columns whose values
    recur are rounded to values seen. A draft of a picture takes parts of one picture and parts of a
    near neighbour, joined along soft seams; after the generator's correction some are made brighter
    or darker, shifted by up to a fourteenth of their size, and mirrored as far as the class is
    symmetric.

    The generator is :math:`G(x, c) = x + g(x (1 + e_c))` with g zero at first. Its loss has the
    added term :math:`100 \lVert g \rVert^2 / d` on real rows, in the manner of [4]_, and the
    critic's penalty is that of its squared gradient on real rows [5]_: a penalty towards norm one
    goes on pushing where drafts are already like real rows. ``max_iter=0`` gives the drafts
    themselves, as :class:`RowMixSampler` does in milliseconds; the adversary's gain over them has
    not been told from zero in our trials (docs/results).

    Where ``anchored=False`` departs from the paper: the losses are logistic, as in the authors'
    public code, where the text writes Wasserstein's (whose wrong-label term would make the
    critic's loss unbounded). Unlike that code, the interpolation weight is drawn from U(0, 1), as
    in the text, and a "wrong" label is never the right one. The critic starts from the encoder, as
    in the text (the code starts it afresh); each of its updates draws a batch of its own.
    Embeddings start from N(0, 1), not from Keras's U(-0.05, 0.05), which let a class's embedding
    reach zero and with it all variety. ``real_balance`` and the moving average of the generator's
    weights are ours, and so are the networks for tables (residual MLPs), the smaller convolutional
    ones, and the shorter training: the paper's settings are ``latent_dim=128``, ``n_critic=5``,
    ``real_balance=0``, ``batch_size=128``, ``learning_rate=2e-4``, and 30 epochs of the
    autoencoder, that is ``autoencoder_max_iter = 30 * n / 128``.

    References
    ----------
    .. [1] Huang & Jafari, Enhanced balancing GAN: minority-class image generation, Neural
       Computing and Applications, 2021.
    .. [2] Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017.
    .. [3] Kodali et al., On Convergence and Stability of GANs, 2017.
    .. [4] Shrivastava et al., Learning from Simulated and Unsupervised Images through Adversarial
       Training, CVPR 2017.
    .. [5] Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML 2018.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from skgan_resample import BAGANGPSampler
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> sampler = BAGANGPSampler(max_iter=50, autoencoder_max_iter=50, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> len(set(Counter(y_resampled.tolist()).values()))
    1
    >>> X_new, y_new = sampler.sample({1: 5})
    >>> X_new.shape
    (5, 20)
    """

    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "autoencoder_max_iter": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "anchored": ["boolean"],
        "n_critic": [Interval(Integral, 1, None, closed="left")],
        "penalty_weight": [Interval(Real, 0, None, closed="left")],
        "penalty_points": [StrOptions({"between", "real"})],
        "label_embedding": ["boolean"],
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
        max_iter="auto",
        autoencoder_max_iter="auto",
        anchored=True,
        n_critic=1,
        penalty_weight=10.0,
        penalty_points="between",
        label_embedding=True,
        fake_labels="balanced",
        real_balance=0.5,
        batch_size=64,
        learning_rate=1e-3,
        n_iter_no_change=None,
        max_time=None,
        device="auto",
        devices=1,
        strategy="auto",
        precision="float32",
        random_state=None,
        verbose=0,
    ):
        self.sampling_strategy = sampling_strategy
        self.image_shape = image_shape
        self.categorical_features = categorical_features
        self.latent_dim = latent_dim
        self.max_iter = max_iter
        self.autoencoder_max_iter = autoencoder_max_iter
        self.anchored = anchored
        self.n_critic = n_critic
        self.penalty_weight = penalty_weight
        self.penalty_points = penalty_points
        self.label_embedding = label_embedding
        self.fake_labels = fake_labels
        self.real_balance = real_balance
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.n_iter_no_change = n_iter_no_change
        self.max_time = max_time
        self.device = device
        self.devices = devices
        self.strategy = strategy
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, rng):
        latent_dim, max_iter, autoencoder_max_iter = self._sizes(x)
        self.retains_training_data_ = self.anchored
        if self.anchored:
            max_iter = self._auto("max_iter", 200)
            generator, critic, history = self._start_from_rows(x, y, rng)
        else:
            generator, critic, history = self._start_from_noise(
                x, y, rng, latent_dim, autoencoder_max_iter
            )
        self.generator_ = generator
        return history | self._play(generator, critic, x, y, rng, max_iter)

    def _start_from_rows(self, x, y, rng):
        """Drafts between real rows, and a generator that corrects them: by nothing at first."""
        shape, n_classes = x.shape[1:], len(self.classes_)
        units, gaps = (getattr(self.codec_, name, ()) for name in ("units_", "number_gaps_"))
        self.anchors_ = fit_anchors(x.cpu(), y.cpu(), n_classes, rng, units, gaps)
        generator = build(
            lambda: CorrectingGenerator(corrector_for(shape), n_classes, shape), rng, self.device_
        )
        generator.start()
        critic = build(lambda: ProductCritic(trunk_for(shape), n_classes), rng, self.device_)
        return generator, critic, {}

    def _start_from_noise(self, x, y, rng, latent_dim, autoencoder_max_iter):
        """The paper's supervised autoencoder, whose two halves both players start from."""
        shape, n_classes = x.shape[1:], len(self.classes_)
        encoder = build(lambda: LinearHead(trunk_for(shape), latent_dim), rng, self.device_)
        generator = build(lambda: self._labelled_decoder(latent_dim, shape), rng, self.device_)

        # 1. decoder(encoder(x) * Emb(y)) against x
        def loss(x, y):
            return reconstruction_l1(x, generator(encoder(x), y if self.label_embedding else None))

        history = train_autoencoder(
            torch.nn.ModuleList([encoder, generator]),
            loss,
            batches(x, y, self.batch_size, rng),
            self._schedule(autoencoder_max_iter),
        )
        # 2. G = decoder after embedding; D starts from the encoder, its embedding afresh.
        critic = build(lambda: ProductCritic(trunk_for(shape), n_classes), rng, self.device_)
        critic.trunk.load_state_dict(encoder.trunk.state_dict())
        return generator, critic, history

    def _labelled_decoder(self, latent_dim, shape):
        n_classes, decoder = len(self.classes_), partial(decoder_for, head=self._head)
        if self.label_embedding:
            return ProductGenerator(decoder(latent_dim, shape), n_classes, latent_dim)
        return ConcatGenerator(decoder(latent_dim + n_classes, shape), n_classes)

    def _play(self, generator, critic, x, y, rng, max_iter):
        """3. The game: real, fake, and real rows with a wrong label."""
        n_classes = len(self.classes_)

        def draw(y):
            if self.fake_labels == "balanced":
                y = torch.randint(n_classes, y.shape, generator=rng).to(y.device)
            return self._draw(generator, y, rng), y

        def d_loss(x, y):
            with torch.no_grad():
                fake, fake_y = draw(y)
            shift = torch.randint(1, n_classes, y.shape, generator=rng).to(y.device)
            wrong_y = (y + shift) % n_classes
            at_rows = self.anchored and self.penalty_weight > 0  # where the penalty is taken
            x = x.detach().requires_grad_(at_rows)
            features = critic.trunk(x)  # of real rows, once for both of their labels
            real = critic.judge(features, y)
            features = torch.cat([critic.trunk(fake), features])
            others = critic.judge(features, torch.cat([fake_y, wrong_y])).chunk(2)
            return logistic_d(real, *others) + self._penalty(critic, real, x, fake, y, rng)

        def g_loss(x, y):
            loss = logistic_g(critic(*draw(y)))
            if self.anchored:  # real rows need no correction
                loss = loss + _COST_OF_CHANGE * reconstruction_l2(x, generator(x, y))
            return loss

        data = batches(x, y, self.batch_size, rng, self.real_balance)
        schedule = self._schedule(max_iter)
        return train_adversarial(generator, critic, d_loss, g_loss, data, schedule, self.n_critic)

    def _penalty(self, critic, real, x, fake, y, rng):
        """Weighted gradient penalty of the critic, in the classes of the real rows."""
        if not self.penalty_weight:
            return 0.0
        if self.anchored:
            return self.penalty_weight * gradient_penalty(real, x, norm=0.0)
        between = self.penalty_points == "between"
        points = points_between(x, fake, rng) if between else points_around(x, rng)
        return self.penalty_weight * gradient_penalty(critic(points.requires_grad_(), y), points)

    def _draw(self, generator, y, rng):
        """One row per class index, on the device of y."""
        if not self.anchored:
            z = torch.randn((len(y), self.latent_dim_), generator=rng)
            return generator(z.to(y.device), y)
        draft = self.anchors_.draw(y.cpu(), rng)
        x = generator(draft.to(y.device), y)
        return self.anchors_.settle(x.cpu(), draft, rng).to(y.device)

    def _generate(self, y, rng):
        x = self._draw(self._run_generator, y.to(self.device_), rng)
        return self.anchors_.vary(x.cpu(), y, rng) if self.anchored else x
