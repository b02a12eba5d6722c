"""Distributions of latent codes, fitted once and then kept."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


def shrunk_covariance(centred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    r"""Covariance of (n, d) centred codes, shrunk towards a (d, d) target where they are few.

    The intensity of Ledoit & Wolf (Journal of Multivariate Analysis, 2004), returned as well, is
    the share of the squared distance between the sample covariance S and the target T that sampling
    noise explains,

    .. math:: \lambda = \frac{1}{n^2} \sum_i \lVert z_i z_i^T - S \rVert^2 / \lVert S - T \rVert^2

    clipped to [1/n, 1], since the formula reads a single pair of codes as noise-free. The
    covariance is :math:`(1 - \lambda) S + \lambda T`. Codes should be float64.
    """
    n = len(centred)
    sample = centred.T @ centred / n
    noise = (centred.square().sum(1).square().sum() - n * sample.square().sum()) / n**2
    distance = (sample - target).square().sum()
    intensity = (noise / distance.clamp_min(1e-30)).clamp(1 / n, 1)
    return torch.lerp(sample, target, intensity), intensity


@dataclass(frozen=True)
class ClassGaussians:
    """One Gaussian of latent codes per class."""

    means: Tensor  # (K, d)
    factors: Tensor  # (K, d, d), A with A A^T the covariance of a class

    @classmethod
    def fit(
        cls,
        z: Tensor,
        y: Tensor,
        n_classes: int,
        variance: Tensor | None = None,
    ) -> Self:
        r"""Fit means and shrunk covariances to (n, d) codes of (n,) classes, none of them empty.

        Each class's covariance is shrunk towards the pooled within-class covariance, and that
        one towards a multiple of the identity; a class of one sample takes the pooled covariance.

        Where sample i's code is itself a Gaussian, :math:`N(z_i, \mathrm{diag}\, \sigma_i^2)` with
        ``variance`` :math:`\sigma_i^2`, (n, d), a class has the moments of its samples' mixture,
        :math:`\mathrm{Cov}(z) + \mathrm{diag}\,\mathrm{mean}(\sigma^2)`.
        """
        codes, dim = z.double(), z.shape[1]
        means = torch.stack([codes[y == c].mean(0) for c in range(n_classes)])
        centred = codes - means[y]
        sphere = torch.eye(dim, dtype=codes.dtype, device=codes.device)
        pooled, _ = shrunk_covariance(centred, sphere * centred.square().mean())
        covariances = [shrunk_covariance(centred[y == c], pooled)[0] for c in range(n_classes)]
        if variance is not None:
            own = [variance[y == c].double().mean(0) for c in range(n_classes)]
            covariances = [s + v.diag() for s, v in zip(covariances, own, strict=True)]
        spectra = map(torch.linalg.eigh, covariances)  # values of singular ones may be negative
        factors = [vectors * values.clamp_min(0).sqrt() for values, vectors in spectra]
        return cls(means.to(z.dtype), torch.stack(factors).to(z.dtype))

    def sample(self, y: Tensor, rng: torch.Generator) -> Tensor:
        """Draw one code per label: (m,) class indices -> (m, d) codes, on their device."""
        noise = torch.randn((len(y), self.means.shape[1]), generator=rng, dtype=torch.float32)
        labels, z = y.cpu(), torch.empty_like(noise)
        for c in labels.unique().tolist():  # of a factor for each code, memory would be full
            z[labels == c] = self.means[c] + noise[labels == c] @ self.factors[c].T
        return z.to(y.device)
