"""Results of a spiking run: the names of its arrays, the same for every device, and the `Run` made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit, Population
from circuits.network.run_record import Run
from circuits.network.run_state import RunState
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.neurons import source_name
from circuits.spiking.starting import LAST_EVENT, relaxed
from circuits.spiking.structure import RunInputs
from circuits.spiking.toolchain import RECORD
from plasticity.compile.brian import SynapseModel
from plasticity.compile.frozen import IS_PLASTIC
from plasticity.errors import DivergedError
from plasticity.rule import division_remedy


def recorded_states(model: SynapseModel, record: Recording) -> tuple[str, ...]:
    """Variables of tracked synapses that are recorded."""
    own = {s.name for s in model.rule.states}
    names = ("w", *(s for s in record.states if s in own))
    return (*names, LAST_EVENT) if "event-driven" in model.model else names


def is_counted(population: Population) -> bool:
    """Whether a monitor counts the spikes of a population: others cannot fire, or fire their spike trains alone."""
    neuron = population.neuron_model
    if neuron is None:
        return False
    return "refractory" in neuron.model if population.has_spike_trains else bool(neuron.threshold)


def checked_arrays(circuit: Circuit) -> list[str]:
    """Arrays that must stay finite: plastic weights, and what follows a differential equation in a neuron."""
    names = [f"{p.name}.w" for p in circuit.plastic]
    for p in circuit.populations:
        equations = re.findall(r"^\s*d(\w+)/dt", p.neuron_model.model if p.neuron_model else "", flags=re.MULTILINE)
        names += [f"{p.name}.{variable}" for variable in equations]
    return names


def diverged(circuit: Circuit, name: str, index: int, time: float) -> DivergedError:
    """Error that names one element of a checked array and the time [s] of the check."""
    owner, _, variable = name.partition(".")
    kind = "neuron" if owner in {p.name for p in circuit.populations} else "synapse"
    remedy = "use smaller weights, a smaller learning rate or a smaller dt"
    rules = (model.rule for _, model in circuit.learning)
    return DivergedError(f"{variable} of {kind} {index} of {owner!r}", time, remedy + division_remedy(rules))


def result(
    circuit: Circuit,
    grid: Grid,
    record: Recording,
    inputs: RunInputs,
    arrays: Mapping[str, NDArray],
    state: Mapping[str, NDArray],
    engine: str,
) -> Run:
    """Record of a run from its arrays and its last state; records over time have the shape (n_times, n_tracked)."""
    learning = circuit.learning if record.every is not None else ()
    switches = {name: np.ravel(value) for name, value in inputs.values.items() if name.endswith(f".{IS_PLASTIC.name}")}
    recorded = partial(_recorded, arrays, inputs)
    variables = {}
    for name in record.variables if record.every is not None else ():
        population, _, variable = name.partition(".")
        stored = f"{name}.{RECORD}"
        variables[name] = arrays[stored if stored in arrays else f"{population}_{variable}_record.{variable}"]
    return Run(
        circuit=circuit,
        seed=grid.seed,
        dt=grid.dt,
        times=inputs.records,
        weights={p.name: recorded(p.name, model, "w") for p, model in learning},
        final={p.name: state[f"{p.name}.w"] for p in circuit.plastic},
        engine=engine,
        tracked={p.name: record.tracked(p.name, p.n_synapses) for p, _ in learning},
        states={
            p.name: {
                s: recorded(p.name, model, s) for s in recorded_states(model, record) if s not in ("w", LAST_EVENT)
            }
            for p, model in learning
        },
        spikes={name: _spikes(circuit.population(name), grid, inputs, arrays) for name in record.spikes},
        variables=variables,
        counts={p.name: _count(p, grid, arrays) for p in circuit.populations},
        weight_mean={p.name: arrays[f"{p.name}.moments"][:, 0] for p, _ in learning},
        weight_std={p.name: arrays[f"{p.name}.moments"][:, 1] for p, _ in learning},
        state=RunState(grid.last, grid.dt, {**state, **switches, **inputs.counters}),
    )


def _spikes(
    population: Population, grid: Grid, inputs: RunInputs, arrays: Mapping[str, NDArray]
) -> tuple[NDArray, NDArray]:
    """Times and neurons of the spikes of a population."""
    if is_counted(population):
        return arrays[f"{population.name}_spikes.t"], arrays[f"{population.name}_spikes.i"].astype(np.int64)
    if not population.has_spike_trains:
        return np.empty(0), np.empty(0, dtype=np.int64)
    source = source_name(population)
    return inputs.values[f"{source}._timebins"] * grid.dt, inputs.values[f"{source}.neuron_index"].astype(np.int64)


def _count(population: Population, grid: Grid, arrays: Mapping[str, NDArray]) -> NDArray[np.int64]:
    """Number of spikes of each neuron."""
    if is_counted(population):
        return arrays[f"{population.name}_spikes.count"].astype(np.int32)
    if population.has_spike_trains:
        steps = [np.round(t / grid.dt) for t in population.spike_trains]
        return np.array([np.sum((t >= grid.first) & (t < grid.last)) for t in steps])
    return np.zeros(population.size, dtype=int)  # none can fire


def _recorded(
    arrays: Mapping[str, NDArray], inputs: RunInputs, name: str, model: SynapseModel, state: str
) -> NDArray[np.float64]:
    """Recorded values (n_times, n_tracked) of a state: what relaxes between spikes is brought up to date."""
    values, last = arrays[f"{name}.{state}.{RECORD}"], f"{name}.{LAST_EVENT}.{RECORD}"
    if last not in arrays:
        return values
    is_plastic = float(np.ravel(inputs.values.get(f"{name}.{IS_PLASTIC.name}", 1.0))[0])
    elapsed = inputs.records[:, None] - arrays[last]
    return relaxed(model, state, values, elapsed, is_plastic)
