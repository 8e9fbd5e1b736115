"""Competitive STDP: the published neuron spike by spike, the derived rule is the published one, its drift."""

import numpy as np
import pytest

import circuits
import scenarios
from circuits.network.population import Population
from plasticity.errors import UnknownNameError
from plasticity.poisson import poisson_trains
from plasticity.replay import replay
from scenarios.competitive_stdp import Parameters, learning_rule, network
from tests.oracles.plain_brian import song_2000


def test_the_neuron_is_that_of_a_brian2_program():
    """The defaults, written down twice: same spikes, and weights to rounding, of both rules that should be equal."""
    p = Parameters(rules=("pair", "derived"))
    duration, dt = 0.6, 5e-4
    excitatory = poisson_trains(20.0, p.n_excitatory, duration, dt, seed=1)
    inhibitory = poisson_trains(10.0, p.n_inhibitory, duration, dt, seed=2)
    weights = np.random.default_rng(3).random(p.n_excitatory)
    times, final = song_2000(excitatory, inhibitory, weights, duration, dt)
    assert times.size > 40
    inputs = Population("excitatory", excitatory), Population("inhibitory", inhibitory)
    run = circuits.run(network(p, *inputs, weights), duration, dt, "numpy", record=("pair_cells", "derived_cells"))
    for name in p.rules:
        np.testing.assert_allclose(run.spikes[f"{name}_cells"][0], times, atol=1e-9)
        np.testing.assert_allclose(run.final[name], final, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["derived", "relative"])
def test_windows_of_the_derived_rules(name):
    """One pair at weight 1/2: A₊ e^{−Δt/τ} and −A₋ e^{−Δt/τ}; where relative changes cost, times the weight."""
    p = Parameters()
    rule = learning_rule(p, name)
    for delay, amplitude in ((0.01, p.A_plus), (-0.01, -p.A_minus)):
        done = replay(rule, [0.02], [0.02 + delay], 0.5)
        factor = 0.5 if name == "relative" else 1.0
        assert float(done.weight[-1]) - 0.5 == pytest.approx(factor * amplitude * np.exp(-0.5), rel=1e-9)


def test_weights_fall_where_both_rates_are_high():
    """What regulates the rate: pairs that fall together by chance change weights by −(A₋ − A₊) τ r_in r_out per second.

    Inputs that make the neuron fire gain from it, so that this is a bound; at 2 Hz almost nothing happens in a second.
    The outcome after 500 s is in the docstring of the scenario, and in tests/benchmarks/published_models.py.
    """
    settings = {"duration": 1.0, "test": 0.1, "input_rates": (10.0, 40.0)}
    run = scenarios.run("competitive_stdp", device="numpy", rules=("pair",), **settings).isel(trial=0, rule=0)
    p, rates = Parameters(), run.rate_while_learning.mean("time").values
    by_chance = -(p.A_minus - p.A_plus) * p.tau * run.input_rate.values * rates
    change = (run.weight - run.initial_weight).mean("synapse").values
    assert rates[1] > 50 * rates[0]
    assert by_chance[1] < change[1] < by_chance[1] / 5
    assert abs(change[0]) < 0.005


def test_bad_input_is_named():
    with pytest.raises(UnknownNameError, match=r"unknown rules\[0\] 'pairs'; did you mean 'pair'"):
        scenarios.run("competitive_stdp", rules=("pairs",))
