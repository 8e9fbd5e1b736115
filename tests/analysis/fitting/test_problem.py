"""Predictions by kind of data: closed forms for a lone pair, for random spikes, and for a plateau."""

import numpy as np
import pytest

from analysis.data.record import without_missing_errors
from analysis.datasets import load
from analysis.fitting.predictor import PULSES, REPEATS, predictor
from analysis.fitting.problem import make_problem
from plasticity import rules
from plasticity.errors import InputError
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp
from tests.error_bounds import z


def values(rule):
    return np.array([[p.value for p in rule.parameters]])


def test_frequency_curve_of_the_triplet_rule_is_that_of_independent_spikes():
    # mean drift A3 τ₊ τ_y x y² − A2 τ₋ x y with x = y = f, for 900/f seconds; τ_x is not used
    data = without_missing_errors(load("kirkwood_1996"))
    rule = triplet_stdp(A3_plus=1e-4, A2_minus=1e-4, tau_plus=0.02, tau_minus=0.02, tau_y=0.05)
    result = predictor(rule, data)(values(rule))[0]
    f = data.frequency.values
    expected = PULSES * (1e-4 * 0.02 * 0.05 * f**2 - 1e-4 * 0.02 * f)
    # counts of 900 random spikes scatter by 1/30, their square by 2/30; pairs at 1 and 2 Hz are rarer: the sum of both
    scale = PULSES * (1e-4 * 0.02 * 0.05 * f**2 + 1e-4 * 0.02 * f)
    few = 1 / np.sqrt(PULSES * REPEATS * np.minimum(1, 0.02 * f))
    assert np.all(np.abs(result - expected) < z(f.size) * scale * (2 / np.sqrt(PULSES * REPEATS) + few))


def test_plateau_is_a_post_spike_for_rules_without_a_third_factor():
    data = load("milstein_2021")
    rule = pair_stdp(A_plus=2.0, A_minus=1.0, tau_plus=1.0, tau_minus=2.0)
    delay = data.time_from_plateau.values
    expected = np.where(delay < 0, 2.0 * np.exp(delay), -np.exp(-delay / 2.0))
    np.testing.assert_allclose(predictor(rule, data)(values(rule))[0], expected, rtol=1e-9)


def test_change_after_a_plateau_depends_on_the_initial_ramp():
    data = load("milstein_2021")
    problem = make_problem(rules.derived_plateau(), data)
    assert problem.rule.inputs == ()
    change = problem.predictions(np.empty((1, 0)))[0]
    # the derived rule is linear in the weight: equal times, changes on a straight line against the initial ramp
    for time_from_plateau in (1.25, 1.75):
        rows = np.flatnonzero(data.time_from_plateau.values == time_from_plateau)
        slope = np.diff(change[rows]) / np.diff(data.initial_ramp.values[rows])
        np.testing.assert_allclose(slope, slope[0], rtol=1e-9)
        assert slope[0] < 0


def test_kinds_that_no_rule_predicts_are_refused():
    with pytest.raises(InputError, match="kind 'trials' cannot be predicted by a rule"):
        make_problem(pair_stdp(), load("thart_reach"))
    with pytest.raises(InputError, match="with_pooled_errors"):
        make_problem(pair_stdp(), load("bi_poo_1998"))
