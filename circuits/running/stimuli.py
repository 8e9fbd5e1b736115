"""What a phase does to its circuit: other stimuli, and projections that are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from circuits.network.circuit import Circuit
from circuits.network.phase import Phase
from circuits.network.population import Population
from circuits.network.stimulus import Stimulus
from plasticity.errors import InputError, UnknownNameError
from plasticity.replay import spike_trains
from plasticity.support.checks import shortly

SERIES = "a Poisson source has one, its rate, if poisson_source gets rows of rates and their step"


def frozen_projections(circuit: Circuit, plastic: bool | Mapping[str, bool]) -> frozenset[str]:
    """Plastic projections that do not learn.

    Raises
    ------
    UnknownNameError
        If a name is not that of a plastic projection.
    """
    names = [p.name for p in circuit.plastic]
    chosen = plastic if isinstance(plastic, Mapping) else dict.fromkeys(names, plastic)
    for name in chosen:
        if name not in names:
            raise UnknownNameError("plastic projection", name, names)
    return frozenset(name for name, learns in chosen.items() if not learns)


def with_stimuli(circuit: Circuit, phase: Phase, start: float) -> Circuit:
    """Circuit with the stimuli of a phase that begins at `start` [s].

    Raises
    ------
    InputError
        If the stimuli are not of the kind of the circuit, do not fit a population, or last longer than the phase.
    UnknownNameError
        If a name is not that of a population or series.
    """
    stimuli = phase.stimuli
    if stimuli is None:
        return circuit
    if isinstance(stimuli, Stimulus) != circuit.is_rate:
        needed = "a Stimulus" if circuit.is_rate else "a mapping of populations to spike trains or series"
        raise InputError(f"stimuli of circuit {circuit.name!r} must be {needed}, got {type(stimuli).__name__}")
    if isinstance(stimuli, Stimulus):
        return replace(circuit, stimulus=stimuli)
    for name in stimuli:
        circuit.population(name)
    own = [p if p.name not in stimuli else _stimulated(p, stimuli[p.name], phase, start) for p in circuit.populations]
    return replace(circuit, populations=tuple(own))


def _stimulated(population: Population, stimulus: Any, phase: Phase, start: float) -> Population:
    """Population with other spike trains, or other series."""
    if isinstance(stimulus, Mapping):
        for name in stimulus:
            if not population.series:
                raise InputError(f"population {population.name!r} has no series to replace; {SERIES}")
            if name not in population.series:
                raise UnknownNameError(f"series of population {population.name!r}", name, population.series)
            if not isinstance(stimulus[name], tuple | list) or len(stimulus[name]) != 2:
                raise InputError(
                    f"series {name!r} of {population.name!r} must be (values, step), rows of one value for each neuron "
                    f"and the time [s] for which each holds, got {shortly(stimulus[name])}"
                )
        shifted = {name: (values, step, start) for name, (values, step) in stimulus.items()}
        return replace(population, series={**population.series, **shifted})
    if not population.has_spike_trains:
        stated = ", ".join(f"{name!r}: (values, step)" for name in population.series)
        remedy = f"state its series, {{{stated}}}" if stated else f"it has no series either; {SERIES}"
        raise InputError(f"population {population.name!r} fires by itself and takes no spike trains; {remedy}")
    trains = spike_trains(f"stimuli[{population.name!r}]", stimulus)
    if len(trains) != population.size:
        raise InputError(
            f"stimuli of {population.name!r} have {len(trains)} trains; give one for each of its "
            f"{population.size} neurons"
        )
    late = [train[-1] for train in trains if train.size and train[-1] >= phase.duration]
    if late:
        raise InputError(
            f"stimuli of {population.name!r} have a spike at {late[0]:g} s, not before the end of a phase of "
            f"{phase.duration:g} s; times count from its beginning"
        )
    return replace(population, spike_times=tuple(start + train for train in trains))
