"""Arguments of `circuits.run`, checked and resolved for the engines: grid, records, limits, events and channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit, Population, Projection
from circuits.network.phase import Channels, Phase
from circuits.neurons.model import NeuronModel
from circuits.running.devices import DEVICES
from circuits.running.grid import Grid, steps_in
from circuits.running.limits import controlled
from circuits.running.recording import Recording, Tracked, recording
from circuits.running.stimuli import frozen_projections, with_stimuli
from plasticity.controllability import Controllability
from plasticity.errors import InputError, UnknownNameError
from plasticity.feedback import FeedbackChannel
from plasticity.replay import spike_train, spike_trains
from plasticity.support.checks import require_whole
from plasticity.support.cli import say

Limits = Controllability | Mapping[str, Controllability] | None
Events = Sequence[ArrayLike] | Mapping[str, Sequence[ArrayLike]] | None  # times, or trains of them
EVENT_TARGET = NeuronModel("event_target", "")  # makes neurons with spike trains alone able to receive events


def check_arguments(
    circuit: Any, device: Any, n_tracked: Any, feedback: Any, controllability: Any, third_factor: Any
) -> None:
    """Refuse arguments of `circuits.run` of a wrong kind, or for which the circuit has no use.

    Raises
    ------
    InputError
        Naming the argument.
    UnknownNameError
        If the device is unknown.
    """
    if not isinstance(circuit, Circuit):
        raise InputError(
            f"circuit must be what a function of the catalogue returns, got {circuit!r}; use circuits.load(name)(…)"
        )
    if device is not None and device not in DEVICES:
        raise UnknownNameError("device", device, DEVICES)
    require_whole("n_tracked", n_tracked)
    if controllability is not None:
        _check_limits(circuit, controllability)
    if circuit.is_rate and third_factor is not None:
        raise InputError("third_factor: synapses of rate neurons have no events; leave it out")
    if circuit.is_rate and isinstance(feedback, Mapping):
        raise InputError("feedback is a mapping, but rate circuits have one path; give one channel or one per member")


def _check_limits(circuit: Circuit, controllability: Any) -> None:
    for limits in controllability.values() if isinstance(controllability, Mapping) else [controllability]:
        if not isinstance(limits, Controllability):
            raise InputError(
                f"controllability must be a Controllability, or a mapping of projections to them, got {limits!r}"
            )
    if not circuit.plastic:
        raise InputError(
            f"circuit {circuit.name!r} has no plastic projection, so a Controllability changes nothing; leave it out"
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A phase of a circuit ready to run.

    Parameters
    ----------
    circuit : Circuit
        With limits of control, third-factor events and the stimuli of the phase.
    grid : Grid
    record : Recording
    channels : dict of str to FeedbackChannel or a sequence of them, or list of FeedbackChannel
        By path of feedback of a spiking circuit; by member of the batch of a rate circuit, empty without channels.
    frozen : frozenset of str
        Plastic projections that do not learn.
    """

    circuit: Circuit
    grid: Grid
    record: Recording
    channels: Any
    frozen: frozenset[str]


def limited(circuit: Circuit, controllability: Limits, third_factor: Events, seed: int) -> Circuit:
    """Circuit within its limits of control, with third-factor events.

    Raises
    ------
    InputError
        If they do not fit the circuit.
    """
    circuit = controlled(circuit, controllability, require_whole("seed", seed, low=0))
    return circuit if circuit.is_rate else with_events(circuit, third_factor)


def prepared(circuit: Circuit, phase: Phase, grid: Grid, n_tracked: int, tracked: Tracked = None) -> Prepared:
    """Phase of a circuit with its stimuli, its records and its channels.

    Raises
    ------
    InputError
        If they do not fit the circuit, the grid or one another.
    """
    if phase.record_every is not None:
        steps_in("record_every", phase.record_every, grid.dt)
    frozen = frozen_projections(circuit, phase.plastic)
    circuit = with_stimuli(circuit, phase, grid.start)
    records = recording(circuit, phase.record_every, phase.record or (), n_tracked, tracked)
    if circuit.is_rate:
        members = _channels_of_members(phase.feedback, circuit.n_batch)
        _warn_late(circuit, members, grid.dt)
        return Prepared(circuit, grid, records, members, frozen)
    channels = _channels(circuit, phase.feedback)
    check_grid(circuit, grid)
    return Prepared(circuit, grid, records, channels, frozen)


def _channels(circuit: Circuit, feedback: Channels) -> dict[str, Any]:
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


def _channels_of_members(feedback: Any, n_batch: int) -> list[FeedbackChannel]:
    """Channel of every member of a batch."""
    if feedback is None:
        return []
    channels = list(feedback) if isinstance(feedback, Sequence) else [feedback] * n_batch
    if not all(isinstance(c, FeedbackChannel) for c in channels):
        raise InputError(
            f"feedback must be a FeedbackChannel, or a sequence with one for each member, got {feedback!r}"
        )
    if len(channels) != n_batch:
        raise InputError(f"feedback has {len(channels)} channels, but n_batch is {n_batch}; give one, or one each")
    return channels


