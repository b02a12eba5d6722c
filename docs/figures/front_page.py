"""The three pictures of the README: python docs/figures/front_page.py writes them beside itself.

The numbers of the first stand in docs/results/tables.md; the others are made here.
"""

import gzip
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.datasets import fetch_openml, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skgan_resample import RowMixSampler

HERE = Path(__file__).parent
OURS, THEIRS = "#1f6fb4", "0.6"
plt.rcParams |= {"figure.constrained_layout.use": True, "font.size": 9}

# balanced accuracy and AUC, means over 14 tables
SCORES = {
    "no resampling": (0.643, 0.813),
    "duplicates": (0.715, 0.811),
    "threshold at the prior": (0.729, 0.813),
    "SMOTE": (0.732, 0.829),
    "ADASYN": (0.733, 0.829),
    "ProWSyn": (0.739, 0.840),
    "RowMixSampler": (0.766, 0.847),
}


def save(figure, name):
    figure.savefig(HERE / f"{name}.png", dpi=110)
    plt.close(figure)


def tables():
    """Scores on tables."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 2.5), sharey=True)
    names, scores = list(SCORES), np.array(list(SCORES.values()))
    colours = [OURS if name == "RowMixSampler" else THEIRS for name in names]
    limits = ((0.62, 0.78), (0.80, 0.855))
    for axis, values, title, limit in zip(
        axes, scores.T, ("balanced accuracy", "AUC"), limits, strict=True
    ):
        axis.hlines(names, limit[0], values, color=colours, linewidth=1)
        axis.scatter(values, names, color=colours, s=28, zorder=3)
        for name, value in zip(names, values, strict=True):
            axis.annotate(
                f"{value:.3f}", (value, name), (6, 0), textcoords="offset points", va="center"
            )
        axis.set(xlim=limit, title=title)
        axis.locator_params(axis="x", nbins=4)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].invert_yaxis()
    save(figure, "front_tables")


def pictures(folder="/usr/share/datasets/fashion-mnist"):
    """What is made of images: Fashion-MNIST, of Debian's package or of openml.org."""
    if Path(folder).is_dir():
        pixels = gzip.decompress(Path(folder, "train-images-idx3-ubyte.gz").read_bytes())[16:]
        kinds = gzip.decompress(Path(folder, "train-labels-idx1-ubyte.gz").read_bytes())[8:]
        X = np.frombuffer(pixels, np.uint8).reshape(-1, 784)
        y = np.frombuffer(kinds, np.uint8)
    else:
        X, y = fetch_openml("Fashion-MNIST", version=1, return_X_y=True, as_frame=False)
        X, y = X.astype(np.uint8), y.astype(np.uint8)
    rows = np.r_[np.flatnonzero(y == 9)[:80], np.flatnonzero(y == 8)[:40]]
    X, y = X[rows], y[rows]
    between = SMOTE(random_state=0).fit_resample(X.astype(float), y)[0][len(X) :]  # bytes wrap
    mixed = RowMixSampler(image_shape=(28, 28), random_state=0).fit(X, y).sample({8: 12})[0]
    figure, axes = plt.subplots(3, 12, figsize=(7.2, 1.9))
    shown = {"40 real bags": X[y == 8], "SMOTE": between, "RowMixSampler": mixed}
    for row, (name, made) in zip(axes, shown.items(), strict=True):
        for axis, picture in zip(row, made, strict=False):
            axis.imshow(picture.reshape(28, 28), cmap="gray_r", vmin=0, vmax=255)
            axis.axis("off")
        row[0].text(-4, 14, name, ha="right", va="center")
    save(figure, "front_pictures")


def threshold():
    """What a threshold does alone."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:, ::4], (y == 8).astype(int)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=0
    )
    figure, axis = plt.subplots(figsize=(7.2, 2.6))
    thresholds = np.linspace(0.01, 0.99, 99)
    for name, step, colour in (
        ("classifier as it is", "passthrough", THEIRS),
        ("after RowMixSampler", RowMixSampler(random_state=0), OURS),
    ):
        model = make_pipeline(step, StandardScaler(), LogisticRegression())
        p = model.fit(X_train, y_train).predict_proba(X_test)[:, 1]
        scores = [balanced_accuracy_score(y_test, p > t) for t in thresholds]
        axis.plot(thresholds, scores, color=colour, label=name)
        axis.scatter(0.5, balanced_accuracy_score(y_test, p > 0.5), color=colour, zorder=3)
    axis.axvline(0.5, color="0.85", linewidth=1, zorder=0)
    axis.set(xlabel="threshold", ylabel="balanced accuracy", xlim=(0, 1))
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    save(figure, "front_threshold")


if __name__ == "__main__":
    tables()
    pictures()
    threshold()
