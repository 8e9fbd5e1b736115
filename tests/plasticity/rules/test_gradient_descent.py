"""Gradient descent: the distance to the optimum falls at the rate learning_rate × curvature."""

import numpy as np
from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.gradient_descent import gradient_descent


def test_a_fourfold_curvature_means_a_fourfold_rate():
    bowl = Quadratic([1.0, 4.0], [0.0, 0.0])
    ds = simulate(gradient_descent(learning_rate=0.5), bowl, [1.0, 1.0], n_steps=100, dt=0.01)
    steps = np.arange(101)[:, None]
    assert_allclose(ds.theta.values[0], (1 - 0.5 * 0.01 * np.array([1.0, 4.0])) ** steps, rtol=1e-12)
