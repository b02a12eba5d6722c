"""
Your own network
================

The networks of the samplers are made for tables and images. For other data, such as signals, take
the sampler that is closest to your method, and override its ``_fit_gan`` with networks of your own.
Containers, dtypes, counts, seeds, devices and ``sample`` are inherited.

Methods with a leading underscore may change: pin the version. The page on the :doc:`architecture
</architecture>` lists what a ``run`` offers, and shows how to add a sampler to the package.
"""

# %%
# Signals
# -------
# We simulate signals of 64 points: noise with a pulse. In the frequent class the pulse has one
# peak, in the rare class two. The position of the pulse does not matter, which suits convolutions.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from skgan_resample import CGANSampler
from skgan_resample.nn.losses import logistic_d, logistic_g


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
# A generator is any module that maps codes (m, latent_dim) and class indices (m,) to encoded
# samples, here (m, 64). A discriminator maps samples and class indices to m logits.


class Generator(nn.Module):
    def __init__(self, latent_dim, n_classes, channels=32):
        super().__init__()
        self.start = nn.Linear(latent_dim, 8 * channels)
        self.label, self.channels = nn.Embedding(n_classes, 8 * channels), channels
        layers = []
        for _ in range(3):  # 8 -> 16 -> 32 -> 64 points
            layers += [
                nn.Upsample(scale_factor=2), nn.Conv1d(channels, channels, 5, padding=2),
                nn.LeakyReLU(0.2),
            ]  # fmt: skip
        self.layers = nn.Sequential(*layers, nn.Conv1d(channels, 1, 5, padding=2))

    def forward(self, z, y):
        start = self.start(z) + self.label(y)
        return self.layers(start.view(len(z), self.channels, 8)).flatten(1)


class Discriminator(nn.Module):
    def __init__(self, n_classes, channels=32):
        super().__init__()
        self.n_classes = n_classes
        self.layers = nn.Sequential(  # the signal, and one more channel for each class
            nn.Conv1d(1 + n_classes, channels, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Flatten(), nn.Linear(8 * channels, 1),
        )  # fmt: skip

    def forward(self, x, y):
        label = nn.functional.one_hot(y, self.n_classes).to(x.dtype)
        label = label.unsqueeze(2).expand(-1, -1, x.shape[1])
        return self.layers(torch.cat([x.unsqueeze(1), label], dim=1)).squeeze(1)


# %%
# ``run.build``, ``run.noise`` and ``run.labels`` draw weights, codes and classes from the sampler's
# own random stream. ``run.train_adversarial`` is the training loop.


class SignalGANSampler(CGANSampler):
    """A conditional GAN with convolutions along the columns."""

    def _fit_gan(self, x, y, run):
        generator = run.build(lambda: Generator(run.latent_dim, run.n_classes))
        discriminator = run.build(lambda: Discriminator(run.n_classes))

        def generated(like):
            y = run.labels(like)
            return generator(run.noise(y), y), y

        def d_loss(x, y):
            with torch.no_grad():
                fake, fake_y = generated(y)
            return logistic_d(discriminator(x, y), discriminator(fake, fake_y), real_target=0.9)

        def g_loss(x, y):
            return logistic_g(discriminator(*generated(y)))

        data = run.batches(x, y, balance=1.0)
        return generator, run.train_adversarial(generator, discriminator, d_loss, g_loss, data)


# %%
# It works like any other sampler
# -------------------------------

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
# Most pulses have two smooth peaks; thirty signals and 600 updates are few, and some have three. A
# network for tables has to learn each point separately.
