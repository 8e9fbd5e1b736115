"""The family of learners moves as `plasticity.solve` does, and its likelihood is that of the dense Gaussian law."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import linalg

from analysis.inference.experiment import Experiment
from analysis.inference.identify import coordinates_of
from analysis.inference.kalman import transition
from analysis.inference.learner import make_family
from analysis.inference.make import recorded_paths
from analysis.inference.problem import make_problem, recorded
from plasticity import Objective, solve
from plasticity.landscapes import Quadratic
from tests.oracles.linear_gaussian import filter_log_likelihood, joint_log_likelihood

COUPLED = np.array([[3.0, 1.0], [1.0, 0.5]])
METRICS = {
    "isotropic": 2.0 * np.eye(2),
    "diagonal": np.diag([0.5, 3.0]),
    "full": np.array([[2.0, 0.7], [0.7, 1.0]]),
}


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("decay", "hazard"), [(0, 0), (0.3, 0), (0, 0.4), (0.3, 0.4)])
def test_motion_is_that_of_the_engine(metric, decay, hazard):
    known = {"drift": decay, "hazard": hazard}
    family = make_family(2, ("discount", "metric"), known, metric, "none", None, [0.2, 0.1])
    value = METRICS[metric] if metric == "full" else np.diag(METRICS[metric])[: 1 if metric == "isotropic" else 2]
    u = coordinates_of(family, {"discount": 0.7, "metric": value})
    loss = Quadratic(COUPLED, [1.0, -0.5])
    policy = solve(Objective(0.7, metric=METRICS[metric], drift=-decay, hazard=hazard, prior_mean=[0.2, 0.1]), loss)
    closed, offset = family.motion(u[None], [loss])
    assert_allclose(closed[0, 0], policy.closed_loop, atol=1e-12)
    assert_allclose(offset[0, 0], policy.velocity([0.0, 0.0]), atol=1e-12)


def test_motion_with_few_controls_is_that_of_the_engine():
    control = np.array([[1.0, 0.2], [0.5, -1.0], [0.3, 0.4]])
    family = make_family(3, ("discount", "metric"), {"drift": 0.3}, "diagonal", "none", control, 0.0)
    u = coordinates_of(family, {"discount": 0.7, "metric": [2.0, 0.5]})
    loss = Quadratic(np.diag([1.0, 2.0, 3.0]) + 0.3, [1.0, -0.5, 0.3])
    policy = solve(Objective(0.7, metric=[2.0, 0.5], drift=-0.3, control=control), loss)
    closed, offset = family.motion(u[None], [loss])
    assert_allclose(closed[0, 0], policy.closed_loop, atol=1e-12)
    assert_allclose(offset[0, 0], policy.velocity([0.0, 0.0, 0.0]), atol=1e-12)


TURNING = np.array([[-0.2, 1.5], [-1.0, 0.1]])


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_motion_with_any_drift_is_that_of_the_engine(decay):
    family = make_family(2, ("discount", "metric", "drift_matrix"), {"drift": decay}, "full", "none", None, 0.0)
    u = coordinates_of(family, {"discount": 0.7, "metric": METRICS["full"], "drift_matrix": TURNING})
    tasks = [Quadratic(COUPLED, [1.0, -0.5]), Quadratic(0.0, [1.0, -0.5])]
    closed, offset = family.motion(u[None], tasks)
    objective = Objective(0.7, metric=METRICS["full"], drift=TURNING - decay * np.eye(2))
    for i, loss in enumerate(tasks):
        policy = solve(objective, loss)
        assert_allclose(closed[0, i], policy.closed_loop, atol=1e-11)
        assert_allclose(offset[0, i], policy.velocity([0.0, 0.0]), atol=1e-11)


def test_a_drift_that_is_a_decay_moves_as_that_decay():
    as_matrix = make_family(
        2, ("discount",), {"drift_matrix": -0.3 * np.eye(2), "metric": 2.0}, "full", "none", None, 0
    )
    as_rate = make_family(2, ("discount",), {"drift": 0.3, "metric": 2.0}, "full", "none", None, 0)
    u, loss = np.log([[0.7], [1e-3], [30.0]]), Quadratic(COUPLED, [1.0, -0.5])
    for first, second in zip(as_matrix.motion(u, [loss]), as_rate.motion(u, [loss]), strict=True):
        assert_allclose(first, second, atol=1e-11)


def test_motion_with_controls_in_unknown_directions_is_that_of_the_engine():
    control = np.array([[0.1, 0.8], [-0.5, 1.0], [0.3, -0.4]])
    family = make_family(3, ("discount", "metric"), {}, "full", "none", None, 0.0, rank=2)
    u = coordinates_of(family, {"discount": 0.7, "metric": control})
    loss = Quadratic(np.diag([1.0, 2.0, 3.0]) + 0.3, [1.0, -0.5, 0.3])
    root = family.root(u[None])[0]
    assert_allclose(root @ root.T, control @ control.T, atol=1e-12)
    policy = solve(Objective(0.7, control=control), loss)
    assert_allclose(family.motion(u[None], [loss])[0][0, 0], policy.closed_loop, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_transition_is_the_matrix_exponential(scale):
    a = scale * np.array([[-2.0, -3.0], [3.0, -1.0]])
    d = np.array([[1.0, 0.3], [0.3, 0.5]])
    c = np.array([0.4, -1.0])
    f, shift, q = transition(a, c, d, 0.7)
    assert_allclose(f, linalg.expm(0.7 * a), atol=1e-13)
    stationary = linalg.solve_continuous_lyapunov(a, -d)
    assert_allclose(q, stationary - f @ stationary @ f.T, atol=1e-12 * (1 + np.abs(stationary).max()))
    assert_allclose(shift, np.linalg.solve(a, (f - np.eye(2)) @ c), atol=1e-12)


@pytest.mark.parametrize("independent", [joint_log_likelihood, filter_log_likelihood])
def test_likelihood_is_that_of_independent_programs(independent):
    times = np.array([0.0, 0.1, 0.2, 0.5, 0.6, 1.4])  # uneven
    landscapes = [Quadratic(COUPLED, [1.0, -0.5]), Quadratic([1.0, 2.0], [0.0, 0.3]), Quadratic(COUPLED, [1.0, -0.5])]
    experiment = Experiment(landscapes, np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 0.3]]), times)
    family = make_family(2, ("discount", "metric"), {"drift": 0.2}, "diagonal", "metric", None, 0.0)
    u = coordinates_of(family, {"discount": 0.7, "metric": [0.5, 2.0], "process_strength": 0.3})
    paths = recorded_paths(family, u, experiment, np.random.default_rng(0))
    problem = make_problem(family, recorded(experiment, paths), None)
    tasks, index = experiment.tasks
    closed, offset = family.motion(u[None], tasks)
    noise = family.scalar("measurement_noise", u[None])[0]
    expected = sum(
        independent(closed[0, t], offset[0, t], family.diffusion(u[None])[0], noise, times, paths[index == t])
        for t in range(len(tasks))
    )
    assert_allclose(problem.log_likelihood(u[None])[0], expected, rtol=1e-9)


def test_fisher_information_is_the_variance_of_the_score():
    """E[s sᵀ] over 1,000 sets of paths; χ² of each diagonal entry, s nearly Gaussian (4 trials × 6 records)."""
    from analysis.inference.fisher import fisher
    from tests.error_bounds import variance_error

    experiment = Experiment(Quadratic([0.5, 3.0], [0.0, 0.0]), np.ones((4, 2)), np.linspace(0, 2, 7))
    family = make_family(2, ("discount", "metric"), {}, "isotropic", "metric", None, 0.0)
    u = coordinates_of(family, {"discount": 0.7})
    d, n_sets, rng = u.size, 1000, np.random.default_rng(3)
    points = np.concatenate([u + 1e-4 * np.eye(d), u - 1e-4 * np.eye(d)])
    scores = []
    for _ in range(n_sets):
        paths = _given_first(family, u, experiment, rng)
        log = make_problem(family, recorded(experiment, paths), None).log_likelihood(points)
        scores.append((log[:d] - log[d:]) / 2e-4)
    information = fisher(family, u, experiment)
    ratio = np.var(scores, axis=0) / np.diag(information)
    assert np.all(np.abs(ratio - 1) < 2 * variance_error(n_sets, d))


def _given_first(family, u, experiment, rng):
    """Paths whose first record is the start: the true start scatters about it by the measurement noise."""
    noise = family.scalar("measurement_noise", u[None])[0]
    hidden = experiment.starts + noise * rng.standard_normal(experiment.starts.shape)
    moved = Experiment(experiment.landscapes, hidden, experiment.times)
    paths = recorded_paths(family, u, moved, rng)
    paths[:, 0] = experiment.starts
    return paths
