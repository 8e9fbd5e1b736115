"""A file says all that is needed to repeat its run, to the last bit; files of earlier versions still open."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import circuits
from circuits import Circuit, Phase, Population, Projection, RateUnit, Stimulus, lif, run_arguments
from circuits.running.repeat import RECORDS, as_text
from plasticity import Controllability, FeedbackChannel, InputError, compile_rule, dataset, rules
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.reward_stdp import reward_stdp
from plasticity.signals.exact_error import exact_error
from plasticity.signals.reward_modulated import reward_modulated
from plasticity.support.cached_algebra import READABLE, made

KINDS = ("fit", "rate_run", "scenario", "spiking_run", "sweep", "weights_of_spiking_run")
FILES = Path(__file__).parents[1] / "files"
TRAINS = [np.arange(1 + k, 60, 7) * 1e-3 for k in range(20)]


def actor():
    """A reward that is noisy and late, limits of three kinds, a series and given trains."""
    rule = rules.gradient_descent(0.1).with_signal(reward_modulated())
    circuit = circuits.load("actor")(TRAINS, [1.0, -1.0], step=0.05, rule=rule)
    limits = Controllability(plastic_fraction=0.5, bounds=(-3.0, 3.0), rank=4)
    options = {"feedback": FeedbackChannel(noise=0.1, delay=2e-3), "controllability": limits, "record": ("actor",)}
    return circuit, {"duration": 0.1, "seed": 5, "record_every": 0.01, "device": "numpy", **options}


def rewarded():
    """Lists of synapses, a rule that was compiled by the user, events as an argument, chosen synapses."""
    inputs, cells = Population("inputs", TRAINS), Population("cells", neuron=lif(v_rest=-0.049), n=30)
    ends = circuits.at_random("w", inputs, cells, 0.5, seed=1, weight=0.5)
    learning = Projection(rule=compile_rule(reward_stdp()), receptor="excitatory", delay=2e-3, **ends)
    options = {"third_factor": [0.03, 0.05], "tracked": {"w": [5, 0]}, "record": ("eligibility",)}
    circuit = Circuit("mine", (inputs, cells), (learning,))
    return circuit, {"duration": 0.08, "record_every": 0.01, "device": "numpy", **options}


def rates():
    """Batch, a formula as nonlinearity, patterns, feedback of its own for every member."""
    rule = rules.gradient_descent(0.5).with_signal(exact_error())
    circuit = circuits.load("feedforward_rate")(
        (3, 4, 2), rule, patterns=np.eye(3), targets=np.ones((3, 2)), n_batch=2, nonlinearity="relu", hold=0.05
    )
    return circuit, {"duration": 0.3, "dt": 0.01, "feedback": [FeedbackChannel(), FeedbackChannel(gain=0.5)]}


def test_phases_that_go_on_from_a_state_are_repeated():
    circuit, options = rates()
    first = circuits.run(circuit, **options)
    phases = [Phase(0.1, stimuli=Stimulus(np.ones((1, 3)), np.ones((1, 2)))), Phase(0.2, plastic=False, name="test")]
    runs = circuits.run(circuit, phases, dt=0.01, start=first.state, record_every=0.05)
    np.testing.assert_array_equal(
        circuits.as_dataset(runs[0]).initial_weight_layer_1[0], first.final["layer_1"][0].ravel()
    )
    again = circuits.run(**run_arguments(circuits.as_dataset(runs[1])))
    for one, other in zip(runs, again, strict=True):
        np.testing.assert_array_equal(one.final["layer_1"], other.final["layer_1"])
        np.testing.assert_array_equal(one.loss, other.loss)
    assert json.loads(circuits.as_dataset(runs[1]).attrs["parameters"])["duration"][1].startswith("Phase(duration=0.2")


@pytest.mark.parametrize("make", [actor, rewarded, rates])
@pytest.mark.parametrize("kind", ["record", "weights"])
def test_a_run_is_repeated_from_its_file(make, kind, tmp_path):
    circuit, options = make()
    options |= {"record_every": 0.01} if kind == "weights" else {}
    weights = {"record_weights": tmp_path / "weights.nc"} if kind == "weights" else {}
    first = circuits.run(circuit, **options, **weights)
    path = weights.get("record_weights") or dataset.write(circuits.as_dataset(first), tmp_path / "run.nc")
    again = circuits.run(**run_arguments(dataset.read(path)))
    for name, final in first.final.items():
        assert not np.array_equal(final, circuit.projection(name).weight)
        np.testing.assert_array_equal(again.final[name], final)
    for name, (times, neurons) in first.spikes.items():
        np.testing.assert_array_equal(again.spikes[name][0], times)
        np.testing.assert_array_equal(again.spikes[name][1], neurons)
    assert {k: v.shape for k, v in again.weights.items()} == {k: v.shape for k, v in first.weights.items()}


def test_the_parameters_of_a_file_tell_channel_limits_and_circuit():
    circuit, options = actor()
    attrs = circuits.as_dataset(circuits.run(circuit, **options)).attrs
    stated = json.loads(attrs["parameters"])
    assert stated["feedback"] == "FeedbackChannel(noise=0.1, delay=0.002)"
    assert stated["controllability"].startswith("Controllability(plastic_fraction=0.5, ")
    assert (stated["duration"], stated["device"], stated["actor.tau_membrane"]) == (0.1, "numpy", 0.02)
    assert (attrs["circuit"], attrs["schema_version"]) == ("actor", 2)


def test_final_weights_bear_their_neurons():
    circuit, options = rewarded()
    ds = circuits.as_dataset(circuits.run(circuit, **options))
    np.testing.assert_array_equal(ds.pre_all_w, circuit.projection("w").sources)
    np.testing.assert_array_equal(ds.post_all_w, circuit.projection("w").targets)
    assert ds.final_weight_w.dims == ds.post_all_w.dims
    np.testing.assert_array_equal(ds.initial_weight_w, np.full(ds.sizes["all_w"], 0.5))
    assert "argument_" not in "".join(n for n in ds if ds[n].size == ds.sizes["all_w"])  # ends are stored once


@pytest.mark.parametrize("name", rules.names())
def test_every_rule_is_read_back(name):
    rule, known = rules.load(name)(), READABLE | {kind.__name__: kind for kind in RECORDS}
    known |= {"mapping": dict, "number": float}
    text = as_text(rule, {})
    again = made(text, known)
    assert as_text(again, {}) == text
    assert (again.weight_flow, again.states, again.events) == (rule.weight_flow, rule.states, rule.events)


def test_nothing_is_executed_and_a_damaged_text_is_named():
    circuit = Circuit("c", (Population("a", neuron=RateUnit(), n=2),), stimulus=Stimulus(np.eye(2)))
    ds = circuits.as_dataset(circuits.run(circuit, 0.01))
    ds["run_arguments"] = ((), "__import__('os').getcwd()", ds.run_arguments.attrs)
    with pytest.raises(InputError, match="cannot be read: .* is not allowed"):
        run_arguments(ds)


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_version_1_open(kind, tmp_path):
    """One of each kind, as the program wrote them before files stated a version."""
    file = tmp_path / f"{kind}.nc"
    file.write_bytes(gzip.decompress((FILES / f"{kind}.nc.gz").read_bytes()))
    ds = dataset.read(file)
    assert "schema_version" not in ds.attrs
    assert all(np.isfinite(v).all() for k, v in ds.data_vars.items() if str(k).startswith("weight"))
    with pytest.raises(InputError, match="does not hold the arguments of its run"):
        run_arguments(ds)


def test_the_rule_of_a_pair_has_no_steps_in_a_file():
    assert "steps" not in as_text(pair_stdp(), {})
