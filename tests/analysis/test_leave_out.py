"""Leave-one-out: for a linear rule the refits have a closed form, singly and in groups."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.benchmarks import benchmark
from analysis.datasets import load
from analysis.fit import fit
from analysis.leave_out import difference, leave_out
from analysis.model import GaussianPrediction
from analysis.trial_models import state_space
from plasticity.errors import InputError, UnknownNameError
from plasticity.rules.pair_stdp import pair_stdp

AMPLITUDES = ["A_plus", "A_minus"]


def linear(data):
    """Design matrix and targets in units of sem: predictions of the pair rule are linear in its amplitudes."""
    unit = [fit(pair_stdp(A_plus=a, A_minus=b), data).predictions for a, b in ((1, 0), (0, 1))]
    return np.transpose(unit) / data.sem.values[:, None], data.value.values / data.sem.values


def test_left_out_residuals_are_those_of_the_hat_matrix():
    # residual_i / (1 − h_ii), exact for linear least squares
    data = load("wang_2005")
    design, target = linear(data)
    hat = design @ np.linalg.pinv(design)
    expected = (target - hat @ target) / (1 - np.diag(hat))
    left = leave_out(fit("pair_stdp", data, AMPLITUDES), n_starts=1)
    assert_allclose((data.value.values - left.predictions) / data.sem.values, expected, rtol=1e-5)
    assert left.error == pytest.approx(np.mean(expected**2), rel=1e-5)
    plug_in = -0.5 * expected**2 - np.log(np.sqrt(2 * np.pi) * data.sem.values)
    assert_allclose(left.plug_in, plug_in, rtol=1e-5)
    # over the posterior of the other points the prediction has the variance h/(1 − h), in units of sem²
    variance = 1 / (1 - np.diag(hat))
    scores = -0.5 * expected**2 / variance - np.log(np.sqrt(2 * np.pi * variance) * data.sem.values)
    assert_allclose(left.scores, scores, rtol=0.05, atol=0.2)  # weighted draws
    assert left.score == pytest.approx(left.scores.sum())
    assert left.standard_error == pytest.approx(np.sqrt(13) * left.scores.std(ddof=1), rel=1e-5)


def test_a_parameter_that_the_others_leave_open_widens_the_prediction():
    """One protocol alone determines tau_plus: a refit trusts a value that predicts 3.2 where it is 0.33 ± 0.04."""
    free = ["A2_plus", "A3_plus", "A2_minus", "tau_y", "tau_plus"]
    fitted = fit("triplet_stdp", "wang_2005", free, {"tau_plus": (5e-3, 0.1)}, n_starts=3)
    left = leave_out(fitted, n_starts=2)
    assert left.plug_in.min() < -1000
    assert left.scores.min() > -100
    assert any("without it the score is" in warning for warning in left.warnings)


def test_groups_are_left_out_together():
    # (1 − H_GG)⁻¹ residual_G for a group G
    data = load("wang_2005")
    design, target = linear(data)
    hat = design @ np.linalg.pinv(design)
    residual = target - hat @ target
    left = leave_out(fit("pair_stdp", data, AMPLITUDES), unit="interval", n_starts=1)
    assert left.units == ("0.01", "-0.01", "0.005", "0.015", "-0.005", "-0.015")
    result = (data.value.values - left.predictions) / data.sem.values
    for interval in map(float, left.units):
        group = data.interval.values == interval
        expected = np.linalg.solve(np.eye(group.sum()) - hat[np.ix_(group, group)], residual[group])
        assert_allclose(result[group], expected, rtol=1e-5)


def test_a_rule_without_free_parameters_has_seen_nothing():
    evaluated = fit("triplet_stdp", "sjostrom_2001")
    assert leave_out(evaluated).score == pytest.approx(evaluated.log_likelihood, rel=1e-12)


def test_difference_is_paired():
    data = load("wang_2005")
    first = leave_out(fit("pair_stdp", data, AMPLITUDES), n_starts=1)
    second = leave_out(fit("triplet_stdp", data))
    gain, error = difference(second, first)
    assert gain == pytest.approx(second.score - first.score)
    assert error == pytest.approx(np.sqrt(13) * np.std(second.scores - first.scores, ddof=1))
    assert difference(first, first) == (0.0, 0.0)
    with pytest.raises(InputError, match="same units"):
        difference(first, leave_out(fit("pair_stdp", "sjostrom_2001")))


def test_one_point_that_decides_the_score_is_named():
    data = load("wang_2005")
    value = data.value.values.copy()
    value[3] += 2.0  # 67 standard errors
    outlier = data.assign(value=data.value.copy(data=value))
    left = leave_out(fit("pair_stdp", outlier, AMPLITUDES), n_starts=1)
    assert any("hangs on pre_post_pre_+10ms_-10ms alone" in warning for warning in left.warnings)


def test_refits_on_a_bound_are_reported():
    # four parameters of two windows that were sampled at 10 ms only
    fitted = fit("pair_stdp", "sjostrom_2001", ["A_plus", "A_minus", "tau_plus", "tau_minus"], n_starts=3)
    assert any("refits ended on a bound" in warning for warning in leave_out(fitted).warnings)


def test_bad_input():
    fitted = fit("pair_stdp", "sjostrom_2001", AMPLITUDES, n_starts=1)
    with pytest.raises(UnknownNameError, match="did you mean 'frequency'"):
        leave_out(fitted, unit="frequencies")
    single = fit("pair_stdp", load("sjostrom_2001").isel(protocol=[0]))
    with pytest.raises(InputError, match="one protocol only"):
        leave_out(single)
    saturated = fit("pair_stdp", load("sjostrom_2001").isel(protocol=[0, 5]), AMPLITUDES, n_starts=1)
    with pytest.raises(InputError, match="2 free parameters .* cannot be fitted to 1 protocols"):
        leave_out(saturated)


def test_a_trial_that_is_left_out_stays_in_the_sequence(monkeypatch):
    """Learners of exact data foresee what was left out only if they went through all trials before it."""
    monkeypatch.setattr("analysis.fitting.importance.ROUNDS", 1)
    monkeypatch.setattr("analysis.fitting.importance.PER_ROUND", 20)
    data = load("thart_reach").isel(protocol=slice(20, 60))
    data = data.assign_coords(block=("protocol", np.repeat(["a", "b", "c", "d"], 10), {"units": "1", "long_name": "b"}))
    model = state_space(1).with_parameters(retention_1=0.9, drive_1=0.2)
    exact = data.assign(value=data.value.copy(data=model({}, data).mean))
    bounds = {"retention_1": (0.5, 0.99), "drive_1": (0.01, 0.9)}
    fitted = fit(model, exact, list(bounds), bounds, n_starts=1)
    assert_allclose(leave_out(fitted, "block", n_starts=1).predictions, exact.value, atol=1e-4)


def test_refits_leave_a_poor_minimum_for_the_best_one(tmp_path):
    """Two minima, at ±1, of which the fit is in the one whose posterior share is below 6 %: eight draws leave it."""
    rows = ["protocol,k,n,x_tilt", "a,5,10,0", "b,5,10,0", "c,5,10,1", "d,5,10,1"]
    (tmp_path / "own.csv").write_text("\n".join(rows))

    def two_minima(parameters, protocol):
        tilt, theta = protocol.x_tilt.values, parameters["theta"]
        return GaussianPrediction(0.5 + np.where(tilt == 1, 1.2 * (1 - theta), 3 * (theta**2 - 1)), 1.0)

    best = fit(two_minima, tmp_path / "own.csv", "theta", {"theta": (-3.0, 3.0)}, n_starts=5)
    assert_allclose(best.parameters["theta"], 1, atol=1e-4)
    poor = replace(best, rule=best.rule.with_parameters(theta=-0.98))
    left = leave_out(poor, n_starts=1)
    assert_allclose(left.predictions, 0.5, atol=1e-3)
    assert left.warnings[0].startswith("4 of 4 ended lower from starts drawn from the posterior: predictions by single")
    assert any("a refit fits all data better than the fit itself" in warning for warning in left.warnings)
    assert leave_out(best, n_starts=2).warnings == ()


def test_refits_that_few_starts_found_are_named():
    """The rare minimum of one refit of this rule: the sum of single predictions is 8.8 without it, 4.8 with it."""
    bench = benchmark("sjostrom_2001")
    rule = next(c for c in bench.candidates if c.label == "derived BCM, nearest pre, own windows")
    fitted = fit(rule.make(), bench.load(), rule.free, rule.bounds)
    left = leave_out(fitted, n_starts=3)
    words = ("found by few of their starts", "ended lower from starts drawn from the posterior")
    assert (left.plug_in.sum() < 6) == any(w in warning for warning in left.warnings for w in words)
