"""The voltage rule against an integration of its voltage in small steps, and the published dependence on frequency."""

import numpy as np
import pytest

from analysis.fit import fit
from plasticity import replay
from plasticity.rules.clopath_voltage import clopath_voltage


def stepped(pre, post, p, dt=2e-6):
    """Filters of the voltage integrated by Euler steps; spikes enter the filters as their area."""
    after = x = 0.0
    u_minus = u_plus = p["rest"]
    w = 1.0
    pre_steps, post_steps = (set(np.round(np.array(t) / dt).astype(int)) for t in (pre, post))
    area = (p["spike_peak"] - p["rest"]) * p["spike_width"]
    for step in range(max(pre_steps | post_steps) + 1):
        if step in pre_steps:
            w -= p["A_LTD"] * max(u_minus - p["theta_minus"], 0)
            x += 1 / p["tau_x"]
        if step in post_steps:
            in_spike = (p["spike_peak"] - p["theta_plus"]) * p["spike_width"]
            w += p["A_LTP"] * x * in_spike * max(u_plus - p["theta_minus"], 0)
            u_minus += area / p["tau_minus"]
            u_plus += area / p["tau_plus"]
            after = p["afterdepolarisation"]
        u = p["rest"] + after
        u_minus += dt * (u - u_minus) / p["tau_minus"]
        u_plus += dt * (u - u_plus) / p["tau_plus"]
        after -= dt * after / p["tau_after"]
        x -= dt * x / p["tau_x"]
    return w


def test_filters_are_those_of_the_voltage():
    """Steps of 2 µs leave relative errors of dt/tau < 3e-4 in the filters, so in the change."""
    rule = clopath_voltage()
    pre, post = [0.01, 0.03, 0.055], [0.02, 0.026, 0.05]
    change = float(replay(rule, pre, post).weight[-1]) - 1
    assert change == pytest.approx(stepped(pre, post, rule.values) - 1, rel=2e-3)


def test_thresholds_rectify():
    deaf = clopath_voltage(theta_minus=0.0)  # the filters never come so high after one spike
    assert float(replay(deaf, [0.03], [0.02]).weight[-1]) == 1.0


@pytest.mark.paper
def test_post_before_pre_depresses_at_low_rates_and_potentiates_at_high_ones():
    """The published finding, with the published amplitudes: pairing frequency turns depression into potentiation."""
    predicted = fit(clopath_voltage(), "sjostrom_2001").predictions
    pre_first, post_first = predicted[:5], predicted[5:]
    assert (np.diff(pre_first) > 0).all()
    assert (post_first[:3] < -0.1).all()  # 0.1 to 20 Hz
    assert (post_first[3:] > 0).all()  # 40 and 50 Hz
    free = ("A_LTP", "A_LTD", "afterdepolarisation", "tau_after")
    fitted = fit(clopath_voltage(), "sjostrom_2001", free=free, bounds={"afterdepolarisation": (1.0, 25.0)}, n_starts=4)
    assert fitted.error < 0.3
