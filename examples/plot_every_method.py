"""
Every method side by side
=========================

Which images do the methods generate from the same few digits? Each sampler is trained on 150 ones,
40 threes and 20 eights, and balances the classes. A classifier trained on the result is tested on
the digits that were left out.

The networks train for 100 updates a stage, a fifteenth of the default of most samplers for images,
so that the example runs within a minute. It shows what each method does. It does not rank them: it
has one split, one seed and tiny images.
"""

# %%
# Three digits, two of them rare
# ------------------------------

import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score

import skgan_resample

KEPT = {1: 150, 3: 40, 8: 20}
N_SHOWN = 6

X, y = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
train = np.concatenate(
    [rng.permutation(np.flatnonzero(y == digit))[:n] for digit, n in KEPT.items()]
)
test = np.setdiff1d(np.flatnonzero(np.isin(y, list(KEPT))), train)


# %%
# All samplers of the package
# ---------------------------
# Parameters that a method does not have are left out: a CycleGAN has no autoencoder, for example.


def made_quick(Sampler):
    settings = {"image_shape": (8, 8), "max_iter": 100, "autoencoder_max_iter": 100}
    known = Sampler().get_params()
    return Sampler(
        random_state=0, **{name: value for name, value in settings.items() if name in known}
    )


samplers = {
    "duplicates": RandomOverSampler(random_state=0),
    "SMOTE": SMOTE(random_state=0),
    **{
        name.removesuffix("Sampler"): made_quick(getattr(skgan_resample, name))
        for name in skgan_resample.__all__
        if name.endswith("Sampler")
    },
}

# %%
# Train, test and keep some of the images
# ---------------------------------------
# Synthetic samples follow the original ones, class by class. A fit warns of mode collapse and
# near-copies; the warning is at the end of the line.


def accuracy(X_train, y_train):
    model = ExtraTreesClassifier(200, random_state=0).fit(X_train, y_train)
    return balanced_accuracy_score(y[test], model.predict(X[test]))


def first_of_each(X, y):
    return np.concatenate([X[y == digit][:N_SHOWN] for digit in (3, 8)])


print(f"{'method':16} {'balanced accuracy':>18} {'seconds':>8}")
print(f"{'none':16} {accuracy(X[train], y[train]):18.3f} {0:8.1f}")
shown = {"real": first_of_each(X[train], y[train])}
for name, sampler in samplers.items():
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        X_new, y_new = sampler.fit_resample(X[train], y[train])
    seconds = time.perf_counter() - start
    warned = str(caught[0].message).partition(":")[0] if caught else ""
    print(f"{name:16} {accuracy(X_new, y_new):18.3f} {seconds:8.1f}  {warned}", flush=True)
    shown[name] = first_of_each(X_new[len(train) :], y_new[len(train) :])

# %%
# The generated images
# --------------------
# Threes on the left, learnt from 40 images, and eights on the right, learnt from 20.

figure, axes = plt.subplots(len(shown), 2 * N_SHOWN, figsize=(7.5, 0.5 * len(shown)))
figure.subplots_adjust(left=0.2, right=0.99, bottom=0.01, top=0.99)
for row, (name, images) in zip(axes, shown.items(), strict=True):
    for axis, image in zip(row, images, strict=True):
        axis.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        axis.axis("off")
    row[0].text(-1.5, 3.5, name, ha="right", va="center")
figure.savefig("every_method.png", dpi=120, bbox_inches="tight")
print("images saved to every_method.png")
plt.show()
