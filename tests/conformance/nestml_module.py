"""Weights of exported synapses in NEST: `python nestml_module.py task.json`.

Runs in an environment with NEST and NESTML and nothing of this project. A task has a folder of exported files and
cases, each with a synapse, a delay [ms], spike times [ms] of one pre and one post neuron, and the weight at the start.
The module of the folder is built unless it is there. All cases run side by side, from time 0; prints one line of JSON
with all variables of every synapse after its last pre spike.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

STEP = 0.1  # ms, the resolution
NEVER, SURE = 1e6, 1e9  # mV: a threshold that no plastic synapse reaches, and a weight that always reaches it
LATENCY = STEP  # from a generator to the spike of a neuron that it drives


def module_of(folder):
    """Path of the module, built by the script that was exported with the synapses."""
    path = folder / "steersman_module.so"
    if not path.exists():
        spec = importlib.util.spec_from_file_location("build_nest", folder / "build_nest.py")
        build = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(build)
        lacking = build.missing()
        if lacking:
            print(json.dumps({"missing": lacking}))
            sys.exit(0)
        build.build(folder)
    return path


def source(nest, times):
    """Parrot neuron that spikes at given times [ms]; it repeats a generator one step later."""
    generator = nest.Create("spike_generator", params={"spike_times": [round(t - STEP, 1) for t in times]})
    parrot = nest.Create("parrot_neuron")
    nest.Connect(generator, parrot, syn_spec={"delay": STEP})
    return parrot


def driven(nest, model, times):
    """Neuron of the module that spikes at given times [ms]."""
    generator = nest.Create("spike_generator", params={"spike_times": [round(t - LATENCY, 1) for t in times]})
    neuron = nest.Create(model, params={"V_threshold": NEVER})
    nest.Connect(generator, neuron, syn_spec={"delay": STEP, "weight": SURE})
    return neuron


def run(nest, neuron_model, cases):
    """Variables of the synapse of every case at the end."""
    if not cases:
        return []
    connections, recorded = [], []
    for case in cases:
        pre, post = source(nest, case["pre"]), driven(nest, neuron_model, case["post"])
        model = f"{case['synapse']}__with_{neuron_model}"
        nest.Connect(pre, post, syn_spec={"synapse_model": model, "delay": case["delay"], "weight": case["weight"]})
        connections.append(nest.GetConnections(pre, post, synapse_model=model)[0])
        recorded.append(nest.Create("spike_recorder"))
        nest.Connect(post, recorded[-1])
    nest.Simulate(max(t for case in cases for t in case["pre"]) + 10.0)
    for case, recorder in zip(cases, recorded, strict=True):
        fired = recorder.events["times"]
        wrong = sorted({round(float(t), 1) for t in fired} ^ {round(t, 1) for t in case["post"]})
        if wrong:
            raise SystemExit(f"{case['synapse']}: post spikes are not those of the case, first at {wrong[0]} ms")
    return [{k: v for k, v in c.get().items() if isinstance(v, float)} for c in connections]


def main(path):
    """Build and run."""
    os.environ.setdefault("PYNEST_QUIET", "1")
    task = json.loads(Path(path).read_text(encoding="utf-8"))
    folder = Path(task["folder"])
    module = module_of(folder)
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = STEP
    nest.Install(str(module))
    synapses = sorted(path.stem for path in folder.glob("*_synapse.json"))
    (neuron,) = (name for name in nest.node_models if name.startswith("lif_neuron__with_"))
    found = run(nest, neuron, task["cases"])
    print(json.dumps({"simulator": f"NEST {nest.__version__}", "synapses": synapses, "variables": found}))


if __name__ == "__main__":
    main(sys.argv[1])
