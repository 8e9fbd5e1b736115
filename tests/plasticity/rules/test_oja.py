"""Oja's rule: weights settle at the regression of the inputs on the output, so that they neither grow nor die."""

import numpy as np
import pytest

from plasticity import replay
from plasticity.rules.oja import oja


def settled(pre, post, start):
    """Mean weight over the last quarter of the run."""
    ds = replay(oja(learning_rate=2e-3), pre, post, start, duration=float(max(pre[-1], post[-1])))
    late = ds.time.values > 0.75 * ds.time.values[-1]
    return float(np.average(ds.weight.values[late][1:], weights=np.diff(ds.time.values[late])))


@pytest.mark.parametrize("start", [0.2, 3.0])
def test_an_input_that_equals_the_output_ends_at_one(start):
    """x = y at all times: dw/dt = learning_rate y² (1 − w)."""
    spikes = np.arange(0, 10, 1 / 20.0)
    assert settled(spikes, spikes, start) == pytest.approx(1.0, abs=0.01)


@pytest.mark.paper
def test_weights_settle_at_the_first_component():
    """Inputs at rates (3, 4)·5 Hz drive y = (0.6·15 + 0.8·20) = 25 Hz: the component (0.6, 0.8), of length 1.

    Oja 1982: w = ⟨x y⟩/⟨y²⟩. Regular trains with traces of 0.1 s fluctuate by 1/(rate·tau), half of it peak to mean.
    """
    post = np.arange(0, 60, 1 / 25.0)
    weights = [settled(np.arange(0.013, 60, 1 / rate), post, 1.0) for rate in (15.0, 20.0)]
    assert weights == pytest.approx([0.6, 0.8], abs=0.02)
    assert np.hypot(*weights) == pytest.approx(1.0, abs=0.03)
