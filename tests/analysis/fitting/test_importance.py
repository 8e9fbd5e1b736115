"""Weighted draws against posteriors in closed form."""

import numpy as np
import pytest

from analysis.fit import fit
from analysis.fitting.importance import posterior_draws
from tests.error_bounds import z


def moments(draws):
    """Mean and standard deviation of the first parameter with the errors of both."""
    weights, values = np.exp(draws.log_weights), draws.values[:, 0]
    mean = weights @ values
    sd = np.sqrt(weights @ (values - mean) ** 2)
    return mean, sd, sd / np.sqrt(draws.effective_size), sd / np.sqrt(draws.effective_size / 2)


def test_a_linear_rule_has_the_gaussian_posterior_of_its_fit():
    fitted = fit("pair_stdp", "wang_2005", ["A_plus", "A_minus"], n_starts=1)  # 5 or more sd from the bound at 0
    draws = posterior_draws(fitted.problem(), fitted.free_values)
    assert np.exp(draws.log_weights).sum() == pytest.approx(1)
    assert draws.effective_size > 200
    mean, sd, mean_error, sd_error = moments(draws)
    assert abs(mean - fitted.parameters["A_plus"]) < z(2) * mean_error
    assert abs(sd - fitted.standard_errors["A_plus"]) < z(2) * sd_error


def test_a_parameter_that_does_nothing_has_its_prior():
    """tau_x without A3_minus: its logarithm is uniform between the bounds."""
    fitted = fit("triplet_stdp", "sjostrom_2001", ["tau_x"], {"tau_x": (1e-3, 1.0)}, n_starts=1)
    draws = posterior_draws(fitted.problem(), fitted.free_values)
    place = 1 + np.log10(draws.values[:, 0]) / 3
    weights = np.exp(draws.log_weights)
    assert abs(weights @ place - 0.5) < z() / np.sqrt(12 * draws.effective_size)


def test_a_bound_cuts_the_posterior():
    """A_minus between 0 and a fifth of its error, far from where the data pull: p ∝ exp(−(A − A₀)²/2s²)."""
    free = fit("pair_stdp", "wang_2005", ["A_minus"], n_starts=1)
    spread, best = free.standard_errors["A_minus"], free.parameters["A_minus"]
    fitted = fit("pair_stdp", "wang_2005", ["A_minus"], {"A_minus": (0.0, 0.2 * spread)}, n_starts=1)
    draws = posterior_draws(fitted.problem(), fitted.free_values)
    grid = np.linspace(0, 0.2 * spread, 2001)
    expected = np.average(grid, weights=np.exp(-0.5 * ((grid - best) / spread) ** 2))
    mean, _, error, _ = moments(draws)
    assert abs(mean - expected) < z() * error
