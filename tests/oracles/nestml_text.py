"""What NEST makes of the text of a NESTML synapse, from the text alone: blocks, units of 1 ms, events in NEST's order.

A small interpreter for the constructs that the exporter writes. Post spikes act one delay after their time; at a
coincidence spikes of a volume transmitter come first, then post spikes, then pre spikes. Equations must relax on their
own, ``v' = c·v`` or ``v' = 1``.
"""

import math
import re

EPSILON = 1e-6  # ms within which NEST takes spikes for simultaneous
NAMES = {name: getattr(math, name) for name in ("exp", "expm1", "sin", "cos", "tan", "tanh", "sinh", "cosh", "erf")}
NAMES |= {"ln": math.log, "abs": abs, "min": min, "max": max}


def blocks(text):
    """Lines of every block by its title, without comments."""
    found, title = {}, None
    for raw in text.splitlines():
        line = raw.split("#")[0].rstrip()
        if re.fullmatch(r"    \S.*:", line):
            title = line.strip(" :")
            found[title] = []
        elif line.startswith("        "):
            found[title].append(line[8:])
    return found


def python(expression):
    """Python text of an expression; ms is 1."""
    plain = re.sub(r"\(1 ms\)", "1.0", expression).replace(" ms", "")
    return re.sub(r"\(\((.*?)\) > ([^?]*) \? 1\.0 : 0\.0\)", r"float((\1) > \2)", plain)


def declared(lines):
    """Values of a block of declarations."""
    values = {}
    for line in lines:
        name, _, value = line.partition(" = ")
        values[name.split()[0]] = eval(python(value), {}, dict(values))
    return values


def program(lines):
    """Compiled statements."""
    lines = [re.sub(r"^(\s*\w+) boolean =", r"\1 =", line) for line in lines]
    return compile("\n".join(map(python, lines)), "nestml", "exec")


class Synapse:
    """A synapse between its last event and now."""

    def __init__(self, text):
        parts = blocks(text)
        self.states = list(declared(parts["state"]))
        self.values = NAMES | declared(parts["state"]) | declared(parts["parameters"])
        flows = [line.partition("' = ") for line in parts["equations"]]
        self.flows = {name: compile(python(flow), name, "eval") for name, _, flow in flows}
        self.programs = {title: program(lines) for title, lines in parts.items() if title.startswith("onReceive")}
        self.update = program(parts["update"])
        self.now = 0.0

    def integrate_odes(self):
        """Exact solution of all equations."""
        before = dict(self.values)
        for name, flow in self.flows.items():
            at_zero = eval(flow, before | {name: 0.0})
            rate = eval(flow, before | {name: 1.0}) - at_zero
            assert at_zero == 0.0 or rate == 0.0
            self.values[name] = before[name] * math.exp(rate * self.elapsed) + at_zero * self.elapsed

    def advance(self, time):
        """Let time pass."""
        self.elapsed = time - self.now
        functions = {"timestep": lambda: self.elapsed, "integrate_odes": self.integrate_odes, "t": self.now}
        self.values |= functions
        if self.elapsed > 1e-12:
            exec(self.update, self.values)
            self.now = time

    def event(self, port, time):
        """Let time pass and a spike arrive."""
        self.advance(time)
        self.values |= {"emit_spike": lambda weight: None, "t": time}
        exec(self.programs[f"onReceive({port})"], self.values)


PORTS = ("transmitter_spikes", "post_spikes", "pre_spikes")


def weight(text, pre, post, delay, transmitter=(), end=None, start=1.0):
    """Weight [1] after the last pre spike, or at an end; times and delay in ms."""
    synapse = Synapse(text)
    synapse.values["w"] = start
    trains = (transmitter, [t + delay for t in post], pre)
    events = [(round(float(t) / EPSILON), k) for k, train in enumerate(trains) for t in train]
    for ticks, k in sorted(events):
        if f"onReceive({PORTS[k]})" in synapse.programs:
            synapse.event(PORTS[k], ticks * EPSILON)
    if end is not None:
        synapse.advance(end)
    return synapse.values["w"]
