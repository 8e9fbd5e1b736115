"""What may be stated about one synapse: functions of the weight, symbols of the discount, controls, and cautions."""

import mpmath
import numpy as np
import pytest
import sympy as sp

from plasticity.belief import FadingMemory, OrnsteinUhlenbeck
from plasticity.derive import derive
from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"metric": lambda w: -1}, "not shown to be positive"),
        ({"metric": lambda w: w - 1}, "not shown to be positive"),
        ({"metric": lambda w: np.exp(w)}, r"metric\(w\) cannot be evaluated.*sympy.exp"),
        ({"drift": lambda w: np.tanh(w)}, r"drift\(w\) cannot be evaluated"),
        ({"drift": lambda w: [w, w]}, "one number"),
    ],
)
def test_a_function_that_states_no_problem_is_refused(stated, message):
    with pytest.raises(InputError, match=message):
        derive(Objective(0.3, **stated))


@pytest.mark.parametrize("sign", [{"negative": True}, {"imaginary": True}])
def test_a_symbol_that_cannot_be_a_discount_is_refused(sign):
    with pytest.raises(InputError, match="discount must be >= 0"):
        Objective(sp.Symbol("gamma", **sign))


def test_two_controls_with_a_full_metric_act_as_their_mobility():
    """Minimising uᵀGu/2 with bu = 1 leaves 1/(2 b G⁻¹ bᵀ): one control of that cost."""
    metric, control = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, 2.0]])
    mobility = (control @ np.linalg.solve(metric, control.T)).item()
    two = derive(Objective(0.3, metric=metric, control=control))
    one = derive(Objective(0.3, metric=1 / mobility))
    here = {GRADIENT: 0.7, CURVATURE: 1.9}
    velocities = []
    for rule in (two, one):
        values = {p.symbol: p.value for p in rule.parameters}
        velocities.append(float(rule.weight_flow.subs(here | values)))
    assert velocities[0] == pytest.approx(velocities[1], rel=1e-14)


@pytest.mark.parametrize("scale", [1e8, 1e10])
def test_a_change_keeps_its_digits_at_an_extreme_discount(scale):
    """Against −(1 − e^{−rT}) g/v with r in 50 digits; double precision and three divisions leave 1e-14."""
    rule = derive(Objective(scale), duration=scale)
    values = {p.symbol: p.value for p in rule.parameters} | {GRADIENT: 0.5, CURVATURE: 1.0, WEIGHT: 0.0}
    names = list(values)
    change = sp.lambdify(names, rule.events["clock"][0].expression, "scipy")(*values.values())
    with mpmath.workdps(50):
        gamma = mpmath.mpf(scale)
        rate = mpmath.sqrt(gamma**2 / 4 + 1) - gamma / 2
        exact = -(1 - mpmath.exp(-rate * gamma)) / 2
    assert change == pytest.approx(float(exact), rel=1e-14)


MOVING = OrnsteinUhlenbeck(2.0, 1.0, 0.3)


@pytest.mark.parametrize(
    ("make", "words", "without"),
    [
        (
            lambda: derive(Objective(sp.oo, hazard=0.5, prior_mean=0.0)),
            "hazard has no effect",
            lambda: derive(Objective(1.0, hazard=0.5, prior_mean=0.0)),
        ),
        (
            lambda: derive(Objective(1.0, metric=lambda w: 1 / w**2)),
            "frozen",
            lambda: derive(Objective(0, metric=lambda w: 1 / w**2)),
        ),
        (lambda: derive(Objective(1.0, metric=lambda w: w)), "climb the loss", lambda: derive(Objective(1.0))),
        (lambda: derive(Objective(0), FadingMemory(time_constant=1.0)), "oscillates", lambda: derive(Objective(0))),
        (lambda: derive(Objective(0), FadingMemory(decay=0.9)), "Euler steps", lambda: derive(Objective(0))),
        (lambda: derive(Objective(0), MOVING), "worse than never moving", lambda: derive(Objective(0))),
        (
            lambda: derive(Objective(1.0), None, FadingMemory(time_constant=1.0), MOVING),
            "noise of the observed optimum",
            lambda: derive(Objective(1.0), optimum_belief=MOVING),
        ),
        (
            lambda: derive(Objective(1.0), duration=sp.oo),
            "Jacobi",
            lambda: derive(Objective(1.0), duration=1.0),
        ),
    ],
)
def test_an_approximation_has_a_caution_and_only_it(make, words, without):
    assert any(words in caution for caution in make().cautions)
    assert not any(words in caution for caution in without().cautions)
