"""The sliding threshold: a long memory is a fixed one; activity raises it."""

import numpy as np
import pytest

from plasticity import replay
from plasticity.protocols import pairing
from plasticity.rules.derived_bcm import derived_bcm
from plasticity.rules.sliding_bcm import sliding_bcm


def test_a_long_memory_is_a_fixed_threshold():
    """The belief moves by at most the spikes' share 1/tau: relative error of order 100 spikes·100 Hz²/tau/200 Hz²."""
    pre, post = pairing(0.01, 10.0, 60)
    fixed = derived_bcm(1.2e-5, threshold=200.0 / 10.0)
    sliding = replay(sliding_bcm(tau_threshold=1e9), pre, post).weight.values
    np.testing.assert_allclose(sliding, replay(fixed, pre, post).weight.values, rtol=1e-7)


def test_activity_raises_the_threshold_and_so_lowers_the_weight():
    """The same test pairs, post before pre, after much or little activity of the post neuron alone."""
    test = pairing(-0.01, 1.0, 10, start=20.0)
    busy = np.concatenate([np.arange(0, 19, 0.02), test[1]])
    quiet = np.concatenate([np.arange(0, 19, 1.0), test[1]])
    after_busy, after_quiet = (float(replay(sliding_bcm(), test[0], post).weight[-1]) for post in (busy, quiet))
    assert after_busy < after_quiet < 1


def test_the_belief_settles_where_it_should():
    """Post spikes at rate y each add y_slow/tau, y_slow = 1/(tau_y(e^{1/(y tau_y)} − 1)): the mean is y·y_slow."""
    rate, rule = 25.0, sliding_bcm(tau_threshold=2.0)
    post = np.arange(0, 40, 1 / rate)
    belief = replay(rule, [], post).belief_second_moment.values[-int(2 * rate) :]
    slow = 1 / (0.114 * np.expm1(1 / (rate * 0.114)))
    assert belief.mean() == pytest.approx(rate * slow, rel=0.02)  # read just after each spike: half a jump, 1 %, above
