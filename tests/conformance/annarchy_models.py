"""STDP of ANNarchy on a conformance kit: `python annarchy_models.py kit.json`.

Its own model `STDP` (pair_stdp), and the triplet rule written for it. Runs in an environment with ANNarchy and nothing
of this project, in a folder where it may compile; prints one line of JSON. All sequences run side by side. Post neurons
are driven by a spike source, so their spikes come LAG steps after those of the source; pre spikes are shifted as well.
"""

import contextlib
import io
import json
import sys

import numpy as np
from scipy.sparse import csr_matrix

STEP = 0.1  # ms
START = 10.0  # ms before the first spike


def triplet(annarchy, p):
    """Triplet rule: jumps before and after the reading of traces as in the kit."""
    return annarchy.Synapse(
        parameters={k: 1e3 * p[k] for k in ("tau_plus", "tau_minus", "tau_x", "tau_y")}
        | {k: p[k] for k in ("A2_plus", "A3_plus", "A2_minus", "A3_minus")},
        equations="""
            tau_plus * dr1/dt = -r1 : event-driven
            tau_x * dr2/dt = -r2 : event-driven
            tau_minus * do1/dt = -o1 : event-driven
            tau_y * do2/dt = -o2 : event-driven
        """,
        pre_spike="""
            w -= o1 * (A2_minus + A3_minus * r2)
            r1 += 1.0
            r2 += 1.0
        """,
        post_spike="""
            w += r1 * (A2_plus + A3_plus * o2)
            o1 += 1.0
            o2 += 1.0
        """,
    )


def pair(annarchy, p):
    """The STDP of ANNarchy; amplitudes are in units of w_max."""
    return annarchy.STDP(
        tau_plus=1e3 * p["tau_plus"],
        tau_minus=1e3 * p["tau_minus"],
        A_plus=p["A_plus"] / 100.0,
        A_minus=p["A_minus"] / 100.0,
        w_min=-100.0,
        w_max=100.0,
    )


MODELS = {"pair_stdp": pair, "triplet_stdp": triplet}


def run(annarchy, rule, sequences):
    """Final weights of a rule after every sequence."""
    net = annarchy.Network(dt=STEP)
    neuron = annarchy.Neuron(equations="v = g_drive", spike="v > 0.5", reset="v = 0.0")
    trains = [[START + 1e3 * (t + s["delay"]) for t in train] for s in sequences for train in s["pre"]]
    owner = [i for i, s in enumerate(sequences) for _ in s["pre"]]
    driver = net.create(annarchy.SpikeSourceArray([[START + 1e3 * t for t in s["post"]] for s in sequences]))
    post = net.create(len(sequences), neuron)
    net.connect(driver, post, "drive").one_to_one(weights=1.0)
    sent = net.create(annarchy.SpikeSourceArray([[round(t + LAG * STEP, 1) for t in train] for train in trains]))
    projection = net.connect(sent, post, "none", MODELS[rule["label"]](annarchy, rule["parameters"]))
    ones = np.ones(len(owner))
    projection.from_sparse(csr_matrix((ones, (np.arange(len(owner)), owner)), shape=(len(owner), len(sequences))))
    net.compile(directory=f"annarchy_{rule['label']}")
    net.simulate(START + 1e3 * max(s["duration"] for s in sequences) + 100.0)
    found = iter([float(w) for row in projection.w for w in row])  # by post neuron, as they are listed
    return {s["name"]: [next(found) for _ in s["pre"]] for s in sequences}


LAG = 1


def main():
    """Run every model."""
    with open(sys.argv[1], encoding="utf-8") as file:
        kit = json.load(file)
    with contextlib.redirect_stdout(io.StringIO()):
        import ANNarchy as annarchy

        weights = {
            label: run(annarchy, kit["rules"][label], [kit["sequences"][name] for name in kit["weights"][label]])
            for label in MODELS
            if label in kit["rules"]
        }
    models = {"pair_stdp": "STDP", "triplet_stdp": "equations by hand"}
    print(json.dumps({"simulator": f"ANNarchy {annarchy.__version__}", "models": models, "weights": weights}))


if __name__ == "__main__":
    main()
