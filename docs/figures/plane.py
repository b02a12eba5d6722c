"""Figures of the guide: the idea of each sampler, and its samples for a class of 40 points."""

import os

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.spatial import ConvexHull
from sklearn.datasets import make_blobs, make_moons

import skgan_resample

QUICK = os.environ.get("SKGAN_DOCS_QUICK") == "1"
LARGE, SMALL, MADE = "0.72", "#d95f02", "#1f6fb4"
N_SHOWN = 250
CODES = {"latent_dim": 2}  # so that codes can be drawn


def moons():
    """300 samples of a large class, 40 of a small one."""
    X, y = make_moons(600, noise=0.08, random_state=0)
    rows = np.r_[np.flatnonzero(y == 0)[:300], np.flatnonzero(y == 1)[:40]]
    return X[rows], y[rows]


def fitted(name, X, y, **parameters):
    """Fit the sampler with its defaults except for ``parameters``; two updates in a quick build."""
    Sampler = getattr(skgan_resample, name)
    if QUICK:
        known = Sampler().get_params()
        short = {"max_iter": 2, "autoencoder_max_iter": 2}
        parameters |= {key: value for key, value in short.items() if key in known}
    return Sampler(random_state=0, **parameters).fit(X, y)


def panels(title):
    """Two panels: the idea, which gets the title, and the generated samples."""
    _, (idea, made) = plt.subplots(1, 2, figsize=(8.2, 3.6))
    idea.set_title(title, fontsize=10)
    for axis in (idea, made):
        axis.set(xticks=[], yticks=[])
    return idea, made


def scatter_real(axis, X, y, label=True):
    """The real samples: the small class above the large one."""
    names = ("real, large class", "real, small class") if label else (None, None)
    for c, colour, size, name in ((0, LARGE, 8, names[0]), (1, SMALL, 22, names[1])):
        axis.scatter(*X[y == c].T, s=size, color=colour, label=name, zorder=1 + c, linewidths=0)


def show_made(axis, sampler, X, y, label="generated"):
    """Synthetic samples of the small class above the real ones."""
    scatter_real(axis, X, y)
    made, _ = sampler.sample({1: N_SHOWN}, random_state=0)
    axis.scatter(*made.T, s=12, color=MADE, marker="x", linewidths=0.8, label=label, zorder=4)
    axis.set_title(f"{N_SHOWN} synthetic samples", fontsize=10)
    legend(axis)


def legend(axis):
    """Legend below the panel."""
    axis.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=8, frameon=False,
        handletextpad=0.2, columnspacing=0.9,
    )  # fmt: skip


