"""Soft reset: the target that stops short of the present optimum, against every neighbour, on common random tasks.

The objective is a discounted action from a fixed start. So the estimator is: many independent episodes, each with its
own start and tasks drawn from the prior (the same for all laws), and per episode the difference of the discounted
actions of two laws. A long single run, averaged over time, would estimate another objective, that of no discount.
"""

from itertools import pairwise

import numpy as np
import pytest
from oracles.episodes import Episodes, discounted_actions, draw_episodes, soft_target
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from plasticity import Objective, solve
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from tests.error_bounds import variance_error, z

PRIOR_MEAN = np.array([0.5, -1.0])
HESSIAN = np.array([[2.0, 0.4], [0.4, 0.3]])
OBJECTIVE = Objective(0.3, 1.2, 0.8, metric=[1.0, 2.0], hazard=0.5, prior_mean=PRIOR_MEAN)
EPISODES = draw_episodes(0.5, PRIOR_MEAN, [[1.0, 0.3], [0.3, 2.0]], n_episodes=2000, n_tasks=25, seed=1)
BEST = soft_target(OBJECTIVE, HESSIAN)


def actions(target, **reset):
    return discounted_actions(OBJECTIVE, HESSIAN, EPISODES, target, **reset)


def excess(worse, better):
    """Mean of the paired differences in units of its standard error."""
    difference = worse - better
    return difference.mean() / (difference.std(ddof=1) / np.sqrt(difference.size))


def test_target_is_the_theory_of_soft_reset():
    """θ* = [(γ + R)μ + λμ_0]/(γ + R + λ); γ=.3, η=1.2, k=.8, h=2, λ=.5: weight 0.7553500, R = 1.2437360."""
    objective = Objective(0.3, 1.2, 0.8, hazard=0.5, prior_mean=[0.0])
    assert soft_target(objective, [[2.0]])(np.array([1.0]))[0] == pytest.approx(0.7553500, abs=5e-8)
    assert solve(objective, Quadratic(2.0, [0.0])).rates[0] == pytest.approx(1.2437360, abs=5e-8)
    rate = -solve(OBJECTIVE, Quadratic(HESSIAN, [0.0, 0.0])).closed_loop
    optimum, one = np.array([2.0, 3.0]), np.eye(2)
    expected = np.linalg.solve(0.8 * one + rate, (0.3 * one + rate) @ optimum + 0.5 * PRIOR_MEAN)
    np.testing.assert_allclose(BEST(optimum), expected, rtol=1e-10)


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_target_beats_targets_nearer_to_and_farther_from_the_prior_mean(factor):
    """30 % of the distance from the prior mean costs over 8 standard errors (20 or more are expected)."""
    other = actions(lambda optimum: PRIOR_MEAN + factor * (BEST(optimum) - PRIOR_MEAN))
    assert excess(other, actions(BEST)) > 8


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_target_beats_weaker_and_stronger_resets(factor):
    """30 % of the distance from the present optimum (a much smaller change): over 4 standard errors (9 ± 1)."""
    other = actions(lambda optimum: optimum + factor * (BEST(optimum) - optimum))
    assert excess(other, actions(BEST)) > 4


def test_target_beats_no_reset():
    assert excess(actions(lambda optimum: optimum), actions(BEST)) > 8


@pytest.mark.parametrize("duration", [0.01, 0.1, 0.5, 2.0])
@pytest.mark.parametrize("then", [BEST, lambda optimum: optimum])
def test_target_beats_a_move_to_the_prior_mean_at_each_switch(duration, then):
    """A jump costs |Δ|²/(2ηd) for its duration d, so more the harder it is; slow ones lose time (tasks last 2 s)."""
    assert excess(actions(then, reset_to=PRIOR_MEAN, reset_duration=duration), actions(BEST)) > 8


def best_of(strengths, cost):
    """Least cost along a line of strengths, by golden section."""
    return minimize_scalar(cost, bounds=strengths, method="bounded", options={"xatol": 1e-3}).fun


