"""Products of the Gauss–Newton matrix, and learners on a network that is small enough for matrices."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from plasticity import MatrixFree, Objective, Quadratic, solve, step_policy
from scenarios import large_network
from scenarios.support.digit_images import Part
from scenarios.support.perceptron import Perceptron

QUICK = replace(large_network.Parameters(), **large_network.SMOKE)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    network = Perceptron((3, 4, 3))
    part = Part(rng.uniform(size=(20, 3)), rng.integers(0, 3, 20))
    return network, network.on(part), network.start(rng)


def outputs(network, loss, theta):
    """Input currents of the last layer (images, classes), from its softmax up to a constant per image."""
    hidden, last = network.layers(theta)
    return np.tanh(loss.images @ hidden[0] + hidden[1]) @ last[0] + last[1]


def gauss_newton(network, loss, theta):
    """JᵀH_out J with J by central differences."""
    step = 1e-6 * np.eye(network.n)
    jacobian = np.array([outputs(network, loss, theta + s) - outputs(network, loss, theta - s) for s in step]) / 2e-6
    p = np.exp(outputs(network, loss, theta))
    p /= p.sum(-1, keepdims=True)
    curvature = np.einsum("ic,cd->icd", p, np.eye(3)) - np.einsum("ic,id->icd", p, p)
    return np.einsum("aic,icd,bid->ab", jacobian, curvature, jacobian) / len(p)


def test_products_are_those_of_the_gauss_newton_matrix(problem):
    """Central differences: an error of 1e-16/1e-6 by rounding and (1e-6)² by truncation."""
    network, loss, theta = problem
    products = np.array([loss.product(theta, v) for v in np.eye(network.n)])
    np.testing.assert_allclose(products, gauss_newton(network, loss, theta), atol=1e-8)


def test_products_are_the_hessian_where_the_labels_are_certain_of_nothing(problem):
    """For a network without hidden layer the Hessian is the Gauss–Newton matrix."""
    _, loss, _ = problem
    network = Perceptron((3, 3))
    flat = network.on(Part(loss.images, loss.labels))
    theta = network.start(np.random.default_rng(1))
    slopes = [(flat.gradient(theta + s) - flat.gradient(theta - s)) / 2e-6 for s in 1e-6 * np.eye(network.n)]
    np.testing.assert_allclose([flat.product(theta, v) for v in np.eye(network.n)], slopes, atol=1e-8)


def test_kronecker_blocks_are_those_of_the_gauss_newton_matrix(problem):
    """Exact for a single image; the root of the damping is added to both factors."""
    network, loss, theta = problem
    alone = network.on(Part(loss.images[:1], loss.labels[:1]))
    products = np.array([alone.kronecker(theta, 1e-12).product(theta, v) for v in np.eye(network.n)])
    first = (3 + 1) * 4  # weights and biases of the first layer
    exact = gauss_newton(network, alone, theta)
    exact[:first, first:] = exact[first:, :first] = 0
    np.testing.assert_allclose(products, exact, atol=1e-5)
    assert np.abs(exact).max() > 0.05


def test_natural_gradient_is_the_solution_with_the_kronecker_metric(problem):
    network, loss, theta = problem
    metric = loss.kronecker(theta, 1e-2)
    free = MatrixFree(network.n, lambda at: float(loss.loss(at)), loss.gradient, loss.product)
    velocity = solve(Objective(sp.oo, metric=metric), free).velocity(theta)
    matrix = np.array([metric.product(theta, v) for v in np.eye(network.n)])
    np.testing.assert_allclose(velocity, -np.linalg.solve(matrix, loss.gradient(theta)), rtol=1e-9)


@pytest.mark.parametrize("discount", [0.5, 10.0])
def test_a_step_is_the_jump_of_the_discrete_riccati_equation(problem, discount):
    network, loss, theta = problem
    rate, budget = 0.7, 61
    path = large_network.all_learners(replace(QUICK, discounts=(discount,), n_products=30))[0]
    moved = path.run(loss, theta, rate, budget).theta
    first = moved[np.flatnonzero(np.any(moved != theta, axis=1))[0]]
    matrix = gauss_newton(network, loss, theta)
    bowl = Quadratic(0.5 * (matrix + matrix.T), np.zeros(network.n))
    gain = step_policy(Objective(discount, plasticity=rate**2), bowl, 1.0).gain
    # the jump is −K H⁺ g, and along directions without curvature the one of a linear loss, ηk g/(1 − e^{−γ})
    values, vectors = np.linalg.eigh(bowl.hessian_matrix)
    gains = np.einsum("ij,jk,ki->i", vectors.T, gain, vectors)
    curved = values > 1e-7 * values.max()
    flat = rate**2 / -np.expm1(-discount)
    factors = np.where(curved, np.divide(gains, values, where=curved, out=np.zeros_like(values)), flat)
    expected = theta - vectors @ (factors * (vectors.T @ loss.gradient(theta)))
    assert np.linalg.norm(first - expected) < 0.02 * np.linalg.norm(expected - theta)


def test_curves():
    result = large_network.simulate(QUICK, seed=1, device=None)
    assert np.all(np.diff(result.train_loss.sel(rule="lbfgs")) <= 0)
    assert np.ptp(result.train_loss.isel(evaluation=0).values, axis=1).max() == 0  # all from one start
    assert np.all(result.n_products.sel(rule="discount_1") <= QUICK.n_products)
    assert np.all(result.effective_discount.sel(rule="discount_1") >= 1.0)
    assert np.all(result.train_loss.isel(evaluation=-1) < result.train_loss.isel(evaluation=0))
