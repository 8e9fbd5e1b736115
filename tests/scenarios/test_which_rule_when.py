"""The map of rules: bounds in every cell, and the winner is the least of the printed costs."""

from dataclasses import replace

import numpy as np

from scenarios import which_rule_when


def test_the_map_holds_the_least_costs():
    quick = replace(which_rule_when.Parameters(), **which_rule_when.SMOKE)
    result = which_rule_when.simulate(quick, seed=2, device=None)
    linear = result.sel(rule=result.rule != "adam")
    assert np.all(linear.excess >= -1e-12 * result.best_cost)
    assert np.all(result.regret >= 0)
    assert np.all(linear.excess_error == 0)
    assert np.all(result.excess_error.sel(rule="adam") > 0)
    winner = result.excess.isel(rule=result.best_rule)
    np.testing.assert_allclose(winner, result.excess.min("rule"), rtol=1e-5)
