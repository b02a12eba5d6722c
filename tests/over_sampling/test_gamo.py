"""GAMO's rows are convex combinations of the real rows of their class."""

import numpy as np
import torch
from scipy.optimize import linprog
from sklearn.datasets import make_classification

from skgan_resample import GAMOSampler


def distance_to_hull(point, corners):
    """Least L1 distance of a point from the convex hull of some corners, by linear programming."""
    n, d = corners.shape
    costs = np.r_[np.zeros(n), np.ones(2 * d)]
    equal = np.block([[corners.T, np.eye(d), -np.eye(d)], [np.ones((1, n)), np.zeros((1, 2 * d))]])
    return linprog(costs, A_eq=equal, b_eq=np.r_[point, 1.0]).fun


def fitted():
    X, y = make_classification(120, 4, n_redundant=0, weights=[0.8], random_state=0)
    return GAMOSampler(max_iter=30, random_state=0).fit(X, y), X, y


def test_rows_lie_in_the_hull_of_their_class():
    sampler, X, y = fitted()
    made, labels = sampler.sample(15)
    assert max(distance_to_hull(row, X[y == c]) for row, c in zip(made, labels, strict=True)) < 1e-4
    # the other class's hull does not hold them all: the measure can fail
    assert max(distance_to_hull(row, X[y != c]) for row, c in zip(made, labels, strict=True)) > 0.1


def test_weights_are_positive_and_sum_to_one():
    sampler, _, y = fitted()
    generator = sampler.generator_
    labels = torch.ones(9, dtype=torch.long)
    z = torch.randn((9, sampler.latent_dim_), generator=torch.Generator().manual_seed(0))
    seen = []
    for module in generator.modules():
        if type(module).__name__ == "ConvexCombination":
            features = generator.trunk(z, labels)
            seen.append(module.weights(features))
    assert [weights.shape[1] for weights in seen] == np.bincount(y).tolist()
    for weights in seen:
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.sum(1), torch.ones(9))
