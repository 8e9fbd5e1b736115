"""Between a short and a long horizon: the limits of the curvature rule, and how it divides its steps."""

import numpy as np
import pytest

from plasticity import replay
from plasticity.errors import DivergedError
from plasticity.rules.curvature_bcm import curvature_bcm
from plasticity.rules.derived_bcm import derived_bcm


def trains(seed):
    rng = np.random.default_rng(seed)
    return tuple(np.sort(rng.choice(3000, 60, replace=False)) * 1e-3 for _ in range(2))


def test_a_short_horizon_is_the_rule_without_curvature():
    """Errors of first order in 1/γ at fixed ηk/γ: halving 1/γ halves them."""
    pre, post = trains(0)
    kappa, options = 1e-6, {"pre_interaction": "nearest_spike"}
    short = float(replay(derived_bcm(kappa, 10.9, tau_y=51e-3, **options), pre, post).weight[-1])
    errors = [
        float(replay(curvature_bcm(kappa * discount, discount), pre, post).weight[-1]) - short
        for discount in (1e5, 2e5)
    ]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)


def test_a_single_impulse_is_divided_by_what_it_adds_to_the_belief():
    """Δw = −η c/(γ/2 + sqrt(γ²/4 + η v)), v = c²/tau after the first impulse c."""
    eta, gamma, tau, theta = 0.02, 50.0, 2.0, 12.0
    rule = curvature_bcm(eta, gamma, tau, threshold=theta, tau_minus=0.03)
    impulse = theta * np.exp(-0.01 / 0.03) / 0.03
    expected = -eta * impulse / (gamma / 2 + np.sqrt(gamma**2 / 4 + eta * impulse**2 / tau))
    assert float(replay(rule, [0.1], [0.09]).weight[-1]) - 1 == pytest.approx(expected, rel=1e-12)


def test_a_long_horizon_needs_a_belief_to_start_from():
    rule = curvature_bcm(1e-4, 0.0, initial_curvature=1e4)
    assert np.isfinite(replay(rule, *trains(1)).weight.values).all()
    with pytest.raises(DivergedError):
        replay(curvature_bcm(1e-4, 0.0), *trains(1))
