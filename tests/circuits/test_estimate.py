"""What a run is expected to cost: its events are counted exactly, and networks grow as they were measured to."""

import numpy as np
import pytest

import steersman as sm
from plasticity.errors import InputError

TRAINS = [np.arange(1, 40) * 5e-3, np.array([0.03]), np.array([])]


def pairs(rule):
    """Three inputs onto two neurons with prescribed spikes."""
    pre, post = sm.Population("pre", TRAINS, sm.spike_source()), sm.Population("post", TRAINS[:2], sm.spike_source())
    return sm.Circuit("pairs", (pre, post), (sm.Projection("s", "pre", "post", rule, weight=0.5),))


@pytest.mark.parametrize(("rule", "each"), [(None, [40, 0]), (sm.rules.pair_stdp(), [40, 40])])
def test_events_are_spikes_times_synapses(rule, each):
    """40 pre spikes reach two synapses each, 40 post spikes three."""
    assert sm.circuits.estimate(pairs(rule), 0.2).n_events == each[0] * 2 + each[1] * 3


def test_ticks_and_steps_are_events():
    ticking = sm.observe(sm.rules.adam(), sm.signals.bcm()).with_parameters(clock_step=0.02)
    assert sm.circuits.estimate(pairs(ticking), 0.2).n_events == pytest.approx(40 * 5 + 6 * 10)
    assert sm.circuits.estimate(pairs(sm.rules.oja()), 0.2).n_events == pytest.approx(40 * 5 + 6 * 200)


def test_rate_circuits_have_no_events():
    rule = sm.rules.gradient_descent(0.5).with_signal(sm.signals.exact_error())
    circuit = sm.circuits.feedforward_rate((3, 4, 2), rule, patterns=np.eye(3), targets=np.ones((3, 2)))
    expected = sm.circuits.estimate(circuit, 2.0)
    assert (expected.n_synapses, expected.n_events) == (20, 0)
    assert expected.seconds == pytest.approx(2 * sm.circuits.estimate(circuit, 1.0).seconds)


def test_rates_of_a_source_are_known_and_others_assumed():
    source = sm.poisson_source("in", [10.0, 30.0])
    cells = sm.Population("cells", neuron=sm.conductance_lif(), n=5)
    rows = sm.poisson_source("in", [[10.0, 0.0], [30.0, 40.0]], step=0.5)
    for inputs in (source, rows):
        synapses = sm.Projection("s", "in", "cells", sm.rules.pair_stdp(), weight=0.1, receptor="excitatory")
        circuit = sm.Circuit("c", (inputs, cells), (synapses,))
        assert sm.circuits.estimate(circuit, 2.0, firing_rate=7.0).n_events == pytest.approx(10 * 2.0 * (20 + 7))


def test_time_grows_with_duration_and_memory_with_synapses():
    """A further synapse of pair STDP in a large network takes 32 bytes, as docs/benchmarks.md measured."""

    def large(n):
        cells = sm.Population("cells", neuron=sm.conductance_lif(), n=n)
        ends = {"sources": np.repeat(np.arange(n), n), "targets": np.tile(np.arange(n), n), "weight": 0.1}
        return sm.Circuit("l", (cells,), (sm.Projection("s", "cells", "cells", sm.rules.pair_stdp(), **ends),))

    small, big = (sm.circuits.estimate(large(n), 10.0, device="cpp") for n in (100, 200))
    assert (big.bytes - small.bytes) / (big.n_synapses - small.n_synapses) == 32
    assert sm.circuits.estimate(large(100), 20.0, device="cpp").seconds == pytest.approx(2 * small.seconds)
    with pytest.raises(InputError, match="firing_rate"):
        sm.circuits.estimate(large(10), 1.0, firing_rate=-1.0)
