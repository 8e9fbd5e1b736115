"""Redrawn reset: the rule is the policy of `solve` with a task prior; one curvature gives the soft reset."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity import Objective, Quadratic, TaskPrior, rules, simulate, solve


@pytest.mark.parametrize(("curvatures", "mean_value"), [((0.05, 5.0), 1.352356), ((0.0, 1.0), 0.602509)])
def test_the_penalty_is_the_published_fixed_point(curvatures, mean_value):
    """P̄ to its printed digits, from the hazard and the curvatures alone; a = λP̄/k with k = 1."""
    rule = rules.redrawn_reset(0.5, 0.0, curvatures, discount=0.1)
    assert rule.values["penalty"] == pytest.approx(0.5 * mean_value, abs=4e-7)


def test_it_is_the_exact_policy_of_a_task_prior():
    """One Euler step of many weights against the velocity of `solve`, curvature by curvature, flat ones too."""
    curvatures, mean, hazard, eta, k = (0.0, 0.4, 3.0), -0.7, 0.6, 1.3, 0.8
    prior = TaskPrior([mean], [[1.0]], hessians=[[[h]] for h in curvatures])
    rule = rules.redrawn_reset(hazard, mean, curvatures, 0.2, eta, k)
    dt, start = 0.1, np.array([1.5, -0.3, 2.0])
    path = simulate(rule, Quadratic(np.array(curvatures), np.ones(3)), start, 1, dt).theta.values[0]
    policy = [solve(Objective(0.2, eta, k, hazard=hazard, task_prior=prior), Quadratic([h], [1.0])) for h in curvatures]
    velocity = [p.velocity([w])[0] for p, w in zip(policy, start, strict=True)]
    assert_allclose((path[1] - path[0]) / dt, velocity, rtol=1e-10)


def test_one_curvature_gives_the_soft_reset():
    bowl = Quadratic([0.8], [1.0])
    redrawn, soft = rules.redrawn_reset(0.5, -1.0, (0.8,), 0.3), rules.soft_reset(0.5, -1.0, 0.3)
    paths = [simulate(rule, bowl, [0.4], 100, 0.05).theta.values for rule in (redrawn, soft)]
    assert_allclose(*paths, rtol=1e-9)


def test_flat_weights_return_fully_to_the_prior_mean():
    rule = rules.redrawn_reset(0.5, -1.0, (0.0, 1.0), 0.1)
    end = simulate(rule, Quadratic(np.array([0.0, 1.0]), np.ones(2)), [1.0, 1.0], 2000, 0.1).theta.values[0, -1]
    assert end[0] == pytest.approx(-1.0, abs=1e-9)
    assert end[1] == pytest.approx(-1.0 + 2 * 0.76849, abs=2e-5)  # W of the stiff direction, to its printed digits


def test_squared_gradients_can_stand_for_the_curvature():
    """By hand: v ← mean of g² from the first gradient on, Δw = −(g + aw)/(b + sqrt(b² + v + a)), b = (γ + λ)/2."""
    rule = rules.redrawn_reset(0.4, 0.0, (0.0, 1.0), 0.2, decay_square=0.9).with_parameters(penalty=0.03)
    path = simulate(rule, Quadratic([2.0], [1.0]), [-0.5], 5, 1.0).theta.values[0, :, 0]
    w, v, weight = -0.5, 0.0, 0.0
    for after in path[1:]:
        g = 2.0 * (w - 1.0)
        v, weight = 0.9 * v + 0.1 * g**2, 0.9 * weight + 0.1
        w -= (g + 0.03 * w) / (0.3 + np.sqrt(0.09 + v / weight + 0.03))
        assert w == pytest.approx(after, rel=1e-12)
