"""Choices with a reversal: what is learned is lost and learned again, and each number comes back or is flagged."""

import numpy as np
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from tests.error_bounds import counts


def test_people_learn_relearn_and_come_back():
    run = scenarios.run("choices", n_people=2, n_sessions=1, n_trials=100)
    chance = run.accuracy.mean("model")
    before, after, end = (float(chance[part].mean()) for part in (slice(40, 50), slice(50, 54), slice(90, 100)))
    assert before > 0.6
    assert after < 0.5  # the answers changed places, the learner did not
    assert end > after
    assert_allclose(run.share.sum("chosen"), 1)
    low, _ = counts(14, 0.9)
    assert float((run.recovered + run.flagged).sum() * 2) >= low
    assert np.isfinite(run.estimate.sel(number="REINFORCE: learning rate")).all()
    assert len(draw(run).axes) == 4
