"""BAGAN-GP's experiments (Huang & Jafari 2021) on other images.

    python examples/papers/bagan_gp.py --quick --data FOLDER

Data are Fashion-MNIST, CIFAR-10 (cifar10_mini.npz) and blood cells (bccd_cells_64.npz) with the
paper's imbalance, the first two also balanced. How far, by class, are the images of the autoencoder
alone, of BAGAN, and of the versions v1, v2 and v3 of BAGAN-GP from real test images? The measure is
the Fréchet distance in the features of a classifier of all real training images; its floor is the
distance between real images. v1 has neither balanced generated labels nor the label embedding, v2
has the first, v3 both. Further questions: are the classes separated in the codes, before and after
the embedding, and does a longer training help? The quick setting takes minutes a seed, the full one
needs a GPU. A file that is not in the folder is left out.
"""

import matplotlib.pyplot as plt
import numpy as np
from _common import (
    LATENT_DIM,
    EvaluationClassifier,
    Scores,
    codes,
    generated_figure,
    load,
    options_of,
    save,
    show,
    thin,
)
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from skgan_resample import (
    BAGANGPSampler,
    BAGANSampler,
    LatentSpaceDisplay,
    SyntheticSamplesDisplay,
)
from skgan_resample.metrics import frechet_distance, with_real_floor
from skgan_resample.nn.losses import reconstruction_l1, reconstruction_l2
from skgan_resample.nn.networks import ClassScale

PROFILES = {  # rows of each class in the paper
    "fashion": [4166, 73, 139, 210, 287, 370, 422, 387, 545, 651],
    "cifar": [3490, 71, 130, 221, 269, 349, 435, 485, 572, 628],
    # red cells, white cells, platelets: they replace normal red cells, schizonts, trophozoites
    "cells": [5600, 106, 887],
}
TOPS = [0, 2, 3, 4, 6]  # similar classes of Fashion-MNIST


def samplers(options, seed, balanced=False):
    """The systems of the paper's table of distances; on balanced data, two of them."""
    stages = {"autoencoder_max_iter": options.max_iter, "max_iter": options.max_iter}
    shared = stages | {"latent_dim": LATENT_DIM, "random_state": seed}
    ours = shared | {"real_balance": 0, "n_critic": options.n_critic}
    systems = {
        "autoencoder": BAGANGPSampler(**ours | {"max_iter": 0}),
        "BAGAN": BAGANSampler(**shared),
        "v1": BAGANGPSampler(
            **ours, supervised_autoencoder=False, wrong_labels=False, fake_labels="data"
        ),
        "v2": BAGANGPSampler(**ours, supervised_autoencoder=False),
        "v3": BAGANGPSampler(**ours),
    }
    return {name: systems[name] for name in (("BAGAN", "v3") if balanced else systems)}


def counts_of(name, y):
    """The paper's numbers of samples by class, scaled to the size of the largest class."""
    profile, present = PROFILES[name], np.bincount(y)
    scale = min(1, present[0] / profile[0])
    return [max(round(scale * n), 2) for n in profile]


def distances(evaluator, X_test, y_test, sampler):
    """(Distance of generated images from test images, distance among those), by class."""
    X_new, y_new = sampler.sample(500, random_state=0)
    real, new = evaluator.features(X_test), evaluator.features(X_new)
    return [
        with_real_floor(frechet_distance, real[y_test == c], new[y_new == c], random_state=0)
        for c in np.unique(y_test)
    ]


def compare(name, data, evaluator, scores, options, seed):
    """Distances by system and class; the last system, v3, and some images of each."""
    X_all, y_all, X_test, y_test = data
    balanced, made = name.startswith("balanced"), {}
    counts = [4166] * 10 if balanced else counts_of(name, y_all)
    X, y = thin(X_all, y_all, counts, seed)
    for system, sampler in samplers(options, seed, balanced).items():
        found = distances(evaluator, X_test, y_test, sampler.fit(X, y))
        for c, (distance, floor) in enumerate(found):
            row = {"data": name, "seed": seed, "class": c, "n": (y == c).sum()}
            scores.add(**row, system=system, distance=distance)
            if system == "v3":
                scores.add(**row, system="real", distance=floor)
        made[system] = sampler.sample(5, random_state=1)
    return sampler, X, y, made


def figures(name, evaluator, sampler, X, y, made, X_test, y_test, options):
    """Images of every system, v3's beside real ones, and the features of the latter two."""
    generated_figure(made, options, f"bagan-gp-systems-{name}")
    X_real, y_real = thin(X_test, y_test, [60] * len(np.unique(y)), 0)
    new = sampler.sample(dict(enumerate(np.bincount(y_real).tolist())), random_state=1)
    display = LatentSpaceDisplay.from_codes(
        np.concatenate([evaluator.features(X_real), evaluator.features(new[0])]),
        np.concatenate([y_real, new[1]]),
        np.arange(len(y_real) + len(new[1])) >= len(y_real),
        random_state=0,
    )
    save(display.figure_, options, f"bagan-gp-features-{name}")
    if name == "fashion":
        save(SyntheticSamplesDisplay(X, y, *new).plot().figure_, options, "bagan-gp-images")
    plt.close("all")


