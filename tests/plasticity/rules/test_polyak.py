"""Polyak momentum: the path of a damped oscillator, and the discrete heavy-ball iteration."""

import numpy as np
from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.polyak import polyak


def test_the_weight_is_a_damped_oscillator():
    rate, friction, h = 2.0, 1.0, 3.0
    frequency = np.sqrt(rate * h - friction**2 / 4)
    errors = []
    for dt in (1e-3, 5e-4):
        ds = simulate(polyak(rate, friction), Quadratic(h, [0.0]), [1.0], n_steps=round(2 / dt), dt=dt)
        t = ds.time.values
        decay = np.exp(-friction * t / 2)
        exact = decay * (np.cos(frequency * t) + friction / (2 * frequency) * np.sin(frequency * t))
        errors.append(np.abs(ds.theta.values[0, :, 0] - exact).max())
    assert 1.9 < errors[0] / errors[1] < 2.1  # Euler: first order, the next order adds O(dt)


def test_it_is_the_heavy_ball_iteration():
    """Steps of Euler: Δw_{n+1} = (1 − c dt) Δw_n − rate·dt²·gradient(w_n), with the gradient one step behind."""
    rate, friction, h, dt = 2.0, 1.0, 3.0, 0.01
    w = simulate(polyak(rate, friction), Quadratic(h, [0.0]), [1.0], n_steps=50, dt=dt).theta.values[0, :, 0]
    assert_allclose(np.diff(w)[1:], (1 - friction * dt) * np.diff(w)[:-1] - rate * dt**2 * h * w[:-2], atol=1e-14)
