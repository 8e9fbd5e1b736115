"""The integrator of generated loops, run as plain Python."""

import numpy as np
import pytest

from plasticity.compile import extrapolation


@pytest.mark.parametrize("rates", [[1.0, 10.0], [0.0, 300.0]])
def test_exponential_decay_to_machine_precision(rates):
    y = np.array([1.0, 2.0])
    assert extrapolation.integrate(None, y, 1.7, np.array(rates))
    np.testing.assert_allclose(y, np.array([1.0, 2.0]) * np.exp(-1.7 * np.array(rates)), rtol=1e-11, atol=1e-13)


def test_explosion_is_reported(monkeypatch):
    """dy/ds = y² from 1 is infinite at s = 1."""
    monkeypatch.setattr(extrapolation, "slope", lambda s, start, y, p, out: np.square(y, out=out))
    with np.errstate(over="ignore", invalid="ignore"):
        assert not extrapolation.integrate(None, np.array([1.0]), 1.5, None)
