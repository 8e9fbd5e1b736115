"""Inhibitory balance: the published neuron spike by spike, the derived rule is that one, inhibition mirrors."""

import numpy as np
import pytest

import circuits
import scenarios
from circuits.network.population import Population
from plasticity.errors import UnknownNameError
from plasticity.poisson import poisson_trains
from plasticity.replay import final_weights
from scenarios.inhibitory_balance import N_SIGNALS, Parameters, inputs, learning_rule, network, tuning
from tests.oracles.plain_brian import vogels_2011


def test_the_neuron_is_that_of_a_brian2_program():
    """Same spikes, and weights to rounding, of the published and of the derived rule."""
    p = Parameters(rules=("published", "derived"), n_trials=1)
    duration, dt = 0.4, 5e-4
    excitatory = poisson_trains(40.0, N_SIGNALS * p.n_excitatory, duration, dt, seed=1)
    inhibitory = poisson_trains(40.0, N_SIGNALS * p.n_inhibitory, duration, dt, seed=2)
    excitation = tuning(p, seed=3)
    times, final = vogels_2011(excitatory, inhibitory, excitation, duration, dt)
    assert times.size > 15
    assert np.ptp(final) > 0.01
    circuit = network(p, Population("inputs", (*excitatory, *inhibitory)), excitation)
    run = circuits.run(circuit, duration, dt, "numpy", record=("published_cells", "derived_cells"))
    for name in p.rules:
        np.testing.assert_allclose(run.spikes[f"{name}_cells"][0], times, atol=1e-9)
        np.testing.assert_allclose(run.final[name], final, rtol=1e-9)


def test_derived_rules_on_random_spikes(random):
    """A pre spike alone costs ηα = 2ρ₀τη; the derived rule is the published one, the relative one w times as fast."""
    p = Parameters()
    pre, post = (np.sort(random.choice(np.arange(1, 400), 8, replace=False)) * 5e-3 for _ in range(2))
    published, derived, relative = (learning_rule(p, name) for name in p.rules)
    changes = [final_weights(rule, [pre], [post])[0] - 1 for rule in (published, derived)]
    assert changes[0] == pytest.approx(changes[1], rel=1e-9)
    alone = [final_weights(rule, [[0.1]], [[]], weight=0.5)[0] - 0.5 for rule in (published, relative)]
    assert alone == pytest.approx([-0.25e-3, -0.125e-3], rel=1e-9)


def test_inputs_carry_their_signal():
    """Rates: 5 Hz and the mean 152/√(2π) of a rectified signal, at least 5 ms apart; two groups share one signal."""
    p = Parameters(n_trials=1, n_excitatory=20, n_inhibitory=20, dt=1e-3)
    source = inputs(p)
    run = circuits.run(circuits.Circuit("signals", (source,)), 4.0, p.dt, "numpy", seed=4, record=("inputs",))
    times, neurons = run.spikes["inputs"]
    assert min(np.diff(times[neurons == 3])) > 5e-3 - 1e-9
    assert 20 < run.counts["inputs"].mean() / 4.0 < 65  # 66 Hz without the pause after a spike
    edges = np.arange(0, 4.01, 0.05)
    groups = [np.histogram(times[neurons // 20 == k], edges)[0] for k in range(2 * N_SIGNALS)]
    correlation = np.corrcoef(groups)[:N_SIGNALS, N_SIGNALS:]
    assert np.diag(correlation).min() > 0.6
    assert np.abs(correlation[~np.eye(N_SIGNALS, dtype=bool)]).max() < 0.6


def test_inhibition_mirrors_excitation_and_the_rate_falls_to_its_target():
    """Twenty times the published learning rate, half of the excitatory inputs, and 4 s, to be quick."""
    settings = {"eta": 0.02, "n_excitatory": 50, "n_trials": 1, "duration": 4.0, "dt": 1e-3, "n_records": 8}
    run = scenarios.run("inhibitory_balance", device="numpy", rules=("published",), **settings).isel(rule=0, trial=0)
    assert run.firing_rate[1] > 20
    assert run.firing_rate[-4:].mean() < 0.5 * run.firing_rate[1]
    weights = run.inhibitory_weight.isel(time=-1)
    assert np.argmax(weights.values) == np.argmax(run.excitatory_weight.values) == 4
    assert run.mirror > 0.7


def test_bad_input_is_named():
    with pytest.raises(UnknownNameError, match=r"unknown rules\[0\] 'publish'; did you mean 'published'"):
        scenarios.run("inhibitory_balance", rules=("publish",))
