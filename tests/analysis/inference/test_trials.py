"""Learners in trials: an exact alias of the horizon under errors, broken by trials without feedback."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.datasets import load
from analysis.inference.trials import NONE, gains, horizon_error, infer_trials, outputs, weights
from plasticity.errors import InputError

TURNS = np.r_[np.zeros(32), np.full(100, 30.0), np.full(12, -30.0), np.zeros(40)]
SEEN = np.zeros(144, dtype=int)


def test_a_tracker_that_follows_everything_is_the_two_state_model():
    """w = 1: A_i = a_i and B_i = a_i K_i (γ + R ≫ 1/τ)."""
    a, ratio = np.array([0.708, 0.9994]), np.array([1.82, 0.0173])
    assert_allclose(weights(a, 1e9), 1.0, rtol=1e-8)
    assert_allclose(a * gains(a, ratio), [0.44046, 0.07133], atol=6e-6)
    x, states = [], np.zeros(2)
    for turn in TURNS[:144]:
        x.append(states.sum())
        states = a * states + a * gains(a, ratio) * (turn - x[-1])
    assert_allclose(outputs(a, ratio, 1e9, TURNS[:144], SEEN), x, rtol=1e-7, atol=1e-9)


def test_two_gains_lie_on_a_line_that_shows_the_horizon():
    """One component in a clamp keeps a(1 − K(1 − w)); retention against drive has the slope −(1 − w)/w."""
    a, w = 0.99, 0.9
    retained = [a * (1 - k * (1 - w)) for k in (0.5, 0.2)]
    drive = [a * w * k for k in (0.5, 0.2)]
    assert_allclose((retained[0] - retained[1]) / (drive[0] - drive[1]), -(1 - w) / w)
    assert_allclose(-np.log(a) * w / (1 - w), 0.0905, atol=5e-5)
    assert_allclose(weights([a], -np.log(a) * w / (1 - w)), w)


@pytest.mark.parametrize("horizon", [0.05, 0.3, 2.0])
def test_clamps_hide_the_horizon_and_trials_without_feedback_show_it(horizon):
    errors = {
        kind: horizon_error((0.8, 0.99), (1.82, 0.0173), horizon, TURNS, np.r_[SEEN, np.full(40, kind)], 1.5)
        for kind in (1, NONE)
    }
    assert np.isinf(errors[1][0])
    assert errors[1][1] < 1e-9
    assert 0.1 < errors[NONE][0] < 1.0


@pytest.mark.paper
def test_reaches_under_rotation_tell_nothing_about_the_horizon():
    data = load("thart_reach")
    medians = data.assign(value=("protocol", data["median"].values, data.value.attrs))
    answer = infer_trials(medians)
    assert answer.aliased
    assert_allclose(answer.misfit, 5.285189, rtol=1e-6)  # at every horizon alike
    assert answer.proposed < 1
    assert "tell nothing about the horizon" in str(answer)
    assert round(answer.explained, 3) == 0.974


def test_other_data_are_refused():
    with pytest.raises(InputError, match="kind"):
        infer_trials(load("wang_2005"))
