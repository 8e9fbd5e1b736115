"""BCM: the rate at which depression turns into potentiation is the threshold, and activity slides it."""

import numpy as np
import pytest

from plasticity import replay
from plasticity.rules.bcm import bcm

RATE_0 = 10.0  # Hz, target rate


def change(test_rate, history_rate, history=60.0):
    """Change by both neurons firing at `test_rate` for 2 s, after the post neuron alone fired at `history_rate`.

    Regular trains with traces of 0.5 s: rates are read to within a few percent.
    """
    rule = bcm(learning_rate=1e-6, target_rate=RATE_0, tau_threshold=20.0, tau_rate=0.5)
    past = np.arange(0, history, 1 / history_rate)
    test = history + np.arange(0.01, 2.0, 1 / test_rate)
    ds = replay(rule, test, np.concatenate([past, test]))
    return float(ds.weight[-1]) - 1


def test_threshold_settles_at_the_mean_square_over_the_target():
    rule = bcm(target_rate=RATE_0, tau_threshold=5.0, tau_rate=1.0)
    ds = replay(rule, [], np.arange(0, 80, 1 / 40.0), duration=80.0)
    # the trace of regular spikes at 40 Hz ripples by 1/(rate·tau) = 2.5 %: its mean square is 1 + 2.5²e-4/12 of 40²
    assert float(ds.threshold[-1]) == pytest.approx(40.0**2 / RATE_0, rel=1e-3)


def test_without_post_activity_nothing_changes():
    assert float(replay(bcm(), np.arange(0, 5, 0.1), []).weight[-1]) == 1.0


@pytest.mark.paper
def test_the_frequency_curve_crosses_zero_and_moves_with_history():
    """Bienenstock et al. 1982; the same shift was measured by Kirkwood et al. 1996 in dark-reared animals."""
    rates = np.array([5.0, 10.0, 20.0, 40.0, 80.0])
    quiet, busy = (np.array([change(r, history) for r in rates]) for history in (10.0, 16.0))
    for curve in (quiet, busy):
        assert curve[0] < 0 < curve[-1]
        assert (np.diff(np.sign(curve)) >= 0).all()  # one crossing, from depression to potentiation
    assert np.interp(0, np.sign(busy), rates) > np.interp(0, np.sign(quiet), rates)
    assert (busy < quiet).all()
