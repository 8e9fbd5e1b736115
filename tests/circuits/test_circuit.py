"""Circuits: one family of records for rates and spikes."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from circuits import Circuit, Population, Projection, RateUnit, lif, run
from plasticity import InputError, compile_rule
from plasticity.rules.oja import oja
from plasticity.rules.pair_stdp import pair_stdp

RATES = tuple(Population(name, neuron=RateUnit(), n=n) for name, n in (("a", 2), ("b", 3)))
SPIKES = (Population("a", ([0.01], [0.013])), Population("b", ([0.011], [0.012], [0.02])))
SPIKES = tuple(Population(p.name, tuple(np.array(t) for t in p.spike_times)) for p in SPIKES)
MATRIX = np.arange(6.0).reshape(3, 2)
ORDER = np.random.default_rng(0).permutation(6)
LIST = {"sources": np.arange(6)[ORDER] % 2, "targets": np.arange(6)[ORDER] // 2, "weight": MATRIX.ravel()[ORDER]}


def test_rate_units_and_spiking_neurons_are_not_mixed():
    with pytest.raises(InputError, match=r"mixes rate units \(a\) and spiking neurons \(c\)"):
        Circuit("mixed", (RATES[0], Population("c", neuron=lif(), n=2)))


@pytest.mark.parametrize("populations", [RATES, SPIKES], ids=["rates", "spikes"])
def test_a_matrix_and_a_list_of_all_pairs_state_one_projection(populations):
    rule = oja() if populations is RATES else pair_stdp()
    matrix, pairs = (
        Circuit("c", populations, (Projection("w", "a", "b", rule, **ways),)) for ways in ({"weight": MATRIX}, LIST)
    )
    dense, sparse = (run(circuit, 0.03, dt=1e-3).final["w"] for circuit in (matrix, pairs))
    assert_array_equal(dense if populations is RATES else dense[ORDER], sparse)
    assert matrix.projection("w").n_synapses == pairs.projection("w").n_synapses == 6


def test_a_rate_circuit_has_all_synapses():
    with pytest.raises(InputError, match="list of 2 synapses, but rate circuits are all-to-all"):
        Circuit("c", RATES, (Projection("w", "a", "b", oja(), [0, 1], [0, 1]),))


def test_a_compiled_rule_gives_its_rule_and_its_method():
    model = compile_rule(pair_stdp())
    projection = Projection("w", "a", "b", model)
    assert (projection.rule, projection.method) == (model.rule, model.method)


@pytest.mark.parametrize(
    ("words", "options"),
    [("receptor of 'w' is for spiking", {"receptor": "current"}), ("delay of 'w' is for spiking", {"delay": 1e-3})],
)
def test_rates_have_neither_receptors_nor_delays(words, options):
    with pytest.raises(InputError, match=words):
        Circuit("c", RATES, (Projection("w", "a", "b", **options),))


def test_spiking_circuits_have_no_batch():
    with pytest.raises(InputError, match="stimulus and n_batch are for rate circuits"):
        Circuit("c", SPIKES, n_batch=2)


@pytest.mark.parametrize("values", [{"bias": [1.0, 2.0]}, {"initial": np.zeros((1, 4))}])
def test_values_of_rate_units_fit_the_population(values):
    with pytest.raises(InputError, match=r"of 'a' has shape .*; give a number, or one for each of 3"):
        Population("a", neuron=RateUnit(**values), n=3)


def test_initial_rates_fit_the_batch():
    population = Population("a", neuron=RateUnit(tau=0.1, initial=np.zeros((2, 3))), n=3)
    with pytest.raises(InputError, match="initial of 'a' has 2 members on its leading axis, but n_batch is 1"):
        Circuit("c", (population,))


def test_rates_are_recorded_by_population():
    """A leaky integrator of a constant input: r = 1 - exp(-t/tau), up to the error dt/tau of the Euler steps."""
    tau, dt = 0.1, 1e-4
    population = Population("a", neuron=RateUnit(tau=tau, bias=1.0), n=2)
    result = run(Circuit("c", (population,)), 0.2, dt=dt, record=("a.rate",), record_every=0.05)
    expected = 1 - np.exp(-result.times / tau)
    np.testing.assert_allclose(result.variables["a.rate"][0], expected[:, None] * [1, 1], atol=dt / tau)
    with pytest.raises(InputError, match="unknown name to record 'a.potential'"):
        run(Circuit("c", (population,)), 0.2, dt=dt, record=("a.potential",))
