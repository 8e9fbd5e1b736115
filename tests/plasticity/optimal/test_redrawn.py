"""Tasks that are redrawn with their curvature: fixed points, the value against an independent evaluation of any law."""

import numpy as np
import pytest

from plasticity import Objective, Quadratic, solve
from plasticity.belief import TaskPrior
from plasticity.errors import InputError
from plasticity.optimal.redrawn import future_tasks, present_task
from tests.error_bounds import z

GAMMA, HAZARD = 0.1, 0.5
OBJECTIVE = Objective(GAMMA, hazard=HAZARD, prior_mean=0.0)


def action(rates, weights, curvatures, gamma=GAMMA, hazard=HAZARD):
    """J from θ = 0 of the law u = −R_i(θ − W_i μ), μ ~ N(0, 1), by linear equations for V_i = a θ² + b θμ + c μ² + d.

    (γ + λ)V_i = ½u² + ½h(θ − μ)² + u ∂V_i/∂θ + λ E V over tasks and optima.
    """
    n = len(curvatures)
    system, right = np.zeros((4 * n, 4 * n)), np.zeros(4 * n)
    for i, (r, w, h) in enumerate(zip(rates, weights, curvatures, strict=True)):
        a, b, c, d = range(4 * i, 4 * i + 4)
        for row in (a, b, c, d):
            system[row, row] += gamma + hazard
        system[a, a] += 2 * r  # u·2aθ
        system[b, a] -= 2 * r * w
        system[b, b] += r
        system[c, b] -= r * w
        right[a] = 0.5 * r**2 + 0.5 * h
        right[b] = -(r**2) * w - h
        right[c] = 0.5 * r**2 * w**2 + 0.5 * h
        for j in range(n):  # E over the next task: a θ² + c·1 + d
            system[a, 4 * j] -= hazard / n
            system[d, 4 * j + 2] -= hazard / n
            system[d, 4 * j + 3] -= hazard / n
    solution = np.linalg.solve(system, right)
    return np.mean(solution[2::4] + solution[3::4])


@pytest.mark.parametrize(
    ("curvatures", "mean_value", "rates", "weights"),
    [
        ([0.05, 5.0], 1.352356, (0.60343, 2.10129), (0.06885, 0.88087)),
        ([0.0, 1.0], 0.602509, (0.3255, 0.87951), (0.0, 0.76849)),
    ],
)
def test_published_fixed_points_and_the_best_of_all_linear_laws(curvatures, mean_value, rates, weights):
    """P̄, R and W to their printed digits; the value equals the action of that law, and any other number costs more."""
    future = future_tasks(OBJECTIVE, TaskPrior(0.0, 1.0, curvatures))
    assert future.quadratic[0, 0] == pytest.approx(mean_value, abs=6e-7)
    policies = [present_task(OBJECTIVE, Quadratic([h], [1.0]), future, HAZARD) for h in curvatures]
    reached = np.array([p.rates[0] for p in policies]), np.array([p.landscape.optimum[0] for p in policies])
    np.testing.assert_allclose(reached[0], rates, atol=6e-6)
    np.testing.assert_allclose(reached[1], weights, atol=6e-6)
    least = action(*reached, curvatures)
    assert future.value(np.zeros(1)) == pytest.approx(least, rel=1e-11)
    for which in (0, 1):
        for i in range(len(curvatures)):
            for step in (-0.01, 0.01):
                other = [r.copy() for r in reached]
                other[which][i] += step
                assert action(*other, curvatures) > least


def law_of_one_curvature(curvatures):
    """Rates and weights of the soft reset of tasks that share their curvature, from `solve`."""
    objective = Objective(GAMMA, hazard=HAZARD, prior_mean=0.0)
    policies = [solve(objective, Quadratic([h], [1.0])) for h in curvatures]
    rates = np.array([p.rates[0] for p in policies])
    pulls = np.array([p.velocity(np.zeros(1))[0] for p in policies])  # R W, of the optimum 1
    return rates, pulls / np.where(rates > 0, rates, 1.0)


def episodes(rates, weights, curvatures, n=4000, n_tasks=60):
    """Action (n,) of episodes from θ = 0, exact between switches."""
    rng, theta, paid, clock = np.random.default_rng(0), np.zeros(n), np.zeros(n), np.zeros(n)
    for _ in range(n_tasks):
        i, optimum, lasting = (
            rng.integers(0, len(curvatures), n),
            rng.standard_normal(n),
            rng.exponential(1 / HAZARD, n),
        )
        h, r, aim = np.array(curvatures)[i], rates[i], weights[i] * optimum
        away, miss = theta - aim, aim - optimum
        weight = [-np.expm1(-q * lasting) / q for q in (GAMMA + 2 * r, GAMMA + r, GAMMA)]
        costs = 0.5 * (r**2 + h) * away**2, h * away * miss, 0.5 * h * miss**2
        paid += np.exp(-GAMMA * clock) * sum(c * w for c, w in zip(costs, weight, strict=True))
        theta, clock = aim + away * np.exp(-r * lasting), clock + lasting
    return paid