def separation(name, data, scores, options, seed):
    """Accuracy of five nearest neighbours on the codes of test images."""
    X, y, X_test, y_test = data
    X, y = thin(X, y, counts_of(name, y), seed)
    X_test, y_test = thin(X_test, y_test, [100] * (y.max() + 1), 0)

    def plain(x, y, encoder, decoder, _):
        return reconstruction_l2(x, decoder(encoder(x)))

    def supervised(x, y, encoder, decoder, scale):
        return reconstruction_l1(x, decoder(encoder(x) * scale(y)))

    def scale():
        return ClassScale(int(y.max()) + 1, LATENT_DIM)

    arguments = (options.max_iter, seed)
    places = {"BAGAN": codes(X, y, X_test, plain, scale, *arguments)[0]}
    z, embedding = codes(X, y, X_test, supervised, scale, *arguments)
    places["BAGAN-GP, before the embedding"] = z
    places["BAGAN-GP, after it"] = z * embedding.weight.detach().numpy()[y_test]
    factors = np.random.default_rng(seed).normal(size=embedding.weight.shape)
    control = {"BAGAN, times random factors": places["BAGAN"] * factors[y_test]}
    for place, z in (places | control).items():
        accuracy = cross_val_score(KNeighborsClassifier(), z, y_test, cv=3).mean()
        scores.add(data=name, codes=place, seed=seed, accuracy=accuracy)
    if seed == options.seeds[0]:
        figure, axes = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")
        for ax, (place, z) in zip(axes, places.items(), strict=True):
            LatentSpaceDisplay.from_codes(z, y_test, random_state=0, ax=ax)
            ax.get_legend().remove()
            ax.set_title(place)
        save(figure, options, f"bagan-gp-codes-{name}")
        plt.close(figure)


def long_training(data, evaluator, scores, options, seed):
    """Distances after three times the adversarial updates."""
    X, y = thin(*data[:2], counts_of("fashion", data[1]), seed)
    for system in ("BAGAN", "v1", "v2", "v3"):
        sampler = samplers(options, seed)[system].set_params(max_iter=3 * options.max_iter)
        found = [distance for distance, _ in distances(evaluator, *data[2:], sampler.fit(X, y))]
        row = {"system": system, "updates": sampler.max_iter, "seed": seed}
        scores.add(**row, mean=np.mean(found), smallest=found[1], worst=max(found))


def report(scores):
    """Tables by class, of the means over the classes, and of tops beside the rest."""
    frame, seeds = scores.read(), ["data", "system", "seed"]
    mean = frame.groupby(seeds, sort=False)["distance"].mean().reset_index()
    show("Mean over the classes", mean, seeds[:2], ["distance"], 2)
    for name, rows in frame.groupby("data", sort=False):
        wide = rows.pivot(index=seeds[1:], columns=["class", "n"], values="distance")
        wide.columns = [f"{c} ({n})" for c, n in wide.columns]
        show(name, wide.reset_index(), ["system"], [*wide.columns], 2)
    tops = frame[frame.data == "fashion"].assign(tops=frame["class"].isin(TOPS))
    if len(tops):
        tops = tops.groupby(["tops", *seeds], sort=False)["distance"].mean().reset_index()
        show("Tops of Fashion-MNIST, and the rest", tops, ["tops", "system"], ["distance"], 2)


def main(arguments=None):
    def add(parser):
        sets = ["fashion", "balanced", "long", "cells", "cifar", "balanced-cifar"]
        help = "balanced, long: Fashion-MNIST in equal classes; for three times the updates"
        parser.add_argument("--sets", nargs="+", default=sets, help=help)
        parser.add_argument("--n-critic", type=int, default=5, help="updates of a critic to one")

    quick = {"side": 16, "max_iter": 300, "evaluator_iter": 1000, "n_critic": 1}
    options = options_of(__doc__.splitlines()[0], arguments, add, **quick)
    paths = {
        "fashion": options.fashion,
        "balanced": options.fashion,
        "long": options.fashion,
        "cifar": options.data / "cifar10_mini.npz",
        "balanced-cifar": options.data / "cifar10_mini.npz",
        "cells": options.data / "bccd_cells_64.npz",
    }
    names = ("bagan-gp", "bagan-gp-codes", "bagan-gp-long")
    scores, apart, longer = (Scores(options, name) for name in names)
    for name in options.sets:
        if not paths[name].exists():
            print(f"left out: {paths[name]} is not there")
            continue
        data = load(paths[name], options.side)
        evaluator = EvaluationClassifier(data, options)
        for seed in options.seeds:
            if name == "long":
                long_training(data, evaluator, longer, options, seed)
            else:
                sampler, X, y, made = compare(name, data, evaluator, scores, options, seed)
            if name in PROFILES:
                separation(name, data, apart, options, seed)
            if name in PROFILES and seed == options.seeds[0]:
                figures(name, evaluator, sampler, X, y, made, *data[2:], options)
    if scores.path.exists():
        report(scores)
    if apart.path.exists():
        show("Five neighbours among codes", apart.read(), ["data", "codes"], ["accuracy"])
    if longer.path.exists():
        by = ["system", "updates"]
        show("Long training", longer.read(), by, ["mean", "smallest", "worst"], 2)


if __name__ == "__main__":
    main()
