"""Scores against hand calculation; p values against the rate at which they reject a true model."""

import numpy as np
import pytest
from scipy import stats

from analysis.datasets import load
from analysis.fit import fit
from analysis.fitting.deviations import N_SETS
from analysis.fitting.noise import noise_of
from analysis.fitting.scores import akaike, bayesian, fitting_error, p_value
from plasticity import rules
from tests.error_bounds import counts


def test_error_by_hand():
    # deviations of 2, −1 and 0 standard errors
    assert fitting_error([0.3, 0.1, -0.2], [0.1, 0.2, -0.2], [0.1, 0.1, 0.3]) == pytest.approx(5 / 3)


def test_predictions_are_batched():
    value, sem = np.array([0.1, 0.2]), np.array([0.1, 0.2])
    prediction = np.array([[0.1, 0.2], [0.2, 0.4], [0.1, 0.0]])
    np.testing.assert_allclose(fitting_error(value, prediction, sem), [0, 1, 0.5])


def test_criteria_by_hand():
    assert akaike(-12.5, 3) == 2 * 3 + 25
    assert bayesian(-12.5, 3, 10) == pytest.approx(3 * 2.302585093 + 25)
    # one more parameter must gain one unit of log likelihood for AIC, ½ ln N for BIC
    assert akaike(-11.5, 4) == akaike(-12.5, 3)
    assert bayesian(-12.5 + np.log(10) / 2, 4, 10) == pytest.approx(bayesian(-12.5, 3, 10))


def critical(noise, design):
    """Sum of squares at which p is 0.05, by bisection on one deviation of a model without parameters."""
    low, high = 0.0, 1e4
    for _ in range(40):
        middle = (low + high) / 2
        deviation = np.zeros(noise.sem.size)
        deviation[0] = middle
        low, high = (middle, high) if p_value(noise, deviation, 0.0, design) >= 0.05 else (low, middle)
    return float(np.sum(noise.residuals(deviation, 0.0) ** 2))


@pytest.mark.parametrize("name", ["known", "student"])
@pytest.mark.parametrize("k", [0, 2])
def test_a_true_rule_is_rejected_in_five_per_cent_of_sets(name, k):
    """20,000 experiments with the printed n, 3 to 10: means and standard errors of n values, two fitted amplitudes.

    The two parameters are fitted by the likelihood of each set, with its own standard errors.
    """
    data = load("sjostrom_2001")
    noise, n = noise_of(data, name), data.n.values.astype(int)
    slope = fit("pair_stdp", data, ["A_plus", "A_minus"], n_starts=1).slope[:, :k]
    random = np.random.default_rng(1)
    mean, sem = np.empty((2, N_SETS, n.size))
    for i, m in enumerate(n):
        cells = noise.sem[i] * np.sqrt(m) * random.standard_normal((N_SETS, m))
        mean[:, i], sem[:, i] = cells.mean(axis=1), cells.std(axis=1, ddof=1) / np.sqrt(m)
    left = mean
    for _ in range(12 if k else 0):  # the maximum of the likelihood by reweighting
        t2 = (left / sem) ** 2
        weight = (1 if name == "known" else n / (n - 1 + t2)) / sem**2
        normal = np.einsum("sn,nk,nl->skl", weight, slope, slope)
        moment = np.einsum("sn,nk->sk", weight * mean, slope)
        left = mean - np.linalg.solve(normal, moment[:, :, None])[:, :, 0] @ slope.T
    squares = np.sum(noise.residuals(left / sem * noise.sem, 0.0) ** 2, axis=1)
    assert abs(np.mean(squares > critical(noise, slope)) - 0.05) < 0.01


def test_known_errors_give_chi_squared():
    data = load("wang_2005")  # n is unknown
    fitted = fit("pair_stdp", data, ["A_plus", "A_minus"], n_starts=1)
    assert fitted.p_value == pytest.approx(stats.chi2.sf(13 * fitted.error, 11), rel=1e-12)
    assert fit("pair_stdp", data).p_value == pytest.approx(stats.chi2.sf(13 * fit("pair_stdp", data).error, 13))
    bounds = {"A_plus": (0.0, 1e-5)}  # on its bound a parameter fits nothing
    fitted = fit("pair_stdp", data, ["A_plus"], bounds, n_starts=1)
    assert fitted.at_bound == ("A_plus",)
    assert fitted.p_value == pytest.approx(stats.chi2.sf(13 * fitted.error, 13), rel=1e-12)


def test_error_of_a_true_model_with_estimated_standard_errors():
    """With the printed n the median of E is 1.55 and its 95 % point 6.5; with known errors 0.93 and 1.83."""
    noise = noise_of(load("sjostrom_2001"), "student")
    sets = fitting_error(noise.draws(0.0, N_SETS, np.random.default_rng(0)), 0.0, noise.sem)
    for point, digits, share in ((1.55, 0.05, 0.5), (6.5, 0.7, 0.95)):
        low, high = (count / N_SETS for count in counts(N_SETS, share))
        assert low <= np.mean(sets < point + digits)
        assert np.mean(sets < point - digits) <= high


def test_nothing_is_left_to_test():
    assert np.isnan(fit("pair_stdp", "wang_2005", ["A_plus"], noise="between", n_starts=1).p_value)


def test_a_p_value_does_not_depend_on_the_units_of_the_parameters():
    """The minimal triplet rule and the rule derived from the BCM objective are one model in other parameters."""
    window = {"tau_plus": (5e-3, 0.1), "tau_minus": (5e-3, 0.1)}
    bcm = {"learning_rate": (1e-8, 1e-2), "threshold": (0.0, 500.0)} | window
    data, mixed = "sjostrom_2001", {"pre_interaction": "nearest_spike"}
    free = ["A3_plus", "A2_minus", "tau_y", *window]
    triplet = fit(rules.load("triplet_stdp")(**mixed, A2_plus=0.0), data, free, window, n_starts=3)
    derived = fit(rules.load("derived_bcm")(**mixed), data, [*bcm, "tau_y"], bcm, n_starts=3)
    assert derived.error == pytest.approx(triplet.error, rel=1e-3)
    assert derived.p_value == pytest.approx(triplet.p_value, abs=0.005)
