"""CycleGAN: samples of one class translated into another."""

from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Real

import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from .._docstrings import documented
from .._gan_base import BaseGANSampler
from ..nn.blocks import BlockHead
from ..nn.losses import least_squares_d, least_squares_g
from ..nn.networks import LinearHead, ResidualBlock, Stacked, decoder_for, halvings, leaky, upsample
from ..nn.run import as_floats

_NOISE = 0.1  # deviation of the noise on donors, in standard deviations of a column or half-ranges
_CYCLE, _IDENTITY = (0.1, 10.0), (0.0, 5.0)  # "auto" weights, of tables and of images


@documented
class CycleGANSampler(BaseGANSampler):
    r"""Over-sample by translating samples of another class with CycleGAN.

    Two networks learn, from unpaired samples, to translate samples of a donor class into a small
    class and back. New samples are translations of the donor's samples, and differ as these do. The
    fitted sampler keeps the training samples of the donor classes.

    Parameters
    ----------
    {sampling_strategy} {image_shape} {categorical_features} {hidden_dim}
    max_iter : int or "auto", default="auto"
        Updates of the translators; 0 means no training. "auto" is 300 for tables and 500
        for images.
    donor : class label, dict or None, default=None
        Class whose samples are translated. None is the largest other class; a label is the donor of
        all other classes; a dict maps classes to donors, and the others have the default donor.
    cycle_weight : float or "auto", default="auto"
        Weight of the error of samples translated there and back, :math:`\lambda`. "auto" is the
        paper's 10 for images and 0.1 for tables, whose samples would hardly change with 10.
    identity_weight : float or "auto", default="auto"
        Weight of the change of samples that are of the class translated into, :math:`\mu`. "auto"
        is the paper's 5 for images and 0 for tables.
    {batch_size} {learning_rate} {device} {random_state} {verbose}

    Attributes
    ----------
    {sampling_strategy_} {classes_} {codec_} {history_} {n_iter_} {device_} {is_synthetic_}
    {n_features_in_} {feature_names_in_}
    generator_ : torch.nn.Module
        Trained translators, with a moving average of their weights; maps (donors' samples, class
        indices) to encoded samples.
    donor_ : dict
        Label of each class's donor class.

    See Also
    --------
    CGANSampler : Samples from noise instead of samples of another class.
    imblearn.over_sampling.SMOTE : Interpolation between neighbours.

    Notes
    -----
    A class a and its donor b have translators :math:`G_{ba}` from b to a and :math:`G_{ab}` back,
    each with a discriminator. :math:`D_{ba}` minimises :math:`(D_{ba}(x_a) - 1)^2 +
    D_{ba}(G_{ba}(x_b))^2`. The translators minimise, over both directions,

    .. math::
        (D_{ba}(G_{ba}(x_b)) - 1)^2 + \lambda \lvert G_{ab}(G_{ba}(x_b)) - x_b \rvert
        + \mu \lvert G_{ab}(x_b) - x_b \rvert

    Translation is deterministic. So that new samples differ, samples of the donor are drawn with
    replacement, and noise is added to them, of 0.1 standard deviations of a column or 0.1 of half
    the range of pixels, in training and generation. New samples of few levels can still be equal.

    Unlike in the paper, for tables :math:`\lambda` and :math:`\mu` are smaller, and half of the
    fakes of :math:`D_{ba}` are the donor's own samples, as in [2]_: without them, translations
    between classes that overlap hardly leave the donor's class. D sees a whole sample instead of
    patches, and no earlier translations; there is no instance normalisation; the translation is
    added to its input; a batch is shared by all directions; Adam's betas are (0.5, 0.9), for tables
    (0, 0.9), not (0.5, 0.999); samples come from a moving average of the translators' weights; the
    networks are smaller, and residual MLPs for tables. The paper's settings are
    ``cycle_weight=10``, ``identity_weight=5``, ``batch_size=1`` and ``learning_rate=2e-4``.

    References
    ----------
    .. [1] Zhu, Park, Isola & Efros, Unpaired Image-to-Image Translation using Cycle-Consistent
       Adversarial Networks, ICCV 2017, arXiv:1703.10593.
    .. [2] Reed et al., Generative Adversarial Text to Image Synthesis (matching-aware
       discriminator), ICML 2016, arXiv:1605.05396.

    Examples
    --------
    {example}
    """

    _parameter_constraints: dict = {
        **BaseGANSampler._parameter_constraints,
        "donor": "no_validation",
        "cycle_weight": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "identity_weight": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
    }
    _parameter_constraints.pop("latent_dim")

    _auto_max_iter = (300, 500)

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        image_shape=None,
        categorical_features="auto",
        hidden_dim="auto",
        max_iter="auto",
        donor=None,
        cycle_weight="auto",
        identity_weight="auto",
        batch_size=64,
        learning_rate=1e-3,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.sampling_strategy = sampling_strategy
        self.image_shape = image_shape
        self.categorical_features = categorical_features
        self.hidden_dim = hidden_dim
        self.max_iter = max_iter
        self.donor = donor
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit_gan(self, x, y, run):
        counts = y.cpu().bincount()
        donors = self._donors(counts.tolist())
        self.donor_ = dict(zip(self.classes_.tolist(), self.classes_[donors].tolist(), strict=True))

        # 1. A translator and a discriminator for each way from class to class. Ways come in pairs:
        #    way ^ 1 is the way back, to the class that this way starts from.
        pairs = sorted({tuple(sorted(pair)) for pair in enumerate(donors)})
        ways = [way for a, b in pairs for way in ((a, b), (b, a))]
        layers = partial(layers_for, run.sample_shape, run.hidden_dim)
        there = Translator([run.build(layers) for _ in ways], run.block_head())
        discriminator = Stacked([run.build(lambda: LinearHead(run.trunk(), 1)) for _ in ways])

        # 2. Adversarial training, with cycle consistency and identity.
        is_image = x.ndim > 2
        cycle = _CYCLE[is_image] if self.cycle_weight == "auto" else self.cycle_weight
        identity = _IDENTITY[is_image] if self.identity_weight == "auto" else self.identity_weight

        def d_loss(x, way):
            with torch.no_grad():
                fake = there(_noisy(x, run.rng), way)
            fakes = [fake] if is_image else [fake, x]  # a donor is not of the class, either
            towards = torch.cat([way ^ 1, *(way for _ in fakes)])
            scores = discriminator(torch.cat([x, *fakes]), towards)
            return least_squares_d(*scores.tensor_split([len(x)]))

        def g_loss(x, way):
            fake = there(_noisy(x, run.rng), way)
            loss = least_squares_g(discriminator(fake, way))
            loss = loss + cycle * l1_loss(there(fake, way ^ 1), x)
            if identity:
                loss = loss + identity * l1_loss(there(x, way ^ 1), x)
            return loss

        starts = [a for a, _ in ways]
        data = run.batches_by_class(x, y, starts, -(-self.batch_size // len(ways)))
        history = run.train_adversarial(there, discriminator, d_loss, g_loss, data)

        # 3. What generation needs: the way from each class's donor, and the donors' samples.
        self._donor_of = donors
        self._samples = {donor: x[y == donor].cpu() for donor in donors}
        there.networks.take([ways.index((donor, c)) for c, donor in enumerate(donors)])
        return there, history

    def _donors(self, counts):
        """Class index of each class's donor."""
        labels = self.classes_.tolist()
        by_size = sorted(range(len(labels)), key=lambda c: -counts[c])
        largest_other = [by_size[c == by_size[0]] for c in range(len(labels))]
        named = self.donor if isinstance(self.donor, Mapping) else dict.fromkeys(labels, self.donor)
        unknown = [c for c in (*named, *named.values()) if c is not None and c not in labels]
        if unknown:
            raise ValueError(
                f"Got donor={self.donor!r}, which names {unknown[0]!r}, but the classes seen "
                f"in fit are {labels}."
            )
        if named is self.donor and any(c == donor for c, donor in named.items()):
            raise ValueError(f"Got donor={self.donor!r}, but a class cannot be its own donor.")
        return [
            default if named.get(label) in (None, label) else labels.index(named[label])
            for label, default in zip(labels, largest_other, strict=True)
        ]

    def _generate(self, y, run):
        pools = [self._samples[self._donor_of[c]] for c in y.tolist()]
        u = torch.rand((2, len(y)), generator=run.rng, dtype=torch.float64)[0].tolist()
        drawn = [pool[int(v * len(pool))] for pool, v in zip(pools, u, strict=True)]
        donors = _noisy(as_floats(torch.stack(drawn)), run.rng)
        return self.generator_(donors.to(y.device), y)


def _noisy(x, rng):
    """Samples with noise, so that no two translations of one are the same."""
    noise = torch.randn(x.shape, generator=rng, dtype=torch.float32)
    return x + _NOISE * noise.to(x.device)


def layers_for(sample_shape: tuple[int, ...], hidden_dim: int) -> nn.Sequential:
    """Choose the layers from a sample to its change by the shape of a sample, which they keep.

    For tables, those of a decoder; for images, two stages down (fewer below 15 pixels), two
    residual blocks, and as many stages up.
    """
    if len(sample_shape) == 1:
        return decoder_for(sample_shape[0], sample_shape, hidden_dim)
    channels, height, width = sample_shape
    n_maps = [max(hidden_dim // share, 1) for share in (8, 4, 2)]
    sizes = halvings(height, width)[:3]
    stages = list(zip(n_maps, n_maps[1:], sizes[:-1], strict=False))
    deepest = partial(nn.Conv2d, n_maps[len(stages)], n_maps[len(stages)], 3, 1, 1)
    layers: list[nn.Module] = [nn.Conv2d(channels, n_maps[0], 3, 1, 1), leaky()]
    for maps, more, _ in stages:
        layers += [nn.Conv2d(maps, more, 3, 2, 1), leaky()]
    layers += [ResidualBlock(deepest), ResidualBlock(deepest)]
    for maps, more, size in reversed(stages):
        layers += [upsample(more, maps, size), leaky()]
    return nn.Sequential(*layers, nn.Conv2d(n_maps[0], channels, 3, 1, 1))


class Translator(nn.Module):
    """A sample and its change, ``head(x + networks(x, way))``: (n, *sample_shape) kept.

    A head draws the blocks from logits. The donor's entry has a logit of 3, a probability of 0.95
    among two, so that training starts from the donor's category.
    """

    def __init__(self, networks: Sequence[nn.Module], head: BlockHead | None = None) -> None:
        super().__init__()
        self.networks, self.head = Stacked(networks), head or nn.Identity()
        self.n_drawn = 0 if head is None else sum(head.sizes)

    def forward(self, x: Tensor, way: Tensor) -> Tensor:
        """(n, *sample_shape) and (n,) indices of networks -> (n, *sample_shape)."""
        numbers, blocks = x.tensor_split([x.shape[1] - self.n_drawn], dim=1)
        return self.head(torch.cat([numbers, 3 * blocks], 1) + self.networks(x, way))
