"""Keys of compiled models: what changes the generated code changes the key; everything else is an input of a run."""

from dataclasses import fields, replace

import numpy as np
import pytest

from circuits.network.circuit import Circuit, Feedback, Population, Projection
from circuits.neurons.escape_rate import escape_rate, spike_source
from circuits.neurons.integrate_and_fire import pulse_lif
from circuits.neurons.model import NeuronModel
from circuits.running.grid import Grid
from circuits.running.limits import controlled
from circuits.running.recording import Recording
from circuits.spiking.model import describe
from circuits.spiking.structure import ModelStructure, StateRecord
from circuits.spiking.toolchain import model_folder
from plasticity import Controllability, FeedbackChannel, compile_rule
from plasticity.rules.adam import adam
from plasticity.rules.reward_stdp import reward_stdp
from plasticity.signal import observe
from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood

N = 3
TRAINS = tuple(np.array([0.01 * (k + 1)]) for k in range(N))
RULE = replace(observe(adam(), escape_rate_likelihood()), bounds=(0.0, 1.0))
DRIVE = {"drive": (np.ones((2, N)), 0.1)}
PARTS = {
    "inputs": Population("inputs", TRAINS, spike_source()),
    "outputs": Population(
        "outputs", TRAINS, replace(escape_rate(), initial={"v": 0.1}), series={"drive": (np.ones((2, N)), 0.1)}
    ),
    "cells": Population("cells", neuron=pulse_lif(), n=N),
    "one": Population("one", [[0.05]]),
    "synapses": Projection("synapses", "inputs", "outputs", RULE, weight=0.1 * np.ones((N, N)), receptor="current"),
    "rewarded": Projection("rewarded", "inputs", "cells", reward_stdp(), weight=0.5, third_factor="one"),
    "error": Feedback("error", "outputs", "error", "outputs", "spike_error", unit="Hz"),
    "circuit": {"name": "all"},
    "channel": FeedbackChannel(noise=1.0, delay=2e-3, quantum=0.1),
    "limits": Controllability(rank=2, bounds=(0.0, 1.0), drift=-1.0),
    "grid": Grid(1e-3, 0.2),
    "record": Recording(every=0.01, n_tracked=2, spikes=("cells",)),
}


def described(**parts):
    """Structure and inputs of the model, with other parts."""
    p = PARTS | parts
    populations, projections = (p["inputs"], p["outputs"], p["cells"], p["one"]), (p["synapses"], p["rewarded"])
    circuit = Circuit(p["circuit"]["name"], populations, projections, (p["error"],))
    circuit = controlled(circuit, {"synapses": p["limits"]}, p["grid"].seed)
    return describe(circuit, p["grid"], p["record"], {"error": p["channel"]})


def changed(part, **fields_):
    return {part: replace(PARTS[part], **fields_)}


def neuron(part, **fields_):
    return changed(part, neuron=replace(PARTS[part].neuron, **fields_))


