"""Change points: an optimal learner raises its rate after a change, a constant one does not."""

import numpy as np
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw


def test_rates_rise_after_a_change_and_assumptions_differ_from_the_truth():
    run = scenarios.run("change_points", n_sequences=5)
    constant, true, best = (run.sel(model=m) for m in ("constant rate", "optimal, true values", "optimal, fitted"))
    assert_allclose(constant.rate, float(constant.rate[0]), rtol=1e-6)
    for one in (true, best):
        after = one.rate.sel(outcome=1)
        assert float(after) > 1.5 * float(one.rate.sel(outcome=[-1, 0, 8, 9]).mean())
    assert float(best.misfit) < float(true.misfit) < float(constant.misfit)
    hazard, noise, approach = run.value.values
    assert hazard > 0.1
    assert noise > 0.0333
    assert 0.5 < approach <= 1
    assert np.isfinite(run.rate).all()
    assert len(draw(run).axes) == 2
