"""The intra-class AC-GAN: a GAN whose loss is balanced over the subclasses of each class."""

from functools import partial

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods, StrOptions

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.impacts import ActorCriticImpacts, FixedImpacts, Subclasses, normalised, proportional
from ..nn.losses import slope_penalty, weighted_logistic_d, weighted_logistic_g
from ..nn.networks import ConcatDiscriminator, ConcatGenerator, TransposedConv
from ..nn.run import as_floats
from ..subclasses import SubclassDiscovery

_N_STEPS = 600  # of the actor: the paper's epochs


@documented
class IntraClassACGANSampler(BaseGANSampler):
    r"""Over-sample with a GAN that is balanced over the subclasses of each class.

    Subclasses are found without labels. Each has an impact: the weight of its samples, real and
    generated, in the loss of a conditional GAN. An actor and a critic (hence "AC") change the
    impacts during the training, so that the loss falls.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {latent_dim} {hidden_dim} {max_iter}
    impacts : {"actor-critic", "proportional", "uniform"}, default="actor-critic"
        How impacts are set: by actor and critic, the paper's method; by the inverse of the
        subclass's size, its "Bias-GAN"; or all equal, a plain conditional GAN.
    subclass_discovery : object with ``fit_predict``, default=None
        Finds the subclasses, by default ``SubclassDiscovery()``. A clone for each class is called
        as ``fit_predict(samples, labels)``, with encoded, flattened samples and the class's label
        for each. Every ``random_state`` that is None is set from this sampler's. -1 is a subclass.
    fake_labels : {"balanced", "data"}, default="balanced"
        Classes of the samples generated during training: uniform, where real ones are drawn so,
        too, or those of the real batch.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {generator_} {codec_} {latent_dim_} {history_} {n_iter_}
    {device_} {is_synthetic_} {n_features_in_} {feature_names_in_}
    subclass_labels_ : ndarray of shape (n_samples,)
        Subclass of each training sample, numbered through class by class.
    subclass_classes_ : ndarray of shape (n_subclasses,)
        Class label of each subclass.
    impacts_ : ndarray of shape (n_subclasses,)
        Impact of each subclass at the end of the training; of sum 1 within each class, unless they
        are "proportional".
    impact_history_ : ndarray of shape (n_steps, n_subclasses)
        Impacts at the start and after each step of the actor.

    See Also
    --------
    SubclassDiscovery : Finds the subclasses.
    CGANSampler : A conditional GAN without subclasses.

    Notes
    -----
    With the weight W of the subclass of a sample, D minimises

    .. math::
        L = -W(x) \log D(x, y) - W(x') \log(1 - D(x', c)), \qquad x' = G(z, c)

    and G minimises :math:`-W(x') \log D(x', c)`. "proportional" impacts are W itself (eq. 6). Those
    of actor and critic are of sum 1 within a class of :math:`K_c` subclasses, and :math:`W = K_c
    W_i`. Actor and critic make 600 steps in a training, as many as in the paper, where they are one
    an epoch; with ``max_iter`` below 600 one an update. They have 20 hidden units, a discount of
    0.9 and Adam's rates of 0.001 and 0.01, as in the paper.

    There is no public code: this is a reconstruction. Left open by the text: a generated sample has
    the impact of the nearest mean of a subclass of its class, without a gradient; the actor is a
    Gaussian of fixed spread, rewarded by 1 / (0.1 + L), with L the mean since its last step, for
    weights of mean 1 in each batch; impacts are at least half of the class's average, or all
    weight would go to the easiest subclass; the label, in G's input, is as large as the noise, for
    tables a quarter of it; D has dropout, of 0.4, for tables 0.2.

    Weights move the shares p of the subclasses among the generated samples. W cancels in the
    optimal D, p / (p + q), but G is at rest only where W log D is the same for all subclasses:
    :math:`q = p (e^{c / W} - 1)`, those of larger impact below their share. For the saturating loss
    of eq. 5 it is :math:`q = p / (e^{c / W} - 1)`, above it.

    Unlike in the paper, classes are balanced, there by the data; D's squared slope at real samples
    is penalised (R1 [2]_); samples come from a moving average of G's weights; the networks are
    smaller, without residual blocks for images. For tables, they are residual MLPs, Adam's betas
    are (0, 0.9), and D sees one-hot blocks with noise added. The paper's settings are
    ``latent_dim=64``, ``learning_rate=2e-4`` and ``max_iter = 600 * n / batch_size``.

    References
    ----------
    .. [1] Huang, Lin & Tseng, Resolving Intra-Class Imbalance for GAN-Based Image Augmentation,
       ICME 2019, doi:10.1109/ICME.2019.00171.
    .. [2] Mescheder, Geiger & Nowozin, Which Training Methods for GANs Do Actually Converge?, ICML
       2018, arXiv:1801.04406.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from skgan_resample import IntraClassACGANSampler
    >>> X, group = make_blobs([90, 40, 20], n_features=10, random_state=0)
    >>> y = np.where(group == 0, "good", "defect")
    >>> sampler = IntraClassACGANSampler(max_iter=50, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> np.unique(y_resampled, return_counts=True)[1].tolist()
    [90, 90]
    >>> sampler.subclass_classes_.tolist()
    ['defect', 'defect', 'good']
    """

    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "impacts": [StrOptions({"actor-critic", "proportional", "uniform"})],
        "subclass_discovery": [HasMethods("fit_predict"), None],
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
        impacts="actor-critic",
        subclass_discovery=None,
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
        self.impacts = impacts
        self.subclass_discovery = subclass_discovery
        self.fake_labels = fake_labels
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        # 1. Distribution analysis: the subclasses of each class.
        labels, subclasses = self._find_subclasses(x, y, run)

        # 2. Two fresh networks; both see the label.
        generator, discriminator = _networks(run)

        # 3. Adversarial training, every sample weighted by the impact of its subclass.
        policy, losses = self._policy(subclasses, run.rng), []
        balanced = self.fake_labels == "balanced"

        def generated(like):
            y = run.labels(like, balanced)
            fake = generator(run.noise(y), y)
            return fake, y, policy.weights(subclasses.nearest(fake, y))

        def d_loss(x, subclass):
            y = subclasses.classes[subclass]
            with torch.no_grad():
                fake, fake_y, fake_weight = generated(y)
            real, made = discriminator(torch.cat([x, fake]), torch.cat([y, fake_y])).chunk(2)
            weights = policy.weights(subclass), fake_weight
            # with weights of mean 1: they alone must not change the actor's reward
            shares = [weight / weight.mean() for weight in weights]
            losses.append(weighted_logistic_d(real.detach(), made.detach(), *shares))
            return weighted_logistic_d(real, made, *weights)

        def d_penalty(x, subclass):
            return slope_penalty(discriminator, x, subclasses.classes[subclass])

        def g_loss(x, subclass):
            fake, fake_y, weight = generated(subclasses.classes[subclass])
            return weighted_logistic_g(discriminator(fake, fake_y), weight)

        # 4. Every few batches, actor and critic change the impacts.
        n_batches = max(run.max_iter // _N_STEPS, 1)
        rows = run.batches(torch.arange(len(x), device=x.device), y, balance=float(balanced))
        data = ((as_floats(x[drawn]), labels[drawn]) for drawn, _ in rows)
        data = policy.learn_every(n_batches, data, losses, run.mean)
        history = run.train_adversarial(
            generator, discriminator, d_loss, g_loss, data, d_penalty=d_penalty
        )
        self.impacts_ = policy.impacts.numpy()
        self.impact_history_ = torch.stack(policy.history).numpy()
        return generator, history

    def _find_subclasses(self, x, y, run):
        """Subclass of each sample; means, sizes and classes of them; keeps what the user sees."""
        discovery = self.subclass_discovery or SubclassDiscovery()
        labels = torch.empty_like(y)
        classes: list[int] = []
        for c, label in enumerate(self.classes_):
            of_class = y == c
            rows = as_floats(x[of_class]).flatten(1).cpu().numpy()
            found = torch.from_numpy(_discover(discovery, rows, label, run.rng))
            found = run.first(found)  # the same in all processes, whatever their rounding
            labels[of_class] = (found + len(classes)).to(y.device)
            classes += [c] * (int(found.max()) + 1)
        subclasses = Subclasses.of(x, labels, torch.tensor(classes).to(x.device))
        self.subclass_labels_ = labels.cpu().numpy()
        self.subclass_classes_ = self.classes_[classes]
        return labels, subclasses.to(run.device)

    def _policy(self, subclasses, rng):
        """What sets the impacts."""
        sizes, classes = subclasses.sizes.cpu(), subclasses.classes.cpu()
        if self.impacts == "actor-critic":
            return ActorCriticImpacts(classes, rng)
        if self.impacts == "proportional":
            return FixedImpacts(proportional(sizes, classes))
        equal = torch.ones(len(classes), dtype=torch.float32)
        return FixedImpacts(normalised(equal, classes), classes.bincount()[classes])


def _networks(run):
    """A generator and a discriminator that see the label."""
    K, is_table = run.n_classes, len(run.sample_shape) == 1
    decoder = partial(run.decoder, run.latent_dim + K, enlarge=TransposedConv)
    label, dropout = (1 / 4, 0.2) if is_table else (1, 0.4)  # label as a share of the noise
    generator = run.build(lambda: ConcatGenerator(decoder(), K, label * run.latent_dim**0.5))
    trunk = partial(run.trunk, dropout, block_noise=0.4)
    return generator, run.build(lambda: ConcatDiscriminator(trunk(), K))


def _discover(discovery, rows, label, rng):
    """Number the subclasses of one class from zero: (n, d) samples -> (n,)."""
    discovery = clone(discovery)
    seeds = {
        name: int(torch.randint(2**31 - 1, (), generator=rng))
        for name, value in sorted(discovery.get_params().items())
        if name.rpartition("__")[2] == "random_state" and value is None
    }
    try:
        found = discovery.set_params(**seeds).fit_predict(rows, np.full(len(rows), label))
    except ValueError as error:
        raise ValueError(
            f"The subclass_discovery {discovery!r} failed on class {label!s} of {len(rows)} "
            f"row{'s' * (len(rows) > 1)}: {error}"
        ) from error
    return np.unique(found, return_inverse=True)[1]
