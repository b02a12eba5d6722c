"""
When not to resample
====================

Do the generated samples help, or do they only move the threshold? We compare one classifier with
and without over-sampling at every threshold. Then we look at its probabilities, and correct them.
"""

# %%
# The task
# --------
# Is a digit an eight? One in ten is. We use only every fourth pixel, to make it harder.

import matplotlib.pyplot as plt
import numpy as np
from imblearn.pipeline import make_pipeline
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, roc_auc_score
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split
from sklearn.preprocessing import StandardScaler

from skgan_resample import RowMixSampler

X, y = load_digits(return_X_y=True)
X, y = X[:, ::4], (y == 8).astype(int)
split = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
X_train, X_test, y_train, y_test = split
print("training rows:", np.bincount(y_train).tolist())

# %%
# The same ranking, another threshold
# -----------------------------------
# Class weights have the same effect as over-sampling.

balanced = LogisticRegression(class_weight="balanced")
models = {
    "as it is": make_pipeline(StandardScaler(), LogisticRegression()),
    "class weights": make_pipeline(StandardScaler(), balanced),
    "RowMixSampler": make_pipeline(
        RowMixSampler(random_state=0), StandardScaler(), LogisticRegression()
    ),
}
probability = {}
for name, model in models.items():
    probability[name] = model.fit(X_train, y_train).predict_proba(X_test)[:, 1]
tuned = TunedThresholdClassifierCV(models["as it is"], scoring="balanced_accuracy")
tuned.fit(X_train, y_train)
for name, p in probability.items():
    found = balanced_accuracy_score(y_test, p > 0.5)
    auc = roc_auc_score(y_test, p)
    print(f"{name:15} AUC {auc:.3f}, balanced accuracy at 0.5 {found:.3f}")
found = balanced_accuracy_score(y_test, tuned.predict(X_test))
print(f"{'tuned threshold':15} at {tuned.best_threshold_:.3f}: {found:.3f}")

# %%
# Without resampling the classifier reaches the same score at another threshold: the curves have the
# same maximum. ``TunedThresholdClassifierCV`` finds that threshold on the training samples
# (vertical line).

thresholds = np.linspace(0.01, 0.99, 99)
figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for name, p in probability.items():
    scores = [balanced_accuracy_score(y_test, p > threshold) for threshold in thresholds]
    axis.plot(thresholds, scores, label=name)
axis.axvline(tuned.best_threshold_, color="0.5", linestyle=":")
axis.set(xlabel="threshold", ylabel="balanced accuracy", xlim=(0, 1))
axis.legend()
plt.show()

# %%
# Probabilities
# -------------
# After over-sampling every second training sample is an eight, so that the classifier expects far
# too many. Bayes' rule corrects for the changed shares. Or the whole pipeline is calibrated on
# samples that were not resampled.

share = y_train.mean()
p = probability["RowMixSampler"]
odds = p / (1 - p) * share / (1 - share)
probability["prior corrected"] = odds / (1 + odds)
calibrated = CalibratedClassifierCV(models["RowMixSampler"]).fit(X_train, y_train)
probability["calibrated"] = calibrated.predict_proba(X_test)[:, 1]

figure, axis = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
for name in ("as it is", "RowMixSampler", "prior corrected", "calibrated"):
    p = probability[name]
    print(f"{name:15} mean {p.mean():.3f}, Brier score {brier_score_loss(y_test, p):.3f}")
    true, predicted = calibration_curve(y_test, p, n_bins=8, strategy="quantile")
    axis.plot(predicted, true, marker=".", label=name)
axis.set(xlabel="probability of an eight", ylabel="share of eights")
axis.set(xlim=(0, 1), ylim=(0, 1))
axis.legend()
plt.show()