def _warn_late(circuit: Circuit, channels: Sequence[FeedbackChannel], dt: float) -> None:
    """Warn of feedback that arrives when its pattern has been replaced by another one."""
    stimulus, delay = circuit.stimulus, max((c.delay for c in channels), default=0.0)
    if stimulus is None or len(stimulus.patterns) == 1:
        return
    hold = dt if stimulus.hold is None else stimulus.hold
    if delay >= hold / 2:
        say(
            f"feedback is {delay:g} s late and patterns are held for {hold:g} s: for {min(1.0, delay / hold):.0%} of "
            "the time synapses meet an error with the input of a later pattern, and the loss may grow; hold patterns "
            f"for longer, such as hold={10 * delay:g}"
        )


def with_events(circuit: Circuit, third_factor: Events) -> Circuit:
    """Circuit whose plastic projections receive third-factor events at the times [s] of `third_factor`.

    The events of the projection ``"synapses"`` are the spikes of a population called ``"synapses_events"``.

    Raises
    ------
    InputError
        If a rule needs events and there are none, or does nothing at them; if the times are no trains, or neither
        one train nor one per postsynaptic neuron.
    UnknownNameError
        If a mapping names a projection that is not plastic.
    """
    trains = _trains_by_projection(circuit, third_factor)
    sources = {name: Population(f"{name}_events", each) for name, each in trains.items()}
    projections = tuple(
        replace(p, third_factor=sources[p.name].name) if p.name in sources else p for p in circuit.projections
    )
    for projection in projections:
        _check_events(projection)
    targets = {p.post for p in projections if p.third_factor}
    populations = (
        replace(p, neuron=EVENT_TARGET) if p.name in targets and p.neuron is None else p for p in circuit.populations
    )
    return replace(circuit, populations=(*populations, *sources.values()), projections=projections)


def _trains_by_projection(circuit: Circuit, third_factor: Events) -> dict[str, tuple]:
    if third_factor is None:
        return {}
    plastic = [p.name for p in circuit.plastic]
    if not isinstance(third_factor, Mapping):
        without = [p.name for p in circuit.plastic if "third_factor" in p.rule.events and not p.third_factor]
        if not without:
            raise InputError(f"no rule of circuit {circuit.name!r} uses third-factor events; leave third_factor out")
        third_factor = dict.fromkeys(without, third_factor)
    for name in third_factor:
        if name not in plastic:
            raise UnknownNameError("plastic projection", name, plastic)
    return {name: _trains(events) for name, events in third_factor.items()}


def _trains(events: Sequence[ArrayLike]) -> tuple[np.ndarray, ...]:
    """One train for all, or one per neuron."""
    if all(np.ndim(e) == 0 for e in events):
        return (spike_train("third_factor", np.asarray(events)),)
    return spike_trains("third_factor", events)


def _check_events(projection: Projection) -> None:
    rule = projection.rule
    if rule is not None and "third_factor" in rule.events and projection.third_factor is None:
        raise InputError(
            f"rule {rule.name!r} of {projection.name!r} needs third-factor events, such as rewards or "
            "plateau potentials; give run(..., third_factor=times)"
        )


def check_grid(circuit: Circuit, grid: Grid) -> None:
    """Check that prescribed spikes, delays and ticks are multiples of the time step.

    Raises
    ------
    InputError
        Naming the population, neuron and spike, the projection, or the rule.
    """
    dt = grid.dt
    for population in circuit.populations:
        for neuron, times in enumerate(population.spike_trains):
            off = np.abs(times / dt - np.round(times / dt)) > 1e-6
            if off.any():
                raise InputError(
                    f"spike at {times[off][0]:.9g} s of {population.name}[{neuron}] is off the grid of dt = "
                    f"{dt:g} s; choose a dt that divides all spike times"
                )
            if (np.diff(np.round(times / dt)) < 0.5).any():
                raise InputError(
                    f"{population.name}[{neuron}] has two spikes in one time step; use a smaller dt than {dt:g} s"
                )
    for projection in circuit.projections:
        rule = projection.rule
        delays = {f"{name} of {projection.name!r}": getattr(projection, name) for name in ("delay", "dendritic_delay")}
        if rule is not None:
            delays[f"pre_delay of {projection.name!r}"] = rule.values.get("pre_delay", 0.0)
            delays[f"clock_step of rule {rule.name!r}"] = rule.clock_dt if "clock" in rule.events else 0.0
        for name, values in delays.items():
            for delay in filter(None, np.unique(values)):
                steps_in(name, delay, dt)


def check_ends(circuit: Circuit, duration: float) -> None:
    """Check that prescribed spikes come before the end of a run that nobody goes on with.

    Raises
    ------
    InputError
        Naming the population, neuron and spike.
    """
    for population in circuit.populations:
        for neuron, times in enumerate(population.spike_trains):
            if times[-1:].max(initial=0) >= duration:
                raise InputError(
                    f"spike at {times[-1]:g} s of {population.name}[{neuron}] is not before the end; use a duration "
                    f"above it, got {duration:g} s, or [Phase({duration:g})] for a run that goes on from its state"
                )
