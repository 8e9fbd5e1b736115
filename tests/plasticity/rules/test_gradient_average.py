"""Gradient average: an average, so that its gain is one and its variance (1 − β)/(1 + β) of that of the noise."""

import numpy as np
from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.gradient_average import gradient_average
from tests.error_bounds import z

FLAT = Quadratic(0.0, [0.0])  # only the noise of the observation is left of the gradient


def test_the_first_observation_is_believed_and_later_ones_are_averaged():
    n, decay = 40, 0.9
    steps = np.diff(
        simulate(gradient_average(1.0, decay), FLAT, [0.0], n, 1.0, gradient_noise=1.0).theta.values[0, :, 0]
    )
    seen = np.empty(n)
    for t in range(n):  # undo the average: m_t (1 − β^(t+1)) = β m_(t−1) (1 − β^t) + (1 − β) g_t
        before = -steps[t - 1] * (1 - decay**t) if t else 0.0
        seen[t] = (-steps[t] * (1 - decay ** (t + 1)) - decay * before) / (1 - decay)
    raw = np.diff(simulate(gradient_average(1.0, 1e-12), FLAT, [0.0], n, 1.0, gradient_noise=1.0).theta.values[0, :, 0])
    assert_allclose(seen, -raw, atol=1e-9)  # without memory a step is minus the observation


def test_noise_is_averaged_out():
    """Variance of the mean: (1 − β)/(1 + β). The estimate of a variance from n steps of an AR(1) process of
    coefficient β has the relative variance 2(1 + β²)/(1 − β²)/n."""
    decay, n_weights = 0.8, 100
    ds = simulate(
        gradient_average(1.0, decay),
        Quadratic(np.zeros(n_weights), np.zeros(n_weights)),
        np.zeros(n_weights),
        2000,
        1.0,
        gradient_noise=1.0,
        seed=1,
    )
    steps = np.diff(ds.theta.values[0], axis=0)[100:]
    error = np.sqrt(2 * (1 + decay**2) / (1 - decay**2) / steps.size)
    assert_allclose(steps.var(), (1 - decay) / (1 + decay), rtol=z() * error)
