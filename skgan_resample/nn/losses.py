"""Objectives as functions of tensors; each states its equation and its source.

Arguments come as (real, fake); every function returns a scalar and has no side effect.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def reconstruction_l1(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Mean absolute error, ``mean |x - x'|``, over all entries of two equal shapes."""
    return F.l1_loss(reconstruction, x)


def reconstruction_l2(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Mean squared error, ``mean (x - x')**2``, over all entries of two equal shapes."""
    return F.mse_loss(reconstruction, x)


def logistic_d(real: Tensor, *fakes: Tensor, real_target: float = 1.0) -> Tensor:
    r"""Discriminator's loss of the min-max game, on logits.

    .. math:: L_D = BCE(t, D(x)) + \sum_j BCE(0, D(x_j))

    with target ``t = real_target``; ``t = 0.9`` is one-sided label smoothing [2]_.

    Parameters
    ----------
    real : Tensor of shape (n,)
        Logits of real rows.
    *fakes : Tensor of shape (m,)
        Logits of each kind of row to be rejected: generated ones, real ones with a wrong label.
    real_target : float, default=1.0
        Probability that real rows are pulled towards.

    Returns
    -------
    loss : Tensor of shape ()

    References
    ----------
    .. [1] Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014.
    .. [2] Salimans et al., Improved Techniques for Training GANs, NeurIPS 2016.
    """
    loss = F.binary_cross_entropy_with_logits(real, torch.full_like(real, real_target))
    for fake in fakes:
        loss = loss + F.softplus(fake).mean()
    return loss


def logistic_g(fake: Tensor) -> Tensor:
    """Non-saturating generator's loss, ``-mean log D(G(z))``, on the (n,) logits of fakes."""
    return F.softplus(-fake).mean()


def balancing_d(real: Tensor, fake: Tensor, y: Tensor) -> Tensor:
    r"""Discriminator's loss of BAGAN: one softmax over K classes and "fake".

    .. math:: L_D = -\frac{1}{n + m} \Big( \sum_i \log D_{y_i}(x_i) + \sum_j \log D_K(G(z_j)) \Big)

    Parameters
    ----------
    real : Tensor of shape (n, K + 1)
        Logits of real rows.
    fake : Tensor of shape (m, K + 1)
        Logits of generated rows.
    y : Tensor of shape (n,)
        Class index of the real rows.

    Returns
    -------
    loss : Tensor of shape ()

    References
    ----------
    .. [1] Mariani et al., BAGAN: Data Augmentation with Balancing GAN, 2018, section 3.
    """
    index_of_fake = real.shape[1] - 1
    targets = torch.cat([y, y.new_full((len(fake),), index_of_fake)])
    return F.cross_entropy(torch.cat([real, fake]), targets)


def balancing_g(fake: Tensor, y: Tensor) -> Tensor:
    """Generator's loss of BAGAN, ``-mean log D_y(G(z_y))``: to be taken for a row of class y."""
    return F.cross_entropy(fake, y)


def gradient_penalty(critic: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    r"""Squared distance of the critic's gradient norm from one.

    .. math:: \frac{1}{n} \sum_i (\lVert \nabla_x D(x_i) \rVert_2 - 1)^2

    Parameters
    ----------
    critic : callable
        Maps (n, ...) to (n,) scores.
    points : Tensor of shape (n, ...)
        Where to measure: :func:`points_between` (WGAN-GP) or :func:`points_around` (DRAGAN).

    Returns
    -------
    penalty : Tensor of shape ()

    References
    ----------
    .. [1] Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017, eq. 3.
    """
    points = points.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def points_between(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Points ``x + u (x' - x)``, one u ~ U(0, 1) per row, between (n, ...) real and fake rows."""
    u = torch.rand((len(real),) + (1,) * (real.ndim - 1), generator=rng).to(real.device)
    return real + u * (fake - real)


def points_around(real: Tensor, rng: torch.Generator) -> Tensor:
    """Points ``x + 0.5 std(x) u``, u ~ U(0, 1) per entry, around (n, ...) real rows.

    References
    ----------
    .. [1] Kodali et al., On Convergence and Stability of GANs (DRAGAN), 2017.
    """
    u = torch.rand(real.shape, generator=rng).to(real.device)
    return real + 0.5 * real.std() * u
