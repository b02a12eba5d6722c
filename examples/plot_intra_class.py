"""
Are rare kinds within a class learnt?
=====================================

Fashion-MNIST is merged into two classes of five kinds each: tops, and the rest. The samplers do not
see the kinds. Either all kinds are equally frequent, or they make up 8, 12, 16, 24 and 40 % of
their class. A plain conditional GAN is compared with
:class:`~skgan_resample.IntraClassACGANSampler`, which searches for the kinds and weights its loss
by them. This is the experiment of Huang, Lin & Tseng (ICME 2019), figures 4 to 6, on public images.
How far is the share of each kind in the generated images from its share in the data, and do they
help a classifier?

It takes an hour and a half on one core, with ``--quick`` a minute or two (too short for results).
Images come from ``--data``, a folder with the four files of Fashion-MNIST, else from the Debian
package dataset-fashion-mnist if it is installed, else from openml.org.
"""

# %%
# Images, merged classes, shares
# ------------------------------
# As many images as in the paper. Which kind gets which share changes with the seed, so that the
# effect of a share is not confused with that of a kind.

import argparse
import gzip
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.datasets import fetch_openml
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skgan_resample import IntraClassACGANSampler, SubclassDiscovery

parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--sampling", nargs="+", default=["skewed", "uniform"])
parser.add_argument("--side", type=int, choices=[14, 28], default=28, help="of an image")
parser.add_argument("--rows", type=int, default=500, help="training images of each class")
parser.add_argument("--max-iter", type=int, default=1500)
parser.add_argument("--known", action="store_true", help="also with the true kinds")
parser.add_argument("--quick", action="store_true")
options, _ = parser.parse_known_args()
if options.quick:
    options.seeds, options.rows, options.max_iter = [0], 200, 50

KINDS = np.array([[0, 2, 3, 4, 6], [1, 5, 7, 8, 9]])  # of "tops", and of the rest
SHARES = {"skewed": np.array([0.08, 0.12, 0.16, 0.24, 0.40]), "uniform": np.full(5, 0.2)}
N_GENERATED = 5000


def load():
    """Images and their kinds: training, test."""
    if options.data.is_dir():
        parts = []
        for part in ("train", "t10k"):
            pixels = gzip.decompress((options.data / f"{part}-images-idx3-ubyte.gz").read_bytes())
            kinds = gzip.decompress((options.data / f"{part}-labels-idx1-ubyte.gz").read_bytes())
            parts.append((np.frombuffer(pixels[16:], np.uint8), np.frombuffer(kinds[8:], np.uint8)))
        X, kind = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    else:
        X, kind = fetch_openml("Fashion-MNIST", version=1, return_X_y=True, as_frame=False)
    side, block = options.side, 28 // options.side
    X = X.reshape(-1, side, block, side, block).mean(axis=(2, 4)).round().astype(np.uint8)
    kind = kind.astype(int)
    return X[:60000], kind[:60000], X[60000:], kind[60000:]


def draw(kind, shares, rng):
    """Indices of training images in which the kinds of each class have the given shares."""
    return np.concatenate(
        [
            rng.choice(np.flatnonzero(kind == k), round(share * options.rows), replace=False)
            for kinds in KINDS
            for k, share in zip(rng.permutation(kinds), shares, strict=True)
        ]
    )


def share_of_kinds(evaluator, X, y):
    """Share of each kind within its class, (2, 5), as the evaluation classifier predicts it."""
    scores = evaluator.decision_function(X.reshape(len(X), -1))
    return np.array(
        [
            np.bincount(scores[y == c][:, kinds].argmax(axis=1), minlength=5) / (y == c).sum()
            for c, kinds in enumerate(KINDS)
        ]
    )


def classifier():
    return make_pipeline(PCA(50, random_state=0), SVC(C=10))


# %%
# Samplers
# --------
# Bias-GAN and AC-GAN search for five subclasses in each class. "Known" samplers are given the true
# kinds: a remaining difference is then due to the weights alone. (If the kinds are equally
# frequent, Bias-GAN with known kinds is the plain GAN.)


class Known(ClusterMixin, BaseEstimator):
    """A subclass discovery that knows the true kinds."""

    def __init__(self, kinds):
        self.kinds = kinds

    def fit_predict(self, X, y):
        """Return the true kinds of the class that y names."""
        return self.kinds[y[0]]


def samplers(kind, y, seed, sampling):
    five, known = SubclassDiscovery(5), Known([kind[y == c] for c in (0, 1)])
    variants = {
        "GAN": ("uniform", five),
        "Bias-GAN": ("proportional", five),
        "AC-GAN": ("actor-critic", five),
    }
    if options.known and sampling == "skewed":
        variants["Bias-GAN, known"] = ("proportional", known)
        variants["AC-GAN, known"] = ("actor-critic", known)
    for name, (impacts, discovery) in variants.items():
        yield (
            name,
            IntraClassACGANSampler(
                impacts=impacts,
                subclass_discovery=discovery,
                max_iter=options.max_iter,
                random_state=seed,
            ),
        )


