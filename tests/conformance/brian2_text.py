"""Plain Brian2 programs from the texts of a conformance kit: `python brian2_text.py kit.json [RULE …]`.

Uses Brian2 and nothing of this project; prints one line of JSON. All sequences of a rule run side by side at steps of
0.1 ms. Rules whose traces relax on their own are event-driven, others take steps: exact ones for linear flows, else
Runge–Kutta. What Brian2 integrates in a step comes before the events of the step, so the start, all events and the end
are one step late. At a tie Brian2 has pre before post of its own accord.
"""

import json
import re
import sys

import numpy as np
from brian2 import Function, Network, SpikeGeneratorGroup, Synapses, defaultclock, ms, prefs, second

prefs.codegen.target = "numpy"
STEP = 1e-4  # s
FUNCTIONS = {
    "Heaviside": Function(lambda x: np.where(x > 0, 1.0, 0.0), arg_units=[1], return_unit=1),
    "Abs": Function(np.abs, arg_units=[1], return_unit=1),
}


def code(rule, event, suffix=""):
    """Statements of an event, with bounds; `suffix` marks variables of a target that is a set of synapses."""
    lines = [f"{target} = {text}" for target, text in rule["events"].get(event, ())]
    if rule["bounds"]:
        low, high = rule["bounds"]
        lines = [x for line in lines for x in ([line, f"w = clip(w, {low}, {high})"] if line[:2] == "w " else [line])]
    names = "|".join(["w", *rule["states"]])
    return "\n".join(re.sub(rf"\b({names})\b", rf"\1{suffix}", line) for line in lines)


def equations(rule, mode):
    """Equations in plain numbers of seconds."""
    flows = {"w": rule["weight_flow"], **{name: flow for name, (flow, _) in rule["states"].items()}}
    moving = [f"d{name}/dt = ({flow})/second : 1 {mode}" for name, flow in flows.items() if flow != "0"]
    return "\n".join([*moving, *(f"{name} : 1" for name, flow in flows.items() if flow == "0")])


def trains(sequences, key):
    """Indices and times of the spikes of one source per sequence."""
    pairs = [(i, t) for i, s in enumerate(sequences) for t in s[key]]
    return [i for i, _ in pairs], [t for _, t in pairs] * second


def network(rule, sequences, event_driven, method):
    """Network of all sequences of a rule, and its plastic synapses."""
    pre = [(k, t) for k, train in enumerate(t for s in sequences for t in s["pre"]) for t in train]
    n = sum(len(s["pre"]) for s in sequences)
    sent = SpikeGeneratorGroup(n, [k for k, _ in pre], [t for _, t in pre] * second)
    post = SpikeGeneratorGroup(len(sequences), *trains(sequences, "post"))
    events = rule["events"]
    named = {"pre": "pre", "late": "pre_delayed"}
    on_pre = {name: code(rule, event) for name, event in named.items() if event in events}
    on_post = {"post": code(rule, "post")} if "post" in events else None
    space = {**FUNCTIONS, **rule["parameters"]}
    model = equations(rule, "(event-driven)" if event_driven else "")
    arguments = {} if method is None else {"method": method}
    synapses = Synapses(sent, post, model, on_pre=on_pre, on_post=on_post, namespace=space, **arguments)
    owner = [i for i, s in enumerate(sequences) for _ in s["pre"]]
    synapses.connect(i=np.arange(n), j=owner)
    delays = np.array([sequences[i]["delay"] for i in owner])
    if "pre" in on_pre:
        synapses.pre.delay = delays * second
    parts = [sent, post, synapses]
    if "late" in on_pre:
        synapses.late.delay = (delays + rule["parameters"]["pre_delay"]) * second
        synapses.late.order = 4
    begin(rule, synapses)
    for order, (event, key) in enumerate((("third_factor", "third_factor"), ("clock", "ticks")), 2):
        if event in events:
            source = SpikeGeneratorGroup(len(sequences), *trains(sequences, key))
            acting = Synapses(source, synapses, on_pre=code(rule, event, "_post"), namespace=space)
            acting.connect(i=owner, j=np.arange(n))
            acting.pre.order = order
            parts += [source, acting]
    return Network(*parts), synapses, owner


def begin(rule, synapses):
    """Set the weight and all states to their start."""
    synapses.w = 1.0
    for name, (_, start) in rule["states"].items():
        setattr(synapses, name, start)


def run(rule, sequences):
    """Final weights of a rule after every sequence."""
    step = rule["parameters"].get("clock_step")
    for s in sequences:
        s["ticks"] = [] if step is None else list(np.arange(1, s["duration"] / step) * step)
    plain = rule["weight_flow"] == "0" and not {"third_factor", "clock"} & set(rule["events"])
    choices = [(True, None), (False, "exact"), (False, "rk4")] if plain else [(False, "exact"), (False, "rk4")]
    for event_driven, method in choices:
        try:
            whole, synapses, owner = network(rule, sequences, event_driven, method)
            whole.run(0 * ms, namespace={})
        except Exception as error:
            failure = error
            continue
        break
    else:
        raise failure
    if not event_driven:  # the start is one step late, too
        whole.run(STEP * second, namespace={})
        begin(rule, synapses)
    weights = {}
    for i in np.argsort([s["duration"] for s in sequences]):
        end = sequences[i]["duration"] + (0 if event_driven else STEP)
        whole.run(max(round(end - float(whole.t), 9), 0.0) * second, namespace={})
        weights[sequences[i]["name"]] = [float(w) for w, k in zip(synapses.w[:], owner, strict=True) if k == i]
    return weights, "event-driven" if event_driven else method


def main():
    """Run every rule."""
    import brian2

    defaultclock.dt = STEP * second
    with open(sys.argv[1], encoding="utf-8") as file:
        kit = json.load(file)
    chosen = sys.argv[2:] or list(kit["rules"])
    weights, models = {}, {}
    for label in chosen:
        sequences = [kit["sequences"][name] for name in kit["weights"][label]]
        weights[label], models[label] = run(kit["rules"][label], sequences)
        print(label, models[label], file=sys.stderr, flush=True)
    print(json.dumps({"simulator": f"Brian2 {brian2.__version__}", "models": models, "weights": weights}))


if __name__ == "__main__":
    main()
