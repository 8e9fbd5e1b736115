"""A spiking circuit as the structure of a model and the inputs of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.network.run_state import RunState
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.feedback import feedback_objects, path_channels
from circuits.spiking.neurons import population_objects, third_factor_objects
from circuits.spiking.outputs import checked_arrays, is_counted, recorded_states
from circuits.spiking.starting import starting
from circuits.spiking.structure import (
    STEPS,
    ModelObject,
    ModelStructure,
    NeuronGroup,
    RunInputs,
    SpikeRecord,
    StateRecord,
)
from circuits.spiking.synapses import clock_name, spike_time, synapse_group
from circuits.spiking.traces import trace_objects
from plasticity.compile.frozen import IS_PLASTIC
from plasticity.errors import InputError
from plasticity.feedback import FeedbackChannel

Channels = Mapping[str, FeedbackChannel | Sequence[FeedbackChannel]]


def describe(
    circuit: Circuit,
    grid: Grid,
    record: Recording,
    channels: Channels | None = None,
    start: RunState | None = None,
    frozen: frozenset[str] = frozenset(),
) -> tuple[ModelStructure, RunInputs]:
    """Structure of the model of a circuit, and the numbers of one run.

    Parameters
    ----------
    circuit : Circuit
        Within its limits of control.
    grid : Grid
    record : Recording
    channels : mapping of str to FeedbackChannel or a sequence of them, optional
        By path of feedback; perfect by default.
    start : RunState, optional
        State from which the run goes on.
    frozen : frozenset of str
        Projections that do not learn.

    Raises
    ------
    InputError
        If channels or weights of feedback do not fit, or a run needs too many random numbers.
    UnknownNameError
        If a variable to record is unknown.
    """
    inputs = RunInputs(start={} if start is None else starting(circuit, start, frozen), begins=grid.start)
    inputs.values[f"{STEPS}.dt"] = np.array(grid.dt)
    inputs.sizes.update({p.name: p.size for p in circuit.populations})
    objects = _objects(circuit, grid, record, channels or {}, inputs)
    spikes = tuple(o.name for o in objects if isinstance(o, SpikeRecord) and o.source in record.spikes)
    clocks = [STEPS, *(clock_name(p) for p, model in circuit.learning if model.clock_dt is not None)]
    for name in frozen:
        _freeze(circuit, name, inputs)
    structure = ModelStructure(
        objects=tuple(objects),
        clocks=tuple(clocks),
        values=tuple(inputs.values),
        tables=tuple(inputs.tables),
        checked=tuple(checked_arrays(circuit)),
        plastic=tuple(p.name for p in circuit.plastic),
    )
    records = _record_times(grid, record)
    return structure, replace(inputs, records=records, pauses=_pauses(circuit, grid, records), spikes=spikes)


def _objects(
    circuit: Circuit, grid: Grid, record: Recording, channels: Channels, inputs: RunInputs
) -> list[ModelObject]:
    resolved = {p.name: path_channels(p, channels.get(p.name), inputs.sizes[p.source]) for p in circuit.feedback}
    perfect = {name for name, each in resolved.items() if all(channel.is_perfect for channel in each)}
    wires = [p for p in circuit.feedback if p.weights is None and p.source == p.target and p.name in perfect]
    objects: list[ModelObject] = []
    for population in circuit.populations:
        own = [path for path in wires if path.target == population.name]
        objects += population_objects(population, circuit, own, grid, inputs)
    for projection in circuit.plastic:
        objects += third_factor_objects(projection, circuit, inputs)
    models = {projection.name: model for projection, model in circuit.learning}
    for projection in circuit.projections:
        model = models.get(projection.name)
        if model is not None:
            times = {side: spike_time(projection, circuit, side) for side in ("pre", "post")}
            objects += trace_objects(projection, model, circuit, times, inputs)
        objects.append(synapse_group(projection, model, circuit, grid, inputs))
    for path in (p for p in circuit.feedback if p not in wires):
        objects += feedback_objects(path, resolved[path.name], circuit, grid, inputs)
    return [*objects, *_monitors(circuit, record, objects, inputs)]


def _monitors(circuit: Circuit, record: Recording, objects: list[ModelObject], inputs: RunInputs) -> list[ModelObject]:
    """Monitors of all that can fire, and of recorded variables that are not stored; the rest of a record is input."""
    counted = filter(is_counted, circuit.populations)
    monitors: list[ModelObject] = [SpikeRecord(f"{p.name}_spikes", p.name) for p in counted]
    if record.every is None:
        return monitors
    for projection, model in circuit.learning:
        tracked = record.tracked(projection.name, projection.n_synapses)
        inputs.recorded.update({f"{projection.name}.{s}": tracked for s in recorded_states(model, record)})
    stored = {o.name: o.equations for o in objects if isinstance(o, NeuronGroup)}
    for population, variable in (name.split(".", 1) for name in record.variables):
        neurons = np.arange(inputs.sizes[population])
        if _is_stored(variable, stored.get(population, "")):
            inputs.recorded[f"{population}.{variable}"] = neurons
        else:
            name = f"{population}_{variable}_record"
            inputs.values[f"{name}._indices"] = neurons
            monitors.append(StateRecord(name, population, (variable,), population))
    return monitors


def _is_stored(variable: str, equations: str) -> bool:
    """Whether equations declare a variable that each neuron holds, instead of an expression or another's variable."""
    declared = rf"^\s*(?:d{variable}\s*/\s*dt\s*=[^:]*|{variable}\s*):[^(\n]*(?:\(([^)\n]*)\))?"
    match = re.search(declared, equations, flags=re.MULTILINE)
    return match is not None and not {"shared", "linked"} & set(re.findall(r"\w+", match[1] or ""))


def _freeze(circuit: Circuit, name: str, inputs: RunInputs) -> None:
    """Let a projection not learn."""
    parameter = f"{name}.{IS_PLASTIC.name}"
    if parameter not in inputs.values:
        raise InputError(
            f"the strings of {name!r} in circuit {circuit.name!r} were changed by hand, so it cannot be frozen; give "
            "the projection a rule, or strings that read is_plastic"
        )
    inputs.values[parameter] = np.zeros(1)


def _record_times(grid: Grid, record: Recording) -> NDArray[np.float64]:
    """Times of the record: from the start on, before the end."""
    if record.every is None:
        return np.empty(0)
    return grid.same(grid.start + np.arange(np.ceil(grid.duration / record.every - 1e-9)) * record.every)


def _pauses(circuit: Circuit, grid: Grid, records: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times at which a run pauses: for records and checks, where plasticity clocks start, at the end."""
    every = grid.check_every(circuit.synapses_per_neuron)
    checks = grid.same(grid.start + np.arange(every, grid.duration, every))
    first = grid.same(np.array([model.clock_dt for _, model in circuit.learning if model.clock_dt is not None]))
    times = np.unique(np.concatenate([records, checks, first[first > grid.start]]))
    return np.append(times[times < grid.end - grid.dt / 2], grid.end)
