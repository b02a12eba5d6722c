"""BAGAN's and IDA-GAN's experiments (Mariani et al. 2018; Yang & Zhou 2020) on Fashion-MNIST.

    python examples/papers/bagan_ida.py --quick --data FOLDER

One class is cut by 97 %; the seed chooses the class. Images are generated for it by GAN (trained on
that class alone), ACGAN, BAGAN, IDA-GAN and BAGAN-GP. How many of them does a classifier of the
full data classify correctly? How similar are they (SSIM of pairs, compared with real images)? How
well does a classifier find the class if it is over-sampled with them, or with mirror images,
duplicates or SMOTE? The second part is IDA-GAN's comparison with random class sizes, in one channel
(Fashion-MNIST) and three (cifar10_mini.npz). The third cuts the class by 40 to 97.5 %, as BAGAN's
paper does. Every classifier has the same number of updates. The quick setting takes minutes a seed,
the full one needs a GPU. SSIM needs torchmetrics: pip install torchmetrics.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from _common import (
    CNN,
    LATENT_DIM,
    EvaluationClassifier,
    Scores,
    light_cnn,
    load,
    options_of,
    save,
    show,
    simple_cnn,
    thin,
)
from imblearn.over_sampling import SMOTE
from sklearn.metrics import accuracy_score, f1_score, recall_score
from torchmetrics.functional.image import structural_similarity_index_measure

from skgan_resample import (
    ACGANSampler,
    BAGANGPSampler,
    BAGANSampler,
    GANSampler,
    IDAGANSampler,
    SyntheticSamplesDisplay,
)

CUT = [0, 6, 9, 3, 1, 8]  # by seed: T-shirt, shirt, boot, dress, trouser, bag
DROPPED = [0.4, 0.6, 0.8, 0.9, 0.95, 0.975]  # shares of the cut class, in BAGAN's paper


def samplers(options, seed):
    """The paper's systems, with the same updates; those with an autoencoder train it before."""
    common = {"max_iter": options.max_iter, "random_state": seed, "latent_dim": LATENT_DIM}
    pretrained = common | {"autoencoder_max_iter": options.max_iter}
    return {
        "GAN": GANSampler(**common),
        "ACGAN": ACGANSampler(**common),
        "BAGAN": BAGANSampler(**pretrained),
        "IDA-GAN": IDAGANSampler(**pretrained),
        "BAGAN-GP": BAGANGPSampler(**pretrained, n_critic=1, real_balance=0),
    }


def generate(sampler, X, y, cut, n, seed):
    """Images of the cut class; GAN trains two networks for each class, so it gets one more only."""
    if isinstance(sampler, GANSampler):
        two = np.isin(y, [cut, (cut + 1) % 10])
        X, y = X[two], y[two]
    return sampler.fit(X, y).sample({cut: n}, random_state=seed)[0]


def classifier(options, seed):
    network = light_cnn if options.quick else simple_cnn
    return CNN(network, max_iter=options.evaluator_iter, random_state=seed)


def without_networks(X, y, cut, n, seed):
    """Other samples for the cut class."""
    own, rng = X[y == cut], np.random.default_rng(seed)
    drawn = own[rng.integers(len(own), size=n)]
    neighbours = {"k_neighbors": min(5, len(own) - 1), "random_state": seed}
    smote = SMOTE(sampling_strategy={cut: len(own) + n}, **neighbours)
    flat = X.reshape(len(X), -1).astype(float)  # differences of bytes would wrap around
    made = smote.fit_resample(flat, y)[0][len(X) :].round().astype(X.dtype)
    made = made.reshape(-1, *X.shape[1:])
    named = {"nothing": own[:0], "duplicates": drawn, "mirror images": drawn[:, :, ::-1]}
    return named | {"SMOTE": made}


def ssim_of_pairs(images, seed, n_pairs=400):
    """Mean structural similarity of random pairs of different images (Odena et al. 2017)."""
    x, rng, n = torch.from_numpy(images.astype(float)), np.random.RandomState(seed), len(images)
    x = x[:, None] if x.ndim == 3 else x.movedim(3, 1)
    first = rng.randint(n, size=n_pairs)
    second = (first + rng.randint(1, n, size=n_pairs)) % n
    extent = float(x.max() - x.min()) or 1.0
    return structural_similarity_index_measure(x[first], x[second], data_range=extent).item()


def quality(images, cut, evaluator, seed):
    """Share of images that the evaluation classifier sees in the class, and SSIM of pairs."""
    right = (evaluator.predict(images) == cut).mean()
    return {"classified_correctly": right, "ssim_within": ssim_of_pairs(images, seed)}