@pytest.mark.parametrize(
    ("decades", "none", "l2_init", "shrink", "hard"),
    [
        (0, 1.116, 0.998, 0.998, 4.2),
        (1, 1.104, 1.006, 1.003, 3.8),
        (2, 1.077, 1.013, 1.009, 3.0),
        (4, 1.033, 1.012, 1.009, 1.9),
        (6, 1.013, 1.007, 1.005, 2.2),
    ],
)
def test_a_reset_by_curvature_gains_little_over_one_tuned_number(decades, none, l2_init, shrink, hard):
    """Action over that of the derived target, 8 directions, 400 episodes whose twelfth task is the last.

    One number is tuned on the episodes themselves: the penalty a of W = h/(h + a), or W. Below 1 is their chance.
    """
    curvatures = np.logspace(-decades / 2, decades / 2, 8)
    objective, hessian = Objective(0.1, hazard=0.5, prior_mean=np.zeros(8)), np.diag(curvatures)
    drawn = draw_episodes(0.5, np.zeros(8), 1.0, n_episodes=400, n_tasks=12, seed=1)

    def action(weights, **reset):
        return discounted_actions(objective, hessian, drawn, lambda optimum: weights * optimum, **reset).mean()

    best = discounted_actions(objective, hessian, drawn, soft_target(objective, hessian)).mean()
    shrunk = [action(w) for w in (0.0, 0.5, 1.0)]  # the action is quadratic in the target
    slope, bend = 4 * shrunk[1] - 3 * shrunk[0] - shrunk[2], 2 * (shrunk[0] - 2 * shrunk[1] + shrunk[2])
    penalised = best_of((-3.0, 2.0), lambda log_a: action(curvatures / (curvatures + np.exp(log_a))))
    ratios = [shrunk[2], penalised, shrunk[0] - slope**2 / (4 * bend)]
    np.testing.assert_allclose(np.array(ratios) / best, [none, l2_init, shrink], atol=6e-4)
    assert action(1.0, reset_to=np.zeros(8)) / best == pytest.approx(hard, abs=0.06)


@pytest.mark.parametrize("discount", [0.3, 1e6, 1e-9])
def test_the_soft_reset_is_a_penalty_of_its_own_in_each_direction(discount):
    """h/(h + a) = W with a = λR/ηk; one factor γ/(γ + λ) at a short horizon, a = λ sqrt(h/ηk) at a long one."""
    curvatures, eta, k, hazard = np.array([0.01, 0.3, 1.0, 40.0]), 1.2, 0.8, 0.5 * max(discount, 1.0)
    objective = Objective(discount, eta, k, hazard=hazard, prior_mean=np.zeros(4))
    weights = np.array([soft_target(objective, np.diag(curvatures))(one)[i] for i, one in enumerate(np.eye(4))])
    rates = np.diag(-solve(objective, Quadratic(np.diag(curvatures), np.zeros(4))).closed_loop)
    np.testing.assert_allclose(curvatures / (curvatures + hazard * rates / (eta * k)), weights, rtol=1e-8)
    if discount > 1:
        np.testing.assert_allclose(weights, discount / (discount + hazard), rtol=1e-4)
    elif discount < 0.1:
        penalty = hazard * np.sqrt(curvatures / (eta * k))
        np.testing.assert_allclose(weights, curvatures / (curvatures + penalty), rtol=1e-6)
    pull = hazard * rates / (discount + rates + hazard)
    assert (np.diff(pull) > 0).all()  # stiff directions are pulled most per unit of time, flat ones are reset most
    assert (np.diff(weights) > 0).all() or discount > 1


def test_small_changes_of_the_target_cost_in_second_order():
    """The mean action over changes of ∓ε, ±ε is a parabola whose minimum is at 0.

    The action is exactly quadratic in the target, so its vertex follows from three points in every episode.
    """
    size = 0.3
    low, here, high = (actions(lambda m, e=e: BEST(m) + e * (BEST(m) - m)) for e in (-size, 0.0, size))
    slope, bend = (high - low) / (2 * size), (high - 2 * here + low) / size**2
    vertex = -slope.mean() / bend.mean()
    error = (slope + vertex * bend).std(ddof=1) / np.sqrt(slope.size) / bend.mean()
    assert error < 0.1
    assert abs(vertex) < z(degrees=slope.size - 1) * error


