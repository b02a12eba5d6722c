"""Objectives as functions of tensors; each states its equation and its source.

Arguments come as (real, fake), of n real and m generated samples; y are their class indices, of K
classes. Every function returns a scalar and has no side effect.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def logistic_d(real: Tensor, *fakes: Tensor, real_target: float = 1.0) -> Tensor:
    r"""Discriminator's min-max loss, on (n,) logits and (m,) of each kind to be rejected.

    .. math:: L_D = BCE(t, D(x)) + \sum_j BCE(0, D(x_j))

    as in Goodfellow et al. (NeurIPS 2014), with target ``t = real_target``; ``t = 0.9`` is
    one-sided label smoothing (Salimans et al., NeurIPS 2016). The kinds to be rejected are
    generated samples and, in some methods, real ones with a wrong label.
    """
    loss = F.binary_cross_entropy_with_logits(real, torch.full_like(real, real_target))
    for fake in fakes:
        loss = loss + F.softplus(fake).mean()
    return loss


def logistic_g(fake: Tensor) -> Tensor:
    """Non-saturating generator's loss, ``-mean log D(G(z))``, on the (m,) logits of fakes."""
    return F.softplus(-fake).mean()


def balancing_d(real: Tensor, fake: Tensor, y: Tensor) -> Tensor:
    r"""Discriminator's loss of BAGAN, on (n, K + 1) and (m, K + 1) logits: K classes and "fake".

    .. math:: L_D = -\frac{1}{n + m} \Big( \sum_i \log D_{y_i}(x_i) + \sum_j \log D_K(G(z_j)) \Big)

    as in Mariani et al., BAGAN: Data Augmentation with Balancing GAN, 2018, section 3.
    """
    index_of_fake = real.shape[1] - 1
    targets = torch.cat([y, y.new_full((len(fake),), index_of_fake)])
    return F.cross_entropy(torch.cat([real, fake]), targets)


def gradient_penalty(scores: Tensor, points: Tensor) -> Tensor:
    r"""Squared distance of the norm of the discriminator's gradient from one.

    .. math:: \frac{1}{n} \sum_i (\lVert \nabla_x D(x_i) \rVert_2 - 1)^2

    ``points``, (n, ...), require gradients: :func:`points_between` (WGAN-GP; Gulrajani et al.,
    NeurIPS 2017, eq. 3) or :func:`points_around` (DRAGAN). ``scores`` are the discriminator's of
    them, (n,), through nothing that mixes samples.
    """
    return (_gradients(scores, points).norm(dim=1) - 1).square().mean()


def slope_penalty(critic: Callable[..., Tensor], real: Tensor, *labels: Tensor) -> Tensor:
    r"""Penalty of a critic's slope at (n, ...) real samples, R1.

    .. math:: \frac{w}{n} \sum_i \lVert \nabla_x D(x_i) \rVert^2

    as in Mescheder, Geiger & Nowozin (ICML 2018, eq. 9). The critic maps samples, and their labels
    where it sees these, to (n,) scores, through nothing that mixes samples. The weight w is 0.1 for
    tables, 0.1 d / 64 for images of d values, whose distances grow with the root of d; Karras et
    al. (NeurIPS 2020) have one in proportion to d in their code, too.
    """
    weight = 0.1 * real[0].numel() / 64 if real.ndim > 2 else 0.1
    points = real.detach().requires_grad_()
    return weight * _gradients(critic(points, *labels), points).square().sum(1).mean()


