"""What a circuit recorded, labelled: the labels are those of the synapses and neurons that were recorded."""

import numpy as np
import pytest
import xarray as xr

import circuits
from circuits import Circuit, Population, Projection, spike_source
from plasticity import InputError, observe
from plasticity.dataset import check_schema, read, write
from plasticity.errors import UnknownNameError
from plasticity.rules.adam import adam
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp
from plasticity.signals.exact_error import exact_error

SIZES = (3, 4, 2)


@pytest.fixture(scope="module")
def spiking():
    inputs = [np.arange(k, 60, 7) * 1e-3 for k in range(1, 7)]
    circuit = circuits.load("feedforward_spiking")(inputs, triplet_stdp(), n_outputs=4, weight=40.0)
    names = ("pre_trace", "inputs", "outputs", "outputs.v")
    return circuits.run(circuit, 0.06, device="numpy", record_every=0.01, record=names, n_tracked=5, seed=3)


@pytest.fixture(scope="module")
def rates():
    rule = observe(adam(0.01), exact_error())
    circuit = circuits.load("feedforward_rate")(SIZES, rule, patterns=np.eye(3), targets=np.ones((3, 2)), n_batch=2)
    return circuits.run(circuit, 0.05, dt=0.01, record_every=0.01, record=("rate", "belief_mean"), n_tracked=5)


@pytest.mark.parametrize("kind", ["spiking", "rates"])
def test_it_follows_the_schema_and_survives_a_file(kind, request, tmp_path):
    ds = circuits.as_dataset(request.getfixturevalue(kind))
    check_schema(ds)
    xr.testing.assert_identical(read(write(ds, tmp_path / "run.nc")), ds)


def test_synapses_are_called_by_their_neurons(spiking):
    """The pre trace that a synapse recorded is that of the input at its presynaptic end."""
    ds, projection = circuits.as_dataset(spiking), spiking.circuit.projection("synapses")
    np.testing.assert_array_equal(ds.post_synapses, projection.targets[ds.synapse])
    trains, tau = spiking.circuit.population("inputs").spike_trains, triplet_stdp().values["tau_plus"]
    for source, value in zip(ds.pre_synapses.values, ds.pre_trace_synapses.sel(time=0.05).values, strict=True):
        earlier = trains[source][trains[source] < 0.05]
        assert value == pytest.approx(np.exp(-(0.05 - earlier) / tau).sum(), rel=1e-9)


def test_spikes_are_ragged_and_all_there(spiking):
    ds = circuits.as_dataset(spiking)
    assert np.all(np.diff(ds.spike_time) >= 0)
    for name in ("inputs", "outputs"):
        fired = ds.spike_neuron[ds.spike_population == name]
        counts = ds[f"n_spikes_{name}"]
        np.testing.assert_array_equal(np.bincount(fired, minlength=counts.size), counts)
        assert counts.sum() > 0
    assert ds.outputs_v.attrs["units"] == "volt"
    assert ds.attrs["seed"] == 3


def test_rates_have_trials_and_their_last_record_is_the_end(rates):
    ds = circuits.as_dataset(rates)
    assert ds.sizes["trial"] == 2
    for name in ("layer_1", "layer_2"):
        last = ds[f"weight_{name}"].isel(time=-1)
        final = ds[f"final_weight_{name}"].values[:, ds[f"synapse_{name}"].values]
        np.testing.assert_array_equal(last, final)
        np.testing.assert_array_equal(ds[f"synapse_{name}"] % rates.final[name].shape[2], ds[f"pre_{name}"])
    assert ds.hidden_1_rate.dims == ("trial", "time", "neuron_hidden_1")
    assert ds.belief_mean_layer_1.attrs["units"] == "Hz**2"


def test_the_user_chooses_which_synapses_are_recorded(tmp_path):
    inputs = Population("inputs", ([0.001], [0.003], [0.005]), spike_source())
    cells = Population("cells", ([0.002], [0.004]))
    wiring = [circuits.all_to_all(name, inputs, cells, np.arange(6.0).reshape(2, 3)) for name in ("a", "b")]
    circuit = Circuit("two", (inputs, cells), tuple(Projection(rule=pair_stdp(), **w) for w in wiring))
    options = {"device": "numpy", "record_every": 1e-3, "record": ("pre_trace",)}
    whole = circuits.run(circuit, 0.01, **options)
    chosen = circuits.run(circuit, 0.01, tracked={"a": [5, 0]}, **options)
    ds = circuits.as_dataset(chosen)
    np.testing.assert_array_equal(ds.synapse_a, [5, 0])
    np.testing.assert_array_equal([ds.post_a, ds.pre_a], [[1, 0], [2, 0]])
    np.testing.assert_array_equal(chosen.weights["a"], whole.weights["a"][:, [5, 0]])
    np.testing.assert_array_equal(chosen.states["a"]["pre_trace"], whole.states["a"]["pre_trace"][:, [5, 0]])
    np.testing.assert_array_equal(chosen.weights["b"], whole.weights["b"])
    assert set(circuits.run(circuit, 0.01, tracked=[4], **options).tracked) == {"a", "b"}
    with pytest.raises(InputError, match=r"tracked synapses of 'a' must be different numbers from 0 to 5, got \[6\]"):
        circuits.run(circuit, 0.01, tracked={"a": [6]}, **options)
    with pytest.raises(UnknownNameError, match="projection of tracked synapses 'c'"):
        circuits.run(circuit, 0.01, tracked={"c": [0]}, **options)
