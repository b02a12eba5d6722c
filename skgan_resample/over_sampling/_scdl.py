"""WAE-GAN and SCDL-GAN: class distributions learnt by a Wasserstein autoencoder, then a GAN."""

from __future__ import annotations

from numbers import Integral, Real

import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch.nn.functional import cross_entropy

from .._base import BaseGANSampler
from .._docs import document
from ..nn.latent import ClassGaussians
from ..nn.losses import balancing_d, balancing_g, mmd_imq, reconstruction_l2
from ..nn.networks import LinearHead, build, decoder_for, trunk_for
from ..nn.players import UnlabelledGenerator
from ..nn.training import batches, in_batches, train_adversarial, train_autoencoder


@document
class WAEGANSampler(BaseGANSampler):
    r"""Over-sample with WAE-GAN, a GAN on the codes of a Wasserstein autoencoder.

    DOC
    """

    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "autoencoder_max_iter": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "mmd_weight": [Interval(Real, 0, None, closed="left")],
    }

    supervision_weight = 0.0  # no L_SV: a parameter of SCDLSampler, which overrides this

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        image_shape=None,
        latent_dim="auto",
        max_iter="auto",
        autoencoder_max_iter="auto",
        mmd_weight=0.1,
        batch_size=64,
        learning_rate=1e-3,
        device="auto",
        precision="float32",
        random_state=None,
        verbose=0,
    ):
        self.sampling_strategy = sampling_strategy
        self.image_shape = image_shape
        self.latent_dim = latent_dim
        self.max_iter = max_iter
        self.autoencoder_max_iter = autoencoder_max_iter
        self.mmd_weight = mmd_weight
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, rng):
        shape, n_classes = x.shape[1:], len(self.classes_)
        latent_dim, max_iter, autoencoder_max_iter = self._sizes(x)
        data = batches(x, y, self.batch_size, rng)

        # 1. Class distributions: a Wasserstein autoencoder; SCDL's also names the class.
        encoder = build(lambda: LinearHead(trunk_for(shape), latent_dim), rng).to(x.device)
        decoder = build(lambda: decoder_for(latent_dim, shape), rng).to(x.device)
        classifier = build(lambda: torch.nn.Linear(latent_dim, n_classes), rng).to(x.device)

        def autoencoder_loss(x, y):
            z = encoder(x)
            prior = torch.randn(z.shape, generator=rng).to(x.device)
            loss = reconstruction_l2(x, decoder(z)) + self.mmd_weight * mmd_imq(prior, z.float())
            if self.supervision_weight:
                loss = loss + self.supervision_weight * cross_entropy(classifier(z), y)
            return loss

        autoencoder = torch.nn.ModuleList([encoder, decoder, classifier])
        history = train_autoencoder(
            autoencoder, autoencoder_loss, data, self._schedule(autoencoder_max_iter)
        )

        # 2. G <- decoder; a discriminator of its own, of K classes and "fake".
        generator = UnlabelledGenerator(decoder)
        critic = build(lambda: LinearHead(trunk_for(shape), n_classes + 1), rng).to(x.device)

        # 3. The game, on the codes of uniformly drawn real rows instead of noise.
        codes = in_batches(encoder, x).to(x.device)

        def draw(n):
            rows = torch.randint(len(x), (n,), generator=rng).to(x.device)
            return generator(codes[rows], y[rows]), y[rows]

        def d_loss(x, y):
            with torch.no_grad():
                fake, _ = draw(len(x))
            real_scores, fake_scores = critic(torch.cat([x, fake])).chunk(2)
            return balancing_d(real_scores, fake_scores, y)

        def g_loss(x, y):
            fake, labels = draw(len(x))
            return balancing_g(critic(fake), labels)

        history |= train_adversarial(
            generator, critic, d_loss, g_loss, data, self._schedule(max_iter)
        )

        # 4. One normal law of codes per class, to generate from.
        self.latent_ = ClassGaussians.fit(codes.cpu(), y.cpu(), n_classes, diagonal=True)
        self.generator_ = generator
        return history

    def _generate(self, y, rng):
        z = self.latent_.sample(y, rng)
        return self.generator_(z.to(self.device_), y.to(self.device_))


@document
class SCDLSampler(WAEGANSampler):
    r"""Over-sample with SCDL-GAN, supervised class distribution learning and a GAN.

    DOC
    """

    _parameter_constraints: dict = {
        **WAEGANSampler._parameter_constraints,
        "supervision_weight": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        image_shape=None,
        latent_dim="auto",
        max_iter="auto",
        autoencoder_max_iter="auto",
        mmd_weight=0.1,
        supervision_weight=0.1,
        batch_size=64,
        learning_rate=1e-3,
        device="auto",
        precision="float32",
        random_state=None,
        verbose=0,
    ):
        super().__init__(
            sampling_strategy=sampling_strategy,
            image_shape=image_shape,
            latent_dim=latent_dim,
            max_iter=max_iter,
            autoencoder_max_iter=autoencoder_max_iter,
            mmd_weight=mmd_weight,
            batch_size=batch_size,
            learning_rate=learning_rate,
            device=device,
            precision=precision,
            random_state=random_state,
            verbose=verbose,
        )
        self.supervision_weight = supervision_weight
