"""Dual control of one unknown curvature: its equation, its bounds, and what simulated learners pay."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity import Objective, dual_control
from plasticity.errors import InputError
from tests.error_bounds import z

CURVATURES = (0.1, 10.0)


@pytest.mark.parametrize(
    ("discount", "known", "blind"), [(0.01, 0.867, 1.121), (0.3, 0.804, 1.051), (3.0, 0.508, 0.601)]
)
def test_it_lies_between_the_bounds_and_reaches_them(discount, known, blind):
    """Closed forms of a learner that knows the curvature, and of the best single rate; noise → 0 and → ∞."""
    objective = Objective(discount)
    quiet, between, loud = (dual_control(objective, CURVATURES, noise) for noise in (0.01, 0.5, 300.0))
    values = {law: float(between.value(1.0, 0.5, law)) for law in ("known", "dual", "certainty_equivalent", "blind")}
    assert_allclose([values["known"], values["blind"]], [known, blind], atol=5e-4)
    assert list(values.values()) == sorted(values.values())
    assert_allclose(quiet.value(1.0, 0.5), quiet.value(1.0, 0.5, "known"), rtol=2e-4)
    assert_allclose(loud.value(1.0, 0.5), loud.value(1.0, 0.5, "blind"), rtol=2e-3)


def test_certainty_equivalence_is_never_better():
    """On the whole grid; equal where nothing is unknown."""
    both = dual_control(Objective(0.1), CURVATURES, 1.0, farthest=3.0)
    assert (both.certainty_equivalent - both.cost).min() > -1e-5 * both.cost.max()
    assert_allclose(both.certainty_equivalent[:, [0, -1]], both.cost[:, [0, -1]], rtol=1e-5)


def test_the_value_solves_the_equation_of_weight_and_belief():
    """γV = ½kh̄x² + min_u (u²G/2η + uV_x) + ½ (p(1 − p)(h_1 − h_2)x/σ)² V_pp, by differences of V itself."""
    gamma, eta, k, metric, noise = 0.2, 1.7, 0.6, 1.3, 0.8
    both = dual_control(Objective(gamma, eta, k, metric=metric), (0.4, 5.0), noise, farthest=3.0, n_beliefs=1121)
    x, p = np.meshgrid(np.linspace(0.3, 2.5, 12), np.linspace(0.25, 0.75, 9))
    value, dx, dp = both.value, 1e-3, 0.01
    slope = (value(x + dx, p) - value(x - dx, p)) / (2 * dx)
    bend = (value(x, p + dp) - 2 * value(x, p) + value(x, p - dp)) / dp**2
    mean = p * 0.4 + (1 - p) * 5.0
    u = -eta / metric * slope
    loss = 0.5 * k * mean * x**2
    right = loss + u**2 * metric / (2 * eta) + u * slope
    right += 0.5 * (p * (1 - p) * 4.6 * x / noise) ** 2 * bend
    # errors of the grid and of the difference in p, 2e-4 of the largest term, fall as squares
    assert_allclose(gamma * value(x, p), right, atol=5e-4 * loss.max())
    assert_allclose(both.velocity(x, p), u, rtol=2e-3)


def test_the_error_of_the_grid_falls_with_its_square():
    solutions = [dual_control(Objective(0.1), CURVATURES, 0.7, n_beliefs=n) for n in (71, 141, 281)]
    values = [float(solution.value(1.0, 0.5)) for solution in solutions]
    assert (values[0] - values[1]) / (values[1] - values[2]) == pytest.approx(4.0, rel=0.2)


def paid(both, law, gamma, seed, n=4000, dt=0.01, duration=12.0):
    """Cost of `n` simulated learners from x = 1 with even odds: they filter what they see and move by a law."""
    random = np.random.default_rng(seed)
    one, two = both.curvatures
    first = np.arange(n) % 2 == 0
    x, odds, cost = np.ones(n), np.zeros(n), np.zeros(n)
    true = np.where(first, one, two)
    for step in range(round(duration / dt)):
        p = 1 / (1 + np.exp(-odds))
        mean = p * one + (1 - p) * two
        u = both.velocity(x, p) if law == "dual" else -2 * mean * x / (gamma + np.sqrt(gamma**2 + 4 * mean))
        following = x + dt * u
        middle = 0.5 * (x + following)
        cost += np.exp(-gamma * (step + 0.5) * dt) * dt * 0.5 * (true * middle**2 + u**2)
        dy = true * middle * dt + both.observation_noise * np.sqrt(dt) * random.standard_normal(n)
        odds = odds + (one - two) * middle / both.observation_noise**2 * (dy - 0.5 * (one + two) * middle * dt)
        x = following
    return cost


def test_simulated_learners_pay_what_the_equation_says():
    """4,000 learners each; Euler steps of 10 ms at rates below 4/s change J by less than the standard errors."""
    gamma = 0.3
    both = dual_control(Objective(gamma), CURVATURES, 1.0)
    for law in ("dual", "certainty_equivalent"):
        cost = paid(both, law, gamma, seed=2)
        pairs = cost.reshape(-1, 2).mean(axis=1)  # one learner of either curvature
        error = pairs.std(ddof=1) / np.sqrt(pairs.size)
        assert abs(pairs.mean() - both.value(1.0, 0.5, law)) < z(2) * error + 2e-3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((Objective(sp.oo), CURVATURES, 1.0), "discount"),
        ((Objective(1.0, hazard=0.1, prior_mean=0.0), CURVATURES, 1.0), "hazard"),
        ((Objective(1.0, drift=-1.0), CURVATURES, 1.0), "drift"),
        ((Objective(1.0, metric=[1.0, 2.0]), CURVATURES, 1.0), "metric"),
        ((Objective(1.0), (1.0, 1.0), 1.0), "curvatures"),
        ((Objective(1.0), (-1.0, 1.0), 1.0), "curvatures"),
        ((Objective(1.0), CURVATURES, 0.0), "observation_noise"),
    ],
)
def test_what_is_not_solved_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        dual_control(*arguments)


def test_points_beyond_the_solution_are_refused():
    both = dual_control(Objective(1.0), CURVATURES, 1.0, n_beliefs=71)
    for point in ((2.0, 0.5), (0.5, 1.2)):
        with pytest.raises(InputError, match="farthest"):
            both.value(*point)
    with pytest.raises(InputError, match="law must be"):
        both.value(1.0, 0.5, "best")
