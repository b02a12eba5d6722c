"""SCDL-GAN's experiments (Cai et al. 2019, as a project report repeats them) on Fashion-MNIST.

    python examples/papers/scdl.py --quick

The ten classes have 4000, 2000, 1000, 750, 500, 350, 200, 100, 60 and 40 images. How does a
classifier of all 60,000 real images classify 1,000 generated ones of each class (four scores, a
confusion matrix, the gain over other methods)? Are the classes separated in the codes, and in the
features of the discriminators? And how well does the small CNN do on test images if it is trained
on the imbalanced set, or on one over-sampled to 4,500, 6,000 or 10,000 of each class? We add
duplicates and SMOTE for comparison. Every classifier has the same number of updates. The quick
setting takes minutes a seed, the full one needs a GPU.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from _common import (
    CNN,
    LATENT_DIM,
    EvaluationClassifier,
    Scores,
    codes,
    generated_figure,
    keeping,
    load,
    options_of,
    plane,
    save,
    show,
    simple_cnn,
    tensor,
    thin,
)
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from torch import nn
from torch.nn.functional import mse_loss

from skgan_resample import BAGANSampler, GAMOSampler, SCDLSampler, WAEGANSampler
from skgan_resample.nn.losses import mmd_imq
from skgan_resample.nn.run import in_batches

PROFILE = [4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40]
SAMPLERS = {
    "SCDL-GAN": SCDLSampler,
    "WAE-GAN": WAEGANSampler,
    "BAGAN": BAGANSampler,
    "GAMO": GAMOSampler,
}
FOUR = ["accuracy", "macro_f", "precision_on_largest", "recall_on_smallest"]


def precision_on_largest(y_true, y_pred, y):
    largest = [np.bincount(y).argmax()]
    return precision_score(y_true, y_pred, labels=largest, average="macro", zero_division=0)


def recall_on_smallest(y_true, y_pred, y):
    smallest = [np.bincount(y).argmin()]
    return recall_score(y_true, y_pred, labels=smallest, average="macro", zero_division=0)


def evaluate_samplers(evaluator, X, y, scores, options, seed):
    """Scores and confusions of every sampler, and the samplers themselves."""
    confusions, fitted = {}, {}
    for name, Sampler in SAMPLERS.items():
        stages = {"max_iter": options.max_iter, "autoencoder_max_iter": options.max_iter}
        sampler = keeping(Sampler)(**stages, latent_dim=LATENT_DIM, random_state=seed).fit(X, y)
        X_new, y_new = sampler.sample(options.evaluated, random_state=seed)
        seen = evaluator.predict(X_new)
        scores.add(
            sampler=name,
            seed=seed,
            accuracy=accuracy_score(y_new, seen),
            macro_f=f1_score(y_new, seen, average="macro"),
            precision_on_largest=precision_on_largest(y_new, seen, y),
            recall_on_smallest=recall_on_smallest(y_new, seen, y),
            class_6=(seen[y_new == 6] == 6).mean(),
        )
        confusions[name] = confusion_matrix(y_new, seen, normalize="true")
        fitted[name] = sampler
    return confusions, fitted


def training_sets(X, y, sampler, options, seed):
    """The imbalanced set, and over-sampled ones."""
    yield "imbalanced", X, y
    present = dict(enumerate(np.bincount(y).tolist()))
    for n in options.fill:
        lacks = {c: max(n - count, 0) for c, count in present.items()}
        X_new, y_new = sampler.sample(lacks, random_state=seed)
        yield f"SCDL-GAN to {n}", np.concatenate([X, X_new]), np.concatenate([y, y_new])
    n = options.fill[0]
    wanted = {c: max(n, count) for c, count in present.items()}
    arguments = {"sampling_strategy": wanted, "random_state": seed}
    smote = SMOTE(k_neighbors=min(5, min(present.values()) - 1), **arguments)
    for name, rival in (("duplicates", RandomOverSampler(**arguments)), ("SMOTE", smote)):
        # floats, since SMOTE's differences of bytes would wrap around
        X_new, y_new = rival.fit_resample(X.reshape(len(X), -1).astype(float), y)
        yield f"{name} to {n}", X_new.round().astype(X.dtype).reshape(-1, *X.shape[1:]), y_new


def small_cnn(X, y, X_test, y_test, sampler, scores, options, seed):
    """Test scores and learning curves of the small CNN by what it was trained on."""
    curves = {}
    for name, X_train, y_train in training_sets(X, y, sampler, options, seed):
        watch = {"test": thin(X_test, y_test, [100] * 10, 0)}
        cnn = CNN(simple_cnn, max_iter=options.cnn_iter, watch=watch, random_state=seed)
        found = cnn.fit(X_train, y_train).predict(X_test)
        scores.add(
            training_set=name,
            seed=seed,
            accuracy=accuracy_score(y_test, found),
            macro_f=f1_score(y_test, found, average="macro"),
            recall_on_smallest=recall_on_smallest(y_test, found, y),
        )
        curves[name] = [(point["update"], point["accuracy"]) for point in cnn.curve_]
    return curves


def all_codes(X, y, X_test, options, seed):
    """Codes of test images by the three autoencoders: plain, Wasserstein, supervised."""
    rng, found = torch.Generator().manual_seed(seed), {}
    weight = SCDLSampler().mmd_weight
    kinds = (("BAGAN", 0, 0), ("WAE-GAN", weight, 0), ("SCDL-GAN", weight, 1))
    for name, mmd, supervision in kinds:

        def loss(x, y, encoder, decoder, head, mmd=mmd, supervision=supervision):
            z = encoder(x)
            apart = nn.functional.cross_entropy(head(z), y)
            prior = torch.randn(z.shape, generator=rng)
            return mse_loss(decoder(z), x) + mmd * mmd_imq(prior, z) + supervision * apart

        def head():
            return nn.Linear(LATENT_DIM, int(y.max()) + 1)

        found[name], _ = codes(X, y, X_test, loss, head, options.max_iter, seed)
    return found


def discriminator_features(fitted, X):
    """Features of images in the discriminators of the report: {name: (n, n_features)}."""
    return {
        name: in_batches(fitted[name].run_.discriminator.trunk, tensor(X)).numpy()
        for name in ("BAGAN", "WAE-GAN", "SCDL-GAN")
    }


def planes(Z, y, options, name):
    """One plane by t-SNE for each of Z, {title: (n, d) codes}."""
    figure, axes = plt.subplots(1, len(Z), figsize=(13, 4.6), layout="constrained")
    for ax, (title, z) in zip(axes, Z.items(), strict=True):
        plane(ax, z, y)
        ax.set_title(title)
    save(figure, options, name)


def figures(confusions, curves, fitted, X, y, options):
    """Confusion matrices and learning curves; real images and those of every sampler."""
    figure, axes = plt.subplots(1, len(confusions), figsize=(13, 3.7), layout="constrained")
    style = {"colorbar": False, "include_values": False, "im_kw": {"vmin": 0, "vmax": 1}}
    for ax, (name, matrix) in zip(axes, confusions.items(), strict=True):
        ConfusionMatrixDisplay(matrix).plot(ax=ax, cmap="Blues", **style)
        ax.set(title=name, xlabel="predicted class", ylabel="generated class")
    save(figure, options, "scdl-confusions")
    figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for name, curve in curves.items():
        ax.plot(*np.transpose(curve), label=name)
    ax.set(xlabel="updates", ylabel="accuracy on 1,000 test images")
    ax.legend()
    save(figure, options, "scdl-curves")
    made = {name: sampler.sample(5, random_state=1) for name, sampler in fitted.items()}
    generated_figure({"real": thin(X, y, [5] * 10, 0)} | made, options, "scdl-images")
    plt.close("all")


def main(arguments=None):
    def add(parser):
        parser.add_argument("--profile", type=int, nargs=10, default=PROFILE)
        parser.add_argument("--fill", type=int, nargs="+", default=[4500, 6000, 10000])
        parser.add_argument(
            "--evaluated", type=int, default=1000, help="generated images of a class"
        )
        parser.add_argument("--cnn-iter", type=int, default=10000, help="updates of the small CNN")

    quick = {"side": 16, "max_iter": 200, "evaluator_iter": 1000, "cnn_iter": 150}
    options = options_of(__doc__.splitlines()[0], arguments, add, **quick)
    X_all, y_all, X_test, y_test = data = load(options.fashion, options.side)
    evaluator = EvaluationClassifier(data, options)
    names = "scdl-evaluated", "scdl-trained", "scdl-codes"
    evaluated, trained, separated = (Scores(options, name) for name in names)
    X_few, y_few = thin(X_test, y_test, [100] * 10, 0)
    for seed in options.seeds:
        X, y = thin(X_all, y_all, options.profile, seed)
        confusions, fitted = evaluate_samplers(evaluator, X, y, evaluated, options, seed)
        places = {
            "codes": all_codes(X, y, X_few, options, seed),
            "discriminators": discriminator_features(fitted, X_few),
        }
        for place, Z in places.items():
            for name, z in Z.items():
                accuracy = cross_val_score(KNeighborsClassifier(), z, y_few, cv=3).mean()
                separated.add(place=place, sampler=name, seed=seed, accuracy=accuracy)
            if seed == options.seeds[0]:
                planes(Z, y_few, options, f"scdl-{place}")
        curves = small_cnn(X, y, X_test, y_test, fitted["SCDL-GAN"], trained, options, seed)
        if seed == options.seeds[0]:
            figures(confusions, curves, fitted, X_few, y_few, options)

    mean = show("Generated, evaluated", evaluated.read(), ["sampler"], [*FOUR, "class_6"])[FOUR]
    gain = {rival: mean.loc["SCDL-GAN"] / mean.loc[rival] - 1 for rival in mean.index}
    print("\n## Improvement gain of SCDL-GAN over", *FOUR)
    for rival, gains in gain.items():
        print(rival, gains.to_numpy().round(3))
    what = ["accuracy", "macro_f", "recall_on_smallest"]
    show("Small CNN", trained.read(), ["training_set"], what)
    show("Five neighbours", separated.read(), ["place", "sampler"], ["accuracy"])


if __name__ == "__main__":
    main()
