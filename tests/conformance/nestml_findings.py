"""Four findings about NESTML, each with a synapse of a few lines: `python nestml_findings.py`, in an empty folder.

Runs in an environment with NEST and NESTML and nothing of this project but `plasticity/export/build_nest.py`, which
builds the synapses. Prints what NEST has and what the equations say.
"""

import importlib.util
import json
import math
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "plasticity" / "export"
STEP = 0.1  # ms
TRIPLET = """
model {name}:
    state:
        w real = 1.0
        pre_trace real = 0.0
        post_trace real = 0.0

    parameters:
        delay ms = 1.0 ms
        tau_pre ms = 20.0 ms
        tau_post ms = 100.0 ms

    equations:
        pre_trace' = -pre_trace/tau_pre
        post_trace' = -post_trace/tau_post

    input:
        pre_spikes <- spike
        post_spikes <- spike

    output:
        spike

    onReceive(post_spikes{post}):
        w = w + 0.1*pre_trace*post_trace
        post_trace = post_trace + 1

    onReceive(pre_spikes{pre}):
        pre_trace = pre_trace + 1
        emit_spike(w)

    update:
        integrate_odes()
"""
CHAIN = """
model chain_synapse:
    state:
        w real = 1.0
        trace real = 0.0
        later real = 0.0

    parameters:
        delay ms = 1.0 ms
        tau_trace ms = 20.0 ms
        tau_later ms = 50.0 ms

    equations:
        trace' = -trace/tau_trace
        later' = trace/tau_trace - later/tau_later

    input:
        pre_spikes <- spike
        post_spikes <- spike

    output:
        spike

    onReceive(pre_spikes):
        trace = trace + 1
        emit_spike(w)

    update:
        integrate_odes()
"""
NEURON = """
model relay_neuron:
    state:
        drive real = 0.0

    input:
        spikes <- spike

    output:
        spike

    onReceive(spikes):
        drive += spikes*(1 s)

    onCondition(drive > 1e6):
        drive = 0.0
        emit_spike()
"""
STATES = ["w", "pre_trace", "post_trace"]
SYNAPSES = {  # text, states that must stay in the synapse
    "moved_synapse": (TRIPLET.format(name="moved_synapse", pre="", post=""), []),
    "own_synapse": (TRIPLET.format(name="own_synapse", pre="", post=""), STATES),
    "ordered_synapse": (TRIPLET.format(name="ordered_synapse", pre=", priority=1", post=", priority=2"), STATES),
    "chain_synapse": (CHAIN, ["w", "trace", "later"]),
}


def build_module(folder):
    """Write all models and build them."""
    spec = importlib.util.spec_from_file_location("build_nest", ROOT / "build_nest.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    for name, (text, own) in SYNAPSES.items():
        options = {"neuron": "relay_neuron", "post_ports": ["post_spikes"], "delay_variable": "delay"}
        options |= {"weight_variable": "w", "strictly_synaptic_vars": own}
        (folder / f"{name}.nestml").write_text(text, encoding="utf-8")
        (folder / f"{name}.json").write_text(json.dumps(options), encoding="utf-8")
    (folder / "relay_neuron.nestml").write_text(NEURON, encoding="utf-8")
    return build.build(folder)


def fresh(nest, module):
    """An empty NEST with the module."""
    nest.ResetKernel()
    nest.resolution = STEP
    nest.Install(str(module))


def connected(nest, synapse, pre_times, post_times, delay):
    """Synapse between two neurons that spike at given times [ms]."""
    neuron = next(name for name in nest.node_models if name.startswith("relay_neuron__with_"))
    pre, post = nest.Create("parrot_neuron"), nest.Create(neuron)
    for target, times, weight in ((pre, pre_times, 1.0), (post, post_times, 1e9)):
        generator = nest.Create("spike_generator", params={"spike_times": [round(t - STEP, 1) for t in times]})
        nest.Connect(generator, target, syn_spec={"delay": STEP, "weight": weight})
    model = f"{synapse}__with_{neuron}"
    nest.Connect(pre, post, syn_spec={"synapse_model": model, "delay": delay, "weight": 1.0})
    return nest.GetConnections(pre, post, synapse_model=model)[0]


def triplets(pre, post, delay):
    """Weight of the triplet synapses by their equations."""
    weight = 1.0
    for k, time in enumerate(post):
        earlier = sum(math.exp((s - time) / 100.0) for s in post[:k])
        weight += 0.1 * earlier * sum(math.exp((s - time - delay) / 20.0) for s in pre if s < time + delay)
    return weight


def main():
    """Build, run, print."""
    module = build_module(Path.cwd())
    import nest
    import pynestml
    from pynestml.codegeneration.printers.constant_printer import ConstantPrinter

    nest.verbosity = nest.VerbosityLevel.ERROR
    fresh(nest, module)
    steps = range(200, 1200, 5)
    pairs = [connected(nest, "ordered_synapse", [k / 10, 150.0], [10.0, k / 10 - STEP], STEP) for k in steps]
    nest.Simulate(160.0)
    first = [pair.weight > 1.0 for pair in pairs]
    fresh(nest, module)
    pre, post = [35.6, 44.0, 60.7, 196.0], [12.7, 43.3, 56.2]
    moved, own = (connected(nest, name, pre, post, 1.0) for name in ("moved_synapse", "own_synapse"))
    chain = connected(nest, "chain_synapse", [10.0, 20_010.0], [], 1.0)
    nest.Simulate(20_020.0)

    print(f"NEST {nest.__version__}, NESTML {pynestml.__version__}")
    print(f"1 states of post spikes: {moved.weight:.6f} by default, {own.weight:.6f} with strictly_synaptic_vars;")
    print(f"  by the equations {triplets(pre, post, 1.0):.6f}")
    print(f"2 priority: pre before post at {sum(first)} of {len(first)} coincidences, at a delay of {STEP} ms")
    print("3 numbers:", *(f"{x!r} is written {ConstantPrinter().print_constant(x)}" for x in (1e-10, 1e20, 1 / 3)))
    print(f"4 a trace that drives another, 20 s later: {chain.later}, by the equations 0")


if __name__ == "__main__":
    main()
