"""GAMO: generative adversarial minority over-sampling."""

import math
from functools import partial
from numbers import Real

import torch
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.losses import (
    least_squares_d,
    least_squares_g,
    squared_classes,
    squared_confusion,
)
from ..nn.networks import (
    ConcatDiscriminator,
    ConcatGenerator,
    Dropout,
    LinearHead,
    PerClass,
    trunk_for,
)
from ..nn.run import in_batches

_LARGEST = 0.6  # of the weights of a class's points


@documented
class GAMOSampler(BaseGANSampler):
    r"""Over-sample with GAMO, whose samples are convex combinations of real ones.

    A generator weighs the real samples of a class, and a new sample is their weighted mean. It is
    trained against a discriminator, which sees the class, and a classifier: it looks for samples
    that the classifier does not yet recognise. The fitted sampler keeps all training samples; of
    images, their codes.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim} {max_iter}
    autoencoder_max_iter : int or "auto", default="auto"
        For images, updates of the autoencoder whose codes are combined; "auto" is 1,500.
    confusion_weight : float, default=0.01
        Weight of the classifier in the generator's loss, :math:`\lambda`. The paper's is 1: where
        classes overlap, samples of a class then lie among those of another one.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_}

    See Also
    --------
    RowMixSampler : Random combinations of two samples, with noise.
    imblearn.over_sampling.SMOTE : Combinations of two neighbours with random weights.

    Notes
    -----
    With :math:`x_1, \dots, x_{n_c}` the real samples of class c, the generator makes

    .. math:: G(z, c) = \sum_{i=1}^{n_c} w_i x_i, \qquad w = \mathrm{softmax}(A_c h(z, c))

    with a network h for all classes and a matrix :math:`A_c` for each. All losses are squared
    errors: of D against 1 on real and 0 on generated samples, of the classifier M against the class
    of both; of the generator against 1 from D and, times :math:`\lambda`, against one minus the
    class from M. Real classes are balanced. In training, classes are generated in proportion to the
    samples that they need, or to a tenth of the largest need.

    For images, codes of an autoencoder take the place of samples: D and M see the combinations of
    codes, which are then decoded. Categories are drawn from their mixture. A class of one sample
    gets copies; in other classes no weight is above 0.6, so that new samples are no near-copies.

    In the paper the features come out of the classifier, and a variational autoencoder per class
    turns them into images. In its code the generator is trained on equally many samples of every
    minority class, D's output passes through a sigmoid, and its targets are noisy. Adam's betas are
    (0.5, 0.9), not (0.5, 0.999). Ours are :math:`\lambda`, the bound of the weights, their first
    scores of variance :math:`\log(n_c) / 2`, the dropout of D and M, balanced real classes, the
    tenth, and the moving average of the generator's weights. The paper's settings are
    ``confusion_weight=1``, ``latent_dim=100``, ``batch_size=32``, ``learning_rate=2e-4`` and
    ``max_iter=25000``.

    References
    ----------
    .. [1] Mullick, Datta & Das, Generative Adversarial Minority Oversampling, ICCV 2019,
       arXiv:1903.09730.

    Examples
    --------
    {example}
    """

    _momentum = (0.5, 0.5)
    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "autoencoder_max_iter": BaseGANSampler._parameter_constraints["max_iter"],
        "confusion_weight": [Interval(Real, 0, None, closed="left")],
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
        confusion_weight=0.01,
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
        self.confusion_weight = confusion_weight
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        K = run.n_classes

        # 1. The space of the combinations: the samples themselves, or the codes of images.
        points, decoder, history = _space(x, y, run)

        # 2. Three networks in that space: convex generator, discriminator, classifier.
        def trunk(dropout):
            layer = partial(Dropout, dropout, run.rng)
            return trunk_for(points.shape[1:], run.hidden_dim, layer)

        generator = _convex_generator(points, y, decoder, run)
        discriminator = run.build(lambda: ConcatDiscriminator(trunk(0.2), K))
        classifier = run.build(lambda: LinearHead(trunk(0.4), K))

        # 3. Adversarial training. The two opponents share no weight: Adam's steps on the sum of
        #    their losses are those on each.
        lacking = torch.tensor([self.sampling_strategy_.get(c, 0) for c in self.classes_])
        shares = lacking.double().clamp_min(max(lacking.max().item() / 10, 1))

        def generated(n):  # two or more, for batch normalisation
            y = shares.multinomial(max(n, 2), replacement=True, generator=run.rng)
            z, y = run.noise(y).to(run.device), y.to(run.device)
            return generator.combine(z, y), y

        def d_loss(x, y):
            with torch.no_grad():
                fake, fake_y = generated(len(x))
            rows, labels = torch.cat([x, fake]), torch.cat([y, fake_y])
            scores = discriminator(rows, labels).tensor_split([len(x)])
            return least_squares_d(*scores) + squared_classes(classifier(rows), labels)

        def g_loss(x, y):
            fake, fake_y = generated(len(x))
            confusion = squared_confusion(classifier(fake), fake_y)
            return least_squares_g(discriminator(fake, fake_y)) + self.confusion_weight * confusion

        opponents = nn.ModuleList([discriminator, classifier])
        data = run.batches(points, y, balance=1.0)
        return generator, history | run.train_adversarial(
            generator, opponents, d_loss, g_loss, data
        )