FREE = tuple(np.array([0.015 * (k + 1), 0.15]) for k in range(N))
LISTED = {"sources": [0, 1], "targets": [1, 2], "weight": 0.3}
# By record and field: a change that the same program runs, as it reads it when it starts.
INPUTS = {
    ("Population", "spike_times"): changed("inputs", spike_times=FREE),
    ("Population", "series"): changed("outputs", series={"drive": (np.zeros((5, N)), 0.02)}),
    ("Population", "n"): changed("cells", n=N + 1),
    ("NeuronModel", "name"): neuron("cells", name="other"),
    ("NeuronModel", "refractory"): neuron("cells", refractory=5e-3),
    ("NeuronModel", "parameters"): changed("cells", neuron=pulse_lif(tau_membrane=0.01)),
    ("NeuronModel", "initial"): neuron("outputs", initial={"v": 0.3}),
    ("NeuronModel", "receptors"): neuron("cells", receptors={"unused": "v_post += w"}),
    ("NeuronModel", "provides"): neuron("cells", provides=()),
    ("Projection", "sources"): changed("rewarded", **LISTED),
    ("Projection", "targets"): changed("rewarded", **LISTED | {"targets": [0, 2]}),
    ("Projection", "weight"): changed("rewarded", weight=np.arange(N * N).reshape(N, N) / 10),
    ("Projection", "delay"): changed("synapses", delay=4e-3),
    ("Projection", "dendritic_delay"): changed("synapses", dendritic_delay=4e-3),
    ("Circuit", "name"): {"circuit": {"name": "other"}},
    ("FeedbackChannel", "noise"): changed("channel", noise=3.0),
    ("FeedbackChannel", "delay"): changed("channel", delay=0.0),
    ("FeedbackChannel", "gain"): changed("channel", gain=0.3),
    ("FeedbackChannel", "quantum"): changed("channel", quantum=0.7),
    ("Controllability", "bounds"): changed("limits", bounds=(0.0, 0.9)),
    ("Controllability", "sign"): changed("limits", sign=1.0),
    ("Controllability", "rank"): changed("limits", rank=np.eye(N * N)[:, :5]),
    ("Controllability", "drift"): changed("limits", drift=3.0),
    ("Controllability", "conserved"): changed("limits", conserved=np.ones((N * N, 1))),
    ("Grid", "dt"): changed("grid", dt=5e-4),
    ("Grid", "duration"): changed("grid", duration=3.0),
    ("Grid", "seed"): changed("grid", seed=4),
    ("Grid", "trial"): changed("grid", trial=2),
    ("Grid", "first"): changed("grid", first=100),
    ("Grid", "shown"): changed("grid", first=100, shown=50),
    ("Recording", "every"): changed("record", every=None),
    ("Recording", "states"): changed("record", states=("belief_mean",)),
    ("Recording", "spikes"): changed("record", spikes=("inputs", "outputs")),
    ("Recording", "variables"): changed("record", variables=("cells.v", "outputs.escape_rate")),
    ("Recording", "n_tracked"): changed("record", n_tracked=3),
    ("Recording", "synapses"): changed("record", synapses={"synapses": np.array([7, 0])}),
}
# A change that needs another program.
STRUCTURE = {
    ("Population", "name"): changed("cells", name="units")
    | changed("rewarded", post="units")
    | changed("record", spikes=("units",)),
    ("Population", "neuron"): changed("inputs", neuron=spike_source(), spike_times=TRAINS)
    | changed("cells", neuron=escape_rate()),
    ("NeuronModel", "model"): neuron("cells", model=f"{PARTS['cells'].neuron.model}\nextra : 1"),
    ("NeuronModel", "threshold"): neuron("cells", threshold="v > 2*v_threshold"),
    ("NeuronModel", "reset"): neuron("cells", reset="v = 0"),
    ("NeuronModel", "method"): neuron("cells", method="euler"),
    ("NeuronModel", "every_step"): neuron("cells", every_step=""),
    ("NeuronModel", "on_prescribed_spike"): neuron("inputs", on_prescribed_spike="pre_psp_post += 2"),
    ("Projection", "name"): changed("rewarded", name="other"),
    ("Projection", "pre"): changed("rewarded", pre="outputs"),
    ("Projection", "post"): changed("rewarded", post="inputs"),
    ("Projection", "rule"): changed("synapses", rule=replace(RULE, bounds=None)) | changed("limits", bounds=None),
    ("Projection", "receptor"): changed("synapses", receptor=None),
    ("Projection", "third_factor"): changed("rewarded", third_factor="outputs"),
    ("Projection", "model"): changed("rewarded", model=replace(compile_rule(reward_stdp()), on_post="w = 0*w")),
    ("Projection", "method"): changed("synapses", method="rk4"),
    ("Feedback", "name"): changed("error", name="error") | changed("channel", projection=np.ones((1, N))),
    ("Feedback", "source"): changed("error", source="cells", sends="pseudo_derivative"),
    ("Feedback", "sends"): changed("error", sends="escape_rate"),
    ("Feedback", "weights"): changed("error", weights=np.ones((N, N))),
    ("FeedbackChannel", "noise"): changed("channel", noise=0.0),
    ("FeedbackChannel", "sparsity"): changed("channel", sparsity=0.2),
    ("FeedbackChannel", "sign_error"): changed("channel", sign_error=0.2),
    ("FeedbackChannel", "quantum"): changed("channel", quantum=0.0),
    ("FeedbackChannel", "projection"): changed("channel", projection=np.ones((1, N))),
    ("Controllability", "plastic_fraction"): changed("limits", plastic_fraction=0.5),
    ("Controllability", "mask"): changed("limits", mask=np.eye(N) > 0),
    ("Controllability", "bounds"): changed("limits", bounds=(0.0, 0.5 + 0.1 * np.eye(N))),
    ("Controllability", "rank"): changed("limits", rank=None),
    ("Controllability", "drift"): changed("limits", drift=np.eye(N * N)),
    ("Controllability", "conserved"): changed("limits", rank=None, conserved="incoming"),
    ("Recording", "variables"): changed("record", variables=("outputs.spike_error_line",)),
}
SKIPPED = {  # what these hold is varied field by field, or does not belong to spiking circuits
    ("Circuit", name) for name in ("populations", "projections", "feedback", "stimulus", "n_batch", "trials")
} | {("Projection", name) for name in ("parameters", "limits")}
SKIPPED |= {("Feedback", name) for name in ("target", "receives", "unit")}  # tied to the neuron that receives


