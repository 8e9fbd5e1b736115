"""Delays of axons and dendrites, one for each synapse: each synapse is a replay with its own two delays."""

import numpy as np
import pytest

import circuits
from circuits import Circuit, NeuronModel, Phase, Population, Projection, lif
from plasticity import InputError, replay
from plasticity.rules.graupner_calcium import graupner_calcium
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp

DT = 1e-3
PRE = Population("pre", ([0.01, 0.05, 0.08], [0.02, 0.055]))
POST = Population("post", ([0.015, 0.06], [0.03, 0.05, 0.1], [0.04]))
AXONAL = np.array([[0.0, 3.0], [5.0, 1.0], [12.0, 2.0]]) * DT
DENDRITIC = np.array([[2.0, 0.0], [4.0, 7.0], [0.0, 1.0]]) * DT


def circuit(rule, axonal=AXONAL, dendritic=DENDRITIC, **options):
    projection = Projection("w", "pre", "post", rule, weight=np.ones((3, 2)), delay=axonal, dendritic_delay=dendritic)
    return Circuit("delayed", (PRE, POST), (projection,), **options)


def replayed(rule, axonal, dendritic, duration):
    ends = np.ndindex(3, 2)
    delays = zip(np.broadcast_to(axonal, (3, 2)).ravel(), np.broadcast_to(dendritic, (3, 2)).ravel(), strict=True)
    return [
        replay(rule, PRE.spike_times[j], POST.spike_times[i], 1.0, duration, (), a, d).weight.values[-1]
        for (i, j), (a, d) in zip(ends, delays, strict=True)
    ]


@pytest.mark.parametrize("rule", [pair_stdp(A_plus=0.1), triplet_stdp()], ids=["pair", "triplet"])
@pytest.mark.parametrize(("axonal", "dendritic"), [(AXONAL, DENDRITIC), (2e-3, DENDRITIC), (AXONAL, 3e-3), (0.0, 4e-3)])
def test_every_synapse_is_a_replay_with_its_delays(rule, axonal, dendritic):
    final = circuits.run(circuit(rule, axonal, dendritic), 0.2, DT, "numpy").final["w"]
    np.testing.assert_allclose(final, replayed(rule, axonal, dendritic, 0.2), rtol=1e-12)
    assert np.unique(final).size == 6


def test_delayed_effects_of_a_rule_add_to_the_delays():
    """The calcium rule flows: Euler's error is of the order dt."""
    rule = graupner_calcium("hippocampal_cultures")
    change = circuits.run(circuit(rule), 0.25, 1e-4, "numpy").final["w"] - 1
    expected = np.array(replayed(rule, AXONAL, DENDRITIC, 0.25)) - 1
    np.testing.assert_allclose(change, expected, atol=0.02 * np.abs(expected).max())


def test_traces_of_neurons_jump_when_delayed_spikes_arrive(monkeypatch):
    """With many synapses neurons own the traces; delays that all synapses share act on them."""
    monkeypatch.setattr("circuits.network.circuit.SYNAPSES_PER_TRACE", 0)
    made = circuit(pair_stdp(A_plus=0.1), 2e-3, 3e-3)
    assert made.learning[0][1].traces
    final = circuits.run(made, 0.2, DT, "numpy").final["w"]
    np.testing.assert_allclose(final, replayed(pair_stdp(A_plus=0.1), 2e-3, 3e-3, 0.2), rtol=1e-12)
    assert not circuit(pair_stdp()).learning[0][1].traces  # other ones do not belong to a neuron


@pytest.mark.compiled
def test_the_compiled_engine_has_them_too():
    rule = triplet_stdp()
    final = circuits.run(circuit(rule), 0.2, DT, "cpp").final["w"]
    np.testing.assert_allclose(final, replayed(rule, AXONAL, DENDRITIC, 0.2), rtol=1e-12)


def test_spikes_reach_the_neuron_after_the_delay_of_their_synapse():
    counter = NeuronModel("counter", "v : 1", receptors={"current": "v_post += w"})
    cells = Population("cells", neuron=counter, n=1)
    source = Population("source", ([0.002],) * 3)
    ways = {"weight": [[1.0, 10.0, 100.0]], "delay": [[0.0, 1e-3, 4e-3]], "receptor": "current"}
    made = Circuit("c", (source, cells), (Projection("w", "source", "cells", **ways),))
    v = circuits.run(made, 0.01, DT, "numpy", record=("cells.v",), record_every=DT).variables["cells.v"][:, 0]
    np.testing.assert_array_equal(v, [0, 0, 0, 1, 11, 11, 11, 111, 111, 111])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delay": np.zeros((2, 2))}, r"delay of 'w' must be a number or have a value for each synapse, .*\(3, 2\)"),
        ({"delay": -AXONAL}, "delay of 'w' must be >= 0 s, got -0.012"),
        ({"dendritic_delay": -1.0}, "dendritic_delay of 'w' must be"),
        ({"delay": np.full((3, 2), np.nan)}, "delay of 'w'"),
    ],
)
def test_delays_that_do_not_fit_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Projection("w", "pre", "post", weight=np.ones((3, 2)), **options)


def test_delays_lie_on_the_grid_and_rates_have_none():
    with pytest.raises(InputError, match="delay of 'w' is 0.0005 s, no multiple of dt"):
        circuits.run(circuit(pair_stdp(), AXONAL / 2), 0.2, DT, "numpy")
    units = tuple(Population(name, neuron=circuits.RateUnit(), n=n) for name, n in (("pre", 2), ("post", 3)))
    with pytest.raises(InputError, match="delay of 'w' is for spiking circuits"):
        Circuit("rates", units, (Projection("w", "pre", "post", weight=np.ones((3, 2)), delay=AXONAL),))


def test_random_delays_of_a_sparse_projection_are_one_each():
    cells = Population("cells", neuron=lif(v_rest=-0.049), n=30)
    ends = circuits.at_random("w", cells, cells, 0.2, seed=1)
    n = ends["sources"].size
    delays = DT * np.random.default_rng(0).integers(1, 20, n)
    made = Circuit("c", (cells,), (Projection(receptor="excitatory", delay=delays, **ends),))
    assert circuits.run(made, 0.1, DT, "numpy").counts["cells"].sum() > 0
    with pytest.raises(InputError, match="a value for each synapse"):
        Projection(delay=delays[1:], **ends)


def test_a_cut_loses_no_spike_on_its_way():
    """Drawn spikes, and delays of each synapse: two phases are the whole to the last bit."""
    source = circuits.poisson_source("pre", 60.0, n=2)
    cells = Population("post", ([0.015], [0.03, 0.05], [0.04]))
    made = Circuit("delayed", (source, cells), circuit(triplet_stdp()).projections)
    whole = circuits.run(made, 0.2, DT, "numpy", seed=3).final["w"]
    first, last = circuits.run(made, [Phase(0.061), Phase(0.139)], DT, "numpy", seed=3)
    np.testing.assert_array_equal(last.final["w"], whole)
    assert np.all(first.final["w"] != whole)