# %%
# Training and evaluation
# -----------------------
# The evaluation classifier is a support vector machine trained on the kinds of 10,000 other images.
# As in the paper, it also counts the kinds among the real images, so that its own bias cancels.

X_all, kind_all, X_test, kind_test = load()
y_test = np.isin(kind_test, KINDS[1]).astype(int)
pool, others = np.split(np.random.default_rng(0).permutation(60000), [50000])
evaluator = classifier().fit(X_all[others].reshape(len(others), -1), kind_all[others])
score = evaluator.score(X_test.reshape(len(X_test), -1), kind_test)
print(f"accuracy of the evaluation classifier: {score:.3f}")


def accuracy(X, y):
    model = classifier().fit(X.reshape(len(X), -1), y)
    correct = model.predict(X_test.reshape(len(X_test), -1)) == y_test
    return correct.mean(), min(correct[kind_test == k].mean() for k in range(10))


def smote(X, y, seed):
    """As many images more, by SMOTE."""
    strategy = {c: 2 * (y == c).sum() for c in (0, 1)}
    flat = X.reshape(len(X), -1).astype(float)  # differences of bytes would wrap around
    X_flat, y = SMOTE(sampling_strategy=strategy, random_state=seed).fit_resample(flat, y)
    return X_flat.round().astype(np.uint8).reshape(-1, *X.shape[1:]), y


rows, errors = [], []
for seed in options.seeds:
    for sampling, shares in ((name, SHARES[name]) for name in options.sampling):
        rng = np.random.default_rng(seed)
        chosen = pool[draw(kind_all[pool], shares, rng)]
        X, kind = X_all[chosen], kind_all[chosen]
        y = np.isin(kind, KINDS[1]).astype(int)
        p = share_of_kinds(evaluator, X, y)
        true = np.array([[np.mean(kind[y == c] == k) for k in KINDS[c]] for c in (0, 1)])
        for name, (more, labels) in {"none": (X, y), "SMOTE": smote(X, y, seed)}.items():
            total, worst = accuracy(more, labels)
            rows.append(
                {"sampling": sampling, "sampler": name, "seed": seed}
                | {"accuracy": total, "worst kind": worst}
            )
            print(rows[-1], flush=True)
        for name, sampler in samplers(kind, y, seed, sampling):
            sampler.fit(X, y)
            made, made_y = sampler.sample(N_GENERATED // 2)
            q = share_of_kinds(evaluator, made, made_y)
            e = np.abs(p - q) / p
            errors += [
                {"sampling": sampling, "sampler": name, "seed": seed}
                | {"kind": k, "share": round(share, 2)}
                | {"real": real, "generated": generated, "error": error}
                for k, share, real, generated, error in zip(
                    *(values.ravel() for values in (KINDS, true, p, q, e)), strict=True
                )
            ]
            more, more_y = sampler.sample(options.rows)
            total, worst = accuracy(np.concatenate([X, more]), np.concatenate([y, more_y]))
            found = [
                adjusted_rand_score(kind[y == c], sampler.subclass_labels_[y == c]) for c in (0, 1)
            ]
            rows.append(
                {"sampling": sampling, "sampler": name, "seed": seed}
                | {"error": e.mean(), "rarest": e[[0, 1], true.argmin(axis=1)].mean()}
                | {"accuracy": total, "worst kind": worst}
                | {"ARI tops": found[0], "ARI rest": found[1]}
            )
            print(rows[-1], flush=True)

# %%
# Result
# ------
# Mean and standard deviation over the seeds. Above the shares of the kinds (figure 4 of the paper),
# below their errors (figure 5): by share where shares differ, else by kind.

table, errors = pd.DataFrame(rows), pd.DataFrame(errors)
groups = table.drop(columns="seed").groupby(["sampling", "sampler"], sort=False)
print(groups.mean().round(3).to_string())
print(groups.std(ddof=0).round(3).to_string())
print(table.pivot(index=["sampling", "sampler"], columns="seed", values="error").round(2))

figure, axes = plt.subplots(2, len(options.sampling), figsize=(9, 6), sharey="row", squeeze=False)
for (above, below), sampling in zip(axes.T, options.sampling, strict=True):
    part = errors[errors["sampling"] == sampling]
    means = part.pivot_table(
        index="share" if sampling == "skewed" else "kind",
        columns="sampler",
        values=["real", "generated", "error"],
    )
    shares = means["generated"].assign(real=means["real"].mean(axis=1))
    print(sampling, shares.round(2).to_string(), means["error"].round(2).to_string(), sep="\n")
    shares.plot.bar(ax=above, title=sampling, ylabel="share", xlabel="")
    means["error"].plot.bar(ax=below, ylabel="|p - q| / p", legend=False)
figure.savefig("intra_class.png", dpi=120, bbox_inches="tight")
print("figure saved to intra_class.png")
plt.show()
