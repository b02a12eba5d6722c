"""
Reading a quality report
========================

How do near-copies, a mode collapse and too short a training show in the samples, in the scores and
in the losses? Here samples are points in the plane: two measurements of tumours, 214 benign ones
and 40 malignant ones. The rest of the real data set is held out.
"""

# %%
# Four samplers, four results
# ---------------------------
# ``quality_report`` fits a sampler and compares its samples with real ones.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skgan_resample import ACGANSampler, CGANSampler, RowMixSampler, TrainingHistoryDisplay
from skgan_resample.metrics import quality_report

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X, y = X[["mean radius", "mean texture"]], 1 - y.to_numpy()  # 1: malignant
X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
rows = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:40]]
X, y = X.iloc[rows], y[rows]
held_out = {"X_test": X_test, "y_test": y_test, "random_state": 0}

samplers = {
    "good": RowMixSampler(random_state=0),
    "copies": RandomOverSampler(random_state=0),
    "mode collapse": ACGANSampler(learning_rate=6e-3, random_state=0),
    "too short": CGANSampler(max_iter=20, random_state=0),
}
reports = {}
figure, axes = plt.subplots(2, 2, figsize=(8, 6), sharex=True, sharey=True)
figure.set_layout_engine("constrained")
for axis, (name, sampler) in zip(axes.flat, samplers.items(), strict=True):
    reports[name] = report = quality_report(sampler, X, y, **held_out)
    _, _, X_new, y_new = report.samples
    sets = (X[y == 0], 6, "0.75", "o"), (X_new, 14, "#1f6fb4", "x"), (X[y == 1], 18, "#d95f02", "o")
    for points, size, colour, marker in sets:
        axis.scatter(*points.to_numpy().T, s=size, color=colour, marker=marker, linewidth=0.8)
    axis.set_title(f"{name}: {type(sampler).__name__}")
    print(f"{name}: {report.table.loc[1, 'remarks']}")
figure.legend(
    ["real, benign", "generated, malignant", "real, malignant"],
    loc="outside lower center",
    ncols=3,
    frameon=False,
)
plt.show()

# %%
# The scores
# ----------
# Those of the small class, side by side. ``coverage`` is the share of real samples that have a
# generated one close by, and ``density`` how many they have on average. The floor of each is the
# score of other real samples, in the same number. ``near_copies`` are at least ten times closer to
# a training sample than unseen real samples are; ``dcr_ratio`` compares the two distances, and
# ``closer_to_train`` is the share that is closer to a training sample than to one held out: for new
# samples about 0.32, since 40 were trained on and 85 are held out. ``two_sample_auc`` is that of a
# classifier of generated and real samples, 0.5 if it cannot distinguish them. :doc:`Scores of
# synthetic samples </start/scores>` describes all of them.

table = pd.concat({name: report.table.loc[1] for name, report in reports.items()}, axis=1)
print(table.drop("remarks").dropna().astype(float).round(2).to_string())

# %%
# What does a classifier learn from the generated samples, beside those of one Gaussian per class
# and beside the real ones? The scores are balanced accuracies on the tumours held out. They do not
# find copies, which teach as much as the real samples do.

efficacy = {name: report.efficacy for name, report in reports.items()}
columns = ["synthetic", "gaussian", "real"]
print(pd.DataFrame(efficacy, columns).T.round(2).to_string())

# %%
# The losses
# ----------
# A good training: after a while both losses are roughly constant. Samples may still improve or
# deteriorate then, which the losses do not show; the report does.

sampler = CGANSampler(random_state=0).fit(X, y)
display = TrainingHistoryDisplay.from_estimator(sampler)
display.figure_.suptitle("learning_rate=1e-3")
plt.show()

# %%
# With far too large a learning rate both losses jump by powers of ten, and the samples are useless.

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    sampler = CGANSampler(learning_rate=0.3, random_state=0)
    report = quality_report(sampler, X, y, **held_out)
display = TrainingHistoryDisplay.from_estimator(report.sampler)
display.figure_.suptitle("learning_rate=0.3")
plt.show()
print(report.table.loc[1, "remarks"].replace("; ", "\n"))