def test_every_field_of_a_circuit_and_a_run_is_varied():
    records = (
        Population,
        NeuronModel,
        Projection,
        Feedback,
        Circuit,
        FeedbackChannel,
        Controllability,
        Grid,
        Recording,
    )
    every = {(record.__name__, f.name) for record in (*records, Recording) for f in fields(record)}
    assert every == {*INPUTS, *STRUCTURE, *SKIPPED}


@pytest.fixture(scope="module")
def base():
    return described()


@pytest.mark.parametrize("change", INPUTS.values(), ids=map(".".join, INPUTS))
def test_inputs_of_a_run_do_not_change_the_program(base, change):
    structure, inputs = described(**change)
    assert structure == base[0]
    assert model_folder(structure) == model_folder(base[0])
    assert set(inputs.values) == set(base[1].values)


@pytest.mark.parametrize("change", STRUCTURE.values(), ids=map(".".join, STRUCTURE))
def test_what_changes_the_program_changes_its_key(base, change):
    assert model_folder(described(**change)[0]) != model_folder(base[0])


def test_equal_structures_have_equal_code(base, tmp_path):
    """The second is that of a run with other numbers."""
    from circuits.spiking.cpp_device import write_program

    merged = INPUTS["Population", "spike_times"] | INPUTS["Grid", "dt"] | INPUTS["FeedbackChannel", "noise"]
    for name, structure in (("a", base[0]), ("b", described(**merged)[0])):
        write_program(structure, tmp_path / name)
    files = [sorted((tmp_path / name).rglob("*.cpp")) for name in ("a", "b")]
    texts = [{f.name: f.read_text().splitlines() for f in found} for found in files]
    for lines in (text[name] for text in texts for name in ("main.cpp", "model.cpp")):
        lines.sort()  # Brian2 sets clocks to 0 in any order
    assert texts[0] == texts[1]


def test_every_field_of_a_structure_is_in_its_key(base):
    structure = described(**STRUCTURE["Recording", "variables"])[0]
    keys = {model_folder(structure)}
    for f in fields(ModelStructure):
        keys.add(model_folder(replace(structure, **{f.name: getattr(structure, f.name)[:-1]})))
    index = next(k for k, o in enumerate(structure.objects) if isinstance(o, StateRecord))
    other = replace(structure.objects[index], size="cells")
    keys.add(model_folder(replace(structure, objects=(*structure.objects[:index], other))))
    assert len(keys) == len(fields(ModelStructure)) + 2
