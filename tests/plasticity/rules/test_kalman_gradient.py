"""Kalman gradient: a steady gradient is believed by the factor K/(K + 1/τ)."""

import numpy as np
from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import from_expression
from plasticity.rules.kalman_gradient import kalman_gradient


def test_a_steady_gradient_is_followed_in_part():
    tau, sigma, noise, slope = 0.7, 1.3, 0.5, 2.0
    rule = kalman_gradient(tau, sigma, noise, discount=0.3, plasticity=1.2, loss_weight=0.8)
    ds = simulate(rule, from_expression("2*x", "x"), [0.0], n_steps=4000, dt=2e-3)
    speed = (ds.theta.values[0, -1, 0] - ds.theta.values[0, -2, 0]) / 2e-3
    gain = -1 / tau + np.sqrt(1 / tau**2 + 2 * sigma**2 / (tau * noise**2))
    expected = -1.2 * 0.8 * slope * gain / (gain + 1 / tau) / (0.3 + 1 / tau)  # flat: R = 0
    assert_allclose(speed, expected, rtol=1e-9)


def test_the_more_noise_the_slower():
    final = [
        simulate(kalman_gradient(observation_noise=s), from_expression("2*x", "x"), [0.0], 500, 0.01).theta.values[
            0, -1, 0
        ]
        for s in (0.1, 1.0, 10.0)
    ]
    assert final == sorted(final)
