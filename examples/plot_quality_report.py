"""
Reading a quality report
========================

How do near-copies, a mode collapse and too short a training show in the samples, in the report and
in the losses? Here samples are points in the plane: 300 of a large class and 40 of a small one.
"""

# %%
# Four samplers, four results
# ---------------------------
# A fit warns of the most serious problems.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import RandomOverSampler
from sklearn.datasets import make_moons

from skgan_resample import CGANSampler, GAMOSampler, RowMixSampler, TrainingHistoryDisplay
from skgan_resample.metrics import quality_report

X, y = make_moons(600, noise=0.08, random_state=0)
rows = np.r_[np.flatnonzero(y == 0)[:300], np.flatnonzero(y == 1)[:40]]
X, y = X[rows], y[rows]

samplers = {
    "RowMixSampler: good": RowMixSampler(random_state=0),
    "duplicates: copies": RandomOverSampler(random_state=0),
    "GAMO: mode collapse": GAMOSampler(max_iter=200, random_state=0),
    "CGAN, 20 updates: too short": CGANSampler(max_iter=20, random_state=0),
}
figure, axes = plt.subplots(2, 2, figsize=(8, 6), sharex=True, sharey=True)
figure.set_layout_engine("constrained")
for axis, (name, sampler) in zip(axes.flat, samplers.items(), strict=True):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X_more, _ = sampler.fit_resample(X, y)
    warned = str(caught[0].message).partition(":")[0] if caught else "no warning"
    print(f"{name}: {warned}")
    axis.scatter(*X[y == 0].T, s=6, color="0.75", linewidth=0, label="real, large class")
    axis.scatter(*X_more[len(X) :].T, s=14, color="#1f6fb4", marker="x", label="generated")
    axis.scatter(*X[y == 1].T, s=18, color="#d95f02", linewidth=0, label="real, small class")
    axis.set(title=name, xticks=[], yticks=[])
handles, labels = axes[0, 0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
plt.show()

# %%
# The report
# ----------
# ``coverage`` is the share of real samples that have a generated one close by, and ``density`` how
# many they have on average. The floor of each is the score of other real samples, in the same
# number. ``near_copies`` is the share of samples that are ten times closer to a training sample
# than real samples are to each other. ``two_sample_auc`` is the AUC of a classifier of generated
# and real samples: 0.5 if it cannot distinguish them.

for name, sampler in samplers.items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those above
        small = quality_report(sampler, X, y, random_state=0).table.loc[1]
    numbers = small[["coverage", "coverage_floor", "density", "density_floor"]].astype(float)
    print(f"\n{name}\n  {numbers.round(2).to_dict()}")
    print(f"  near copies {small['near_copies']:.2f}, AUC {small['two_sample_auc']:.2f}")
    print("  remarks: " + small["remarks"].replace("; ", "\n           "))

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

sampler = CGANSampler(learning_rate=0.3, random_state=0).fit(X, y)
display = TrainingHistoryDisplay.from_estimator(sampler)
display.figure_.suptitle("learning_rate=0.3")
plt.show()
report = quality_report(sampler, X, y, random_state=0)
print(report.table.loc[1, "remarks"].replace("; ", "\n"))

# %%
# A page to send to a colleague
# -----------------------------
# It holds the table, the remarks and warnings in words, real beside generated samples, and the
# losses; it needs no other file.

report.to_html("quality_report.html")
