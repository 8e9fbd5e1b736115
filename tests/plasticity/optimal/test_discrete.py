"""Optimal jumps: the golden section, never diverging, the continuous limit, and a brute-force minimum of J."""

import numpy as np
import pytest
from scipy import linalg, optimize

from plasticity import Objective, Quadratic, solve
from plasticity.errors import InputError
from plasticity.optimal.discrete import step_policy


@pytest.mark.parametrize(("curvature", "factor"), [(1.0, 0.381966), (3.9, 0.175), (4.1, 0.169), (25.0, 0.037088)])
def test_factor_of_a_long_horizon(curvature, factor):
    """1/(1 + P) with P² = c(1 + P): an Euler step of the continuous law has the factors 0, −0.97, −1.02, −4."""
    factor_reached = step_policy(Objective(0), Quadratic([curvature], [0.0]), 1.0).factors[0].real
    assert factor_reached == pytest.approx(factor, abs=1e-3 if curvature in (3.9, 4.1) else 5e-7)
    p = 0.5 * (curvature + np.sqrt(curvature**2 + 4 * curvature))
    assert factor_reached == pytest.approx(1 / (1 + p), rel=1e-12)


@pytest.mark.parametrize("step", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("discount", [0.0, 0.3, 50.0])
def test_it_never_diverges_or_overshoots(step, discount):
    hessian = np.array([[3.0, 1.0, 0], [1.0, 0.5, 0], [0, 0, 1e-3]])
    factors = step_policy(Objective(discount), Quadratic(hessian, np.zeros(3)), step).factors
    assert np.abs(factors.imag).max() == 0
    assert factors.real.min() >= 0
    assert factors.real.max() < 1


def minimum(objective, hessian, optimum, drift, start, step, n=60):
    """J of the best jumps by one linear least-squares problem over all of them (n looks, then the tail is small)."""
    gamma = objective.discount
    length = -np.expm1(-gamma * step) / gamma
    moved, size = linalg.expm(drift * step), len(start)
    states = [np.zeros((size, n * size))]
    free = [np.array(start, dtype=float)]
    rows, right = [], []
    effort = linalg.cholesky(np.asarray(objective.metric)).copy()
    seen = linalg.cholesky(hessian)
    for k in range(n):
        choose = np.zeros((size, n * size))
        choose[:, k * size : (k + 1) * size] = np.eye(size)
        states.append(moved @ states[-1] + choose)
        free.append(moved @ free[-1])
        root = np.sqrt(np.exp(-gamma * k * step) * length)
        rows += [root / step * effort @ choose, root * seen @ states[-1]]
        right += [np.zeros(size), root * seen @ (optimum - free[-1])]
    return np.linalg.lstsq(np.vstack(rows), np.concatenate(right), rcond=None)[0][:size]


def test_the_first_jump_is_that_of_the_best_sequence_of_jumps():
    """Coupled loss, metric, rotation and decay, an optimum off zero: brute force over 60 looks (β^60 = 1e-13)."""
    hessian, metric = np.array([[3.0, 1.0], [1.0, 0.8]]), np.array([[2.0, 0.4], [0.4, 1.0]])
    drift, optimum, start = np.array([[-0.2, -0.7], [0.7, -0.1]]), np.array([1.0, -2.0]), np.array([0.3, 0.4])
    objective = Objective(1.0, metric=metric, drift=drift)
    policy = step_policy(objective, Quadratic(hessian, optimum), 0.5)
    expected = minimum(objective, hessian, optimum, drift, start, 0.5)
    np.testing.assert_allclose(policy.jump(start), expected, rtol=1e-8)


def test_short_steps_are_the_continuous_law():
    """The generator (M − 1)/Δt tends to A_cl with first order in Δt."""
    hessian, drift = np.array([[3.0, 1.0], [1.0, 0.8]]), np.array([[-0.2, -0.7], [0.7, -0.1]])
    objective, bowl = Objective(0.6, drift=drift), Quadratic(hessian, np.array([1.0, -2.0]))
    exact = solve(objective, bowl)
    errors = []
    for step in (1e-3, 5e-4):
        policy = step_policy(objective, bowl, step)
        errors.append(np.abs((policy.transition - np.eye(2)) / step - exact.closed_loop).max())
        assert np.abs(policy.jump([0.0, 0.0]) / step - exact.control([0.0, 0.0])).max() < 20 * step
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.05)


def test_one_per_cent_more_or_less_costs_more():
    """One weight: J(f) of the factor f has its minimum at the law, by a search without it."""
    objective, h, step = Objective(0.4), 2.0, 0.7
    remaining = np.exp(-0.4 * step)

    def cost(factor):  # jump (f − 1)x, then loss at f·x, in units of Δt'
        return ((1 - factor) ** 2 / step**2 + h * factor**2) / (1 - remaining * factor**2)

    best = optimize.minimize_scalar(cost, bounds=(0, 1), method="bounded", options={"xatol": 1e-12}).x
    factor_reached = step_policy(objective, Quadratic([h], [0.0]), step).factors[0].real
    assert factor_reached == pytest.approx(best, rel=1e-6)


def test_what_has_no_optimum_is_refused():
    with pytest.raises(InputError, match="concave"):
        step_policy(Objective(0.1), Quadratic([-1.0], [0.0]), 1.0)
    with pytest.raises(InputError, match="step"):
        step_policy(Objective(0.1), Quadratic([1.0], [0.0]), 0.0)


def test_a_hazard_is_refused():
    with pytest.raises(InputError, match="hazard"):
        step_policy(Objective(0.5, hazard=1.0, prior_mean=0.0), Quadratic([1.0], [0.0]), 1.0)