@pytest.mark.parametrize(
    ("curvatures", "exact", "published", "shared", "none"),
    [
        ([0.05, 5.0], 4.05546, 4.0243, 0.030, 0.114),
        ([0.0, 1.0], 1.35791, 1.3493, 0.044, 0.178),
        ([1.0], 2.92219, None, 0.0, 0.161),
    ],
)
def test_what_the_reset_is_worth(curvatures, exact, published, shared, none):
    """J from θ = μ_0, exact, and by 40,000 episodes; the reset that is best for one curvature, or none, costs more.

    One curvature without a reset: 16.1 % more over episodes without end, 11.6 % where the twelfth task is the last.
    """
    future = future_tasks(OBJECTIVE, TaskPrior(0.0, 1.0, curvatures))
    policies = [present_task(OBJECTIVE, Quadratic([h], [1.0]), future, HAZARD) for h in curvatures]
    law = np.array([p.rates[0] for p in policies]), np.array([p.landscape.optimum[0] for p in policies])
    best, paid = action(*law, curvatures), episodes(*law, curvatures)
    assert best == pytest.approx(exact, abs=6e-6)
    assert paid.mean() == pytest.approx(best, abs=z() * paid.std() / np.sqrt(paid.size))
    if published is not None:
        assert best == pytest.approx(published, abs=z() * paid.std() / np.sqrt(40_000))
    rates, weights = law_of_one_curvature(curvatures)
    assert action(rates, weights, curvatures) / best - 1 == pytest.approx(shared, abs=1e-3)
    assert action(rates, np.ones_like(rates), curvatures) / best - 1 == pytest.approx(none, abs=1.5e-3)


def test_one_curvature_gives_the_proportional_reset():
    """Then P̄ = P and the law is that of a hazard with a prior mean, coupled and with drift, too."""
    hessian, mean = np.array([[3.0, 1.0], [1.0, 0.5]]), np.array([0.3, -0.2])
    objective = Objective(GAMMA, metric=[[2.0, 0.3], [0.3, 1.0]], hazard=HAZARD, prior_mean=mean)
    future = future_tasks(objective, TaskPrior(mean, 1.0, [hessian]))
    assert future_tasks(OBJECTIVE, TaskPrior(0.0, 1.0, [1.0])).quadratic[0, 0] == pytest.approx(0.951249, abs=6e-7)
    task = Quadratic(hessian, np.array([1.0, 2.0]))
    law, known = present_task(objective, task, future, HAZARD), solve(objective, task)
    for theta in ([0.0, 0.0], [1.0, -1.0]):
        np.testing.assert_allclose(law.velocity(theta), known.velocity(theta), rtol=1e-9)


def test_the_value_obeys_its_hjb_equation_under_drift():
    """(γ + λ)V = kL + ∇V·Aθ − ½∇VᵀS∇V + λV̄ at random points, with V̄ the mean of V over tasks, one by one."""
    rng = np.random.default_rng(3)
    hessians = [np.diag([0.2, 3.0]), np.array([[2.0, 0.9], [0.9, 0.7]])]
    drift, mean = np.array([[-0.3, -0.5], [0.5, -0.1]]), np.array([0.7, -0.4])
    objective = Objective(0.4, plasticity=1.3, loss_weight=0.8, drift=drift, hazard=0.6, prior_mean=mean)
    future = future_tasks(objective, TaskPrior(mean, 0.0, hessians))
    for _ in range(3):
        theta, later = rng.standard_normal(2), 0.0
        for hessian in hessians:
            law = present_task(objective, Quadratic(hessian, mean), future, 0.6)
            slope = law.value_matrix @ (theta - law.landscape.optimum) + law.value_linear
            now = 0.4 * (theta - mean) @ hessian @ (theta - mean) + slope @ drift @ theta - 0.65 * slope @ slope
            later += 0.5 * (now + 0.6 * future.value(theta)) / (0.4 + 0.6)
        assert later == pytest.approx(future.value(theta), rel=1e-9)


def test_solve_takes_a_task_prior_and_gives_the_whole_value():
    """V of a task obeys (γ + λ)V = kL + ∇V·θ̇ + ½|θ̇|² + λV̄ at any point, constants included."""
    prior = TaskPrior(0.0, 1.0, [0.05, 5.0])
    objective, task = Objective(GAMMA, hazard=HAZARD, task_prior=prior), Quadratic([5.0], [1.0])
    law, future = solve(objective, task), future_tasks(objective, prior)
    for theta in (np.array([0.3]), np.array([-2.0])):
        slope, velocity = -law.velocity(theta), law.velocity(theta)
        running = task.loss(theta) + 0.5 * velocity @ velocity + slope @ velocity
        assert law.value(theta) * (GAMMA + HAZARD) == pytest.approx(running + HAZARD * future.value(theta), rel=1e-10)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"prior_mean": 0.0}, "prior_mean and task_prior"),
        ({"hazard": 0.0}, "needs a hazard"),
        ({"task_prior": 1.0}, "must be a TaskPrior"),
    ],
)
def test_contradictory_objectives_are_refused(fields, message):
    fine = {"hazard": HAZARD, "task_prior": TaskPrior(0.0, 1.0, [1.0])}
    with pytest.raises(InputError, match=message):
        Objective(GAMMA, **fine | fields)


def test_bad_priors_are_named():
    with pytest.raises(InputError, match="weights must be 2 probabilities"):
        TaskPrior(0.0, 1.0, [1.0, 2.0], weights=[0.5, 0.6])
    with pytest.raises(InputError, match="at least one curvature"):
        TaskPrior(0.0, 1.0, [])


def test_a_covariance_of_tasks_is_one():
    with pytest.raises(InputError, match="covariance must be a covariance"):
        TaskPrior(0.0, -1.0, hessians=[[[1.0]]])
