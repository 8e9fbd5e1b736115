"""Natural gradient: the path does not depend on the units in which a weight is measured."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.fisher import fisher_matrix
from plasticity.landscapes import Quadratic
from plasticity.rules.natural_gradient import natural_gradient


@pytest.mark.parametrize("scale", [0.1, 7.0])
def test_units_do_not_matter(scale):
    here = simulate(natural_gradient(metric=1.3), Quadratic(2.0, [0.4]), [1.0], 50, 0.01)
    there = simulate(
        natural_gradient(metric=1.3 / scale**2), Quadratic(2.0 / scale**2, [0.4 * scale]), [scale], 50, 0.01
    )
    assert_allclose(there.theta.values / scale, here.theta.values, rtol=1e-12)


def test_with_the_fisher_matrix_the_likelihood_is_climbed_at_one_rate_in_every_direction():
    """For a Gaussian model with unit noise the Fisher matrix is the Hessian: all modes relax at the learning rate."""
    features = np.random.default_rng(0).normal(size=(50, 3)) * [1.0, 5.0, 0.2]
    hessian = features.T @ features / 50
    metric = np.diag(fisher_matrix(features))  # scores are features × unit noise
    rule = natural_gradient(learning_rate=0.5, metric=2.0).with_parameters(metric=metric)
    ds = simulate(rule, Quadratic(np.diag(hessian), np.zeros(3)), np.ones(3), 100, 0.01)
    assert_allclose(ds.theta.values[0, -1], 0.995**100, rtol=1e-12)