def one_cut_class(data, evaluator, generated, trained, options, seed):
    """Scores of images generated for the cut class, and of classifiers trained on them."""
    X_all, y_all, X_test, y_test = data
    cut, counts = CUT[seed % len(CUT)], [options.rows] * 10
    counts[cut] = max(round(0.03 * options.rows), 3)
    X, y = thin(X_all, y_all, counts, seed)
    n, setting = options.rows - counts[cut], {"seed": seed, "class": cut}
    made = {
        name: generate(sampler, X, y, cut, n, seed)
        for name, sampler in samplers(options, seed).items()
    }
    real = {"real, test": X_test[y_test == cut], "real, training": X[y == cut]}
    for name, images in (real | made).items():
        generated.add(**setting, images=name, **quality(images, cut, evaluator, seed))
    for name, images in (without_networks(X, y, cut, n, seed) | made).items():
        more = np.concatenate([X, images]), np.concatenate([y, np.full(len(images), cut)])
        found = classifier(options, seed).fit(*more).predict(X_test)
        trained.add(
            **setting,
            filled_with=name,
            recall=(found[y_test == cut] == cut).mean(),
            f1=f1_score(y_test == cut, found == cut),
            accuracy=accuracy_score(y_test, found),
        )
    figure(real["real, test"], made, options, cut)


def figure(real, made, options, cut):
    """Real and generated images of the cut class, one row for each method."""
    display = SyntheticSamplesDisplay(
        np.concatenate([real] * len(made)),
        np.repeat(list(made), len(real)),
        np.concatenate([*made.values()]),
        np.repeat(list(made), [len(images) for images in made.values()]),
    )
    save(display.plot().figure_, options, f"bagan-ida-class-{cut}")
    plt.close("all")


def shares_dropped(data, evaluator, scores, options, seed):
    """Scores of images generated for a class of which more and more is dropped."""
    cut = CUT[seed % len(CUT)]
    for dropped in DROPPED:
        counts = [options.rows] * 10
        counts[cut] = max(round((1 - dropped) * options.rows), 3)
        X, y = thin(*data[:2], counts, seed)
        for name, sampler in samplers(options, seed).items():
            if name in ("GAN", "ACGAN", "BAGAN"):
                images = generate(sampler, X, y, cut, 1000, seed)
                row = {"seed": seed, "class": cut, "dropped": dropped, "n": counts[cut]}
                scores.add(**row, images=name, **quality(images, cut, evaluator, seed))


def curves(frame, options):
    """Scores by the share dropped, mean over the seeds, which have a class each."""
    what = ["classified_correctly", "ssim_within"]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for ax, score in zip(axes, what, strict=True):
        mean = frame.pivot_table(score, "dropped", "images", sort=False)
        mean.plot(ax=ax, marker="o", xlabel="share dropped", title=score.replace("_", " "))
        ax.set_ylim(0, 1)
    save(figure, options, "bagan-ida-shares")
    plt.close(figure)
    show("By the share dropped", frame, ["dropped", "images"], what)


def random_sizes(name, data, scores, options, seed):
    """IDA-GAN's comparison: random class sizes, and classifiers trained after over-sampling."""
    X_all, y_all, X_test, y_test = data
    most = min(options.rows, np.bincount(y_all).min())
    counts = np.random.default_rng(seed).integers(max(most // 50, 3), most + 1, size=10).tolist()
    X, y = thin(X_all, y_all, counts, seed)
    compared = {"nothing": None} | samplers(options, seed)
    for filled in ("nothing", "ACGAN", "BAGAN", "IDA-GAN"):
        more = (X, y) if filled == "nothing" else compared[filled].fit_resample(X, y)
        found = classifier(options, seed).fit(*more).predict(X_test)
        scores.add(
            data=name,
            seed=seed,
            filled_with=filled,
            accuracy=accuracy_score(y_test, found),
            macro_f=f1_score(y_test, found, average="macro"),
            worst_recall=recall_score(y_test, found, average=None).min(),
        )


def main(arguments=None):
    def add(parser):
        parser.add_argument("--parts", nargs="+", default=["cut", "sizes", "shares"])
        parser.add_argument("--rows", type=int, default=6000, help="of each class that is not cut")

    quick = {"side": 16, "max_iter": 200, "evaluator_iter": 500, "rows": 2000}
    options = options_of(__doc__.splitlines()[0], arguments, add, **quick)
    fashion = load(options.fashion, options.side)
    evaluator = EvaluationClassifier(fashion, options)
    sets, three = {"1 channel": fashion}, options.data / "cifar10_mini.npz"
    if three.exists():
        sets["3 channels"] = load(three, options.side)
    else:
        print(f"left out: {three} is not there")
    names = ("generated", "trained", "sizes", "shares")
    generated, trained, sized, shares = (Scores(options, f"bagan-ida-{n}") for n in names)
    for seed in options.seeds:
        if "cut" in options.parts:
            one_cut_class(fashion, evaluator, generated, trained, options, seed)
        if "sizes" in options.parts:
            for name, data in sets.items():
                random_sizes(name, data, sized, options, seed)
        if "shares" in options.parts:
            shares_dropped(fashion, evaluator, shares, options, seed)

    if "cut" in options.parts:
        what = ["classified_correctly", "ssim_within"]
        show("Generated images of the cut class", generated.read(), ["images"], what)
        what = ["recall", "f1", "accuracy"]
        show("Cut class filled up", trained.read(), ["filled_with"], what)
    if "sizes" in options.parts:
        what = ["accuracy", "macro_f", "worst_recall"]
        show("Class sizes at random", sized.read(), ["data", "filled_with"], what)
    if "shares" in options.parts:
        curves(shares.read(), options)


if __name__ == "__main__":
    main()
