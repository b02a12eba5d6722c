"""Functions shared by the papers' experiments: images, classifiers, scores in files and tables."""

import argparse
import gzip
from itertools import islice
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from imblearn.datasets import make_imbalance
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import accuracy_score, log_loss, precision_score, recall_score
from sklearn.model_selection import StratifiedGroupKFold
from torch import nn

from skgan_resample.nn.networks import LinearHead
from skgan_resample.nn.run import TrainingRun, in_batches

FASHION = Path("/usr/share/datasets/fashion-mnist")  # Debian's dataset-fashion-mnist
LATENT_DIM = 64


def options_of(description, arguments, add=lambda parser: None, **quick):
    """Parse the options that all four scripts have; ``quick`` are the values of the quick run."""
    parser = argparse.ArgumentParser(description=description)
    help = "folder of Fashion-MNIST, or an .npz file of other images in ten classes"
    parser.add_argument("--fashion", type=Path, default=FASHION, help=help)
    parser.add_argument("--data", type=Path, default=Path(), help="folder of the .npz files")
    parser.add_argument("--quick", action="store_true", help="small images, few updates")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--side", type=int, help="largest width of images, in pixels")
    parser.add_argument("--max-iter", type=int, default=15000, help="updates of a sampler's stage")
    parser.add_argument("--evaluator-iter", type=int, default=5000, help="updates of a classifier")
    parser.add_argument("--output", type=Path, default=Path(), help="folder of scores and figures")
    add(parser)
    if parser.parse_known_args(arguments)[0].quick:
        parser.set_defaults(**quick)
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    print(vars(options), flush=True)
    return options


# --- images -----------------------------------------------------------------------------------


def load(path, side=None, test_share=3, seed=0):
    """Training and test images as uint8, and their classes.

    The path is a folder with the four files of Fashion-MNIST, or an .npz file with ``x_train``,
    ``y_train``, ``x_test``, ``y_test``, or with ``x`` and ``y``, of which one in ``test_share``
    becomes the test set, images of one ``group`` together.
    """
    if Path(path).is_dir():
        parts = []
        for part in ("train", "t10k"):
            pixels = gzip.decompress((Path(path) / f"{part}-images-idx3-ubyte.gz").read_bytes())
            labels = gzip.decompress((Path(path) / f"{part}-labels-idx1-ubyte.gz").read_bytes())
            parts += [np.frombuffer(pixels[16:], np.uint8).reshape(-1, 28, 28)]
            parts += [np.frombuffer(labels[8:], np.uint8)]
        X, y, X_test, y_test = parts
    else:
        file = np.load(path)
        if "x_train" in file:
            X, y, X_test, y_test = (file[k] for k in ("x_train", "y_train", "x_test", "y_test"))
        else:
            x, y = file["x"], file["y"]
            group = file["group"] if "group" in file else np.arange(len(y))
            folds = StratifiedGroupKFold(test_share, shuffle=True, random_state=seed)
            train, test = next(folds.split(y, y, group))
            X, y, X_test, y_test = x[train], y[train], x[test], y[test]
    return shrink(X, side), y.astype(int), shrink(X_test, side), y_test.astype(int)


