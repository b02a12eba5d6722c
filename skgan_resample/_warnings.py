"""What a fit warns of: classes of one sample, mode collapse, near-copies of training samples."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .metrics import nearest_neighbour_ratio, spread_ratio

FEWEST = 6  # samples that SMOTE needs with its five neighbours: fewer are not compared
FEWEST_UPDATES = 100  # a shorter training is a trial, of which nobody expects good samples
LOOKED_AT = 20_000  # training samples of a class, at the most
_ENOUGH = 2000  # training samples for a median of distances between pairs
_COLLAPSED, _COPIED = 0.2, 0.5  # docs/results/fit-warnings.md
_NAMED = 5


def warn_of_single_samples(name, labels):
    """Warn, once, of classes of one sample: the sampler's name, and their labels."""
    if len(labels):
        warnings.warn(
            f"Got 1 sample of {_classes([str(label) for label in labels])}, which cannot show how "
            f"the class varies: {name} makes near-copies of it, or adds the variation of other "
            'classes ("Small classes" in the guide). Collect more samples, or leave the class out '
            "of sampling_strategy.",
            UserWarning,
            stacklevel=2,
        )


def warn_of_poor_samples(name, classes):
    """Warn, once each, of mode collapse and of near-copies.

    Parameters
    ----------
    name : str
        Name of the sampler.
    classes : iterable of tuple
        Of each class its label, its number of training samples, those that are looked at, of
        shape (n, d), and generated samples, of shape (m, d), all encoded.
    """
    collapsed, copied = {}, {}
    for label, n_samples, real, synthetic in classes:
        if not np.isfinite(synthetic).all():
            continue  # an error of its own, where samples are asked for
        some = real[:: max(len(real) // _ENOUGH, 1)][:_ENOUGH]
        spread, (ratio, share) = (
            spread_ratio(some, synthetic),
            nearest_neighbour_ratio(real, synthetic),
        )
        if spread < _COLLAPSED:
            collapsed[f"{label!s} ({n_samples} samples)"] = spread
        elif share > _COPIED and ratio >= 0:  # NaN if most training samples are copies themselves
            copied[f"{label!s} ({n_samples} samples)"] = share
    if collapsed:
        names, spreads = sorted(collapsed, key=collapsed.__getitem__), sorted(collapsed.values())
        warnings.warn(
            f"Mode collapse of {name} in {_classes(names)}: the median distance between generated "
            f"samples is {_range(spreads, '.2f')} of that between training samples. Try more "
            "updates, another learning_rate or another sampler; RowMixSampler trains no network.",
            ConvergenceWarning,
            stacklevel=2,
        )
    if copied:
        names, shares = sorted(copied, key=copied.__getitem__)[::-1], sorted(copied.values())
        warnings.warn(
            f"Near-copies of training samples by {name} in {_classes(names)}: "
            f"{_range(shares, '.0%')} of the generated samples are ten times as near to a training "
            "sample as other training samples are. They add little to duplicates, and reveal the "
            "data that they copy. Try fewer updates or another sampler.",
            UserWarning,
            stacklevel=2,
        )


def _range(values, form):
    """One number, or the least and the largest of several."""
    ends = dict.fromkeys(format(value, form) for value in (values[0], values[-1]))
    return " to ".join(ends)


def _classes(found):
    """Name the first of some classes."""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"class{'es' * (len(found) > 1)} {', '.join(found[:_NAMED])}{more}"
