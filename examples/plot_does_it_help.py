"""
Does it help on my data?
========================

One call compares samplers on your own table with simple alternatives that generate nothing: class
weights, and a decision threshold at the prior. Then we look at the generated samples.
"""

# %%
# A table with a rare class
# -------------------------
# scikit-learn has a data set of 569 tumours with 30 measurements each. We keep 40 of the 212
# malignant ones; benign tumours are class 0.

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import PrecisionRecallDisplay
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.preprocessing import StandardScaler

from skgan_resample import (
    RowMixSampler,
    SCDLSampler,
    SyntheticSamplesDisplay,
    TrainingHistoryDisplay,
    compare_samplers,
)
from skgan_resample.metrics import quality_report

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = 1 - y.to_numpy()  # 1: malignant
rng = np.random.default_rng(0)
keep = np.sort(np.r_[np.flatnonzero(y == 0), rng.permutation(np.flatnonzero(y == 1))[:40]])
X, y = X.iloc[keep].reset_index(drop=True), y[keep]
print("rows per class:", np.bincount(y).tolist())

# %%
# Compare
# -------
# All samplers see the same folds, and everything is fitted to the training part of a fold only.
# Without ``progress=False`` there is a progress bar. With ``memory="cache"`` an interrupted run
# can be resumed.

result = compare_samplers(
    X,
    y,
    [RandomOverSampler(), SMOTE(), RowMixSampler(), SCDLSampler()],
    {
        "logistic regression": LogisticRegression(max_iter=1000),
        "forest": RandomForestClassifier(30),
    },
    preprocessor=StandardScaler(),
    random_state=0,
    n_jobs=2,
    progress=False,
)
columns = ["mean", "std", "wins", "losses", "fit_seconds"]
print(result.summary()[columns].round(3).to_string())

# %%
# Are the differences significant? The p-values are corrected for the overlap of training sets and,
# by Holm's method, for the number of comparisons. With five folds only large differences that are
# similar in all folds are significant.

print(result.tests(reference="SMOTE").round(3).to_string())
result.plot("balanced_accuracy").figure.savefig("does_it_help_scores.png", dpi=120)

# %%
# Scores that were computed elsewhere are tested and drawn in the same way: see
# :ref:`sphx_glr_auto_examples_plot_compare_with_smote.py`.
#
# Where along the curve does a sampler help? scikit-learn draws precision and recall at every
# threshold, of the test samples of all folds.

figure, axis = plt.subplots()
for name, step in {
    "none": "passthrough",
    "SMOTE": SMOTE(random_state=0),
    "RowMix": RowMixSampler(random_state=0),
}.items():
    pipeline = make_pipeline(StandardScaler(), step, RandomForestClassifier(30, random_state=0))
    malignant = cross_val_predict(pipeline, X, y, cv=5, method="predict_proba")[:, 1]
    PrecisionRecallDisplay.from_predictions(y, malignant, name=name, ax=axis)
figure.savefig("does_it_help_curves.png", dpi=120)

# %%
# The same call runs on a cluster with another backend of joblib::
#
#     import joblib
#     from dask.distributed import Client, LocalCluster
#
#     with Client(LocalCluster()), joblib.parallel_config("dask"):
#         result = compare_samplers(X, y, samplers, classifiers)
#
# The generated samples
# ---------------------
# The report compares the new samples of each class with real ones. Scores that end in ``_floor``
# are those of other real samples, in the same number. :doc:`Scores of synthetic samples
# </start/scores>` describes them.

sampler = SCDLSampler(random_state=0)
X_fit, X_held, y_fit, y_held = train_test_split(X, y, stratify=y, random_state=0)
report = quality_report(sampler, X_fit, y_fit, X_test=X_held, y_test=y_held, random_state=0)
malignant = report.table.loc[1].dropna()
print(malignant.drop("remarks").astype(float).round(2).to_string())
print("remarks:", malignant["remarks"].replace("; ", "\n         "))

# %%
# A classifier that sees generated samples in place of real ones should come near one that sees real
# ones, and better a Gaussian per class. It can be ahead of the real ones, where these are few.

print(report.efficacy)

# %%
# The median and the middle 90 % of the values of some columns, real and generated.

sampler.fit(X, y)
X_new, y_new = sampler.sample(200, random_state=0)
display = SyntheticSamplesDisplay(X, y, X_new, y_new).plot(columns=[0, 1, 3])
display.figure_.savefig("does_it_help_marginals.png", dpi=120)

# %%
# The losses of the training.

display = TrainingHistoryDisplay.from_estimator(sampler)
display.figure_.savefig("does_it_help_history.png", dpi=120)
plt.show()
