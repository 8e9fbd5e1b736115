"""Confusion of models that are linear about their fits: closed forms, and refits of rules that are linear."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2

from analysis.data.repeated import with_measured
from analysis.datasets import load
from analysis.fit import fit
from analysis.fitting.noise import noise_of
from analysis.linear_confusion import N_SETS, TIE, LinearModel, linear_confusion
from tests.error_bounds import counts


@pytest.mark.parametrize("noise", ["known", "correlated"])
def test_a_superfluous_parameter_is_chosen_as_often_as_its_penalty_allows(noise):
    """AIC takes one more parameter where χ² with one degree of freedom exceeds 2; ties are shared."""
    of = noise_of(load("milstein_2021"), noise)
    n = of.sem.size
    models = [LinearModel(np.ones(n), slope, of, slope.shape[1]) for slope in (np.empty((n, 0)), np.ones((n, 1)))]
    share = linear_confusion(models)
    expected = chi2.sf(2 + TIE, 1) + 0.5 * (chi2.sf(2 - TIE, 1) - chi2.sf(2 + TIE, 1))
    low, high = counts(N_SETS, expected)
    assert low / N_SETS <= share[0, 1] <= high / N_SETS
    assert_allclose(share.sum(axis=1), 1)


def test_criteria_of_a_linear_rule_are_those_of_its_refits():
    """Changes are linear in amplitudes, so that AIC is that of a fit to every set."""
    data, free = load("sjostrom_2001"), ["A_plus", "A_minus"]
    fitted = fit("pair_stdp", data, free)
    model = LinearModel(fitted.predictions, fitted.slope, fitted.noise, 2)
    sets = fitted.noise.draws(fitted.predictions, 3, np.random.default_rng(0))
    refits = [fit("pair_stdp", with_measured(data, values), free, n_starts=1) for values in sets]
    assert_allclose(model.akaike(sets), [one.aic for one in refits], atol=1e-4)
