"""Learners in trials: an exact alias of the horizon under errors, broken by trials without feedback."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.datasets import load
from analysis.inference.trials import horizon_error, infer_trials
from plasticity.errors import InputError
from plasticity.trials import NONE

TURNS = np.r_[np.zeros(32), np.full(100, 30.0), np.full(12, -30.0), np.zeros(40)]
SEEN = np.zeros(144, dtype=int)


@pytest.mark.parametrize("horizon", [0.05, 0.3, 2.0])
def test_clamps_hide_the_horizon_and_trials_without_feedback_show_it(horizon):
    errors = {
        kind: horizon_error((4.5, 99.5), (1.82, 0.0173), horizon, TURNS, np.r_[SEEN, np.full(40, kind)], 1.5)
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
