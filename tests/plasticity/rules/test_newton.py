"""Newton's method: one observation leads to the optimum of a quadratic loss, whatever its scale."""

from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.newton import newton


def test_one_step_is_enough():
    ds = simulate(newton(), Quadratic([1e-3, 1.0, 1e3], [0.3, -2.0, 5.0]), [1.0, 1.0, 1.0], n_steps=1, dt=0.1)
    assert_allclose(ds.theta.values[0, -1], [0.3, -2.0, 5.0], rtol=1e-12)


def test_it_has_nothing_to_tune():
    assert newton().parameters == ()
