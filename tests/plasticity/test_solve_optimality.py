"""The solved policy is optimal: nothing that an independent minimisation of J finds is better."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.sparse.linalg import spsolve

from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.solve import solve


def random_problem(n, n_controls, discount, seed, drift=True):
    rng = np.random.default_rng(seed)

    def positive(size):
        root = rng.standard_normal((size, size))
        return root @ root.T / size + 0.2 * np.eye(size)

    objective = Objective(
        discount,
        plasticity=rng.uniform(0.5, 2),
        loss_weight=rng.uniform(0.5, 2),
        metric=positive(n_controls),
        drift=rng.standard_normal((n, n)) / np.sqrt(n) - 0.3 * np.eye(n) if drift else None,
        control=rng.standard_normal((n, n_controls)),
    )
    return objective, Quadratic(positive(n), rng.standard_normal(n)), rng.standard_normal(n)


def mesh(window, n_intervals, growth=6.0):
    """Times that are dense at the start: smooth in the index, so that errors are even in 1/n_intervals."""
    return window * np.expm1(growth * np.linspace(0, 1, n_intervals + 1)) / np.expm1(growth)


def transcribed_minimum(objective, landscape, start, times):
    """Least J over states and piecewise constant controls, by one sparse linear solve (implicit midpoint)."""
    n, m = objective.control.shape
    steps, number = np.diff(times), len(times) - 1
    middle = np.exp(-objective.discount * (times[1:] + times[:-1]) / 2) * steps
    drift = np.zeros((n, n)) if objective.drift is None else objective.drift
    # θ of all nodes but the first, from shifts of the node index; u of all intervals
    ones = sparse.eye_array(number)
    late, early = ones, sparse.eye_array(number, k=-1)
    first = np.zeros(number)
    first[0] = 1.0
    mean = sparse.kron(0.5 * (late + early), np.eye(n))
    mean_0 = np.kron(first, 0.5 * start)
    weights = sparse.diags_array(middle)
    cost_theta = mean.T @ sparse.kron(weights, objective.loss_weight * landscape.hessian_matrix) @ mean
    target = mean_0 - np.tile(landscape.optimum, number)
    slope = mean.T @ (sparse.kron(weights, objective.loss_weight * landscape.hessian_matrix) @ target)
    cost_u = sparse.kron(weights, objective.metric / objective.plasticity)
    move = sparse.kron(late - early, np.eye(n)) - sparse.kron(sparse.diags_array(steps), drift) @ mean
    push = -sparse.kron(sparse.diags_array(steps), objective.control)
    constant = np.kron(first, start) + sparse.kron(sparse.diags_array(steps), drift) @ mean_0
    constraint = sparse.hstack([move, push])
    kkt = sparse.block_array([[sparse.block_diag([cost_theta, cost_u]), constraint.T], [constraint, None]])
    solution = spsolve(kkt.tocsc(), np.concatenate([-slope, np.zeros(number * m), constant]))
    theta, u = solution[: number * n], solution[number * n : number * (n + m)]
    away = (mean @ theta + target).reshape(number, n)
    u = u.reshape(number, m)
    loss = 0.5 * objective.loss_weight * np.einsum("ti,ij,tj->t", away, landscape.hessian_matrix, away)
    effort = np.einsum("ti,ij,tj->t", u, objective.metric, u) / (2 * objective.plasticity)
    return float(middle @ (loss + effort))


def extrapolated_minimum(objective, landscape, start, window):
    """Three meshes; the errors are even powers of the step."""
    a, b, c = (transcribed_minimum(objective, landscape, start, mesh(window, number)) for number in (150, 300, 600))
    ab, bc = b + (b - a) / 3, c + (c - b) / 3
    return bc + (bc - ab) / 15


def path_action(policy, start, window):
    """J of the policy's path from the path alone: positions, and the controls that its velocities take."""
    objective, landscape = policy.objective, policy.landscape
    nodes, weights = np.polynomial.legendre.leggauss(4)
    edges = mesh(window, 120)
    half = np.diff(edges)[:, None] / 2
    times = ((edges[1:] + edges[:-1])[:, None] / 2 + half * nodes).ravel()
    theta = policy.trajectory(start, times).theta.values
    free = 0.0 if objective.drift is None else theta @ objective.drift.T
    u = np.linalg.lstsq(objective.control, (policy.velocity(theta) - free).T)[0].T
    effort = np.einsum("ti,ij,tj->t", u, objective.metric, u) / (2 * objective.plasticity)
    running = effort + objective.loss_weight * landscape.loss(theta)
    return float(((half * weights).ravel() * np.exp(-objective.discount * times)) @ running)


def forgotten_after(policy):
    """Time after which what is left to pay is below 1e-9 of what was paid."""
    discount = policy.objective.discount
    transient = discount + 2 * policy.rates.min()
    lasting = discount if policy.objective.drift is not None else np.inf
    return 22 / min(transient, lasting)


SWEEP = [(n, discount, True) for n, discount in zip(range(1, 9), (0.05, 20, 0.3, 5, 0.1, 1, 12, 0.05), strict=True)]
SWEEP += [(n, discount, False) for n, discount in ((1, 0), (2, 0), (3, 20), (5, 0), (6, 2), (8, 0))]


@pytest.mark.parametrize(("n", "discount", "drift"), SWEEP)
def test_action_is_the_minimum_found_by_direct_transcription(n, discount, drift):
    n_controls = n if not drift else (n + 1) // 2
    objective, landscape, start = random_problem(n, n_controls, discount, seed=n, drift=drift)
    policy = solve(objective, landscape)
    window = forgotten_after(policy)
    least = extrapolated_minimum(objective, landscape, start, window)
    action = path_action(policy, start, window)
    assert_allclose(action, least, rtol=1e-6)
    assert_allclose(policy.value(start), action, rtol=1e-7)


@pytest.mark.parametrize(("n", "discount"), [(1, 0.05), (3, 1.0), (6, 5.0)])
def test_perturbed_policies_are_worse(n, discount):
    objective, landscape, start = random_problem(n, (n + 1) // 2, discount, seed=n)
    policy = solve(objective, landscape)
    window = 1.5 * forgotten_after(policy)
    best = path_action(policy, start, window)
    rng = np.random.default_rng(0)
    for _ in range(4):
        gain = 0.1 * np.linalg.norm(policy.gain) * rng.standard_normal(policy.gain.shape) / policy.gain.size
        push = 0.1 * rng.standard_normal(policy.gain.shape[0])
        other = replace(
            policy,
            closed_loop=policy.closed_loop + objective.control @ gain,
            offset=policy.offset + objective.control @ push,
        )
        assert path_action(other, start, window) > best * (1 + 1e-6)


def test_six_parameters_three_controls():
    objective, landscape, start = random_problem(6, 3, 0.7, seed=42)
    policy = solve(objective, landscape)
    least = extrapolated_minimum(objective, landscape, start, forgotten_after(policy))
    assert_allclose(policy.value(start), least, rtol=1e-7)
