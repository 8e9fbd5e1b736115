"""Bayesian synapse: it learns at the rate of its variance, which falls as evidence comes in."""

import numpy as np
from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.bayesian_synapse import bayesian_synapse


def test_the_first_step_is_proportional_to_the_variance():
    steps = [
        simulate(bayesian_synapse(variance=s), Quadratic(2.0, [0.0]), [1.0], 1, 1e-3).theta.values[0, 1, 0] - 1
        for s in (0.1, 0.2)
    ]
    assert_allclose(steps, [-0.1 * 2e-3, -0.2 * 2e-3], rtol=1e-12)


def test_the_distance_falls_as_the_posterior_mean_does():
    """With κ = 1, d(1/s²)/dt = h, so that w − μ falls as 1/(1 + s² h t): evidence is averaged, not forgotten."""
    h, s, t = 2.0, 0.5, 3.0
    errors = []
    for dt in (2e-3, 1e-3):
        ds = simulate(bayesian_synapse(variance=s), Quadratic(h, [0.0]), [1.0], round(t / dt), dt)
        errors.append(abs(ds.theta.values[0, -1, 0] - 1 / (1 + s * h * t)))
    assert 1.9 < errors[0] / errors[1] < 2.1  # Euler


def test_process_noise_keeps_it_learning():
    """The variance settles where κ s⁴ h equals the process noise."""
    rule = bayesian_synapse(variance=1.0, process_noise=0.08)
    ds = simulate(rule, Quadratic(2.0, [0.0]), [1.0], 4000, 0.01)
    rate = -np.log(ds.theta.values[0, -1, 0] / ds.theta.values[0, -2, 0]) / 0.01
    assert_allclose(rate, np.sqrt(0.08 / 2.0) * 2.0, rtol=0.01)  # Euler: half of rate·dt = 0.2 %
