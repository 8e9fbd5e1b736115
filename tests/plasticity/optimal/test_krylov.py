"""Velocities from products with vectors against the dense Riccati solution, on random spectra and metrics."""

import numpy as np
import pytest
import sympy as sp

from plasticity import MatrixFree, Objective, Quadratic, simulate, solve, step_policy
from plasticity.errors import InputError
from plasticity.metrics import Blocks, Kronecker, Products
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.multi_step import multi_step


def random_hessian(eigenvalues, seed):
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(eigenvalues),) * 2))
    return (rotation * eigenvalues) @ rotation.T


def twins(hessian, seed=0):
    """The same bowl as a matrix and by products, and a point."""
    bowl = Quadratic(0.5 * (hessian + hessian.T), np.zeros(len(hessian)))
    matrix = bowl.hessian_matrix
    free = MatrixFree(len(matrix), bowl.loss, bowl.gradient, lambda theta, v: matrix @ v)
    return bowl, free, np.random.default_rng(seed + 1).standard_normal(len(matrix))


def distance(a, b, metric=None):
    metric = np.eye(len(a)) if metric is None else metric
    return np.sqrt((a - b) @ metric @ (a - b) / (b @ metric @ b))


@pytest.mark.parametrize("discount", [0.0, 0.5, 50.0])
def test_twenty_products_at_condition_thirty(discount):
    """f is analytic away from h < −γ²/4ηk: with κ = 30 the error falls as ((√κ − 1)/(√κ + 1))^2m < 1e-6 at m = 20."""
    bowl, free, theta = twins(random_hessian(np.linspace(1, 30, 200), 1))
    objective = Objective(discount, plasticity=1.3, loss_weight=0.7)
    motion = solve(objective, free, n_products=20, tolerance=1e-12).motion(theta)
    exact = solve(objective, bowl).velocity(theta)
    assert motion.n_products <= 20
    if motion.discount > discount:  # the tolerance was out of reach
        exact = solve(Objective(motion.discount, plasticity=1.3, loss_weight=0.7), bowl).velocity(theta)
    assert distance(motion.velocity, exact) < 2e-6


def metrics(n_in, n_out, seed):
    """Metrics of n_in·n_out + 4 parameters, each with its matrix."""
    rng = np.random.default_rng(seed)
    left, right = (np.cov(rng.standard_normal((n, 3 * n))) + 0.3 * np.eye(n) for n in (n_in, n_out))
    diagonal = rng.uniform(0.5, 2, 4)
    whole = np.zeros((n_in * n_out + 4,) * 2)
    whole[:-4, :-4], whole[-4:, -4:] = np.kron(left, right), np.diag(diagonal)
    blocks = Blocks([Kronecker(left, right), diagonal])
    root = rng.standard_normal(whole.shape) / np.sqrt(len(whole))
    products = Products(lambda theta, v: root @ (root.T @ v), damping=0.7, tolerance=1e-12)
    return [(blocks, whole), (products, root @ root.T + 0.7 * np.eye(len(whole))), (np.diag(whole).copy(), None)]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["Kronecker blocks", "products", "diagonal"])
@pytest.mark.parametrize("discount", [0.3, sp.oo])
def test_metrics(which, discount):
    metric, matrix = metrics(6, 5, 3)[which]
    matrix = np.diag(metric) if matrix is None else matrix
    bowl, free, theta = twins(random_hessian(np.geomspace(0.1, 3, 34), 2))
    motion = solve(Objective(discount, metric=metric), free, n_products=34, tolerance=1e-10).motion(theta)
    if discount == sp.oo:
        exact = -np.linalg.solve(matrix, bowl.gradient(theta))
        assert motion.n_products == 0
    else:
        exact = solve(Objective(discount, metric=matrix), bowl).velocity(theta)
    assert distance(motion.velocity, exact, matrix) < 1e-8


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("discount", [0.0, 1e-4, 1e-2, 1.0])
def test_the_effective_discount_is_one_whose_policy_it_is(power, discount):
    """Power-law spectra over up to six decades: the velocity is that of the stated discount, within ten tolerances."""
    spectrum = np.arange(1, 301.0) ** -power / (1 if power < 2 else 10)
    bowl, free, theta = twins(random_hessian(spectrum, 4))
    motion = solve(Objective(discount), free).motion(theta)
    assert motion.error <= 0.01
    assert motion.discount >= discount
    assert motion.n_products <= 25
    values, vectors = np.linalg.eigh(bowl.hessian_matrix)
    rates = 1 / (motion.discount / 2 + np.sqrt(motion.discount**2 / 4 + values))  # of the multi-step rule, by mode
    assert distance(motion.velocity, -vectors @ (rates * (vectors.T @ bowl.gradient(theta)))) < 0.1


