"""
Which kinds of defect does a classifier find?
=============================================

The data are images of magnetic tiles, good or defective, with five kinds of defects that are not
labelled. The defective class is over-sampled to the size of the good one, and a classifier is
trained: how many defects of each kind does it find?
:class:`~skgan_resample.IntraClassACGANSampler`, which searches for kinds within a class, should
help the rare ones.

Run it with the path of an .npz file of ``x``, (n, 64, 64) grey images, ``y``, 0 for good and 1 to
5 for the kinds, and ``group``, since images of one tile must be in the same part of a split.
It takes about half an hour on one core, with ``--quick`` a minute.
"""

# %%
# Images of half the size, good or defective
# ------------------------------------------

import argparse

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.decomposition import PCA
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skgan_resample import IntraClassACGANSampler

parser = argparse.ArgumentParser()
parser.add_argument("data", help="path of the .npz file")
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--max-iter", type=int, default=600)
parser.add_argument("--quick", action="store_true")
options = parser.parse_args()
if options.quick:
    options.seeds, options.max_iter = [0], 20

file = np.load(options.data)
X = file["x"].reshape(-1, 32, 2, 32, 2).mean(axis=(2, 4)).round().astype(np.uint8)
kind, group = file["y"].astype(int), file["group"]
X, y = X.reshape(len(X), -1), (kind > 0).astype(int)

# %%
# Classifier and samplers
# -----------------------
# The classifier sees the frequencies of an image, not positions, since defects may be anywhere.


def spectrum(X):
    """Logarithmic magnitudes of the Fourier transform."""
    return np.log1p(np.abs(np.fft.rfft2(X.reshape(-1, 32, 32)))).reshape(len(X), -1)


classifier = make_pipeline(
    FunctionTransformer(spectrum), StandardScaler(), PCA(50, random_state=0), SVC(C=10)
)


def samplers(seed):
    yield "none", None
    yield "duplicates", RandomOverSampler(random_state=seed)
    yield "SMOTE", SMOTE(random_state=seed)
    for name, impacts in {
        "GAN": "uniform",
        "Bias-GAN": "proportional",
        "AC-GAN": "actor-critic",
    }.items():
        yield (
            name,
            IntraClassACGANSampler(
                impacts=impacts,
                image_shape=(32, 32),
                max_iter=options.max_iter,
                random_state=seed,
            ),
        )


# %%
# Recall of each kind
# -------------------
# Over three folds every image is tested once. Kind 0 are the good tiles.

rows = []
for seed in options.seeds:
    folds = list(StratifiedGroupKFold(3, shuffle=True, random_state=seed).split(X, kind, group))
    for name, sampler in samplers(seed):
        found = np.empty_like(y)
        for train, test in folds:
            more = X[train], y[train]
            if sampler is not None:
                # SMOTE's differences of bytes would wrap around
                rows_in = X[train].astype(float) if name == "SMOTE" else X[train]
                more = sampler.fit_resample(rows_in, y[train])
            found[test] = classifier.fit(*more).predict(X[test])
        right = pd.Series(found == y).groupby(kind).mean()
        rows.append({"sampler": name, "seed": seed} | right.to_dict())
        rows[-1]["balanced accuracy"] = balanced_accuracy_score(y, found)
        print(rows[-1], flush=True)

table = pd.DataFrame(rows).drop(columns="seed").groupby("sampler", sort=False)
print("rows of each kind:", np.bincount(kind).tolist())
print("mean", table.mean().round(3).to_string(), sep="\n")
print("standard deviation", table.std().round(3).to_string(), sep="\n")
