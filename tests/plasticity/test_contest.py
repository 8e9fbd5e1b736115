"""Costs of rules beside the exact learner: bounds, closed forms, the continuous limit, simulation."""

from dataclasses import replace

import numpy as np
import pytest

from plasticity import LinearGaussian, Objective, Quadratic, solve
from plasticity.contest import (
    LINEAR,
    Contest,
    LinearRule,
    adam_excess,
    bayesian_step,
    best_cost,
    exact_cost,
    exact_learner,
    gradient_descent,
    linear_excess,
    still,
)
from plasticity.errors import InputError
from tests.error_bounds import z

CORNERS = [
    Contest(discount, noise, condition, hazard)
    for discount in (0.03, 3.0)
    for noise in (0.1, 2.5)
    for condition in (1.0, 100.0)
    for hazard in (0.02, 2.0)
]


@pytest.mark.parametrize(("tau", "noise"), [(2, 0.3), (2, 1), (20, 0.3), (20, 3)])
def test_small_steps_and_no_discount_give_the_cost_rate_of_the_continuous_learner(tau, noise):
    """Both directions have curvature 1; the error of a step is of second order, so half the step leaves a quarter."""
    expected = solve(Objective(0), Quadratic([1.0], [0.0]), LinearGaussian(-1 / tau, 2 / tau, noise**2)).cost_rate
    errors = [best_cost(Contest(1e-7, noise, 1.0, 1 / tau, step=step)) / 2 - expected for step in (0.1, 0.05)]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.03)
    assert abs(errors[1]) < 1e-3 * expected


@pytest.mark.parametrize("contest", CORNERS)
def test_no_rule_costs_less_than_the_exact_learner_nor_more_when_tuned(contest):
    least = best_cost(contest)
    for row in linear_excess(contest):
        assert row.tuned >= -1e-12 * least, row.name
        assert row.tuned <= row.untuned, row.name


@pytest.mark.parametrize("contest", CORNERS)
def test_any_change_of_the_exact_learner_costs_more(contest):
    """Its gains are stationary and a minimum, each on its own and in each direction."""
    rule, least = exact_learner(contest), best_cost(contest)
    for part in ("memory", "move"):
        for index in (0, 1, 2):
            for factor in (0.9, 1.1):
                gains = list(getattr(rule, part))
                gains[index] = gains[index] * factor
                assert exact_cost(contest, replace(rule, **{part: tuple(gains)})) >= least * (1 - 1e-12)


def test_no_learning_costs_what_the_optimum_moves():
    """E(θ − μ)² = 1 + v_t, v_t = 1 − (1 − v_0) e^{−2λΔt}: a geometric series."""
    contest = Contest(0.4, 0.7, 1.0, 0.3)
    d, a = contest.discount_factor, contest.persistence
    h, q, n = 1.0, contest.wander, contest.noise_variance
    b = n * (1 - a**2) - q * h**2  # h²v² + bv − qn = 0, the scalar Riccati equation
    v = (-b + np.sqrt(b**2 + 4 * h**2 * q * n)) / (2 * h**2)
    expected = 2 * 0.5 * (2 - (1 - v) * (1 - d) / (1 - d * a**2))
    assert exact_cost(contest, still(contest)) == pytest.approx(expected, rel=1e-10)


def test_gradient_descent_without_discount_is_a_first_order_filter():
    """h = 1, step α: error e ← (1 − α)e + …: stationary moments in closed form, of two poles."""
    contest, alpha = Contest(1e-9, 0.8, 1.0, 0.5), 0.2
    one, zero = np.ones(2), np.zeros(2)
    rule = LinearRule((zero, one, zero), (-alpha * one, zero, zero))
    a, n, b = contest.persistence, contest.noise_variance, 1 - alpha
    weight = alpha**2 * (n + (1 + a * b) / (1 - a * b)) / (1 - b**2)  # θ ← bθ + α(μ − noise), var μ = 1
    cross = alpha * a / (1 - a * b)  # E θμ
    away = weight - 2 * cross + 1
    move = alpha**2 * (away + n)
    expected = 2 * (move / (2 * contest.step**2) + away / 2)
    assert exact_cost(contest, rule) == pytest.approx(expected, rel=1e-6)


def test_both_resets_are_one_where_all_curvatures_are_equal():
    contest = Contest(0.3, 0.5, 1.0, 0.4)
    rules = {name: make(contest) for name, (_, make) in LINEAR.items()}
    for soft, redrawn in zip(rules["soft_reset"].move, rules["redrawn_reset"].move, strict=True):
        np.testing.assert_allclose(soft, redrawn, rtol=1e-9)


def test_a_bayesian_step_rests_at_the_posterior_mean_of_the_looks_of_a_task():
    """Prior N(0, 1) and N = 1/λΔ looks h(θ − μ) with noise of variance n: the mean is μ·Nh²/(Nh² + n)."""
    contest = Contest(0.3, 2.0, 1.0, 0.4)
    rule, theta, memory, optimum = bayesian_step(contest), np.zeros(2), np.zeros(2), 1.0
    for _ in range(2000):
        memory = rule.memory[0] * memory + rule.memory[1] * contest.curvatures * (theta - optimum)
        theta = theta + rule.move[0] * memory + rule.move[2] * theta
    looks = 1 / (contest.hazard * contest.step)
    assert theta == pytest.approx(looks / (looks + contest.noise_variance), rel=1e-9)


def test_a_step_that_diverges_costs_infinitely_much():
    contest = Contest(0.1, 0.5, 100.0, 0.2)
    assert exact_cost(contest, gradient_descent(contest).scaled(100.0)) == np.inf
    assert np.isfinite(exact_cost(contest, gradient_descent(contest)))


def test_adam_that_does_not_move_costs_what_no_learning_costs():
    """Where optima are forgotten at once no step is best: the simulation against both exact costs."""
    contest = Contest(3.0, 3.0, 1.0, 20.0)
    row = adam_excess(contest, np.array([1e-12, 1.0]), 400, seed=3, n_horizons=20.0)
    expected = float(exact_cost(contest, still(contest))) - best_cost(contest)
    assert row.factor == 1e-12
    assert row.tuned == pytest.approx(expected, abs=z() * row.tuned_error)
    assert 8 * row.tuned_error < expected


def test_adam_learns_and_costs_no_less_than_the_exact_learner():
    contest = Contest(1.0, 0.5, 10.0, 0.2)
    row = adam_excess(contest, np.array([1.0]), 400, seed=3)
    assert row.untuned > -z() * row.untuned_error
    assert row.untuned + z() * row.untuned_error < exact_cost(contest, still(contest)) - best_cost(contest)


@pytest.mark.parametrize(
    ("name", "value"),
    [("discount", 0.0), ("noise", 0.0), ("condition", 0.5), ("hazard", 0.0), ("plasticity", -1.0), ("step", np.nan)],
)
def test_bad_assumptions_are_named(name, value):
    with pytest.raises(InputError, match=name):
        Contest(**{name: value})
