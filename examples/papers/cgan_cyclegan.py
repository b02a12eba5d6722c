"""The experiment with two classes of 41 images each: CGAN, and CycleGAN between the classes.

    python examples/papers/cgan_cyclegan.py --quick --data FOLDER

It follows a student's report, "Enhancing Image Classification Using Conditional GAN-Based Data
Augmentation"; sheep and horses (sheep_horse_64.npz) replace its cows and horses. A classifier
learns from the 82 images alone, or with 250, 500 or 1,000 generated ones: loss, accuracy,
precision, recall and mean squared error on training and test images during the training. For
comparison we add images translated
by CycleGAN, duplicates, and duplicates that are shifted and mirrored. The script also draws CGAN's
losses, and its images after 100 steps and at the end. Then CycleGAN translates these images and
shoes (Fashion-MNIST) there and back, after one epoch and at the end: how much does an image change,
and how far is it from the original after both translations? The quick setting takes minutes a seed,
the full one needs a GPU.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from _common import CNN, Scores, generated_figure, load, options_of, save, show, tensor, thin
from torch import nn

from skgan_resample import CGANSampler, CycleGANSampler, TrainingHistoryDisplay

N_REAL = 41


def three_stages(channels, side, n_classes):
    """The report's classifier: 50, 20 and 5 maps with pooling, then 30 and 20 units."""
    side = side // 2 // 2 // 2
    return nn.Sequential(
        *(nn.Conv2d(channels, 50, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(50, 20, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(20, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(5 * side**2, 30), nn.ReLU(), nn.Linear(30, 20), nn.ReLU()),
        nn.Linear(20, n_classes),
    )


def jitter(X, rng):
    """Shift by up to an eighth of the width, and mirror half of them."""
    reach = X.shape[1] // 8
    padded = np.pad(X, [(0, 0), (reach, reach), (reach, reach), (0, 0)], mode="edge")
    places = rng.integers(2 * reach + 1, size=(len(X), 2))
    side = X.shape[1]
    X = np.stack([p[i : i + side, j : j + side] for p, (i, j) in zip(padded, places, strict=True)])
    return np.where(rng.random(len(X))[:, None, None, None] < 0.5, X[:, :, ::-1], X)


def training_sets(X, y, cgan, cyclegan, options, seed):
    """The 82 images, alone and with more."""
    rng, most = np.random.default_rng(seed), options.add[1]
    yield "82 images", X, y
    for name, sampler, numbers in (("CGAN", cgan, options.add), ("CycleGAN", cyclegan, [most])):
        for n in numbers:
            X_new, y_new = sampler.sample(n // 2, random_state=seed)
            yield f"+ {n} {name}", np.concatenate([X, X_new]), np.concatenate([y, y_new])
    drawn = rng.integers(len(y), size=most)
    y_more = np.concatenate([y, y[drawn]])
    yield f"+ {most} duplicates", np.concatenate([X, X[drawn]]), y_more
    yield f"+ {most} shifted", np.concatenate([X, jitter(X[drawn], rng)]), y_more


def classify(X, y, X_test, y_test, cgan, cyclegan, scores, options, seed):
    """Scores on training and test images by epoch."""
    for name, X_train, y_train in training_sets(X, y, cgan, cyclegan, options, seed):
        cnn = CNN(
            three_stages,
            max_iter=max(options.epochs * len(X_train) // 32, 10),
            batch_size=32,
            learning_rate=1e-4,
            watch={"train": (X_train, y_train), "test": (X_test, y_test)},
            random_state=seed,
        ).fit(X_train, y_train)
        for number, point in enumerate(cnn.curve_):
            epoch = (number // 2 + 1) * options.epochs / cnn.n_points
            scores.add(training_set=name, seed=seed, epoch=epoch, **point)


@torch.no_grad()
def there_and_back(sampler, X, y, scores, setting):
    """Mean absolute change of pixels, in [0, 1], by translation, and by translation both ways."""
    x, labels, network = tensor(X), torch.from_numpy(y), sampler.generator_
    for c in (0, 1):
        start = x[labels == c]
        own = torch.full((len(start),), c)
        there = network(start, 1 - own)
        changes = {
            "there": there - start,
            "there_and_back": network(there, own) - start,
            "to_its_own_class": network(start, own) - start,
            "between_mean_pictures": x[labels != c].mean(0) - start.mean(0),
        }
        changes = {name: change.abs().mean().item() / 2 for name, change in changes.items()}
        epochs = sampler.n_iter_ * sampler.batch_size / len(y)
        scores.add(**setting, epochs=round(epochs), from_class=c, **changes)


@torch.no_grad()
def translated(sampler, X, y):
    """Some images of either class, translated, and translated back again."""
    rows = np.concatenate([np.flatnonzero(y == c)[:6] for c in (0, 1)])
    x, own = tensor(X[rows]), torch.from_numpy(y[rows])
    there = sampler.generator_(x, 1 - own)
    ways = {"start": x, "there": there, "and back": sampler.generator_(there, own)}
    return {
        way: ((x.movedim(1, 3).clamp(-1, 1) + 1).numpy() / 2, y[rows]) for way, x in ways.items()
    }


def translate(pair, X, y, scores, options, seed):
    """CycleGAN between two classes, scored and drawn after an epoch and at the end."""
    common, ways = {"batch_size": 8, "random_state": seed}, {}
    for n in (10, options.max_iter // 4):
        sampler = CycleGANSampler(max_iter=n, **common).fit(X, y)
        there_and_back(sampler, X, y, scores, {"pair": pair, "seed": seed})
        found = translated(sampler, X, y)
        ways |= {way if way == "start" else f"{way}, {n} steps": found[way] for way in found}
    if seed == options.seeds[0]:
        generated_figure(ways, options, f"cyclegan-{pair}")
    return sampler


def shoes(options, seed):
    """As many sneakers (0) and boots (1) of Fashion-MNIST."""
    X, y, *_ = load(options.fashion, options.side)
    two = np.isin(y, [7, 9])
    return thin(X[two], (y[two] == 9).astype(int), [N_REAL, N_REAL], seed)


def train_cgan(X, y, options, seed):
    """CGAN; of the first seed its losses, and its images after 100 steps and at the end."""
    early, cgan = (
        CGANSampler(max_iter=n, learning_rate=2e-3, batch_size=8, random_state=seed).fit(X, y)
        for n in (min(100, options.max_iter), options.max_iter)
    )
    if seed == options.seeds[0]:
        save(TrainingHistoryDisplay.from_estimator(cgan).figure_, options, "cgan-losses")
        steps = {f"{s.n_iter_} steps": s.sample(8, random_state=1) for s in (early, cgan)}
        generated_figure(steps, options, "cgan-steps")
        plt.close("all")
    return cgan


def figure(frame, options):
    """Loss and accuracy on training and test images by epoch, mean over the seeds."""
    figure, axes = plt.subplots(2, 2, figsize=(11, 6.5), sharex=True, layout="constrained")
    for row, score in zip(axes, ("loss", "accuracy"), strict=True):
        for ax, part in zip(row, ("train", "test"), strict=True):
            rows = frame[frame.part == part]
            curves = rows.pivot_table(score, "epoch", "training_set", sort=False)
            curves.plot(ax=ax, title=f"{score}, {part}", legend=False)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    save(figure, options, "cgan-curves")
    plt.close(figure)


def main(arguments=None):
    def add(parser):
        parser.set_defaults(max_iter=40000)
        parser.add_argument("--epochs", type=int, default=50, help="of the classifier")
        parser.add_argument("--add", type=int, nargs=3, default=[250, 500, 1000])

    quick = {"side": 16, "max_iter": 2000}
    options = options_of(__doc__.splitlines()[0], arguments, add, **quick)
    scores, ways = Scores(options, "cgan"), Scores(options, "cyclegan")
    for seed in options.seeds:
        data = load(options.data / "sheep_horse_64.npz", options.side, test_share=2, seed=seed)
        X, y = thin(*data[:2], [N_REAL, N_REAL], seed)
        cgan = train_cgan(X, y, options, seed)
        cyclegan = translate("animals", X, y, ways, options, seed)
        translate("shoes", *shoes(options, seed), ways, options, seed)
        classify(X, y, *data[2:], cgan, cyclegan, scores, options, seed)
    frame = scores.read()
    figure(frame, options)
    last = frame[frame.epoch == frame.epoch.max()]
    what = ["loss", "accuracy", "precision", "recall", "mse"]
    show("At the end of training", last, ["training_set", "part"], what)
    frame = ways.read()
    by = ["pair", "epochs", "from_class"]
    show("Translation: mean change of a pixel", frame, by, [*frame.columns[4:]])


if __name__ == "__main__":
    main()
