"""Feedback in Brian2: messages that neurons send at every step reach other neurons through a channel."""

from __future__ import annotations

import brian2
import numpy as np

from circuits._records import Circuit, Feedback
from circuits.engines._brian_neurons import EVERY_STEP, FEEDBACK, Timing, check_numbers
from plasticity.compile.brian import brian_unit
from plasticity.disturbance import disturb
from plasticity.errors import InputError
from plasticity.feedback import FeedbackChannel, delay_steps, projection_matrix
from plasticity.units import seconds_power

SEND, KEEP, RECEIVE, HEAR = FEEDBACK, FEEDBACK + 5, FEEDBACK + 10, FEEDBACK + 15


def declaration(path: Feedback) -> str:
    """Variables of the receiving neurons."""
    unit = brian_unit(path.unit)
    if path.weights is not None:
        return f"{path.receives} : {unit}"
    return f"{path.receives} : {unit}\n{path.receives}_line : {unit} (linked)"


def line(circuit: Circuit, path: Feedback, channel: FeedbackChannel, groups: dict, timing: Timing) -> list:
    """Brian2 objects that carry the messages of one path."""
    unit = brian_unit(path.unit)
    source, target = groups[path.source], groups[path.target]
    matrix = projection_matrix(channel, source.N, timing.seed, path.name)
    n = source.N if matrix is None else len(matrix)
    late = delay_steps(channel, timing.dt)
    direct = matrix is None
    arriving = "(linked)" if direct else ""
    kept = f"kept : {unit}" if late else ""
    received, arrays = _received(path, channel, n, timing, "kept" if late else "arriving")
    messages = brian2.NeuronGroup(
        n,
        "\n".join([f"arriving : {unit} {arriving}", f"received : {unit}", kept]),
        namespace=arrays,
        clock=timing.clock,
        name=path.name,
    )
    objects = [messages]
    if direct:
        messages.arriving = brian2.linked_var(source, path.sends)
    else:
        objects.append(
            _weighted(f"{path.name}_send", source, messages, path.sends, "arriving", unit, matrix, SEND, timing)
        )
    objects += _delayed(path, messages, n, late, unit, timing) if late else []
    messages.run_regularly(received, clock=timing.clock, when="thresholds", order=RECEIVE, name=f"{path.name}_receive")
    return [*objects, *_hear(circuit, path, messages, target, n, unit, timing)]


def _received(path: Feedback, channel: FeedbackChannel, n: int, timing: Timing, sent: str) -> tuple[str, dict]:
    """Statement for what is received, and the disturbances that it reads, drawn beforehand."""
    random = channel.noise > 0 or channel.sign_error > 0 or channel.sparsity > 0
    if random:
        check_numbers(f"feedback {path.name!r}", timing.n_steps * n)
    unit = brian2.second ** seconds_power(path.unit)
    drawn = disturb(channel, timing.n_steps if random else 1, n, timing.dt, timing.seed, name=path.name)
    arrays, text = {}, f"{float(channel.gain)!r}*{sent}"
    step = timing.dt * brian2.second
    if channel.sign_error > 0:
        arrays["factor"] = brian2.TimedArray(drawn.factor, dt=step, name=f"{path.name}_factor")
        text = f"factor(t, i)*{sent}"
    if channel.noise > 0:
        arrays["noise"] = brian2.TimedArray(drawn.noise * unit, dt=step, name=f"{path.name}_noise")
        text = f"{text} + noise(t, i)"
    if channel.quantum > 0:
        quantum = f"({channel.quantum!r}*{brian_unit(path.unit)})"
        text = f"{quantum}*floor(({text})/{quantum} + 0.5)"
    if channel.sparsity > 0:
        arrays["delivered"] = brian2.TimedArray(drawn.delivered[:, 0], dt=step, name=f"{path.name}_delivered")
        text = f"delivered(t)*({text})"
    late = delay_steps(channel, timing.dt)
    if late:  # nothing at all is received before the first message can arrive
        text = f"int(t/dt + 0.5 >= {late})*({text})"
    return f"received = {text}", arrays


def _delayed(path: Feedback, messages: brian2.NeuronGroup, n: int, late: int, unit: str, timing: Timing) -> list:
    """Ring of the last `late` messages: the oldest is read before the newest takes its place."""
    owner, slot = np.repeat(np.arange(n), late), np.tile(np.arange(late), n)
    now = f"int(t/dt + 0.5) % {late}"
    ring = brian2.NeuronGroup(
        n * late,
        f"message : {unit}\nnewest : {unit} (linked)\nslot : integer (constant)\nis_due : 1",
        namespace={},
        clock=timing.clock,
        name=f"{path.name}_ring",
    )
    ring.slot = slot
    ring.newest = brian2.linked_var(messages, "arriving", index=owner)
    ring.run_regularly(
        f"is_due = int(slot == {now})", clock=timing.clock, when="thresholds", order=EVERY_STEP, name=f"{path.name}_due"
    )
    ring.run_regularly(
        "message = is_due*newest + (1 - is_due)*message",
        clock=timing.clock,
        when="thresholds",
        order=KEEP + 1,
        name=f"{path.name}_keep",
    )
    read = brian2.Synapses(
        ring,
        messages,
        f"kept_post = is_due_pre*message_pre : {unit} (summed)",
        namespace={},
        clock=timing.clock,
        name=f"{path.name}_read",
    )
    read.connect(i=np.arange(n * late), j=owner)
    _at(read, KEEP)
    return [ring, read]


def _hear(circuit: Circuit, path: Feedback, messages, target, n: int, unit: str, timing: Timing) -> list:
    """What arrives becomes a variable of the receiving neurons."""
    if path.weights is not None:
        weights = np.asarray(path.weights, dtype=float)
        if weights.shape != (target.N, n):
            raise InputError(
                f"weights of feedback {path.name!r} have shape {weights.shape}; {target.N} neurons receive messages of "
                f"{n} components"
            )
        name = f"{path.name}_hear"
        return [_weighted(name, messages, target, "received", path.receives, unit, weights, HEAR, timing)]
    if n not in (1, target.N):
        raise InputError(
            f"feedback {path.name!r} brings {n} components to {target.N} neurons of {path.target!r}; give it weights"
        )
    index = np.zeros(target.N, dtype=np.int32) if n == 1 else None
    setattr(target, f"{path.receives}_line", brian2.linked_var(messages, "received", index=index))
    target.run_regularly(
        f"{path.receives} = {path.receives}_line",
        clock=timing.clock,
        when="thresholds",
        order=HEAR,
        name=f"{path.name}_hear",
    )
    return []


def _weighted(name, source, target, sent: str, heard: str, unit: str, weights, order: int, timing: Timing):
    """Weighted sum of messages (all to all)."""
    made = brian2.Synapses(
        source,
        target,
        f"weight : 1 (constant)\n{heard}_post = weight*{sent}_pre : {unit} (summed)",
        namespace={},
        clock=timing.clock,
        name=name,
    )
    made.connect()
    made.weight_ = np.asarray(weights, dtype=float).T.ravel()  # synapses stand in the order of their source
    _at(made, order)
    return made


def _at(made: brian2.Synapses, order: int) -> None:
    for updater in made.summed_updaters.values():
        updater.when, updater.order = "thresholds", order