@pytest.mark.parametrize("drift", [None, [[-0.3, 0.5], [-0.5, -0.3]]])
def test_action_of_one_task_is_the_value_function(drift):
    """One task for ever, no hazard, the optimal law: V(start) of the Riccati solution, to rounding."""
    objective = Objective(0.4, 1.2, 0.8, metric=[1.0, 2.0], drift=drift)
    start, optimum = np.array([[1.0, -2.0], [0.3, 0.9]]), np.array([0.7, -0.4])
    policy = solve(objective, Quadratic(HESSIAN, optimum))
    episodes = Episodes(np.full((2, 1), np.inf), np.tile(optimum, (2, 1, 1)), start)
    actual = discounted_actions(objective, HESSIAN, episodes, soft_target(objective, HESSIAN))
    np.testing.assert_allclose(actual, policy.value(start), rtol=1e-10)


def test_action_over_switches_and_moves_is_the_integral():
    """Two tasks with a move in between, one parameter: the integrand written out, by quadrature."""
    gamma, eta, k, h, aim = 0.4, 1.2, 0.8, 2.0, 0.8
    objective = Objective(gamma, eta, k)
    rate = np.sqrt(gamma**2 / 4 + eta * k * h) - gamma / 2
    first, second, switch, lasting, home = 1.5, -1.0, 0.9, 0.3, 0.2
    before = aim * first + (0.1 - aim * first) * np.exp(-rate * switch)

    def motion(t):
        if t < switch:
            away = (0.1 - aim * first) * np.exp(-rate * t)
            return aim * first + away, -rate * away, first
        if t < switch + lasting:
            speed = (home - before) / lasting
            return before + speed * (t - switch), speed, second
        away = (home - aim * second) * np.exp(-rate * (t - switch - lasting))
        return aim * second + away, -rate * away, second

    def density(t):
        theta, velocity, optimum = motion(t)
        return np.exp(-gamma * t) * (velocity**2 / (2 * eta) + k * h * (theta - optimum) ** 2 / 2)

    edges = [0.0, switch, switch + lasting, 15.0, 110.0]
    exact = sum(quad(density, a, b, epsabs=1e-13, epsrel=1e-12)[0] for a, b in pairwise(edges))
    episodes = Episodes(np.array([[switch, np.inf]]), np.array([[[first], [second]]]), np.array([[0.1]]))
    actual = discounted_actions(objective, [[h]], episodes, lambda m: aim * m, [home], lasting)
    assert actual[0] == pytest.approx(exact, rel=1e-10)


def test_episodes_have_the_law_of_the_task_prior():
    """50,000 tasks: mean duration 1/λ, mean and covariance of the optima."""
    durations, optima = EPISODES.durations[:, :-1], EPISODES.optima.reshape(-1, 2)
    assert durations.mean() == pytest.approx(2.0, abs=z() * 2.0 / np.sqrt(durations.size))
    spread = np.array([[1.0, 0.3], [0.3, 2.0]])
    np.testing.assert_allclose(optima.mean(0), PRIOR_MEAN, atol=z(2) * np.sqrt(2 / len(optima)))
    np.testing.assert_allclose(np.cov(optima.T), spread, atol=2 * variance_error(len(optima) - 1, 3))


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (Objective(0.0), "discount must be > 0"),
        (Objective(0.3, control=np.eye(2)), "control must be None"),
    ],
)
def test_bad_input_is_named(objective, message):
    with pytest.raises(InputError, match=message):
        discounted_actions(objective, HESSIAN, EPISODES, lambda optimum: optimum)
    with pytest.raises(InputError, match="hazard must be > 0"):
        draw_episodes(0.0, [0.0], 1.0, 2, 2)
