"""Inferred assumptions: coverage of the intervals, and what one curvature cannot tell."""

import numpy as np

import scenarios
from analysis.figures import draw
from tests.error_bounds import counts


def test_intervals_cover_and_curvature_narrows_them():
    run = scenarios.run("infer_assumptions", n_learners=12, n_records=16)
    low, high = counts(12 * run.sizes["experiment"], 0.9)
    assert low <= 12 * float(run.coverage.sel(share=0.9).sum()) <= high
    width = run.posterior_sd.mean("learner")
    assert float(width.sel(experiment="coupled weights")) < float(width.sel(experiment="one curvature"))
    assert not run.aliased.any()
    assert len(draw(run).axes) == 5


def test_without_noise_in_the_metric_one_curvature_is_an_alias():
    run = scenarios.run("infer_assumptions", n_learners=1, n_records=16, process_noise="free")
    known = dict(zip(run.experiment.values.tolist(), run.aliased.values.tolist(), strict=True))
    assert known == {"two curvatures": 1, "coupled weights": 0, "one curvature": 1, "two levels": 0}
    assert np.all(run.low < run.high)
