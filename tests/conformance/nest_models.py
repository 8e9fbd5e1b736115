"""NEST's own models of STDP on a conformance kit: `python nest_models.py kit.json mapped|native [MODEL]`.

Runs in an environment with NEST and nothing of this project; prints one line of JSON. NEST counts the whole delay of a
connection as dendritic: a pre spike at t meets post spikes at t − d. `mapped` adds the axonal delay of a sequence to
the pre spikes; `native` sets it as the delay of the connection. A weight in NEST changes when a pre spike arrives, so a
last one follows 20 s after the end, when all traces are gone. The first spike is at 2 s: see `nest_first_spike.py`.
A MODEL stands in for the one of nearest spikes.
"""

import json
import sys

STEP = 0.1  # ms, the resolution, and the delay of connections that should have none
START, LATER = 2000.0, 20_000.0  # ms before the first spike and after the last
LARGE = 100.0  # upper bound of weights, never reached


def pair(p):
    """Parameters of additive pair STDP."""
    return {
        "Wmax": LARGE,
        "lambda": p["A_plus"] / LARGE,
        "alpha": p["A_minus"] / p["A_plus"],
        "mu_plus": 0.0,
        "mu_minus": 0.0,
        "tau_plus": 1e3 * p["tau_plus"],
    }


def triplet(p):
    """Parameters of the triplet rule."""
    return {
        "Wmax": LARGE,
        "Aplus": p["A2_plus"],
        "Aplus_triplet": p["A3_plus"],
        "Aminus": p["A2_minus"],
        "Aminus_triplet": p["A3_minus"],
        "tau_plus": 1e3 * p["tau_plus"],
        "tau_plus_triplet": 1e3 * p["tau_x"],
    }


def dopamine(p):
    """Parameters of reward-modulated STDP; the amplitudes carry the reward, which is 1 in NEST."""
    return {
        "Wmax": LARGE,
        "Wmin": -LARGE,
        "b": 0.0,
        "A_plus": p["A_plus"] * p["reward"],
        "A_minus": p["A_minus"] * p["reward"],
        "tau_plus": 1e3 * p["tau_plus"],
        "tau_c": 1e3 * p["tau_eligibility"],
        "tau_n": 1e3 * p["tau_reward"],
    }


NEAREST = "pair_stdp nearest_spike"
MODELS = {  # of rules of the kit
    "pair_stdp": ("stdp_synapse", pair),
    NEAREST: ("stdp_nn_symm_synapse", pair),
    "triplet_stdp": ("stdp_triplet_synapse", triplet),
    "reward_stdp": ("stdp_dopamine_synapse", dopamine),
}


def source(nest, times):
    """Parrot neuron that spikes at given times [ms]; it repeats a generator one step later."""
    generator = nest.Create("spike_generator", params={"spike_times": [round(t - STEP, 1) for t in times]})
    parrot = nest.Create("parrot_neuron")
    nest.Connect(generator, parrot, syn_spec={"delay": STEP})
    return parrot


def run(nest, rule, sequence, way):
    """Final weights of a rule after a sequence."""
    model, parameters = MODELS[rule["label"]]
    p = rule["parameters"]
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": STEP})
    values = parameters(p)
    end = START + 1e3 * sequence["duration"]
    if model == "stdp_dopamine_synapse":
        transmitter = nest.Create("volume_transmitter")
        third = source(nest, [START + 1e3 * t for t in sequence["third_factor"]])
        nest.Connect(third, transmitter, syn_spec={"delay": STEP})
        values["volume_transmitter"] = transmitter
    nest.CopyModel(model, "plastic", values)
    post = source(nest, [START + 1e3 * t for t in sequence["post"]])
    post.tau_minus = 1e3 * p["tau_minus"]
    if "tau_y" in p:
        post.tau_minus_triplet = 1e3 * p["tau_y"]
    axonal = 1e3 * sequence["delay"]
    delay, shift = (STEP, axonal + STEP) if way == "mapped" or axonal == 0 else (axonal, 0.0)
    flows = model == "stdp_dopamine_synapse"  # its weight moves between spikes: read at the end, one step late as all
    last = end if flows else end + LATER
    connections = []
    for train in sequence["pre"]:
        pre = source(nest, [START + 1e3 * t + shift for t in train] + [last + shift])
        synapse = {"synapse_model": "plastic", "weight": 1.0, "delay": delay, "receptor_type": 1}
        nest.Connect(pre, post, syn_spec=synapse)
        connections.append(pre)
    nest.Simulate(end + STEP if flows else last + 10.0)
    return [nest.GetConnections(pre, post)[0].get("weight") for pre in connections]


def main():
    """Run every model on every sequence."""
    import nest

    if sys.argv[3:]:
        for label in set(MODELS) - {NEAREST}:
            del MODELS[label]
        MODELS[NEAREST] = sys.argv[3], pair

    nest.set_verbosity("M_ERROR")
    with open(sys.argv[1], encoding="utf-8") as file:
        kit = json.load(file)
    weights = {
        label: {
            name: run(nest, kit["rules"][label], kit["sequences"][name], sys.argv[2]) for name in kit["weights"][label]
        }
        for label in MODELS
        if label in kit["rules"]
    }
    models = {label: MODELS[label][0] for label in weights}
    print(json.dumps({"simulator": f"NEST {nest.__version__}", "models": models, "weights": weights}))


if __name__ == "__main__":
    main()
