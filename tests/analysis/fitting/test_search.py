"""Scores against hand calculation and against the density in scipy."""

import numpy as np
import pytest
from scipy.stats import norm

from analysis.fitting.search import akaike, bayesian, fitting_error, log_likelihood


def test_error_by_hand():
    # deviations of 2, −1 and 0 standard errors
    assert fitting_error([0.3, 0.1, -0.2], [0.1, 0.2, -0.2], [0.1, 0.1, 0.3]) == pytest.approx(5 / 3)


def test_likelihood_is_the_gaussian_density():
    rng = np.random.default_rng(1)
    value, prediction, sem = rng.normal(size=7), rng.normal(size=7), rng.uniform(0.1, 2, size=7)
    expected = norm(prediction, sem).logpdf(value).sum()
    assert log_likelihood(value, prediction, sem) == pytest.approx(expected, rel=1e-12)


def test_predictions_are_batched():
    value, sem = np.array([0.1, 0.2]), np.array([0.1, 0.2])
    prediction = np.array([[0.1, 0.2], [0.2, 0.4], [0.1, 0.0]])
    np.testing.assert_allclose(fitting_error(value, prediction, sem), [0, 1, 0.5])
    single = [log_likelihood(value, p, sem) for p in prediction]
    np.testing.assert_allclose(log_likelihood(value, prediction, sem), single)


def test_criteria_by_hand():
    assert akaike(-12.5, 3) == 2 * 3 + 25
    assert bayesian(-12.5, 3, 10) == pytest.approx(3 * 2.302585093 + 25)
    # one more parameter must gain one unit of log likelihood for AIC, ½ ln N for BIC
    assert akaike(-11.5, 4) == akaike(-12.5, 3)
    assert bayesian(-12.5 + np.log(10) / 2, 4, 10) == pytest.approx(bayesian(-12.5, 3, 10))