def test_a_shorter_horizon_is_stated():
    hessian = random_hessian(np.geomspace(1e-6, 1, 300), 5)
    _, free, theta = twins(hessian)
    theta = np.linalg.solve(hessian, theta)  # a gradient that is as large along flat directions
    policy = solve(Objective(0), free)
    with pytest.warns(UserWarning, match="25 products do not resolve the discount 0"):
        policy.velocity(theta)
    run = policy.trajectory(theta, n_steps=3, dt=0.1)
    assert np.all(run.effective_discount > 0)


def test_negative_curvature_counts_as_zero():
    bowl, free, theta = twins(np.diag([2.0, -1.0, 0.5]))
    velocity = solve(Objective(0.4), free).velocity(theta)
    gradient = bowl.gradient(theta)
    rates = 1 / (0.2 + np.sqrt(0.04 + np.array([2.0, 0.0, 0.5])))
    np.testing.assert_allclose(velocity, -rates * gradient, rtol=1e-10)


def test_a_stationary_point_stays():
    _, free, theta = twins(np.eye(4))
    assert np.all(solve(Objective(0.4), free).velocity(0 * theta) == 0)


def test_paths_converge_to_the_exact_one_at_first_order():
    bowl, free, theta = twins(random_hessian([0.5, 1.0, 3.0], 7))
    objective = Objective(0.5)
    exact = solve(objective, bowl).path(theta, [0.0, 1.0])[-1]
    policy = solve(objective, free, tolerance=1e-12)
    errors = [np.linalg.norm(policy.trajectory(theta, n, 1 / n).theta.values[-1] - exact) for n in (50, 100)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"drift": -0.1}, "drift must be left out"),
        ({"hazard": 1.0, "prior_mean": 0.0}, "hazard must be left out"),
        ({"metric": np.eye(3)}, "metric must be a number, a diagonal"),
        ({"metric": [1.0, 2.0]}, "metric has 2 parameters, the landscape 3"),
        ({"metric": Kronecker(np.eye(2), np.eye(2))}, "metric has 4 parameters, the landscape 3"),
        ({"metric": Products(lambda theta, v: 1e9 * v * np.arange(3), 1e-6, n_products=1)}, "n_products: 1 products"),
    ],
)
def test_refused(arguments, message):
    _, free, theta = twins(np.eye(3))
    with pytest.raises(InputError, match=message):
        solve(Objective(0.5, **arguments), free).motion(theta)


@pytest.mark.parametrize("discount", [0.0, 0.3, 20.0])
@pytest.mark.parametrize("step", [0.1, 3.0])
def test_jumps_are_those_of_the_discrete_riccati_equation(discount, step):
    bowl, free, theta = twins(random_hessian(np.linspace(0.5, 20, 30), 8))
    objective = Objective(discount, plasticity=1.3)
    motion = solve(objective, free, n_products=30, tolerance=1e-10, step=step).motion(theta)
    exact = step_policy(objective, bowl, step).jump(theta)
    assert distance(step * motion.velocity, exact) < 1e-8


def test_rules_descend_by_the_gradient_alone_and_others_are_named_the_policy():
    """Gradient descent on ½Σhθ²: (1 − αh)ⁿθ."""
    curvatures = np.array([1.0, 2.0, 3.0])
    _, free, theta = twins(np.diag(curvatures))
    path = simulate(gradient_descent(0.3), free, theta, 7, 0.1).theta.values[0]
    np.testing.assert_allclose(path[-1], (1 - 0.3 * 0.1 * curvatures) ** 7 * theta, rtol=1e-12)
    with pytest.raises(InputError, match=r"; solve\(objective, landscape\).trajectory takes products"):
        simulate(multi_step(), free, theta, 7, 0.1)


def test_options_of_products_are_refused_elsewhere():
    with pytest.raises(InputError, match="n_products is for a MatrixFree"):
        solve(Objective(0.5), Quadratic([1.0], [0.0]), n_products=20)
    with pytest.raises(InputError, match="metric must be an array here"):
        solve(Objective(0.5, metric=Kronecker([[1.0]], [[1.0]])), Quadratic([1.0], [0.0]))


@pytest.mark.parametrize(
    ("name", "function", "message"),
    [
        ("gradient_function", lambda theta: theta[:1], r"gradient_function must return shape \(2,\)"),
        ("gradient_function", lambda theta: theta * np.nan, "gradient_function must be finite"),
        ("product_function", lambda theta, v: v[:1], r"product_function must have shape \(2,\)"),
        ("product_function", lambda theta, v: v * np.inf, "product_function must be finite"),
        ("product_function", lambda theta, v: 0 * v, "discount must be > 0 here"),
    ],
)
def test_functions_that_answer_wrongly_are_named(name, function, message):
    functions = {"loss_function": np.sum, "gradient_function": np.copy, "product_function": lambda theta, v: v}
    with pytest.raises(InputError, match=message):
        solve(Objective(0), MatrixFree(2, **functions | {name: function})).motion([1.0, 2.0])
