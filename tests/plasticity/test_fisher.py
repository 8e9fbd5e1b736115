"""Fisher information: closed forms of textbook densities, and samples that converge to them."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity.errors import InputError
from plasticity.fisher import density_mean, fisher_information, fisher_matrix, gaussian_mean
from plasticity.objective import Objective
from tests.error_bounds import z

X, M = sp.symbols("x m", real=True)
S = sp.Symbol("S", positive=True)
GAUSS = -((X - M) ** 2) / (2 * S) - sp.log(2 * sp.pi * S) / 2


def test_of_a_gaussian():
    expected = sp.diag(1 / S, 1 / (2 * S**2))
    assert fisher_information(GAUSS, [M, S], gaussian_mean(X, M, S)) == expected


def test_integration_agrees_with_moments():
    assert fisher_information(GAUSS, [M], density_mean(GAUSS, X)) == sp.Matrix([[1 / S]])


def test_it_is_the_mean_curvature_of_the_log_density():
    k, scale = sp.symbols("k scale", positive=True)
    x = sp.Symbol("x", positive=True)
    log_density = sp.log(scale) + sp.log(k) * 0 - scale * x
    mean = density_mean(log_density, x, (0, sp.oo))
    assert sp.simplify(fisher_information(log_density, [scale], mean)[0] + mean(sp.diff(log_density, scale, 2))) == 0


@pytest.mark.parametrize("order", range(7))
def test_moments_of_a_gaussian(order):
    """Central moments (n − 1)!! Sⁿᐟ² for even n, else 0."""
    computed = gaussian_mean(X, M, S)((X - M) ** order)
    assert sp.expand(computed - (sp.factorial2(order - 1) * S ** (order // 2) if order % 2 == 0 else 0)) == 0


def test_samples_converge_to_the_closed_form():
    """Scores of N(m, S = 2) by (m, S): (x − m)/S and ((x − m)² − S)/2S². The largest entry has the variance 1/2."""
    n = 200_000
    x = np.random.default_rng(0).normal(0.0, np.sqrt(2.0), n)
    computed = fisher_matrix(np.stack([x / 2, (x**2 - 2) / 8], axis=1))
    assert_allclose(computed, [[0.5, 0.0], [0.0, 0.125]], atol=z(3) * np.sqrt(0.5 / n))


def test_a_function_of_theta_gives_a_metric_of_theta():
    metric = fisher_matrix(lambda theta: np.array([[theta[0], 1.0]]), damping=0.5)
    assert_allclose(metric(np.array([3.0])), [[9.5, 3.0], [3.0, 1.5]])
    assert Objective(1.0, metric=metric).metric is metric


def test_damping_makes_few_samples_usable():
    score = np.array([[1.0, 2.0, 3.0]])
    with pytest.raises(InputError, match="positive definite"):
        Objective(1.0, metric=fisher_matrix(score))
    assert Objective(1.0, metric=fisher_matrix(score, damping=1e-3)).metric.shape == (3, 3)


@pytest.mark.parametrize(
    ("score", "named"),
    [([1.0, 2.0], "shape"), (np.empty((0, 2)), "shape"), ([["a"]], "score must be"), ([[np.nan]], "finite")],
)
def test_bad_scores_are_named(score, named):
    with pytest.raises(InputError, match=named):
        fisher_matrix(score)
