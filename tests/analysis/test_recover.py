"""Recovery of parameters and of rules: nominal coverage, flags of unidentifiable parameters, the error rate of AIC."""

import numpy as np
import pytest
from scipy.stats import chi2

from analysis.confusion import confusion
from analysis.datasets import load
from analysis.fit import fit
from analysis.recover import _calibration_warnings, ranks, recover, synthetic_values
from plasticity.dataset import check_schema
from plasticity.errors import InputError
from plasticity.rules.triplet_stdp import triplet_stdp
from tests.error_bounds import counts, variance_error, z


def test_synthetic_values_have_the_mean_and_the_noise_of_the_experiment():
    fitted = fit("triplet_stdp", "sjostrom_2001")
    values = synthetic_values(fitted, 4000, seed=1)
    score = (values - fitted.predictions) / fitted.data.sem.values
    assert abs(score.mean()) < z(2) / np.sqrt(score.size)
    assert abs(score.var() - 1) < variance_error(score.size, 2)


def test_two_standard_errors_cover_a_linear_parameter():
    recovery = recover(fit("pair_stdp", "wang_2005", ["A_plus", "A_minus"], n_starts=1), n_sets=200, n_starts=1)
    check_schema(recovery)
    assert recovery.verdict.values.tolist() == ["identifiable", "identifiable"]
    least, _ = counts(200, 0.9545, comparisons=2)
    assert (200 * recovery.coverage >= least).all()
    assert recovery.attrs["warnings"] == ""
    error = recovery.estimate.std("trial", ddof=1)
    ratio = (error / recovery.standard_error.mean("trial")) ** 2
    np.testing.assert_allclose(ratio, 1, atol=variance_error(199, 2))


def test_every_fitted_parameter_comes_back_or_is_flagged():
    data = load("sjostrom_2001")
    less_precise = data.assign(sem=3 * data.sem)
    recovery = recover(fit("triplet_stdp", less_precise, ["A3_plus", "A2_minus", "tau_y"], n_starts=3))
    least, _ = counts(50, 0.9545, comparisons=3)
    for coverage, verdict in zip(recovery.coverage.values, recovery.verdict.values, strict=True):
        assert 50 * coverage >= least or verdict.startswith("not identifiable")
    # potentiation and its time constant compensate one another: known to no better than their size
    assert recovery.verdict.sel(parameter="A2_minus") == "identifiable"
    assert "not identifiable" in str(recovery.verdict.sel(parameter="tau_y").values)
    assert "tau_y is not identifiable" in recovery.attrs["warnings"]


def test_a_parameter_without_effect_is_flagged():
    fitted = fit(triplet_stdp(A3_minus=0.0), "sjostrom_2001", ["A3_plus", "tau_x"], n_starts=1)
    recovery = recover(fitted, n_sets=10, n_starts=1)
    assert recovery.identifiable.values.tolist() == [1, 0]
    # every value does as well, so each fit puts it onto a bound
    assert "on a bound in 10 of 10 sets" in str(recovery.verdict.sel(parameter="tau_x").values)


def test_a_parameter_on_its_bound_is_flagged():
    fitted = fit("triplet_stdp", "sjostrom_2001", ["A2_plus", "A3_plus", "A2_minus"], n_starts=2)
    assert fitted.at_bound == ("A2_plus",)
    recovery = recover(fitted, n_sets=20, n_starts=1)
    assert "on a bound in" in str(recovery.verdict.sel(parameter="A2_plus").values)


def test_bad_input():
    with pytest.raises(InputError, match="nothing is free"):
        recover(fit("pair_stdp", "wang_2005"))
    with pytest.raises(InputError, match="n_sets must be a whole number"):
        recover(fit("pair_stdp", "wang_2005", ["A_plus"], n_starts=1), n_sets=2.5)


