"""The plateau rule: its flow in closed form, and the three findings that it was published for."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from plasticity import replay
from plasticity.rules.btsp_two_trace import btsp_two_trace


def change(rule, time, weight):
    """Change of the weight by an input at `time` from the plateau (negative: before it)."""
    pre, plateau = ([0.0], [-time]) if time < 0 else ([time], [0.0])
    return float(replay(rule, pre, [], weight, duration=abs(time) + 40, third_factor=plateau).weight[-1]) - weight


def gain(x, alpha, beta):
    sigmoid = [1 / (1 + np.exp(-beta * (at - alpha))) for at in (x, 0, 1)]
    return (sigmoid[0] - sigmoid[1]) / (sigmoid[2] - sigmoid[1])


@pytest.mark.parametrize(("time", "weight"), [(-1.0, 0.0), (0.5, 4.0), (2.5, 7.0)])
def test_the_flow_is_that_of_the_paper(time, weight):
    rule = btsp_two_trace()
    p = rule.values
    after_both = 1 / (1 / p["tau_eligibility"] + 1 / p["tau_instructive"])
    start = np.exp(-abs(time) / p["tau_eligibility" if time < 0 else "tau_instructive"])

    def flow(s, w):
        x = start * np.exp(-s / after_both)
        grow = p["k_pot"] * (p["w_max"] - w) * gain(x, p["alpha_pot"], p["beta_pot"])
        return grow - p["k_dep"] * w * gain(x, p["alpha_dep"], p["beta_dep"])

    end = solve_ivp(flow, (0, 40), [weight], rtol=1e-11, atol=1e-12).y[0, -1]
    assert change(rule, time, weight) == pytest.approx(end - weight, rel=1e-7)


def test_inputs_seconds_before_the_plateau_grow_and_more_than_those_after():
    rule = btsp_two_trace()
    assert change(rule, -2.0, 0.0) > 1
    assert change(rule, -2.0, 0.0) > change(rule, 2.0, 0.0) > 0


def test_strong_inputs_away_from_the_plateau_shrink():
    rule = btsp_two_trace()
    assert change(rule, -0.25, 4.0) > 0
    assert change(rule, 2.5, 4.0) < 0
    assert change(rule, 2.5, 7.0) < change(rule, 2.5, 4.0)


def test_without_a_plateau_nothing_changes():
    assert float(replay(btsp_two_trace(), [0.1, 0.2], [0.15], duration=10).weight[-1]) == 1.0
