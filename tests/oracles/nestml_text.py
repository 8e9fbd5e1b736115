"""What NEST makes of the text of a NESTML synapse, from the text alone: blocks, units of 1 ms, events in NEST's order.

A small interpreter for the constructs that the exporter writes. Post spikes act one delay after their time; at a
coincidence the post spike comes first. Equations must relax on their own, ``v' = c·v`` or ``v' = 1``.
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

    def event(self, port, time):
        """Let time pass and a spike arrive."""
        self.elapsed = time - self.now
        self.values |= {"timestep": lambda: self.elapsed, "integrate_odes": self.integrate_odes}
        if self.elapsed > 1e-12:
            exec(self.update, self.values)
        self.now = time
        self.values["emit_spike"] = lambda weight: None
        exec(self.programs[f"onReceive({port})"], self.values)


def weight(text, pre, post, delay, start=1.0):
    """Weight [1] after the last pre spike; times and delay in ms."""
    synapse = Synapse(text)
    synapse.values["w"] = start
    waiting = [t + delay for t in post]
    for time in pre:
        while waiting and waiting[0] < time + EPSILON:
            synapse.event("post_spikes", waiting.pop(0))
        synapse.event("pre_spikes", time)
    return synapse.values["w"]
