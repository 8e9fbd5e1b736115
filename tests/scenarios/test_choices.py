"""Choices with a reversal: what is learned is lost and learned again, and each number comes back or is flagged."""

import numpy as np
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from tests.statistics import counts


def test_people_learn_relearn_and_come_back():
    run = scenarios.run("choices", n_people=3, n_sessions=2, n_trials=80)
    chance = run.accuracy.mean("model")
    before, after, end = (float(chance[part].mean()) for part in (slice(30, 40), slice(40, 46), slice(70, 80)))
    assert before > 0.6
    assert after < 1 - before + 0.1  # the answers changed places, the learner did not
    assert end > after + 0.1
    assert_allclose(run.share.sum("chosen"), 1)
    low, _ = counts(21, 0.9)
    assert float((run.recovered + run.flagged).sum() * 3) >= low
    assert np.isfinite(run.estimate.sel(number="REINFORCE: learning rate")).all()
    assert len(draw(run).axes) == 4