def _gradients(scores: Tensor, points: Tensor) -> Tensor:
    """Differentiable gradients of (n,) scores at their (n, ...) points: (n, d)."""
    (gradient,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    return gradient.flatten(1)


def points_between(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Points ``x + u (x' - x)``, one u ~ U(0, 1) a sample, between (n, ...) real and fake ones."""
    u = torch.rand(len(real), *[1] * (real.ndim - 1), generator=rng, dtype=real.dtype)
    return real + u.to(real.device) * (fake - real)


def points_around(real: Tensor, rng: torch.Generator) -> Tensor:
    """Points ``x + a (0.5 std(x) u)`` around (n, ...) real samples.

    u ~ U(0, 1) per entry perturbs a sample, and a ~ U(0, 1) per sample chooses a point on the way,
    as in the authors' code (Kodali et al., On Convergence and Stability of GANs, 2017).
    """
    u = torch.rand(real.shape, generator=rng, dtype=real.dtype).to(real.device)
    return points_between(real, real + 0.5 * real.std() * u, rng)


def mmd_imq(prior: Tensor, codes: Tensor) -> Tensor:
    r"""Maximum mean discrepancy, squared, of (m, d) codes from (n, d) draws of N(0, I).

    Its kernels are inverse multiquadratic,

    .. math:: k(a, b) = \sum_s \frac{C_s}{C_s + \lVert a - b \rVert^2}, \qquad C_s = 2 d s

    over the scales s = 0.1, 0.2, 0.5, 1, 2, 5, 10 of the authors' code (Tolstikhin et al., ICLR
    2018, algorithm 2). Pairs within a set leave out a code with itself; the estimate is unbiased,
    and so can be below zero.
    """
    c = 2 * prior.shape[1] * prior.new_tensor([0.1, 0.2, 0.5, 1, 2, 5, 10])

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        squares = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square()
        return (c / (c + squares.unsqueeze(2))).sum(2)

    def within(sample: Tensor) -> Tensor:
        n = len(sample)
        pairs = kernel(sample, sample)
        return (pairs.sum() - pairs.trace()) / max(n * (n - 1), 1)

    return within(prior) + within(codes) - 2 * kernel(prior, codes).mean()


def negative_elbo(
    x: Tensor, reconstruction: Tensor, mean: Tensor, log_variance: Tensor, kl_weight: float
) -> Tensor:
    r"""Loss of a variational autoencoder, per value of (n, ...) samples of D values each.

    .. math::
        \frac{1}{D} \Big( \lVert x - x' \rVert^2
        + \frac{\beta}{2} \sum_j (\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2) \Big)

    averaged over samples, with :math:`x'` decoded from a code drawn from q(z|x), of ``mean``
    :math:`\mu` and ``log_variance`` :math:`\log \sigma^2`, (n, d), whose divergence from N(0, I) is
    multiplied by ``kl_weight`` :math:`\beta`. For a normal likelihood :math:`N(x', s^2 I)` with
    :math:`2 s^2 = \beta` this is the negative evidence lower bound, times :math:`2 s^2 / D` and
    less the constant :math:`s^2 \log 2 \pi s^2` (Kingma & Welling, ICLR 2014, eq. 10, appendix B).
    """
    divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
    return F.mse_loss(reconstruction, x) + kl_weight * (divergence / x[0].numel())


def auxiliary_d(real: Tensor, fake: Tensor, y: Tensor, fake_y: Tensor) -> Tensor:
    r"""Discriminator's class loss in an ACGAN, on (n, K) and (m, K) class logits.

    .. math:: -\frac{1}{n} \sum_i \log C_{y_i}(x_i) - \frac{1}{m} \sum_j \log C_{c_j}(G(z_j, c_j))

    Real and generated samples are to be classified alike, by y and by ``fake_y``, c (Odena, Olah &
    Shlens, ICML 2017, eq. 3).
    """
    return F.cross_entropy(real, y) + F.cross_entropy(fake, fake_y)


def least_squares_d(real: Tensor, fake: Tensor) -> Tensor:
    r"""Discriminator's least-squares loss, on (n,) and (m,) scores (Mao et al., ICCV 2017, eq. 9).

    .. math:: L_D = \frac{1}{n} \sum_i (D(x_i) - 1)^2 + \frac{1}{m} \sum_j D(x'_j)^2
    """
    return (real - 1).square().mean() + fake.square().mean()


def least_squares_g(fake: Tensor) -> Tensor:
    """Generator's least-squares loss, ``mean (D(G(z)) - 1)**2``, on the (m,) scores of fakes."""
    return (fake - 1).square().mean()


def squared_classes(logits: Tensor, y: Tensor) -> Tensor:
    r"""Classifier's squared error, of (n, K) logits against (n,) class indices.

    .. math:: \frac{1}{nK} \sum_i \lVert M(x_i) - e_{y_i} \rVert^2

    with M the softmax of the logits and :math:`e_y` the indicator of class y (Mullick, Datta & Das,
    ICCV 2019).
    """
    return F.mse_loss(logits.softmax(1), F.one_hot(y, logits.shape[1]).to(logits.dtype))


def squared_confusion(fake: Tensor, y: Tensor) -> Tensor:
    r"""Generator's squared error against the opposite of its class, on (m, K) logits of fakes.

    .. math:: \frac{1}{mK} \sum_j \lVert M(x'_j) - (1 - e_{y_j}) \rVert^2

    with the symbols of :func:`squared_classes`, whose source it shares.
    """
    return F.mse_loss(fake.softmax(1), 1 - F.one_hot(y, fake.shape[1]).to(fake.dtype))


def weighted_logistic_d(
    real: Tensor, fake: Tensor, real_weight: Tensor, fake_weight: Tensor
) -> Tensor:
    r"""Discriminator's loss on (n,) and (m,) logits, with a weight W for each sample.

    .. math::
        L_D = -\frac{1}{n} \sum_i W(x_i) \log D(x_i) - \frac{1}{m} \sum_j W(x'_j) \log(1 - D(x'_j))

    as in Huang, Lin & Tseng (ICME 2019, eq. 5).
    """
    return (real_weight * F.softplus(-real)).mean() + (fake_weight * F.softplus(fake)).mean()


def weighted_logistic_g(fake: Tensor, weight: Tensor) -> Tensor:
    """Non-saturating generator's loss, ``-mean W log D(G(z))``, on (m,) logits and weights."""
    return (weight * F.softplus(-fake)).mean()