def from_noise(name, title, **parameters):
    """Noise coloured by its direction, and the samples generated from it."""
    X, y = moons()
    sampler = fitted(name, X, y, **CODES, **parameters)
    idea, made = panels(title)
    z = torch.randn((N_SHOWN, 2), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        rows = sampler.generator_(z, torch.ones(N_SHOWN, dtype=torch.int64))
    rows = sampler.codec_.inverse_transform(rows.numpy())
    style = {"c": np.arctan2(*z.numpy().T), "cmap": "twilight", "s": 14, "zorder": 4}
    idea.scatter(*z.T, **style)
    idea.set_xlabel("noise z; colour: its direction", fontsize=9)
    scatter_real(made, X, y)
    made.scatter(*rows.T, **style, label="generated, in the colour of its noise")
    made.set_title(f"{N_SHOWN} synthetic samples", fontsize=10)
    legend(made)


def from_codes(name, title, **parameters):
    """The distribution of codes of each class, and the samples generated from it."""
    X, y = moons()
    sampler = fitted(name, X, y, **CODES, **parameters)
    idea, made = panels(title)
    for c, colour, label in ((0, LARGE, "large class"), (1, SMALL, "small class")):
        labels = torch.full((N_SHOWN,), c)
        z = sampler.latent_.sample(labels, torch.Generator().manual_seed(c)).numpy()
        idea.scatter(*z.T, s=10, color=colour, linewidths=0, label=f"codes drawn for the {label}")
    legend(idea)
    show_made(made, sampler, X, y)


def draw_candidates(idea, X, y):
    """A candidate of RowMixSampler: a point between two samples of the class, plus a residual."""
    scatter_real(idea, X, y)
    rng, small = np.random.default_rng(0), X[y == 1]
    centred = np.concatenate([X[y == c] - X[y == c].mean(axis=0) for c in (0, 1)])
    for number in range(14):
        i, j = rng.choice(len(small), 2, replace=False)
        u, v = rng.random(2)
        between = small[i] + u / (u + v) * (small[j] - small[i])
        candidate = between + 0.4 * centred[rng.integers(len(centred))]
        idea.plot(*small[[i, j]].T, color=SMALL, linewidth=0.5, alpha=0.6)
        idea.plot(*np.c_[between, candidate], color=MADE, linewidth=0.8)
        label = "candidate" if number == 0 else None
        idea.scatter(*candidate, s=16, color=MADE, marker="x", linewidths=1, label=label, zorder=4)
    legend(idea)


def row_mix():
    X, y = moons()
    idea, made = panels("between any two samples of the class, plus a residual")
    draw_candidates(idea, X, y)
    show_made(made, fitted("RowMixSampler", X, y), X, y)


def bagan_gp():
    from_noise("BAGANGPSampler", "noise times an embedding of the class")


def bagan():
    from_codes("BAGANSampler", "one Gaussian of codes per class")


def ida_gan():
    from_codes("IDAGANSampler", "one Gaussian of codes per class (variational)")


def scdl():
    from_codes("SCDLSampler", "codes that also predict the class")


def wae_gan():
    from_codes("WAEGANSampler", "codes close to N(0, I)")


def cgan():
    from_noise("CGANSampler", "noise and the label")


def acgan():
    from_noise("ACGANSampler", "noise and the label")


def gan():
    from_noise("GANSampler", "noise; one generator for this class alone")


def gamo():
    X, y = moons()
    idea, made = panels("weighted means of the class's samples lie in their hull")
    scatter_real(idea, X, y)
    small = X[y == 1]
    hull = small[ConvexHull(small).vertices]
    for axis in (idea, made):
        axis.fill(*hull.T, facecolor="none", edgecolor=SMALL, linestyle="--", label="hull")
    weights = np.random.default_rng(1).dirichlet(np.full(len(small), 0.08), 5)
    for w in weights:
        for row, weight in zip(small, w, strict=True):
            idea.plot(*np.c_[row, w @ small], color=MADE, linewidth=3 * weight, alpha=0.5)
    mean = weights @ small
    idea.scatter(*mean.T, s=24, color=MADE, marker="x", label="random weighted mean", zorder=4)
    legend(idea)
    show_made(made, fitted("GAMOSampler", X, y), X, y)


def cyclegan():
    X, y = moons()
    sampler = fitted("CycleGANSampler", X, y)
    idea, made = panels("samples of the large class, and their translations")
    scatter_real(idea, X, y)
    donors = X[y == 0][:30]
    with torch.no_grad():
        x = torch.from_numpy(sampler.codec_.transform(donors))
        rows = sampler.generator_(x, torch.ones(len(x), dtype=torch.int64)).numpy()
    for donor, row in zip(donors, sampler.codec_.inverse_transform(rows), strict=True):
        arrow = {"arrowstyle": "->", "color": MADE, "linewidth": 0.7}
        idea.annotate("", row, donor, arrowprops=arrow)
    legend(idea)
    show_made(made, sampler, X, y, "generated")


def intra_class():
    centres = [[0, 0], [-4.5, 2.5], [3.5, 3.5], [0.5, -4.5]]
    X, kind = make_blobs([300, 70, 30, 14], centers=centres, cluster_std=0.7, random_state=0)
    y = (kind > 0).astype(int)
    sampler = fitted("IntraClassACGANSampler", X, y, impacts="proportional")
    idea, made = panels("subclasses found, and their weights in the loss")
    idea.scatter(*X[y == 0].T, s=8, color=LARGE, linewidths=0)
    of_small = np.flatnonzero(sampler.subclass_classes_ == 1)
    colours = plt.get_cmap("Dark2")(range(1, len(of_small) + 1))
    for subclass, colour in zip(of_small, colours, strict=True):
        rows = X[sampler.subclass_labels_ == subclass]
        weight = sampler.impacts_[subclass]
        label = f"{len(rows)} samples, weight {weight:.2f}"
        idea.scatter(*rows.T, s=22, color=colour, linewidths=0, label=label)
    legend(idea)
    show_made(made, sampler, X, y)
