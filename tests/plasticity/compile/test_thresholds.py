"""Thresholds inside a flow: closed forms, and an independent integrator that stops at every crossing."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad

from plasticity import compile_rule, replay
from plasticity.compile.thresholds import without_thresholds
from plasticity.errors import InputError
from plasticity.rule import WEIGHT, Parameter, Rule, State, jump, time_constant, trace

FAST, SLOW, THETA, RATE = 0.02, 0.1, 0.3, 2.0


def two_traces(argument):
    """dw/dt = rate · [argument(x, y) > 0], x set by pre and y by post spikes."""
    taus = (time_constant("tau_fast", FAST, "fast"), time_constant("tau_slow", SLOW, "slow"))
    x, y = trace("x", taus[0]), trace("y", taus[1])
    theta, rate = Parameter("theta", THETA), Parameter("rate", RATE, unit="Hz")
    return Rule(
        "switch",
        "switch",
        rate.symbol * sp.Heaviside(argument(x.symbol, y.symbol, theta.symbol)),
        states=(x, y),
        events={"pre": (jump(x, "all_to_all"),), "post": (jump(y, "all_to_all"),)},
        parameters=(*taus, theta, rate),
    )


def final(rule, pre, post, duration):
    return float(replay(rule, pre, post, duration=duration).weight[-1])


def test_time_above_a_threshold_has_its_closed_form():
    """A trace from 2 is above 0.3 for tau·ln(2/0.3)."""
    rule = two_traces(lambda x, y, theta: x - theta)
    pre = [0.1, 0.1 + 1e-6]
    first = 1.0 * np.exp(-1e-6 / FAST) + 1.0
    expected = 1 + RATE * (1e-6 + FAST * np.log(first / THETA))
    assert final(rule, pre, [], 1.0) == pytest.approx(expected, rel=1e-13)
    assert final(rule, pre, [], 0.1 + 1e-3) == pytest.approx(1 + RATE * 1e-3, rel=1e-13)  # the end comes first


def test_a_threshold_never_reached_does_nothing():
    rule = two_traces(lambda x, y, theta: x - theta).with_parameters(theta=1.0 + 1e-12)
    assert final(rule, [0.1], [], 1.0) == 1.0


def test_two_crossings_of_a_difference_of_traces_are_both_found():
    """y − 1.2·x starts below −theta·0.1, rises above it and never falls; y − x − theta rises and falls."""
    rule = two_traces(lambda x, y, theta: y - x - theta)
    pre, post = [0.0], [0.0]
    # y − x = e^{−t/0.1} − e^{−t/0.02} > 0.3 between two times: the zeros of a concave-then-convex function
    t = np.linspace(0, 1, 2_000_001)
    above = np.exp(-t / SLOW) - np.exp(-t / FAST) > THETA
    expected = 1 + RATE * above.mean()
    assert final(rule, pre, post, 1.0) == pytest.approx(expected, abs=2 * RATE / 2e6)
    edges = t[1:][np.diff(above.astype(int)) != 0]
    assert edges.size == 2


def test_piecewise_linear_decay_towards_two_levels_is_exact():
    """dw/dt = a(x)·(c − w) with a on while x is above theta: w − c shrinks by e^{−a·time above}."""
    tau, theta, rate, level = (
        time_constant("tau", FAST, "t"),
        Parameter("theta", THETA),
        Parameter("rate", RATE, "Hz"),
        3,
    )
    x = trace("x", tau)
    flow = rate.symbol * (level - WEIGHT) * sp.Heaviside(x.symbol - theta.symbol)
    rule = Rule("r", "r", flow, (x,), {"pre": (jump(x, "nearest_spike"),)}, (tau, theta, rate))
    pre = np.arange(5) * 0.2 + 0.05
    expected = level - (level - 1) * np.exp(-RATE * 5 * FAST * np.log(1 / THETA))
    assert final(rule, pre, [], 2.0) == pytest.approx(expected, rel=1e-13)


def test_a_smooth_factor_beside_a_switch_is_integrated_between_crossings():
    """dw/dt = rate·y²·[x > theta]: the integral of y² up to the crossing."""
    taus = (time_constant("tau_fast", FAST, "fast"), time_constant("tau_slow", SLOW, "slow"))
    x, y = trace("x", taus[0]), trace("y", taus[1])
    theta, rate = Parameter("theta", THETA), Parameter("rate", RATE, unit="Hz")
    rule = Rule(
        "product",
        "product",
        rate.symbol * y.symbol**2 * sp.Heaviside(x.symbol - theta.symbol),
        (x, y),
        {"pre": (jump(x, "all_to_all"),), "post": (jump(y, "all_to_all"),)},
        (*taus, theta, rate),
    )
    until = FAST * np.log(1 / THETA)
    expected = 1 + RATE * quad(lambda s: np.exp(-2 * s / SLOW), 0, until)[0]
    assert final(rule, [0.1], [0.1], 1.0) == pytest.approx(expected, rel=1e-12)


def test_what_cannot_be_followed_exactly_is_refused():
    with pytest.raises(InputError, match="cannot be followed exactly"):
        without_thresholds(two_traces(lambda x, y, theta: x * y - theta))
    rate = Parameter("rate", 1.0, unit="Hz")
    flow = rate.symbol * sp.Heaviside(WEIGHT - 0.5)
    coupled = Rule("c", "c", flow, (State("s", rate.symbol * WEIGHT),), parameters=(rate,))
    with pytest.raises(InputError, match="cannot be followed exactly"):
        replay(coupled, [], [], duration=1.0)


def test_brian_reads_a_switch_as_a_comparison():
    model = compile_rule(two_traces(lambda x, y, theta: x - theta))
    assert "int(-theta + x > 0)" in model.model
    assert not model.is_event_driven
