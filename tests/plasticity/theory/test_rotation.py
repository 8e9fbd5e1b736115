"""Two weights that rotate into each other: rates, rest point and curl of the theory, and of the numerical solution."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity import Objective, solve
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.rule import CURVATURE
from plasticity.theory.rotation import FREQUENCY, GRADIENTS, WEIGHTS, rotating_pair
from plasticity.theory.symbols import DISCOUNT, LOSS_WEIGHT, PLASTICITY

H = CURVATURE
MU = sp.Matrix(sp.symbols("mu1 mu2", real=True))


def on_the_bowl(velocity):
    return velocity.subs(dict(zip(GRADIENTS, H * (WEIGHTS - MU), strict=True)))


def test_the_rest_point_is_that_of_the_theory():
    """θ_∞ = ηkh [(ηkh + q²)1 + γqJ] μ / ((ηkh + q²)² + γ²q²)."""
    push, q, gamma = PLASTICITY.symbol * LOSS_WEIGHT.symbol * H, FREQUENCY, DISCOUNT.symbol
    quarter = sp.Matrix([[0, -1], [1, 0]])
    rest = push * ((push + q**2) * sp.eye(2) + gamma * q * quarter) * MU / ((push + q**2) ** 2 + gamma**2 * q**2)
    left = on_the_bowl(rotating_pair().velocity).subs(dict(zip(WEIGHTS, rest, strict=True)))
    assert left.applyfunc(sp.simplify) == sp.zeros(2, 1)


@pytest.mark.parametrize("discount", [0, 0.4, 6.0])
def test_it_is_the_numerical_optimum(discount):
    q, h, mu, w = 1.7, 2.0, np.array([0.3, -0.5]), np.array([1.2, 0.4])
    policy = solve(Objective(discount, 1.2, 0.8, drift=[[0.0, -q], [q, 0.0]]), Quadratic(h, mu))
    pair = rotating_pair(discount)
    values = {PLASTICITY.symbol: 1.2, LOSS_WEIGHT.symbol: 0.8, FREQUENCY: q, H: h}
    values |= dict(zip(GRADIENTS, h * (w - mu), strict=True)) | dict(zip(WEIGHTS, w, strict=True))
    velocity = np.array(pair.velocity.subs(values), dtype=float).ravel()
    assert_allclose(velocity, policy.velocity(w), rtol=1e-11)
    closed = np.array(pair.closed_loop.subs(values), dtype=float)
    assert_allclose(closed, policy.closed_loop, rtol=1e-11)


def test_it_follows_no_gradient():
    jacobian = on_the_bowl(rotating_pair().velocity).jacobian(WEIGHTS)
    assert sp.simplify(jacobian[1, 0] - jacobian[0, 1]) == 2 * FREQUENCY


def test_a_short_horizon_does_not_work_against_the_drift():
    rate = sp.Symbol("learning_rate", positive=True)
    expected = sp.Matrix([-FREQUENCY * WEIGHTS[1], FREQUENCY * WEIGHTS[0]]) - rate * GRADIENTS
    assert (rotating_pair(sp.oo).velocity - expected).applyfunc(sp.simplify) == sp.zeros(2, 1)


def test_a_negative_discount_is_refused():
    with pytest.raises(InputError, match="discount must be >= 0"):
        rotating_pair(-1)
