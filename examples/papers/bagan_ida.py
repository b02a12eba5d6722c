"""BAGAN's and IDA-GAN's experiments (Mariani et al. 2018; Yang & Zhou 2020) on Fashion-MNIST.

    python examples/papers/bagan_ida.py --quick --data FOLDER

One class is cut by 97 %, another with every seed. Of pictures generated for it by GAN (which sees
that class alone), ACGAN, BAGAN, IDA-GAN and BAGAN-GP: how many does a classifier of the full data
name correctly, how alike are they (SSIM of pairs, beside that of real pictures), and how well is
the class found by a classifier once it is filled up with them, or with mirror images, duplicates
or SMOTE's? Then IDA-GAN's comparison, class sizes drawn at random, in one channel (Fashion-MNIST)
and three (cifar10_mini.npz). Every classifier gets the same number of updates. Quick: minutes a
seed; full: a GPU.
"""

import matplotlib.pyplot as plt
import numpy as np
from _common import (
    CNN,
    LATENT_DIM,
    Judge,
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

from skgan_resample import (
    ACGANSampler,
    BAGANGPSampler,
    BAGANSampler,
    GANSampler,
    IDAGANSampler,
    SyntheticSamplesDisplay,
)
from skgan_resample.metrics import ssim_diversity

CUT = [0, 6, 9, 3, 1, 8]  # by seed: T-shirt, shirt, boot, dress, trouser, bag


def samplers(options, seed):
    """The paper's systems, with the same updates; those with an autoencoder train it before."""
    game = {"max_iter": options.max_iter, "random_state": seed, "latent_dim": LATENT_DIM}
    pretrained = game | {"autoencoder_max_iter": options.max_iter}
    return {
        "GAN": GANSampler(**game),
        "ACGAN": ACGANSampler(**game),
        "BAGAN": BAGANSampler(**pretrained),
        "IDA-GAN": IDAGANSampler(**pretrained),
        "BAGAN-GP": BAGANGPSampler(**pretrained, real_balance=0),
    }


def generate(sampler, X, y, cut, n, seed):
    """Pictures of the cut class; GAN trains a pair for each class, so it is given but one more."""
    if isinstance(sampler, GANSampler):
        two = np.isin(y, [cut, (cut + 1) % 10])
        X, y = X[two], y[two]
    return sampler.fit(X, y).sample({cut: n}, random_state=seed)[0]


def classifier(options, seed):
    network = light_cnn if options.quick else simple_cnn
    return CNN(network, max_iter=options.judge_iter, random_state=seed)


def without_networks(X, y, cut, n, seed):
    """What else the cut class may be filled up with."""
    own, rng = X[y == cut], np.random.default_rng(seed)
    drawn = own[rng.integers(len(own), size=n)]
    neighbours = {"k_neighbors": min(5, len(own) - 1), "random_state": seed}
    smote = SMOTE(sampling_strategy={cut: len(own) + n}, **neighbours)
    flat = X.reshape(len(X), -1).astype(float)  # differences of bytes would wrap around
    made = smote.fit_resample(flat, y)[0][len(X) :].round().astype(X.dtype)
    made = made.reshape(-1, *X.shape[1:])
    named = {"nothing": own[:0], "duplicates": drawn, "mirror images": drawn[:, :, ::-1]}
    return named | {"SMOTE": made}


def one_cut_class(data, judge, generated, trained, options, seed):
    """Score what is generated for the cut class, and classifiers that train on it."""
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
    for name, pictures in (real | made).items():
        labels = [cut] * len(pictures)
        alike = ssim_diversity(pictures, labels, n_pairs=400, random_state=seed)[cut]
        right = (judge.predict(pictures) == cut).mean()
        generated.add(**setting, pictures=name, named_correctly=right, ssim_within=alike)
    for name, pictures in (without_networks(X, y, cut, n, seed) | made).items():
        more = np.concatenate([X, pictures]), np.concatenate([y, np.full(len(pictures), cut)])
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
    """Real and generated pictures of the cut class, a method a row."""
    display = SyntheticSamplesDisplay(
        np.concatenate([real] * len(made)),
        np.repeat(list(made), len(real)),
        np.concatenate([*made.values()]),
        np.repeat(list(made), [len(pictures) for pictures in made.values()]),
    )
    save(display.plot().figure_, options, f"bagan-ida-class-{cut}")
    plt.close("all")


def random_sizes(name, data, scores, options, seed):
    """IDA-GAN's comparison: class sizes at random, and classifiers on the filled-up sets."""
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
        parser.add_argument("--parts", nargs="+", default=["cut", "sizes"], help="of the above")
        parser.add_argument("--rows", type=int, default=6000, help="of each class that is not cut")

    quick = {"side": 16, "max_iter": 200, "judge_iter": 500, "rows": 2000}
    options = options_of(__doc__.splitlines()[0], arguments, add, **quick)
    fashion = load(options.fashion, options.side)
    judge = Judge(fashion, options)
    sets, three = {"1 channel": fashion}, options.data / "cifar10_mini.npz"
    if three.exists():
        sets["3 channels"] = load(three, options.side)
    else:
        print(f"left out: {three} is not there")
    names = ("bagan-ida-generated", "bagan-ida-trained", "bagan-ida-sizes")
    generated, trained, sized = (Scores(options, name) for name in names)
    for seed in options.seeds:
        if "cut" in options.parts:
            one_cut_class(fashion, judge, generated, trained, options, seed)
        if "sizes" in options.parts:
            for name, data in sets.items():
                random_sizes(name, data, sized, options, seed)

    if "cut" in options.parts:
        what = ["named_correctly", "ssim_within"]
        show("Generated pictures of the cut class", generated.read(), ["pictures"], what)
        what = ["recall", "f1", "accuracy"]
        show("Cut class filled up", trained.read(), ["filled_with"], what)
    if "sizes" in options.parts:
        what = ["accuracy", "macro_f", "worst_recall"]
        show("Class sizes at random", sized.read(), ["data", "filled_with"], what)


if __name__ == "__main__":
    main()
