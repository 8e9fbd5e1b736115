"""From what a user asks of a spiking circuit to what an engine is given: limits, events and channels, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from circuits.network.circuit import Circuit
from circuits.running.grid import Grid, check_grid
from circuits.running.limits import controlled
from circuits.running.recording import Recording, recording
from circuits.running.third_factor import Events, instructed
from plasticity.errors import InputError, UnknownNameError, require_number
from plasticity.feedback import FeedbackChannel

if TYPE_CHECKING:
    from plasticity.controllability import Controllability


@dataclass(frozen=True, eq=False)
class Prepared:
    """What an engine is given.

    Parameters
    ----------
    circuit : Circuit
        Within the limits of control, and with third-factor events.
    grid : Grid
    record : Recording
    channels : dict of str to FeedbackChannel or a sequence of them
        By path of feedback.
    """

    circuit: Circuit
    grid: Grid
    record: Recording
    channels: dict[str, Any]


def prepared(
    circuit: Circuit,
    duration: float,
    dt: float,
    record_every: float | None,
    seed: int,
    record: Sequence[str],
    n_tracked: int,
    feedback: FeedbackChannel | Sequence[FeedbackChannel] | Mapping | None,
    controllability: Controllability | Mapping[str, Controllability] | None,
    third_factor: Events | Mapping[str, Events] | None,
) -> Prepared:
    """Check and resolve the arguments of `circuits.run`, which see.

    Raises
    ------
    InputError
        If they do not fit the circuit, the grid of time steps or one another.
    """
    require_number("dt", dt, low=0, exclusive=True, unit="s")
    require_number("duration", duration, low=dt, unit="s")
    if record_every is not None:
        _check_interval(record_every, dt)
    circuit = instructed(controlled(circuit, controllability, seed), third_factor)
    kept = recording(circuit, record_every, record, n_tracked)
    channels = _channels(circuit, feedback)
    check_grid(circuit, duration, dt)
    return Prepared(circuit, Grid(dt, duration, seed), kept, channels)


def _channels(circuit: Circuit, feedback: FeedbackChannel | Sequence | Mapping | None) -> dict[str, Any]:
    """Channel of every path of feedback that is disturbed."""
    if feedback is None:
        return {}
    known = [path.name for path in circuit.feedback]
    if not known:
        raise InputError(
            f"circuit {circuit.name!r} has no feedback, so a FeedbackChannel changes nothing; leave it out"
        )
    channels = dict(feedback) if isinstance(feedback, Mapping) else dict.fromkeys(known, feedback)
    for name, channel in channels.items():
        if name not in known:
            raise UnknownNameError("feedback", name, known)
        each = channel if isinstance(channel, Sequence) else [channel]
        if not each or not all(isinstance(c, FeedbackChannel) for c in each):
            raise InputError(
                f"feedback of {name!r} must be a FeedbackChannel, or one for each neuron that sends, got {channel!r}"
            )
    return channels


def _check_interval(record_every: Any, dt: float) -> None:
    steps = require_number("record_every", record_every, low=dt, unit="s") / dt
    if abs(steps - round(steps)) > 1e-6 * steps:
        raise InputError(
            f"record_every is {record_every:g} s, no multiple of dt = {dt:g} s; use {round(steps) * dt:g} s"
        )
