"""The exact posterior over the shape of a landscape, and what a learner that acts on it pays."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity import LandscapeShape, Objective, Quadratic, shape_posterior, step_policy
from plasticity.errors import InputError
from tests.error_bounds import z

NOISE, DT, N = 0.4, 0.25, 3
GROUPS = {"diagonal": [[0], [1], [2]], "block": [[0, 2], [1]], "full": [[0, 1, 2]]}


def belief(structure, **more):
    blocks = GROUPS["block"] if structure == "block" else None
    return LandscapeShape(structure, [1.0, 2.0, 0.5], 0.7, 3.0, NOISE, [0.1, -0.2, 0.3], blocks, **more)


def looks(n_looks=40, seed=0):
    random = np.random.default_rng(seed)
    theta, matrix = random.standard_normal((n_looks, N)), random.standard_normal((N, N))
    gradient = theta @ (matrix + matrix.T) + [1.0, -2.0, 0.5]
    return theta, gradient + NOISE / np.sqrt(DT) * random.standard_normal((n_looks, N))


def batch(group, theta, gradient, ages=None):
    """Prior and data as one least-squares problem, entry by entry: mean and covariance of (H on and above, c)."""
    pairs = [(i, j) for a, i in enumerate(group) for j in group[a:]]
    prior = [([1.0, 2.0, 0.5][i] if i == j else 0.0, 0.7) for i, j in pairs]
    prior += [([0.1, -0.2, 0.3][i], 3.0) for i in group]
    rows, right = [np.eye(len(prior))[k] / np.sqrt(v) for k, (_, v) in enumerate(prior)], []
    right += [m / np.sqrt(v) for m, v in prior]
    for t, (x, g) in enumerate(zip(theta, gradient, strict=True)):
        weight = np.sqrt(DT) / NOISE * (1.0 if ages is None else ages[t])
        for row in group:
            features = [(x[j] if i == row else 0.0) + (x[i] if j == row and i != j else 0.0) for i, j in pairs]
            rows.append(weight * np.array([*features, *(float(i == row) for i in group)]))
            right.append(weight * g[row])
    design = np.array(rows)
    return np.linalg.lstsq(design, np.array(right), rcond=None)[0], np.linalg.inv(design.T @ design)


@pytest.mark.parametrize("structure", GROUPS)
def test_the_recursion_is_the_regression_of_all_looks_at_once(structure):
    theta, gradient = looks()
    posterior = shape_posterior(belief(structure), N)
    for x, g in zip(theta, gradient, strict=True):
        posterior = posterior.observe(x, g, DT)
    for k, group in enumerate(GROUPS[structure]):
        mean, covariance = batch(group, theta, gradient)
        assert_allclose(posterior.mean[k], mean, rtol=1e-12, atol=1e-12)
        assert_allclose(posterior.covariance[k], covariance, rtol=1e-12, atol=1e-12 * covariance.max())
    far = [5.0, -7.0, 2.0]
    assert_allclose(posterior.gradient(far), posterior.hessian @ far + posterior.intercept, rtol=1e-13)
    outside = np.ones((N, N), dtype=bool)
    for group in GROUPS[structure]:
        outside[np.ix_(group, group)] = False
    assert not posterior.hessian[outside].any()


def test_evidence_fades():
    """A look that is t old counts e^{−t/τ}; the prior stays."""
    theta, gradient = looks(10)
    posterior = shape_posterior(belief("full", time_constant=0.8), N)
    for x, g in zip(theta, gradient, strict=True):
        posterior = posterior.observe(x, g, DT)
    mean, _ = batch(GROUPS["full"][0], theta, gradient, np.exp(-0.5 * DT / 0.8 * np.arange(9, -1, -1)))
    assert_allclose(posterior.mean[0], mean, rtol=1e-11, atol=1e-12)


def test_many_learners_at_once_are_each_alone():
    theta, gradient = looks(12)
    many = shape_posterior(belief("full"), N).observe(theta[:6], gradient[:6], DT).observe(theta[6:], gradient[6:], DT)
    one = shape_posterior(belief("full"), N).observe(theta[4], gradient[4], DT).observe(theta[10], gradient[10], DT)
    objective = Objective(0.3, 1.2, 0.8, metric=1.5)
    assert_allclose(many.jump(objective, theta[6:], DT)[4], one.jump(objective, theta[10], DT), rtol=1e-10)


def test_the_mean_square_of_the_curvature_is_that_of_samples():
    """E H² by 200,000 draws of the entries; 5 standard errors of 9 numbers."""
    theta, gradient = looks(3)
    posterior = shape_posterior(belief("full"), N)
    for x, g in zip(theta, gradient, strict=True):
        posterior = posterior.observe(x, g, DT)
    draws = np.random.default_rng(1).multivariate_normal(posterior.mean[0], posterior.covariance[0], 200_000)[:, :6]
    h = np.zeros((len(draws), N, N))
    rows, columns = np.triu_indices(N)
    h[:, rows, columns] = h[:, columns, rows] = draws
    squares = h @ h
    error = squares.std(axis=0) / np.sqrt(len(draws))
    assert np.all(np.abs(squares.mean(axis=0) - posterior.squared_hessian) < 5.5 * error)


def test_when_the_shape_is_known_the_jump_is_optimal():
    """After many precise looks: the jump of the discrete Riccati equation."""
    random = np.random.default_rng(3)
    root = random.standard_normal((N, N))
    loss = Quadratic(root @ root.T, [0.3, -1.0, 2.0])
    theta = random.standard_normal((200, N))
    posterior = shape_posterior(LandscapeShape("full", 1.0, 1e4, 1e4, 1e-5), N)
    for x in theta:
        posterior = posterior.observe(x, loss.gradient(x), DT)
    for objective in (Objective(0.0, 1.2, 0.8), Objective(0.5, 1.2, 0.8, metric=2.0)):
        exact = step_policy(objective, loss, DT).jump(theta[0])
        assert_allclose(posterior.jump(objective, theta[0], DT), exact, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LandscapeShape("banded"), "structure must be"),
        (lambda: LandscapeShape("block"), "blocks go with"),
        (lambda: LandscapeShape("full", blocks=[[0]]), "blocks go with"),
        (lambda: LandscapeShape(observation_noise=0.0), "observation_noise"),
        (lambda: LandscapeShape(curvature_variance=-1.0), "curvature_variance"),
        (lambda: shape_posterior(LandscapeShape("block", blocks=[[0], [0]]), 2), "blocks must hold"),
        (lambda: shape_posterior(LandscapeShape(intercept=[0.0, 1.0]), 3), "intercept must be"),
        (lambda: shape_posterior(LandscapeShape(), 1).observe([0.0], [0.0], 0.0), "dt"),
        (lambda: shape_posterior(LandscapeShape(), 1).jump(Objective(sp.oo), [0.0], 1.0), "discount"),
        (lambda: shape_posterior(LandscapeShape(), 1).jump(Objective(1.0, drift=-1.0), [0.0], 1.0), "drift"),
    ],
)
def test_wrong_beliefs_are_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_on_random_problems_it_pays_less_than_every_rate_of_gradient_descent():
    """500 losses ½h(θ − μ)², the same noise for all: paired differences beyond 4.9 standard errors."""
    random, dt, discount, noise = np.random.default_rng(0), 0.1, 0.1, 0.5
    h, mu = np.exp(random.standard_normal(500)), 2 * random.standard_normal(500)
    seen_noise = noise * random.standard_normal((400, 500))
    prior = LandscapeShape(  # the moments of h and −hμ
        curvature=np.exp(0.5),
        curvature_variance=np.exp(2) - np.exp(1),
        intercept_variance=4 * np.exp(2),
        observation_noise=noise * np.sqrt(dt),
    )

    def paid(learner):
        theta, cost = np.zeros(500), np.zeros(500)
        for look in range(400):
            jump = learner(theta, h * (theta - mu) + seen_noise[look])
            cost += np.exp(-discount * look * dt) * dt * 0.5 * (h * (theta - mu) ** 2 + (jump / dt) ** 2)
            theta = theta + jump
        return cost

    posterior = shape_posterior(prior, 1)

    def exact(theta, gradient):
        nonlocal posterior
        posterior = posterior.observe(theta[:, None], gradient[:, None], dt)
        return posterior.jump(Objective(discount), theta[:, None], dt)[:, 0]

    cost = paid(exact)
    for rate in (0.1, 0.3, 0.4, 0.5, 0.6):
        more = paid(lambda theta, gradient, rate=rate: -rate * dt * gradient) - cost
        assert more.mean() > z(degrees=499) * more.std(ddof=1) / np.sqrt(500)
