"""Motor adaptation: an exact tie on seen trials, an alias in clamps, recovery without feedback."""

import numpy as np
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from tests.error_bounds import counts


def test_horizons_tie_in_the_data_and_show_without_feedback():
    run = scenarios.run("motor_adaptation", n_people=4, output_noise=1.0)
    tied = [m for m in run.model.values if m == "two states" or "γ + R" in str(m)]
    assert len(tied) == 4
    assert_allclose(run.misfit.sel(model=tied), 5.285189, rtol=1e-6)
    assert float(run.misfit.sel(model="one state")) > 30
    assert (run.flagged.sel(end="clamped errors") == 4).all()  # one exact alias takes all numbers with it
    free = run.sel(end="no feedback")
    assert not free.flagged.sel(number="γ + R")
    low, _ = counts(20, 0.95)
    assert int(free.recovered.sum() + free.flagged.sum()) >= low
    assert np.isfinite(free.estimate).all()
    assert len(draw(run).axes) == 3