def shrink(X, side):
    """Means over squares of pixels, so that (n, h, w[, c]) images are at most ``side`` wide."""
    factor = 1 if side is None else -(-max(X.shape[1:3]) // side)
    height, width = X.shape[1] // factor, X.shape[2] // factor
    X = X[:, : height * factor, : width * factor]
    blocks = X.reshape(len(X), height, factor, width, factor, *X.shape[3:])
    return blocks.mean(axis=(2, 4)).round().astype(np.uint8)


def thin(X, y, counts, seed):
    """Take ``counts`` samples of each class, a list by class; fewer where there are fewer."""
    wanted = {c: min(n, (y == c).sum()) for c, n in enumerate(counts)}
    rows, _ = make_imbalance(
        np.arange(len(y))[:, None], y, sampling_strategy=wanted, random_state=seed
    )
    return X[rows[:, 0]], y[rows[:, 0]]


def tensor(X):
    """Images as float32 in [-1, 1], (n, channels, height, width)."""
    x = torch.from_numpy(np.ascontiguousarray(X)).float() / 127.5 - 1
    return x[:, None] if x.ndim == 3 else x.movedim(3, 1)


# --- networks -----------------------------------------------------------------------------------


def descend(network, loss, data, max_iter, learning_rate=1e-3):
    """Minimise loss(x, y) over batches by Adam; yields after each update."""
    optimiser = torch.optim.Adam(network.parameters(), learning_rate)
    for x, y in islice(data, max_iter):
        value = loss(x, y)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        yield


def codes(X, y, X_test, loss, extra, max_iter, seed):
    """Codes of test images by an autoencoder, and its third part, made by ``extra``.

    ``loss`` takes a batch (x, y) and the three parts: encoder, decoder and the third one.
    """
    x, labels, rng = tensor(X), torch.from_numpy(y), torch.Generator().manual_seed(seed)
    run = TrainingRun(rng, tuple(x.shape[1:]), int(y.max()) + 1, latent_dim=LATENT_DIM)
    encoder = run.build(lambda: LinearHead(run.trunk(), LATENT_DIM))
    parts = nn.ModuleList([encoder, run.build(run.decoder), run.build(extra)])
    data = run.batches(x, labels)
    list(descend(parts, lambda x, y: loss(x, y, *parts), data, max_iter))
    return in_batches(parts[0], tensor(X_test)).numpy(), parts[2]


class KeepingRun(TrainingRun):
    """A training run that keeps the networks that a sampler drops after its training."""

    def train_autoencoder(self, network, *arguments):
        self.autoencoder = network
        return super().train_autoencoder(network, *arguments)

    def train_adversarial(self, generator, discriminator, *arguments):
        self.discriminator = discriminator
        return super().train_adversarial(generator, discriminator, *arguments)


def keeping(Sampler):
    """The same sampler, with its KeepingRun as ``run_`` after ``fit``."""

    class Keeping(Sampler):
        def _fit_gan(self, x, y, run):
            self.run_ = KeepingRun(**vars(run))
            return super()._fit_gan(x, y, self.run_)

    return Keeping


def light_cnn(channels, side, n_classes):
    """Two convolutions and a hidden layer, for the quick runs."""
    return nn.Sequential(
        *(nn.Conv2d(channels, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(64 * (-(-side // 4)) ** 2, 64), nn.ReLU()),
        nn.Linear(64, n_classes),
    )


def simple_cnn(channels, side, n_classes):
    """The small CNN of the SCDL report, layer by layer."""
    return nn.Sequential(
        *(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 64, 3)),
        *(nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 32, 3), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(32 * ((side - 4) // 2) ** 2, 1024), nn.ReLU()),
        *(nn.Linear(1024, 128), nn.ReLU(), nn.Linear(128, n_classes)),
    )


class CNN(ClassifierMixin, BaseEstimator):
    """A network of torch in the form of a classifier.

    ``watch``, {name: (X, y)}, requests a learning curve, ``curve_``, of ``n_points`` points.
    """

    def __init__(
        self,
        network=light_cnn,
        *,
        max_iter=1000,
        batch_size=64,
        learning_rate=1e-3,
        watch=None,
        n_points=10,
        random_state=0,
    ):
        self.network = network
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.watch = watch
        self.n_points = n_points
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_, target = np.unique(y, return_inverse=True)
        self.device_ = "cuda" if torch.cuda.is_available() else "cpu"
        with torch.random.fork_rng():
            torch.manual_seed(self.random_state)
            network = self.network(X.shape[3] if X.ndim == 4 else 1, X.shape[1], len(self.classes_))
        self.network_ = network.to(self.device_)
        rng = torch.Generator().manual_seed(self.random_state)
        x, target = tensor(X).to(self.device_), torch.from_numpy(target).to(self.device_)
        run = TrainingRun(rng, x.shape[1:], len(self.classes_), batch_size=self.batch_size)
        data = run.batches(x, target)
        watched = np.linspace(0, self.max_iter, self.n_points + 1)[1:].astype(int)
        self.curve_ = []

        def loss(x, y):
            return nn.functional.cross_entropy(network(x), y)

        updates = descend(network, loss, data, self.max_iter, self.learning_rate)
        for update, _ in enumerate(updates, 1):
            if self.watch and update in watched:
                self.curve_ += [
                    {"update": update, "part": name} | self._scores(*part)
                    for name, part in self.watch.items()
                ]
        return self

    def outputs(self, X, until=None):
        """Outputs of the layers up to ``until`` for images."""
        self.network_.eval()
        part = self.network_[:until]
        found = [
            in_batches(part, tensor(X[i : i + 500]).to(self.device_)) for i in range(0, len(X), 500)
        ]
        self.network_.train()
        return torch.cat(found).numpy()

    def predict_proba(self, X):
        return torch.from_numpy(self.outputs(X)).double().softmax(1).numpy()

    def predict(self, X):
        return self.classes_[self.outputs(X).argmax(1)]

    def _scores(self, X, y):
        """Scores of the second class if there are two, as in keras; else means over the classes.

        ``mse`` is the mean squared error of the probabilities.
        """
        shares = self.predict_proba(X)
        found = self.classes_[shares.argmax(axis=1)]
        mean = {"average": "macro", "zero_division": 0}
        if len(self.classes_) == 2:
            mean |= {"average": "binary", "pos_label": self.classes_[1]}
        return {
            "loss": log_loss(y, shares, labels=self.classes_),
            "accuracy": accuracy_score(y, found),
            "precision": precision_score(y, found, **mean),
            "recall": recall_score(y, found, **mean),
            "mse": ((shares - (np.asarray(y)[:, None] == self.classes_)) ** 2).mean(),
        }


class EvaluationClassifier:
    """A classifier trained on all real training images, and its features.

    It replaces the papers' Inception and ResNet: weights trained on ImageNet are not downloaded.
    """

    def __init__(self, data, options, n_features=16):
        X, y, X_test, y_test = data
        network = light_cnn if options.quick else simple_cnn
        self.cnn = CNN(network, max_iter=options.evaluator_iter).fit(X, y)
        self.pca = PCA(n_features, random_state=0).fit(self.cnn.outputs(X[:5000], -1))
        score = self.cnn.score(X_test, y_test)
        print("accuracy of the evaluation classifier", score, flush=True)

    def predict(self, X):
        return self.cnn.predict(X)

    def features(self, X):
        return self.pca.transform(self.cnn.outputs(X, -1))


# --- scores -------------------------------------------------------------------------------------


class Scores:
    """Rows of scores in a .csv file, written at once; later runs with other seeds append to it."""

    def __init__(self, options, name):
        self.path = options.output / f"{name}.csv"

    def add(self, **row):
        print(row, flush=True)
        frame = pd.DataFrame([row])
        frame.to_csv(self.path, mode="a", header=not self.path.exists(), index=False)

    def read(self):
        return pd.read_csv(self.path).drop_duplicates()


def show(title, frame, by, columns, digits=3):
    """Print mean ± standard deviation over seeds, if several, as markdown; returns the means."""
    groups = frame.groupby(by, sort=False)[columns]
    mean, spread = groups.mean(), groups.std()
    print(f"\n## {title}\n", f"| {' | '.join(map(str, [*by, *columns]))} |", sep="\n")
    print("|---" * (len(by) + len(columns)) + "|")
    for key, m, s in zip(mean.index, mean.to_numpy(), spread.to_numpy(), strict=True):
        names = key if isinstance(key, tuple) else (key,)
        cells = [
            f"{a:.{digits}f}" if np.isnan(b) else f"{a:.{digits}f} ± {b:.{digits}f}"
            for a, b in zip(m, s, strict=True)
        ]
        print(f"| {' | '.join(map(str, [*names, *cells]))} |")
    return mean


def save(figure, options, name):
    figure.savefig(options.output / f"{name}.png", dpi=65)


def plane(ax, codes, labels, generated=None):
    """Draw codes by t-SNE, at most 2,000: dots, or crosses if generated, with their classes."""
    rng = np.random.RandomState(0)
    kept = rng.permutation(len(codes))[:2000]  # t-SNE is slow
    places, labels = TSNE(random_state=rng).fit_transform(codes[kept]), labels[kept]
    generated = np.zeros(len(kept), bool) if generated is None else generated[kept]
    for label in np.unique(labels):
        for part, marker in ((~generated, "o"), (generated, "x")):
            style = {"s": 14, "marker": marker, "color": f"C{label}", "alpha": 0.6}
            ax.scatter(*places[(labels == label) & part].T, linewidths=0.8, **style)
        ax.text(*np.median(places[labels == label], axis=0), label, weight="bold")
    ax.set(xticks=[], yticks=[])


def generated_figure(made, options, name):
    """Generated images, one panel for each method and one row for each class.

    made: {method: (X, y)}.
    """
    grids = {
        method: np.concatenate([np.concatenate([*X[y == c]], axis=1) for c in np.unique(y)])
        for method, (X, y) in made.items()
    }
    height, width = next(iter(grids.values())).shape[:2]
    size = (11, 11 / len(made) * height / width + 0.4)
    figure, axes = plt.subplots(1, len(made), figsize=size, squeeze=False, layout="constrained")
    for ax, (method, grid) in zip(axes[0], grids.items(), strict=True):
        ax.imshow(grid, cmap="gray_r")
        ax.set_title(method)
        ax.axis("off")
    save(figure, options, name)
    plt.close(figure)
