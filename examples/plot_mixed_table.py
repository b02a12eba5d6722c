"""
A table with categories, dates and missing values
=================================================

A credit table as it comes from a database: amounts, categories, a flag, dates, and missing values.
The sampler needs no preprocessing. The new rows have the same columns and dtypes, and about the
same rates of missing values.
"""

# %%
# The table
# ---------
# We simulate 2,000 loans, of which one in twenty is not paid back. The risk is higher without
# savings, for a car, and if the employer is not known.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import FunctionTransformer

from skgan_resample import RowMixSampler

rng, n = np.random.default_rng(0), 2000
purposes, start = ["car", "house", "travel"], pd.Timestamp("2018-01-01")
X = pd.DataFrame(
    {
        "amount": rng.lognormal(8, 0.7, n).round(2),
        "months": rng.integers(6, 61, n),
        "purpose": pd.Categorical(rng.choice(purposes, n, p=[0.4, 0.35, 0.25])),
        "employer": pd.Categorical(rng.choice(["public", "private", "own firm"], n)),
        "savings": rng.random(n) < 0.7,
        "opened": start + pd.to_timedelta(rng.integers(0, 2500, n), unit="D"),
    }
)
X["employer"] = X["employer"].where(rng.random(n) < 0.8)
X["amount"] = X["amount"].where(rng.random(n) < 0.95)
risk = 1.5 * ~X["savings"] + X["purpose"].eq("car") + 1.2 * X["employer"].isna()
risk = risk + 0.03 * X["months"] - 5.5
y = pd.Series(rng.random(n) < 1 / (1 + np.exp(-risk)), name="default")
print(y.value_counts().to_string(), X.dtypes.to_string(), sep="\n\n")

# %%
# From the raw frame to a classifier
# ----------------------------------
# Nothing is imputed or encoded before the sampler. This classifier takes categories and missing
# values; a step after the sampler turns dates into numbers.


def with_days(X):
    """The frame with dates as days since 2018."""
    return X.assign(opened=(X["opened"] - start).dt.days)


classifier = HistGradientBoostingClassifier(
    categorical_features="from_dtype", max_iter=60, random_state=0
)
folds = StratifiedKFold(5, shuffle=True, random_state=0)
for sampler in ("passthrough", RowMixSampler(random_state=0)):
    model = make_pipeline(sampler, FunctionTransformer(with_days), classifier)
    probability = cross_val_predict(model, X, y, cv=folds, method="predict_proba")[:, 1]
    scores = balanced_accuracy_score(y, probability > 0.5), roc_auc_score(y, probability)
    print(f"{sampler}: balanced accuracy {scores[0]:.3f}, AUC {scores[1]:.3f}")

# %%
# The generated rows
# ------------------
# They have the same types, and missing values in the same columns as loans that are not paid back.

X_new, y_new = RowMixSampler(random_state=0).fit(X, y).sample({True: 1000})
print((X_new.dtypes == X.dtypes).all(), X_new.head().to_string(), sep="\n")

tables = {"paid back": X[~y], "not paid back": X[y], "generated": X_new}
figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
for axis, column in zip(axes, ["purpose", "employer", "savings"], strict=True):
    shares = {
        name: rows[column].astype(str).replace("nan", "missing").value_counts(normalize=True)
        for name, rows in tables.items()
    }
    pd.DataFrame(shares).plot.bar(ax=axis, title=column, xlabel="", rot=0, legend=False)
axes[0].set_ylabel("share")
axes[0].legend()
figure.savefig("mixed_table.png", dpi=120)
plt.show()
