"""Mean field: closed forms of the mean drift between Poisson spikes, replay of such spikes, and what is refused."""

import numpy as np
import pytest
import sympy as sp

from plasticity import Objective, derive, observe, replay, rules, signals
from plasticity.compile.dense import check_supplied, synapse_source
from plasticity.compile.mean_field import on_rates
from plasticity.errors import InputError
from plasticity.local import local
from plasticity.rule import GRADIENT
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp
from tests.error_bounds import z

X, Y = local("pre_rate"), local("post_rate")


def test_mean_drift_of_the_triplet_rule():
    """⟨ẇ⟩ = A3₊τ₊τ_y x y² + A2₊τ₊ x y − A2₋τ₋ x y for independent Poisson spikes (pfister_2006)."""
    rule = triplet_stdp()
    a = {p.name: p.symbol for p in rule.parameters}
    mean = a["A3_plus"] * a["tau_plus"] * a["tau_y"] * X * Y**2 + a["A2_plus"] * a["tau_plus"] * X * Y
    mean -= a["A2_minus"] * a["tau_minus"] * X * Y
    flow = on_rates(rule).weight_flow
    assert sp.simplify((flow - mean).subs(a["A3_minus"], 0)) == 0


def test_nearest_spikes_saturate():
    """A trace that is set to 1 by each spike has the mean xτ/(1 + xτ)."""
    rule = pair_stdp(A_minus=0.0, interaction="nearest_spike")
    a = {p.name: p.symbol for p in rule.parameters}
    expected = a["A_plus"] * Y * X * a["tau_plus"] / (1 + X * a["tau_plus"])
    flow = on_rates(rule).weight_flow.subs(a["A_minus"], 0)
    assert sp.simplify(flow - expected) == 0


def test_replay_of_poisson_spikes_has_this_mean():
    """60 runs of 50 s at 12 and 7 Hz; a standard error is below 5 % of the mean."""
    rule = pair_stdp(A_plus=1e-3, A_minus=1e-4)
    random = np.random.default_rng(1)

    def train(rate):
        return np.sort(random.uniform(0, 50, random.poisson(50 * rate)))

    grown = np.array([replay(rule, train(12.0), train(7.0), duration=50.0).weight[-1] - 1 for _ in range(60)])
    drift = on_rates(rule).weight_flow.subs(
        {s: rule.values[s.name] for s in on_rates(rule).weight_flow.free_symbols - {X, Y}}
    )
    error = grown.std(ddof=1) / np.sqrt(60)
    expected = 50 * float(drift.subs({X: 12.0, Y: 7.0}))
    assert abs(grown.mean() - expected) < z(degrees=59) * error
    assert error < 0.05 * abs(expected)


@pytest.mark.parametrize("name", ["graupner_calcium", "clopath_voltage"])
def test_thresholds_on_what_jumps_are_refused(name):
    with pytest.raises(InputError, match="nonlinear function of .* which jumps at spikes"):
        on_rates(rules.load(name)())


def test_third_factors_are_refused():
    with pytest.raises(InputError, match="events of a third factor"):
        on_rates(rules.load("reward_stdp")())


@pytest.mark.parametrize("name", rules.names())
def test_every_rule_runs_in_a_rate_network_or_says_why_not(name):
    rule = rules.load(name)()
    if GRADIENT in rule.inputs:
        rule = observe(rule, signals.load("exact_error")())
    try:
        rates = on_rates(rule)
        check_supplied(rates)
    except InputError as error:
        reason = str(error)
    else:
        reason = ""
    if reason:
        assert name in reason
        return
    compile(synapse_source(rates), name, "exec")
    assert not {"pre", "post", "third_factor", "pre_delayed"} & set(rates.events)


def test_rules_without_spikes_stay_as_they_are():
    rule = observe(derive(Objective(discount=sp.oo)), signals.load("exact_error")())
    assert on_rates(rule) is rule
