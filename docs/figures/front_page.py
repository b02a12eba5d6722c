"""The picture of README and front page: python docs/figures/front_page.py writes it beside itself.

The scores stand in docs/results/tables.md; the images are made here.
"""

import gzip
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.datasets import fetch_openml

from skgan_resample import RowMixSampler

HERE = Path(__file__).parent
OURS, THEIRS = "#1f6fb4", "0.6"
BAG, SHOE, N_SHOWN = 8, 9, 12
# balanced accuracy and AUC, means over 30 tables (docs/results/more-tables.md)
SCORES = {
    "no resampling": (0.706, 0.833),
    "duplicates": (0.743, 0.828),
    "SMOTE": (0.750, 0.833),
    "threshold at the prior": (0.755, 0.832),
    "RowMixSampler": (0.767, 0.842),
}
PANELS = {"balanced accuracy": (0.69, 0.776), "AUC": (0.82, 0.8455)}


def fashion(folder="/usr/share/datasets/fashion-mnist"):
    """Images of 80 shoes and 40 bags of Fashion-MNIST, of Debian's package or of openml.org."""
    if Path(folder).is_dir():
        pixels = gzip.decompress(Path(folder, "train-images-idx3-ubyte.gz").read_bytes())[16:]
        kinds = gzip.decompress(Path(folder, "train-labels-idx1-ubyte.gz").read_bytes())[8:]
        X, y = np.frombuffer(pixels, np.uint8).reshape(-1, 784), np.frombuffer(kinds, np.uint8)
    else:
        X, y = fetch_openml("Fashion-MNIST", version=1, return_X_y=True, as_frame=False)
        X, y = X.astype(np.uint8), y.astype(np.uint8)
    rows = np.r_[np.flatnonzero(y == SHOE)[:80], np.flatnonzero(y == BAG)[:40]]
    return X[rows], y[rows]


def show_images(figure):
    """Real bags, and what SMOTE and RowMixSampler make of them: a row each."""
    X, y = fashion()
    smote = SMOTE(random_state=0).fit_resample(X.astype(float), y)[0][len(X) :]  # bytes wrap
    sampler = RowMixSampler(image_shape=(28, 28), random_state=0).fit(X, y)
    mixed, _ = sampler.sample({BAG: N_SHOWN})
    shown = {"real (12 of 40)": X[y == BAG], "SMOTE": smote, "RowMixSampler": mixed}
    axes = figure.subplots(3, N_SHOWN, gridspec_kw={"wspace": 0.05, "hspace": 0.05})
    for row, (name, images) in zip(axes, shown.items(), strict=True):
        for axis, image in zip(row, images, strict=False):
            axis.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=255)
            axis.axis("off")
        row[0].text(-4, 14, name, ha="right", va="center")


def show_scores(figure):
    """A panel for each score: a dot and the number for each method."""
    axes = figure.subplots(1, 2, sharey=True)
    names, scores = list(SCORES), np.array(list(SCORES.values()))
    colours = [OURS if name == "RowMixSampler" else THEIRS for name in names]
    for axis, values, (title, limits) in zip(axes, scores.T, PANELS.items(), strict=True):
        axis.hlines(names, limits[0], values, color=colours, linewidth=1)
        axis.scatter(values, names, color=colours, s=28, zorder=3)
        for name, value in zip(names, values, strict=True):
            axis.annotate(
                f"{value:.3f}", (value, name), (6, 0), textcoords="offset points", va="center"
            )
        axis.set(xlim=limits, xlabel=f"{title}, mean over 30 tables")
        axis.locator_params(axis="x", nbins=4)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].invert_yaxis()


if __name__ == "__main__":
    plt.rcParams |= {"font.size": 9.5}
    figure = plt.figure(figsize=(7.2, 3.9), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1.7, 1.9), hspace=0.04)
    show_images(above)
    show_scores(below)
    figure.savefig(HERE / "front.png", dpi=140)
