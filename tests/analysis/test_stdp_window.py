"""STDP windows against closed forms: sums over all pairs of spikes; where a weight flows, against replay."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis import stdp_window
from plasticity import replay
from plasticity.dataset import check_schema
from plasticity.errors import DivergedError, InputError
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.oja import oja
from plasticity.rules.pair_stdp import pair_stdp

DELAYS = np.array([-0.04, -0.015, -0.001, 0.0, 0.003, 0.02, 0.04])
VALUES = {"A_plus": 0.012, "A_minus": 0.007, "tau_plus": 0.017, "tau_minus": 0.034}


def window(delay):
    """Change by one pre and one post spike; at delay 0 the pre spike comes first."""
    plus = VALUES["A_plus"] * np.exp(-np.abs(delay) / VALUES["tau_plus"])
    minus = -VALUES["A_minus"] * np.exp(-np.abs(delay) / VALUES["tau_minus"])
    return np.where(delay >= 0, plus, minus)


def test_one_pair_shows_the_two_exponentials():
    result = stdp_window(pair_stdp(**VALUES), DELAYS, n_pairs=1)
    check_schema(result)
    assert_allclose(result.weight_change, window(DELAYS), rtol=1e-12)
    assert_allclose(result.delay, DELAYS)
    assert_allclose(stdp_window(pair_stdp(**VALUES), DELAYS).weight_change, 60 * window(DELAYS), rtol=1e-9)  # e^{−1/τ}


def test_pairs_at_a_high_frequency_meet_their_neighbours():
    """All-to-all: n − |m| pairs of spikes are m periods plus the delay apart; their times are rounded to 1 ns."""
    n, frequency = 5, 12.0
    apart = np.arange(1 - n, n)
    terms = (n - np.abs(apart)) * window(DELAYS[:, None] + apart / frequency)
    result = stdp_window(pair_stdp(**VALUES), DELAYS, n, frequency, weight=2.0).weight_change
    rounding = 1e-9 / VALUES["tau_plus"] * np.abs(terms).sum(axis=1)
    assert np.all(np.abs(result - terms.sum(axis=1)) < rounding)


def test_a_weight_that_flows_is_read_after_it_settled():
    """Oja's rule lets the weight relax after the spikes: as much as `replay` says, until then and no longer."""
    changes = []
    for settle in (0.0, 0.01, 1.0):
        result = stdp_window(oja(), [-0.01, 0.01], 1, weight=0.5, settle=settle).weight_change
        for change, trains in zip(result.values, (([0.01], [0.0]), ([0.0], [0.01])), strict=True):
            end = replay(oja(), *trains, weight=0.5, duration=0.01 + settle).weight[-1]
            assert change == pytest.approx(float(end) - 0.5, rel=1e-12)
        changes.append(result.values)
    assert np.all(np.abs(np.diff(changes, axis=0)) > 1e-3 * np.abs(changes[0]))


def test_bad_input_is_named():
    for delays in ([0.5], [[0.01]], []):
        with pytest.raises(InputError, match=r"delays must be one-dimensional and within ±0.5 s.*lower the frequency"):
            stdp_window(pair_stdp(), delays)
    with pytest.raises(InputError, match="n_pairs must be a whole number"):
        stdp_window(pair_stdp(), DELAYS, 1.5)
    with pytest.raises(InputError, match="settle must be >= 0"):
        stdp_window(pair_stdp(), DELAYS, settle=-1.0)
    with pytest.raises(InputError, match="gradient"):
        stdp_window(gradient_descent(0.1), DELAYS)
    with pytest.raises(DivergedError, match="weight is no longer finite at t = 1.01 s"):
        stdp_window(pair_stdp(A_plus=1.5e308, tau_plus=1.0), [-0.01, 0.01], n_pairs=2)
