"""RMSprop: the textbook algorithm, without bias correction."""

import numpy as np
from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.rmsprop import rmsprop


def test_it_is_the_textbook_algorithm():
    hessian, w = np.array([[2.0, 0.3], [0.3, 0.5]]), np.array([1.0, -2.0])
    v, expected = np.zeros(2), [w]
    for _ in range(100):
        g = hessian @ w
        v = 0.9 * v + 0.1 * g**2
        w = w - 0.01 * g / (np.sqrt(v) + 1e-6)
        expected.append(w)
    ds = simulate(rmsprop(0.01, 0.9, epsilon=1e-6), Quadratic(hessian, np.zeros(2)), [1.0, -2.0], 100, 0.5)
    assert_allclose(ds.theta.values[0], expected, rtol=1e-12, atol=1e-14)
