"""Weight decay: the rest point is where decay and descent balance."""

from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.weight_decay import weight_decay


def test_rest_point():
    ds = simulate(weight_decay(learning_rate=0.5, decay=0.2), Quadratic(2.0, [1.0]), [0.0], n_steps=5000, dt=0.01)
    assert_allclose(ds.theta.values[0, -1, 0], 0.5 * 2.0 / (0.5 * 2.0 + 0.2), rtol=1e-10)
