"""Feedback in Brian2: messages that neurons send at every step reach other neurons through a channel."""

from __future__ import annotations

import brian2
import numpy as np

from circuits.network.circuit import Feedback
from circuits.spiking.blueprint import Blueprint
from circuits.spiking.brian_neurons import EVERY_STEP, FEEDBACK
from circuits.spiking.lines import Lines, noise_name, ring_size
from plasticity.compile.brian import brian_unit
from plasticity.errors import InputError
from plasticity.feedback import delay_steps, projection_matrix

SEND, KEEP, RECEIVE, HEAR = FEEDBACK, FEEDBACK + 5, FEEDBACK + 10, FEEDBACK + 15


def declaration(path: Feedback) -> str:
    """Variables of the receiving neurons."""
    unit = brian_unit(path.unit)
    if path.weights is not None:
        return f"{path.receives} : {unit}"
    return f"{path.receives} : {unit}\n{path.receives}_line : {unit} (linked)"


def line(path: Feedback, groups: dict, plan: Blueprint) -> list:
    """Brian2 objects that carry the messages of one path."""
    unit, lines = brian_unit(path.unit), plan.channels[path.name]
    source, target = groups[path.source], groups[path.target]
    matrix = projection_matrix(lines.common, source.N, plan.grid.seed, noise_name(plan.circuit, path))
    n = source.N if matrix is None else len(matrix)
    late = delay_steps(lines.common, plan.grid.dt)
    received, functions = _received(path, lines, plan, late)
    declared = [f"arriving : {unit} {'(linked)' if matrix is None else ''}", f"received : {unit}"]
    declared += [f"kept : {unit}", "late : integer (shared, constant)"] if late else []
    declared += [] if "factor" in lines.disturbs else ["gain : 1 (shared, constant)"]
    declared += [f"quantum : {unit} (shared, constant)"] if lines.common.quantum > 0 else []
    messages = brian2.NeuronGroup(n, "\n".join(declared), namespace=functions, clock=plan.clock, name=path.name)
    objects = [messages]
    if matrix is None:
        messages.arriving = brian2.linked_var(source, path.sends)
    else:
        name = f"{path.name}_send"
        objects.append(_weighted(name, source, messages, path.sends, "arriving", unit, SEND, plan))
    objects += _delayed(path, messages, n, late, unit, plan) if late else []
    messages.run_regularly(received, clock=plan.clock, when="thresholds", order=RECEIVE, name=f"{path.name}_receive")
    return [*objects, *_hear(path, messages, target, n, unit, plan)]


def _received(path: Feedback, lines: Lines, plan: Blueprint, late: int) -> tuple[str, dict]:
    """Statement for what is received, and the disturbances that it reads, drawn beforehand."""
    sent = "kept" if late else "arriving"
    units = {"noise": path.unit}
    functions = {key: plan.function(f"{path.name}_{key}", units.get(key, "1")) for key in lines.disturbs}
    text = f"factor(t, i)*{sent}" if "factor" in functions else f"gain*{sent}"
    if "noise" in functions:
        text = f"{text} + noise(t, i)"
    if lines.common.quantum > 0:
        text = f"quantum*floor(({text})/quantum + 0.5)"
    if "delivered" in functions:
        text = f"delivered(t, i)*({text})"
    if late:  # nothing at all is received before the first message can arrive
        text = f"int(int(t/dt + 0.5) >= late)*({text})"
    return f"received = {text}", functions


def _delayed(path: Feedback, messages: brian2.NeuronGroup, n: int, late: int, unit: str, plan: Blueprint) -> list:
    """Ring of the last messages: the one that is `late` steps old is read before the newest takes its place."""
    size = ring_size(late)
    owner = np.repeat(np.arange(n), size)
    declared = f"message : {unit}\nnewest : {unit} (linked)\nslot : integer (constant)\nis_due : 1"
    ring = brian2.NeuronGroup(
        n * size,
        f"{declared}\nlate : integer (shared, constant)",
        namespace={},
        clock=plan.clock,
        name=f"{path.name}_ring",
    )
    ring.newest = brian2.linked_var(messages, "arriving", index=owner)
    steps = {
        "due": ("is_due = int(slot == int(t/dt + 0.5) % late)", EVERY_STEP),
        "keep": ("message = is_due*newest + (1 - is_due)*message", KEEP + 1),
    }
    for name, (statement, order) in steps.items():
        ring.run_regularly(statement, clock=plan.clock, when="thresholds", order=order, name=f"{path.name}_{name}")
    read = brian2.Synapses(
        ring,
        messages,
        f"kept_post = is_due_pre*message_pre : {unit} (summed)",
        namespace={},
        clock=plan.clock,
        name=f"{path.name}_read",
    )
    read.connect(i=np.arange(n * size), j=owner)
    _at(read, KEEP)
    return [ring, read]


def _hear(
    path: Feedback, messages: brian2.NeuronGroup, target: brian2.NeuronGroup, n: int, unit: str, plan: Blueprint
) -> list:
    """What arrives becomes a variable of the receiving neurons."""
    if path.weights is not None:
        shape = np.shape(path.weights)
        if shape != (target.N, n):
            raise InputError(
                f"weights of feedback {path.name!r} have shape {shape}; {target.N} neurons receive messages of "
                f"{n} components"
            )
        name = f"{path.name}_hear"
        return [_weighted(name, messages, target, "received", path.receives, unit, HEAR, plan)]
    if n not in (1, target.N):
        raise InputError(
            f"feedback {path.name!r} brings {n} components to {target.N} neurons of {path.target!r}; give it weights"
        )
    index = np.zeros(target.N, dtype=int) if n == 1 else None
    setattr(target, f"{path.receives}_line", brian2.linked_var(messages, "received", index=index))
    target.run_regularly(
        f"{path.receives} = {path.receives}_line",
        clock=plan.clock,
        when="thresholds",
        order=HEAR,
        name=f"{path.name}_hear",
    )
    return []


def _weighted(
    name: str,
    source: brian2.NeuronGroup,
    target: brian2.NeuronGroup,
    sent: str,
    heard: str,
    unit: str,
    order: int,
    plan: Blueprint,
) -> brian2.Synapses:
    """Weighted sum of messages (all to all)."""
    made = brian2.Synapses(
        source,
        target,
        f"weight : 1 (constant)\n{heard}_post = weight*{sent}_pre : {unit} (summed)",
        namespace={},
        clock=plan.clock,
        name=name,
    )
    made.connect()
    _at(made, order)
    return made


def _at(made: brian2.Synapses, order: int) -> None:
    for updater in made.summed_updaters.values():
        updater.when, updater.order = "thresholds", order