def test_aic_takes_a_superfluous_parameter_at_the_rate_of_its_penalty():
    # nested linear rules: twice the gain in ln L is chi-squared with one degree of freedom, the penalty is 2
    small = fit("pair_stdp", "wang_2005", ["A_plus"], n_starts=1)
    large = fit(small.rule, "wang_2005", ["A_plus", "A_minus"], n_starts=1)
    n = 60
    result = confusion([small, large], n_sets=n, n_starts=1)
    check_schema(result)
    np.testing.assert_allclose(result.share.sum("chosen"), 1)
    expected = chi2.sf(2, 1)  # 0.157
    low, high = counts(n, expected)
    assert low <= n * float(result.share[0, 1]) <= high


def test_rules_that_predict_different_changes_are_told_apart_and_equal_ones_are_not():
    pair = fit("pair_stdp", "wang_2005", ["A_plus", "A_minus"], n_starts=1)
    triplet = fit("triplet_stdp", "sjostrom_2001", ["A3_plus", "A2_minus"], n_starts=1)
    derived = fit("derived_bcm", "sjostrom_2001", ["learning_rate", "threshold"], n_starts=1)
    pair = fit("pair_stdp", "sjostrom_2001", ["A_plus", "A_minus"], n_starts=1)
    share = confusion([pair, triplet, derived], n_sets=10, n_starts=1).share
    assert share.made_by.values.tolist() == ["pair_stdp", "triplet_stdp", "derived_bcm"]
    # the derived rule is the minimal triplet rule in other parameters: each is chosen half of the time
    np.testing.assert_allclose(share[1, 1:], share[1, 1], rtol=1e-12)
    assert float(share[1, 0]) <= 0.1
    assert float(share[0, 0]) >= 0.8


def test_bad_input_of_a_confusion():
    pair = fit("pair_stdp", "wang_2005")
    with pytest.raises(InputError, match="at least two"):
        confusion([pair])
    with pytest.raises(InputError, match="one and the same data set"):
        confusion([pair, fit("pair_stdp", "sjostrom_2001")])
    with pytest.raises(InputError, match="did you mean 'aic'"):
        confusion([pair, pair], criterion="aicc")
    with pytest.raises(InputError, match="n_sets"):
        confusion([pair, pair], n_sets=0)


@pytest.mark.parametrize("noise", ["known", "student"])
def test_ranks_of_the_truth_are_uniform_where_the_posterior_is_right(noise):
    """80 sets: the number of ranks in each quarter is binomial."""
    fitted = fit("pair_stdp", "sjostrom_2001", ["A_plus", "A_minus"], n_starts=1, noise=noise)
    rank = ranks(fitted, 80, seed=1)
    low, high = counts(80, 0.25, comparisons=8)
    for column in rank.T:
        quarters = np.histogram(column, bins=4, range=(0, 1))[0]
        assert low <= quarters.min() <= quarters.max() <= high


def test_ranks_that_crowd_are_reported():
    """Even ranks pass; those of a narrow posterior crowd at the ends, those of a wide one in the middle."""
    even = (np.arange(80)[:, None] + 0.5) / 80
    assert _calibration_warnings(["a"], even) == []
    for crowded in (0.9 * np.round(even) + 0.1 * even, 0.4 + 0.2 * even):
        reported = _calibration_warnings(["a", "b"], np.hstack([even, crowded]))
        assert [text.split(" is ")[0] for text in reported] == ["the posterior of b"]


def test_calibration_is_part_of_recovery():
    fitted = fit("pair_stdp", "wang_2005", ["A_plus"], n_starts=1)
    recovery = recover(fitted, 3, n_starts=1, calibrate=True)
    assert recovery["rank"].shape == (3, 1)
    check_schema(recovery)
    scattered = fit("pair_stdp", "wang_2005", ["A_plus"], n_starts=1, noise="between")
    with pytest.raises(InputError, match="tau of the noise is estimated"):
        recover(scattered, 3, n_starts=1, calibrate=True)
