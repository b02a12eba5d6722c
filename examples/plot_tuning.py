"""
Tuning a sampler
================

How many samples should be generated, and does a longer training help? A sampler is a step of a
pipeline, so that scikit-learn's grid search can tune its parameters, and choose the sampler itself.
"""

# %%
# The search
# ----------
# The task: is a digit an eight? One in ten is. We use only every fourth pixel, to make it harder.
# There are two scores: balanced accuracy depends on the threshold, AUC does not.

import matplotlib.pyplot as plt
import pandas as pd
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score

from skgan_resample import CGANSampler, RowMixSampler

X, y = load_digits(return_X_y=True)
X, y = X[:, ::4], (y == 8).astype(int)

model = Pipeline(
    [("sampler", "passthrough"), ("classifier", RandomForestClassifier(50, random_state=0))]
)
shares = [0.25, 0.5, 0.75, 1.0]  # rows of the smaller class over rows of the larger one
grid = [
    {"sampler": ["passthrough"]},
    {
        "sampler": [SMOTE(random_state=0), RowMixSampler(random_state=0)],
        "sampler__sampling_strategy": shares,
    },
    {"sampler": [CGANSampler(random_state=0)], "sampler__max_iter": [100, 300]},
]
scores = ["balanced_accuracy", "roc_auc"]
folds = StratifiedKFold(4, shuffle=True, random_state=0)
search = GridSearchCV(model, grid, scoring=scores, refit="roc_auc", cv=folds, n_jobs=2)
search.fit(X, y)

table = pd.DataFrame(search.cv_results_)
table["sampler"] = [str(s).partition("(")[0] for s in table["param_sampler"]]
table = table.rename(
    columns={
        "param_sampler__sampling_strategy": "share",
        "param_sampler__max_iter": "max_iter",
        "mean_test_balanced_accuracy": "balanced accuracy",
        "mean_test_roc_auc": "AUC",
        "std_test_roc_auc": "std of AUC",
        "mean_fit_time": "seconds",
    }
)
columns = ["sampler", "share", "max_iter"]
columns += ["balanced accuracy", "AUC", "std of AUC", "seconds"]
table["max_iter"] = [f"{m:.0f}" if m >= 0 else "" for m in table["max_iter"]]
print(table[columns].round(3).to_string(index=False, na_rep=""))

# %%
# More samples, another threshold
# -------------------------------
# Balanced accuracy grows with the number of samples, since the forest then predicts eights more
# often. AUC, which measures the ranking, hardly changes. Bars are standard deviations over folds.

figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
for axis, score, title in zip(axes, scores, ("balanced accuracy", "AUC"), strict=True):
    for number, name in enumerate(["SMOTE", "RowMixSampler"]):
        part = table[table["sampler"] == name]
        mean = part[title]
        spread = part[f"std_test_{score}"] if score != "roc_auc" else part["std of AUC"]
        axis.errorbar(
            part["share"] + 0.01 * number, mean, spread, marker="o", capsize=3, label=name
        )
    none = table.loc[table["sampler"] == "passthrough", title].item()
    axis.axhline(none, color="0.5", linestyle=":", label="no resampling")
    axis.set(title=title, xlabel="rows of the smaller class / larger class")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
plt.show()

# %%
# Evaluating the search
# ---------------------
# The score of the best setting is optimistic, since it was chosen for its score. An outer
# cross-validation evaluates the whole search on samples that it has not seen; here with three folds
# and a smaller grid.

small = {
    "sampler": ["passthrough", RowMixSampler(random_state=0)],
    "classifier__min_samples_leaf": [1, 3],
}
three = StratifiedKFold(3, shuffle=True, random_state=0)
inner = GridSearchCV(model, small, scoring="roc_auc", cv=three)
outer = cross_val_score(inner, X, y, scoring="roc_auc", cv=three, n_jobs=2)
print(f"AUC of the best setting, on the folds that chose it: {search.best_score_:.3f}")
print(f"AUC of a search, on samples it has not seen: {outer.mean():.3f} ± {outer.std():.3f}")
