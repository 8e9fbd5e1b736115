"""Feedback in Brian2: messages that neurons send at every step reach other neurons through a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import brian2
import numpy as np

from circuits._records import Feedback
from circuits.engines._brian_neurons import EVERY_STEP, FEEDBACK, Timing, check_numbers
from plasticity.compile.brian import brian_unit
from plasticity.disturbance import Disturbance, disturb
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


@dataclass(frozen=True, eq=False)
class Lines:
    """Channels of the components of a message: one for all, or one each.

    Parameters
    ----------
    channels : tuple of FeedbackChannel
        One, or one per component; then component k has the noise of trial k.
    """

    channels: tuple[FeedbackChannel, ...]

    @property
    def common(self) -> FeedbackChannel:
        """Channel whose delay, rounding and projection all components share."""
        return self.channels[0]

    @property
    def is_perfect(self) -> bool:
        """Whether every component is received as it was sent."""
        return all(c.is_perfect for c in self.channels)

    @property
    def structure(self) -> list:
        """What shapes the equations."""
        c = self.common
        return [len(self.channels) > 1, self.disturbs, c.delay, c.gain, c.quantum, repr(c.projection)]

    @property
    def disturbs(self) -> list[str]:
        """What is random or differs between components."""
        found = {
            "factor": any(c.sign_error > 0 or c.gain != self.common.gain for c in self.channels),
            "noise": any(c.noise > 0 for c in self.channels),
            "delivered": any(c.sparsity > 0 for c in self.channels),
        }
        return [name for name, used in found.items() if used]

    def drawn(self, n_steps: int, n: int, dt: float, seed: int, name: str) -> dict[str, np.ndarray]:
        """Disturbances (n_steps, n) of all steps."""
        if len(self.channels) == 1:
            found = disturb(self.common, n_steps, n, dt, seed, name=name)
        else:
            each = [disturb(c, n_steps, 1, dt, seed, trial=k, name=name) for k, c in enumerate(self.channels)]
            found = Disturbance(
                *(np.concatenate([getattr(d, f) for d in each], axis=1) for f in ("factor", "noise", "delivered"))
            )
        arrays = {
            "factor": found.factor,
            "noise": found.noise,
            "delivered": np.broadcast_to(found.delivered, (n_steps, n)),
        }
        return {key: np.array(arrays[key]) for key in self.disturbs}


def lines(path: Feedback, channels: FeedbackChannel | Sequence[FeedbackChannel] | None, n_sent: int) -> Lines:
    """Channels of a path of feedback that sends `n_sent` components.

    Raises
    ------
    InputError
        If there is neither one channel nor one per component, or they differ in what they must share.
    """
    if channels is None or isinstance(channels, FeedbackChannel):
        return Lines((channels or FeedbackChannel(),))
    channels = tuple(channels)
    if len(channels) not in (1, n_sent):
        raise InputError(
            f"feedback {path.name!r} has {len(channels)} channels for {n_sent} components; give one or one each"
        )
    shared = {(c.delay, c.quantum) for c in channels}
    if len(channels) > 1 and (len(shared) > 1 or any(c.projection is not None for c in channels)):
        raise InputError(
            f"channels of the components of {path.name!r} must share delay and quantum, without projection"
        )
    return Lines(channels)


def line(path: Feedback, channels: Lines, groups: dict, timing: Timing) -> list:
    """Brian2 objects that carry the messages of one path."""
    unit = brian_unit(path.unit)
    source, target = groups[path.source], groups[path.target]
    matrix = projection_matrix(channels.common, source.N, timing.seed, path.name)
    n = source.N if matrix is None else len(matrix)
    late = delay_steps(channels.common, timing.dt)
    kept = f"kept : {unit}" if late else ""
    received, arrays = _received(path, channels, n, timing, late)
    messages = brian2.NeuronGroup(
        n,
        "\n".join([f"arriving : {unit} {'(linked)' if matrix is None else ''}", f"received : {unit}", kept]),
        namespace=arrays,
        clock=timing.clock,
        name=path.name,
    )
    objects = [messages]
    if matrix is None:
        messages.arriving = brian2.linked_var(source, path.sends)
    else:
        name = f"{path.name}_send"
        objects.append(_weighted(name, source, messages, path.sends, "arriving", unit, matrix, SEND, timing))
    objects += _delayed(path, messages, n, late, unit, timing) if late else []
    messages.run_regularly(received, clock=timing.clock, when="thresholds", order=RECEIVE, name=f"{path.name}_receive")
    return [*objects, *_hear(path, messages, target, n, unit, timing)]


def _received(path: Feedback, channels: Lines, n: int, timing: Timing, late: int) -> tuple[str, dict]:
    """Statement for what is received, and the disturbances that it reads, drawn beforehand."""
    sent, common = "kept" if late else "arriving", channels.common
    if channels.disturbs:
        check_numbers(f"feedback {path.name!r}", timing.n_steps * n * len(channels.disturbs))
    drawn = channels.drawn(timing.n_steps, n, timing.dt, timing.seed, path.name) if channels.disturbs else {}
    units = {"noise": brian2.second ** seconds_power(path.unit)}
    arrays = {
        key: brian2.TimedArray(values * units.get(key, 1), dt=timing.dt * brian2.second, name=f"{path.name}_{key}")
        for key, values in drawn.items()
    }
    text = f"factor(t, i)*{sent}" if "factor" in arrays else f"{float(common.gain)!r}*{sent}"
    if "noise" in arrays:
        text = f"{text} + noise(t, i)"
    if common.quantum > 0:
        quantum = f"({common.quantum!r}*{brian_unit(path.unit)})"
        text = f"{quantum}*floor(({text})/{quantum} + 0.5)"
    if "delivered" in arrays:
        text = f"delivered(t, i)*({text})"
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


def _hear(path: Feedback, messages, target, n: int, unit: str, timing: Timing) -> list:
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
    index = np.zeros(target.N, dtype=int) if n == 1 else None
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
