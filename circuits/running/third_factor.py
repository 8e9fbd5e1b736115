"""Third-factor events in a spiking circuit: a population that fires at the times of rewards or plateau potentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit, Population, Projection
from circuits.neurons.model import NeuronModel
from plasticity.errors import InputError, UnknownNameError
from plasticity.replay import spike_train, spike_trains

Events = Sequence[ArrayLike]  # numbers, or trains of them
LISTENER = NeuronModel("listener", "")  # given spikes alone cannot hear of an event


def instructed(circuit: Circuit, third_factor: Events | Mapping[str, Events] | None) -> Circuit:
    """Circuit whose plastic projections hear of third-factor events at given times [s].

    The events of the projection ``"synapses"`` are the spikes of a population called ``"synapses_events"``.

    Raises
    ------
    InputError
        If a rule waits for events and there are none, or does nothing at them; if the times are no trains, or neither
        one train nor one per postsynaptic neuron.
    UnknownNameError
        If a mapping names a projection that is not plastic.
    """
    trains = _by_projection(circuit, third_factor)
    sources = tuple(Population(f"{name}_events", each) for name, each in trains.items())
    told = {name: source.name for name, source in zip(trains, sources, strict=True)}
    projections = tuple(replace(p, third_factor=told.get(p.name, p.third_factor)) for p in circuit.projections)
    for projection in projections:
        _check_told(projection)
    listening = {p.post for p in projections if p.third_factor}
    populations = tuple(
        replace(p, neuron=LISTENER) if p.name in listening and p.neuron is None else p for p in circuit.populations
    )
    return replace(circuit, populations=(*populations, *sources), projections=projections)


def _by_projection(circuit: Circuit, third_factor: Events | Mapping[str, Events] | None) -> dict[str, tuple]:
    if third_factor is None:
        return {}
    plastic = [p.name for p in circuit.plastic]
    if not isinstance(third_factor, Mapping):
        waiting = [p.name for p in circuit.plastic if "third_factor" in p.rule.events and not p.third_factor]
        if not waiting:
            raise InputError(
                f"third_factor is given, but no rule of circuit {circuit.name!r} waits for it; leave it out"
            )
        third_factor = dict.fromkeys(waiting, third_factor)
    for name in third_factor:
        if name not in plastic:
            raise UnknownNameError("plastic projection", name, plastic)
    return {name: _trains(events) for name, events in third_factor.items()}


def _trains(events: Events) -> tuple[np.ndarray, ...]:
    """One train for all, or one per neuron."""
    if all(np.ndim(e) == 0 for e in events):
        return (spike_train("third_factor", np.asarray(events)),)
    return spike_trains("third_factor", events)


def _check_told(projection: Projection) -> None:
    rule = projection.rule
    if rule is not None and "third_factor" in rule.events and projection.third_factor is None:
        raise InputError(
            f"rule {rule.name!r} of {projection.name!r} waits for third-factor events, such as rewards or "
            "plateau potentials; give run(..., third_factor=times)"
        )
