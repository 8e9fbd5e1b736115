"""Exponential relaxation: exact series give exact rates, noisy ones the standard errors of linear theory."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity.errors import InputError
from plasticity.support.exponential import fit_exponential

TIMES = np.linspace(0.5, 4.5, 81)


def decay(rates, times=TIMES):
    return np.exp(-np.multiply.outer(times - times[0], rates))


@pytest.mark.parametrize("known", [True, False], ids=["rest known", "rest fitted"])
def test_exact_series_give_their_numbers(known):
    """From 1/250 of what happens in the window to one that leaves e⁻⁵ of the way after one step, of either sign."""
    rates, sizes, rest = np.array([1e-3, 0.3, 2.0, 30.0, 100.0]), np.array([1.0, -2.0, 1e3, 0.1, -1e-6]), 0.25
    fitted = fit_exponential(TIMES, rest * sizes + sizes * decay(rates), rest * sizes if known else None)
    assert_allclose(
        fitted.rate, rates, rtol=1e-12 if known else 1e-8
    )  # slow ones are nearly straight: 1/(r·T)² is lost
    assert_allclose(fitted.amplitude, sizes, rtol=1e-10 if known else 1e-7)
    assert_allclose(fitted.rest, rest * sizes, rtol=1e-10 if known else 4e-7)


def test_records_may_be_uneven():
    times = np.sort(np.random.default_rng(0).uniform(0, 3, 40))
    assert_allclose(fit_exponential(times, 1 - decay(1.3, times)).rate, 1.3, rtol=1e-10)


@pytest.mark.parametrize("rest", [0.3, None], ids=["rest known", "rest fitted"])
def test_noisy_series_err_as_linear_theory_says(rest):
    """error² = σ²(JᵀJ)⁻¹ for the derivatives J of the model; (estimate − truth)/error has mean 0 and variance 1.

    400 series, bounds at 6 standard errors: a false alarm in 10⁷ seeds. Student's t with 78 degrees of freedom has a
    variance of 1.03; one standard error is itself known to 1/√(2·78) = 8 %, the mean of 400 to 0.4 %.
    """
    rate, size, sigma, n = 1.7, 1.5, 0.02, 400
    noise = sigma * np.random.default_rng(1).standard_normal((TIMES.size, n))
    fitted = fit_exponential(TIMES, 0.3 + size * decay(rate)[:, None] + noise, rest)
    since = TIMES - TIMES[0]
    columns = [-size * since * decay(rate), decay(rate), np.ones_like(since)][: 3 if rest is None else 2]
    expected = sigma * np.sqrt(np.linalg.inv(np.array(columns) @ np.array(columns).T)[0, 0])
    assert_allclose(fitted.rate_error.mean(), expected, rtol=6 * 0.08 / np.sqrt(n) + 0.01)  # and its curvature
    score = (fitted.rate - rate) / fitted.rate_error
    assert abs(score.mean()) < 6 / np.sqrt(n)
    assert_allclose(np.mean(score**2), 1.03, atol=6 * np.sqrt(2 / n))


def test_a_series_that_does_not_relax_has_no_rate():
    straight, constant = TIMES, np.full(TIMES.size, 0.1)
    series = np.stack([straight, constant, decay(1.0)], axis=1)
    assert np.isnan(fit_exponential(TIMES, series).rate).tolist() == [True, True, False]
    assert np.isnan(fit_exponential(TIMES, decay(-1.0), 0.0).rate_error)  # it grows away from 0 …
    assert np.isnan(fit_exponential(TIMES, np.eye(1, TIMES.size)[0], 0.0).rate)  # … and this is at rest after one step
    assert fit_exponential(TIMES, np.zeros((TIMES.size, 0))).rate.shape == (0,)


@pytest.mark.parametrize(
    ("times", "values", "rest", "message"),
    [
        ([0, 1, 2], [1, 2], None, r"one row per time, got shape \(2,\) for times \(3,\)"),
        ([0, 2, 1, 3], [1, 2, 3, 4], None, "increasing; sort"),
        ([0, 1, 2], [1, 2, 3], None, "3 samples; 3 unknowns"),
        ([0, 1], [1, 2], 0.0, "2 samples; 2 unknowns"),
        ([0, 1, 2, 3], [1, np.inf, 3, 4], None, "values must be finite, got inf"),
        ([0, 1, 2, 3], [1, 2, 3, 4], np.nan, "rest must be finite, got nan; leave it out"),
    ],
)
def test_bad_input_is_named(times, values, rest, message):
    with pytest.raises(InputError, match=message):
        fit_exponential(times, values, rest)
