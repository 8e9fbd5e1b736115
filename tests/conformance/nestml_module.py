"""Weights of exported synapses in NEST: `python nestml_module.py task.json`.

Runs in an environment with NEST and NESTML and nothing of this project. A task has a folder of exported files and
cases, each with a synapse, a delay [ms], spike times [ms] of one pre and one post neuron and of a volume transmitter,
if it has one, and the time `until` which it runs. The module of the folder is built unless it is there. Cases run
side by side, from time 0 and a weight of 1; `shortest` is the delay [ms] of connections that should have none. Prints
one line of JSON with all variables of every synapse: at its end if a transmitter brings it up to date, else after its
last pre spike.
"""

import importlib.util
import json
import math
import os
import sys
from pathlib import Path

STEP = 0.1  # ms, the resolution
NEVER, SURE = 1e6, 1e9  # mV: a threshold that no plastic synapse reaches, and a weight that always reaches it


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


def source(nest, times, shortest):
    """Parrot neuron that spikes at given times [ms]; it repeats a generator after the delay of the connection."""
    return driven_by(nest, times, nest.Create("parrot_neuron"), shortest)


def driven_by(nest, times, neuron, shortest):
    """A neuron that a generator makes spike at given times [ms]."""
    generator = nest.Create("spike_generator", params={"spike_times": [round(t - shortest, 1) for t in times]})
    nest.Connect(generator, neuron, syn_spec={"delay": shortest, "weight": SURE})
    return neuron


def connected(nest, case, neuron_model, name, shortest):
    """Synapse of a case, and what records its post neuron."""
    pre = source(nest, case["pre"], shortest)
    post = driven_by(nest, case["post"], nest.Create(neuron_model, params={"V_threshold": NEVER}), shortest)
    neuron = neuron_model if "_and_" in neuron_model else "lif_neuron"  # NESTML's name for one synapse is the shorter
    model = f"{case['synapse']}__with_{neuron}"
    if case["transmitter"] is not None:
        transmitter = nest.Create("volume_transmitter")
        third = source(nest, [t - shortest for t in case["transmitter"]], shortest)
        nest.Connect(third, transmitter, syn_spec={"delay": shortest})
        nest.CopyModel(model, name, {"volume_transmitter": transmitter})
        model = name
    nest.Connect(pre, post, syn_spec={"synapse_model": model, "delay": case["delay"], "weight": 1.0})
    recorder = nest.Create("spike_recorder")
    nest.Connect(post, recorder, syn_spec={"delay": shortest})
    return nest.GetConnections(pre, post, synapse_model=model)[0], recorder


def batches(cases):
    """Numbers of the cases that run side by side: of similar length, so that none runs on long after its end."""
    groups = {}
    for k, case in enumerate(cases):
        groups.setdefault((case["transmitter"] is None, int(math.log2(case["until"]))), []).append(k)
    return list(groups.values())


def run(nest, module, cases, shortest):
    """Variables of the synapse of every case at its end, in an empty NEST."""
    nest.ResetKernel()
    nest.resolution = STEP
    nest.Install(str(module))
    (neuron_model,) = (name for name in nest.node_models if name.startswith("lif_neuron__with_"))
    made = [connected(nest, case, neuron_model, f"case_{k}", shortest) for k, case in enumerate(cases)]
    variables = [None] * len(cases)
    ends = [case["until"] + (10.0 if case["transmitter"] is None else 0.0) for case in cases]
    now = 0.0
    for k in sorted(range(len(cases)), key=ends.__getitem__):
        if ends[k] > now + STEP / 2:
            nest.Simulate(round(ends[k] - now, 1))
            now = ends[k]
        variables[k] = {name: v for name, v in made[k][0].get().items() if isinstance(v, float)}
    for case, (_, recorder), found in zip(cases, made, variables, strict=True):
        check_post_spikes(case, recorder, math.isnan(found["w"]))
    return variables


def check_post_spikes(case, recorder, silenced):
    """Stop if the post neuron did not spike at the times of the case; a weight of nan silences it from then on."""
    fired, wanted = ({round(float(t), 1) for t in times} for times in (recorder.events["times"], case["post"]))
    if silenced:
        wanted = {t for t in wanted if t <= max(fired, default=0.0)}
    wrong = sorted(fired ^ wanted)
    if wrong:
        raise SystemExit(f"{case['synapse']}: post spikes are not those of the case, first at {wrong[0]} ms")


def main(path):
    """Build and run."""
    os.environ.setdefault("PYNEST_QUIET", "1")
    task = json.loads(Path(path).read_text(encoding="utf-8"))
    folder = Path(task["folder"])
    module = module_of(folder)
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    cases, found = task["cases"], {}
    for numbers in batches(cases):
        variables = run(nest, module, [cases[k] for k in numbers], task["shortest"])
        found.update(zip(numbers, variables, strict=True))
    print(json.dumps({"simulator": f"NEST {nest.__version__}", "variables": [found[k] for k in sorted(found)]}))


if __name__ == "__main__":
    main(sys.argv[1])