def _space(x, y, run):
    """Samples as points, a way back from points to samples, and the history of learning both."""
    if x.ndim == 2:
        return x, nn.Identity(), {}
    encoder = run.build(lambda: LinearHead(run.trunk(eps=1), run.latent_dim))
    decoder = run.build(run.decoder)
    autoencoder = nn.Sequential(encoder, decoder)

    def loss(x, y):
        return mse_loss(autoencoder(x), x)

    history = run.train_autoencoder(autoencoder, loss, run.batches(x, y))
    return in_batches(encoder, x).to(x.device), decoder.requires_grad_(False), history


def _convex_generator(points, y, decoder, run):
    """One trunk for all classes, and the weights of each class's points.

    Without batch normalisation the generator ignores its codes: all samples of a class are equal.
    """
    n_inputs, n_features = run.latent_dim + run.n_classes, run.hidden_dim
    layers = run.build(lambda: trunk_for((n_inputs,), n_features))
    body = nn.Sequential(layers, nn.BatchNorm1d(n_features, affine=False, dtype=torch.float32))
    scores = partial(nn.Linear, n_features)
    combinations = [
        ConvexCombination(run.build(partial(scores, len(of_class))), of_class)
        for of_class in (points[y == c] for c in range(run.n_classes))
    ]
    trunk = ConcatGenerator(body, run.n_classes)
    head = run.block_head(of_logits=False)  # combinations of one-hot blocks are probabilities
    return ConvexGenerator(trunk, PerClass(combinations), decoder, head).to(run.device)


class ConvexCombination(nn.Module):
    """Weighted mean of given (n, d) points, with softmax weights: (m, n_features) -> (m, d).

    No weight among two or more is above 0.6, since a mean that is nearly one of its points would be
    a copy of it: the rest of a larger one goes to the other points in proportion. Scores of the
    variance log(n) / 2 let few points have most of the weight from the start. With smaller ones
    every sample is nearly the mean of its class at first, and the generator stays near to it.
    """

    points: Tensor

    def __init__(self, scores: nn.Linear, points: Tensor) -> None:
        super().__init__()
        self.scores = scores
        self.register_buffer("points", points)

    def weights(self, features: Tensor) -> Tensor:
        """(m, n_features) -> (m, n), each row >= 0 and of sum 1."""
        scores = self.scores(features)  # of a variance of two at first
        scores = scores * math.sqrt(math.log(len(self.points))) / 2
        weights = scores.softmax(1)
        if len(self.points) == 1:
            return weights
        largest, at = weights.max(1, keepdim=True)
        others = (1 - _LARGEST) * scores.scatter(1, at, -math.inf).softmax(1)
        return torch.where(largest > _LARGEST, others.scatter(1, at, _LARGEST), weights)

    def forward(self, features: Tensor) -> Tensor:
        """(m, n_features) -> (m, d) convex combinations."""
        return self.weights(features) @ self.points


class ConvexGenerator(nn.Module):
    """Combinations of a class's points, decoded: (m, latent_dim), (m,) -> (m, *sample_shape)."""

    def __init__(
        self,
        trunk: ConcatGenerator,
        combinations: PerClass,
        decoder: nn.Module,
        head: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.trunk, self.combinations, self.decoder = trunk, combinations, decoder
        self.head = head or nn.Identity()

    def combine(self, z: Tensor, y: Tensor) -> Tensor:
        """(m, latent_dim) codes and (m,) labels -> (m, d) points within the hull of their class."""
        return self.head(self.combinations(self.trunk(z, y), y))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(m, latent_dim) codes and (m,) labels -> (m, *sample_shape)."""
        return self.decoder(self.combine(z, y))
