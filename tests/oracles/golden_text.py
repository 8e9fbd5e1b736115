"""A rule of the conformance kit run from the texts of its file alone: Python's `eval`, and SciPy between events."""

import math

import numpy as np
from scipy.integrate import solve_ivp

FUNCTIONS = {
    "exp": math.exp,
    "sqrt": math.sqrt,
    "Abs": abs,
    "Heaviside": lambda x: 1.0 if x > 0 else 0.0,
}
ORDER = ("pre", "post", "third_factor", "clock", "pre_delayed")


def weights(rule, sequence):
    """Final weights of all synapses."""
    return [_weight(rule, sequence, np.add(train, sequence.delay)) for train in sequence.pre]


def _weight(rule, sequence, arrivals):
    names = ["w", *rule.states]
    flows = [compile(text, "flow", "eval") for text in (rule.weight_flow, *(flow for flow, _ in rule.states.values()))]
    events = {e: [(t, compile(x, e, "eval")) for t, x in updates] for e, updates in rule.events.items()}
    now = {"w": 1.0, **{name: start for name, (_, start) in rule.states.items()}}
    constants = {**FUNCTIONS, **rule.parameters}

    def slope(_, values):
        here = dict(zip(names, values, strict=True))
        return [eval(flow, constants, here) for flow in flows]

    def flow(time):
        values = list(now.values())
        if time > 0 and any(slope(0, values)):
            limits = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-14, "max_step": max(time / 4, 1e-3)}
            values = solve_ivp(slope, (0, time), values, **limits).y[:, -1]
        now.update(zip(names, map(float, values), strict=True))

    last = 0.0
    for time, _, event in sorted(_events(rule, sequence, arrivals)):
        flow(time - last)
        last = time
        for target, expression in events.get(event, ()):
            now[target] = eval(expression, constants, now)
    flow(sequence.duration - last)
    return now["w"]


def _events(rule, sequence, arrivals):
    """Times, in whole 0.1 ms where they lie on the grid, with their order at ties."""
    step = rule.parameters.get("clock_step")
    ticks = [] if step is None else [k * step for k in range(1, math.ceil(sequence.duration / step))]
    trains = {"pre": arrivals, "post": sequence.post, "third_factor": sequence.third_factor, "clock": ticks}
    for event, times in trains.items():
        for time in times:
            yield round(float(time), 9), ORDER.index(event), event
    for time in arrivals if "pre_delayed" in rule.events else ():
        yield float(time) + rule.parameters["pre_delay"], ORDER.index("pre_delayed"), "pre_delayed"
