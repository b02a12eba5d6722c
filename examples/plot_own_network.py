"""
Your own network
================

The networks of the samplers are made for tables and pictures. What if rows are something else, such
as signals? Take the sampler that is nearest to what you want, and write its ``_fit_gan`` anew with
networks of your own: containers, dtypes, counts, seeds, devices, time limits and ``sample`` are
inherited.

Methods with a leading underscore are not promised to stay as they are: pin the version. How a
sampler comes into the package itself stands on the page on its :doc:`architecture </architecture>`.
"""

# %%
# Signals
# -------
# Made up here: 64 points of noise with a pulse somewhere. In the common class it has one peak, in
# the rare one two. Where a pulse lies says nothing, and a convolution knows that.

import matplotlib.pyplot as plt
import numpy as np
import torch
from skgan_resample.nn.training import batches, train_adversarial
from torch import nn

from skgan_resample import CGANSampler
from skgan_resample.nn.losses import logistic_d, logistic_g
from skgan_resample.nn.networks import build


def signals(n, n_peaks, rng):
    time = np.arange(64)
    start, width = rng.uniform(14, 40, (n, 1)), rng.uniform(2, 3, (n, 1))
    peaks = [np.exp(-(((time - start - 11 * k) / width) ** 2)) for k in range(n_peaks)]
    return sum(peaks) + 0.05 * rng.standard_normal((n, 64))


rng = np.random.default_rng(0)
X = np.concatenate([signals(400, 1, rng), signals(30, 2, rng)])
y = np.repeat([0, 1], [400, 30])

# %%
# The networks, and the sampler
# -----------------------------
# A generator is any module that maps codes (m, latent_dim) and class indices (m,) to encoded rows,
# here (m, 64); a critic maps rows and class indices to m scores. ``build`` draws their weights from
# the sampler's own stream ``rng``, and everything else random is drawn from it, too.


class Generator(nn.Module):
    def __init__(self, latent_dim, n_classes, channels=32):
        super().__init__()
        self.label, self.channels = nn.Embedding(n_classes, latent_dim), channels
        self.start = nn.Linear(latent_dim, 8 * channels)
        layers = []
        for _ in range(3):  # 8 -> 16 -> 32 -> 64 points
            layers += [
                nn.Upsample(scale_factor=2), nn.Conv1d(channels, channels, 5, padding=2),
                nn.LeakyReLU(0.2),
            ]  # fmt: skip
        self.layers = nn.Sequential(*layers, nn.Conv1d(channels, 1, 5, padding=2))

    def forward(self, z, y):
        start = self.start(z * (1 + self.label(y))).view(len(z), self.channels, 8)
        return self.layers(start).flatten(1)


class Critic(nn.Module):
    def __init__(self, n_classes, channels=32):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(1, channels, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Flatten(),
        )  # fmt: skip
        self.label = nn.Embedding(n_classes, 8 * channels)
        self.score = nn.Linear(8 * channels, 1)

    def forward(self, x, y):
        features = self.layers(x.unsqueeze(1))
        return self.score(features * (1 + self.label(y))).squeeze(1)


class SignalGANSampler(CGANSampler):
    """A conditional GAN with convolutions along the columns."""

    def _fit_gan(self, x, y, rng):
        n_classes = len(self.classes_)
        latent_dim, max_iter, _ = self._sizes(x)
        generator = build(lambda: Generator(latent_dim, n_classes), rng, self.device_)
        critic = build(lambda: Critic(n_classes), rng, self.device_)

        def draw(y):
            """As many rows as there are in the batch, of balanced classes."""
            z = torch.randn((len(y), latent_dim), generator=rng).to(self.device_)
            labels = torch.randint(n_classes, (len(y),), generator=rng).to(self.device_)
            return generator(z, labels), labels

        def d_loss(x, y):
            with torch.no_grad():
                fake, fake_y = draw(y)
            return logistic_d(critic(x, y), critic(fake, fake_y), real_target=0.9)

        def g_loss(x, y):
            return logistic_g(critic(*draw(y)))

        data = batches(x, y, self.batch_size, rng, balance=1.0)
        self.generator_ = generator  # what sample() uses
        schedule = self._schedule(max_iter)
        return train_adversarial(generator, critic, d_loss, g_loss, data, schedule)


# %%
# Like any other
# --------------

sampler = SignalGANSampler(max_iter=600, random_state=0)
X_more, y_more = sampler.fit_resample(X, y)
print(np.bincount(y_more), sampler.history_["generator"].shape)

table = CGANSampler(max_iter=600, random_state=0).fit(X, y)
shown = {
    "real": X[y == 1],
    "own networks": X_more[sampler.is_synthetic_],
    "CGANSampler, for tables": table.sample({1: 8}, random_state=0)[0],
}
figure, axes = plt.subplots(3, 6, figsize=(9, 4), sharex=True, sharey=True)
figure.set_layout_engine("constrained")
for row, (name, rows) in zip(axes, shown.items(), strict=True):
    for axis, signal in zip(row, rows, strict=False):
        axis.plot(signal, linewidth=1)
        axis.set(xticks=[], yticks=[])
    row[0].set_title(name, loc="left", fontsize=10)
plt.show()

# %%
# Thirty signals and 600 updates are little: some pulses of the rare class still have one peak. But
# smooth pulses on a level floor come at once; a network for tables learns them point by point.
