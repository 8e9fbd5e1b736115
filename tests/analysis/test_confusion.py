"""Model recovery: how often AIC takes one parameter too many is known in closed form."""

import numpy as np
import pytest
from scipy.stats import chi2

from analysis.fit import fit
from analysis.recover import confusion
from plasticity.dataset import check_schema
from plasticity.errors import InputError
from tests.statistics import counts


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


def test_bad_input():
    pair = fit("pair_stdp", "wang_2005")
    with pytest.raises(InputError, match="at least two"):
        confusion([pair])
    with pytest.raises(InputError, match="one and the same data set"):
        confusion([pair, fit("pair_stdp", "sjostrom_2001")])
    with pytest.raises(InputError, match="did you mean 'aic'"):
        confusion([pair, pair], criterion="aicc")
    with pytest.raises(InputError, match="n_sets"):
        confusion([pair, pair], n_sets=0)
