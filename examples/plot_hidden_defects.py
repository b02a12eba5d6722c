"""
Unlabelled kinds of defects
===========================

Parts are good or defective, and there are several kinds of defects, some of them rare. Does it help
to search for the kinds within the class, as :class:`~skgan_resample.IntraClassACGANSampler` does?
The images are simulated, so that there are many to test on; the last section has real ones. On real
defects, the :doc:`results </results/intra-class>` have another ranking.
"""

# %%
# Images of 16 x 16 pixels
# ------------------------
# 300 good parts and 60 defective ones: 36 with a spot, 18 with a scratch, 6 with a dent. The
# samplers see the labels good and defective, not the kinds.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import Isomap
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skgan_resample import (
    IntraClassACGANSampler,
    RowMixSampler,
    SubclassDiscovery,
    SubclassDisplay,
)

KINDS = ["good", "spot", "scratch", "dent"]


def parts(counts, rng):
    """Grey images with the given numbers of each kind, and their kinds."""
    kind = np.repeat(np.arange(4), counts)
    n, grid = len(kind), np.arange(16)
    i, j = grid[None, :, None], grid[None, None, :]
    centre = rng.uniform(4, 12, (2, n, 1, 1))
    u, v = i - centre[0], j - centre[1]
    angle = rng.uniform(0, np.pi, (n, 1, 1))
    along = u * np.cos(angle) + v * np.sin(angle)
    across = v * np.cos(angle) - u * np.sin(angle)
    shapes = [
        np.zeros((n, 16, 16)),
        -45 * np.exp(-(u**2 + v**2) / 4),
        -45 * np.exp(-(across**2) / 0.8 - (along / 6) ** 4),
        25 * np.sign(u) * np.exp(-(u**2 + v**2) / 12),
    ]
    X = 128 + 12 * rng.standard_normal((n, 16, 16)) + np.choose(kind[:, None, None], shapes)
    X += rng.normal(0, 10, (n, 1, 1))  # the light
    return X.clip(0, 255).round().astype(np.uint8), kind


rng = np.random.default_rng(0)
X, kind = parts([300, 36, 18, 6], rng)
X_test, kind_test = parts([1000, 1000, 1000, 1000], rng)
y, y_test = np.minimum(kind, 1), np.minimum(kind_test, 1)

# %%
# Recall of each kind
# -------------------

short = {"max_iter": 200, "random_state": 0}
samplers = {
    "none": None,
    "duplicates": RandomOverSampler(random_state=0),
    "SMOTE": SMOTE(random_state=0),
    "RowMix": RowMixSampler(random_state=0),
    "plain GAN": IntraClassACGANSampler(impacts="uniform", **short),
    "by subclass": IntraClassACGANSampler(impacts="proportional", **short),
}
table, made = {}, {}
for name, sampler in samplers.items():
    X_more, y_more = X, y
    if sampler is not None:
        taken = X
        if name in ("SMOTE", "duplicates"):  # they take flat images; bytes would wrap around
            taken = X.reshape(len(X), -1) * 1.0
        X_more, y_more = sampler.fit_resample(taken, y)
        X_more = X_more.reshape(-1, 16, 16)
        made[name] = X_more[len(X) :]
    classifier = make_pipeline(PCA(40, random_state=0), SVC(C=10))
    classifier.fit(X_more.reshape(len(X_more), -1).astype(float), y_more)
    right = classifier.predict(X_test.reshape(len(X_test), -1).astype(float)) == y_test
    table[name] = {kind: right[kind_test == k].mean() for k, kind in enumerate(KINDS)}
    found = [right[y_test == k].mean() for k in (0, 1)]
    table[name]["balanced accuracy"] = np.mean(found)
print(pd.DataFrame(table).T.round(2).to_string())

# %%
# Here translated and mirrored images (RowMix) help, since a defect may be anywhere. The GANs,
# trained for 200 updates, help little, with subclasses or without.
#
# The subclasses found, and the generated images
# ----------------------------------------------
# The subclasses are not the kinds. They are clusters of pixels, which depend more on the position
# of a defect and on the light than on its kind.

sampler = samplers["by subclass"]
found = pd.crosstab(
    pd.Series(kind[y == 1], name="kind").map(dict(enumerate(KINDS))),
    pd.Series(sampler.subclass_labels_[y == 1], name="subclass found"),
)
print(found.to_string())

# %%
shown = {"real": X[y == 1][[0, 1, 2, 3, 36, 37, 38, 54, 55, 56]], **made}
size = (7.5, 0.78 * len(shown))
figure, axes = plt.subplots(len(shown), 10, figsize=size, layout="constrained")
for row, (name, images) in zip(axes, shown.items(), strict=True):
    for axis, image in zip(row, images, strict=False):
        axis.imshow(image, cmap="gray", vmin=60, vmax=190)
        axis.axis("off")
    row[0].text(-2, 8, name, ha="right", va="center")
plt.show()

# %%
# The same search on real images
# ------------------------------
# Scikit-learn's digits, with the classes even and odd: five kinds each, which are known here.
# ``embedding`` takes any transformer in place of t-SNE. The adjusted Rand index is 1 if the
# subclasses are the kinds, and 0 by chance.

X, digit = (part[:1000] for part in load_digits(return_X_y=True))
y = np.where(digit % 2, "odd", "even")
embeddings = {"t-SNE": None, "Isomap": Isomap(n_neighbors=15)}
for name, embedding in embeddings.items():
    discovery = SubclassDiscovery(5, embedding=embedding, random_state=0).fit(X, y)
    print(name, round(adjusted_rand_score(digit, discovery.labels_), 2))

# %%
# Does a generator keep the shares of the subclasses? An error e of 0 means that it does, of 1 that
# a subclass is not generated. On the right is the embedding, coloured by subclass.

new = RowMixSampler(image_shape=(8, 8), random_state=0).fit(X, y).sample(500, random_state=0)
SubclassDisplay.from_estimator(discovery, *new)
plt.show()
