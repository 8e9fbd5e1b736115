"""What a run of a spiking circuit is told: every number that may differ between two runs of one model.

The text of a model (equations, numbers of neurons, what is recorded) is its structure; everything here is read when a
run starts, by Brian2's numpy target and by a compiled binary alike. Nothing here imports Brian2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit, Feedback, Population, Projection
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.lines import Lines, is_wire, noise_name, ring_size
from circuits.spiking.structure import first_ticks, pathways
from plasticity.errors import InputError
from plasticity.feedback import delay_steps, projection_matrix
from plasticity.support.streams import stream

MOST_NUMBERS = 5e7  # random numbers or messages that are drawn beforehand: 400 MB


@dataclass(frozen=True, eq=False)
class Table:
    """Function of time and neuron: row k holds from ``k·step`` on, the last one for ever.

    Parameters
    ----------
    values : (n_rows, n) array
    step : float
        [s].
    """

    values: NDArray[np.float64]
    step: float

    def __call__(self, t: float, i: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values at time `t` [s] of the neurons `i`."""
        row = np.int64(t / self.step + 1e-6)
        return self.values[np.minimum(row, len(self.values) - 1), i]


@dataclass(frozen=True, eq=False)
class Given:
    """Numbers of one run.

    Parameters
    ----------
    values : dict of str to array
        By ``"object.variable"``, in SI units; one number where all elements are alike.
    connections : dict of str to ((n_synapses,) array, (n_synapses,) array)
        Source and target neuron of each synapse, by projection.
    tables : dict of str to Table
        Functions of time.
    ends : tuple of arrays
        Times [s] at which the run pauses to be looked at. Another clock starts to tick after each array.
    records : array
        Those of them at which the weights are recorded.
    """

    values: dict[str, NDArray]
    connections: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    tables: dict[str, Table]
    ends: tuple[NDArray[np.float64], ...]
    records: NDArray[np.float64]


def given(circuit: Circuit, grid: Grid, record: Recording, channels: Mapping[str, Lines]) -> Given:
    """All numbers of a run."""
    values: dict[str, NDArray] = {"steps.dt": np.array([grid.dt])}
    tables: dict[str, Table] = {}
    for population in circuit.populations:
        values |= _of_neurons(population, grid)
        tables |= _tables(population, grid)
    for projection in circuit.projections:
        values |= _of_synapses(circuit, projection)
        tables |= _couplings(projection)
    for path in circuit.feedback:
        if not is_wire(path, channels):
            n_sent = circuit.population(path.source).size
            noise = noise_name(circuit, path)
            values |= _of_feedback(path, channels[path.name], n_sent, grid, noise)
            tables |= _disturbances(path, channels[path.name], n_sent, grid, noise)
    if record.every is not None:
        values["recording.dt"] = np.array([record.every])
        values |= {f"{p.name}_record._indices": record.tracked(p.n_synapses) for p in circuit.plastic}
    connections = {p.name: (np.asarray(p.sources), np.asarray(p.targets)) for p in circuit.projections}
    values = {k: np.atleast_1d(v) for k, v in values.items()}
    records = _records(grid, record)
    return Given(values, connections, tables, _ends(circuit, grid, records), records)


def check_numbers(name: str, count: int) -> None:
    """Refuse to draw more numbers beforehand than fit into memory."""
    if count > MOST_NUMBERS:
        raise InputError(
            f"{name} needs {count:.1e} numbers drawn beforehand, more than {MOST_NUMBERS:.0e}; use a shorter run, "
            "a larger dt or fewer neurons"
        )


def generator_name(population: Population) -> str:
    """Name of the group that fires the given spikes of a population."""
    return population.name if population.neuron_model is None else f"{population.name}_given"


def given_spikes(population: Population) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Neurons and times [s] of given spikes, in the order of time."""
    neurons = np.repeat(np.arange(population.size), [t.size for t in population.spike_trains])
    times = np.concatenate([*population.spike_trains, np.empty(0)])
    order = np.lexsort((neurons, times))
    return neurons[order], times[order]


def _of_neurons(population: Population, grid: Grid) -> dict[str, NDArray]:
    found: dict[str, NDArray] = {}
    if population.has_spike_trains:
        neurons, times = given_spikes(population)
        name = generator_name(population)
        found |= {f"{name}.neuron_index": neurons, f"{name}._timebins": np.round(times / grid.dt).astype(np.int64)}
    model = population.neuron_model
    if model is not None:
        found |= {f"{population.name}.{k}": np.asarray(v, dtype=float) for k, (v, _) in model.parameters.items()}
        found |= {f"{population.name}.{k}": np.asarray(v, dtype=float) for k, v in model.initial.items()}
        if "refractory" in model.model:  # neurons fire before they are advanced: what ends it is seen a step later
            found[f"{population.name}.refractory_time"] = np.array(max(model.refractory - grid.dt, 0.0))
    return found


def _tables(population: Population, grid: Grid) -> dict[str, Table]:
    """Functions of time that the equations of a population read; random numbers are drawn beforehand."""
    model = population.neuron_model
    found = {
        f"{population.name}_{name}": Table(np.asarray(values, dtype=float), step)
        for name, (values, step) in population.series.items()
    }
    if model is not None and model.draws and not population.has_spike_trains:
        check_numbers(f"population {population.name!r}", grid.n_steps * population.size)
        drawn = stream(grid.seed, f"{population.name}/spikes").random((grid.n_steps, population.size))
        found[f"{population.name}_draw"] = Table(drawn, grid.dt)
    return found


def _of_synapses(circuit: Circuit, projection: Projection) -> dict[str, NDArray]:
    model, name = projection.synapse, projection.name
    found = {f"{name}.w": np.asarray(projection.weight, dtype=float)}
    for pathway, (_, delay) in pathways(circuit, projection).items():
        found[f"{name}_{pathway}.delay"] = np.array(delay)
    if model is not None:
        found |= {f"{name}.{k}": np.asarray(v, dtype=float) for k, (v, _) in model.parameters.items()}
        found |= {f"{name}.{k}": np.asarray(v, dtype=float) for k, v in model.initial.items()}
        if projection.coupling is not None:
            found[f"{name}.own_index"] = np.arange(projection.n_synapses)
        if model.clock_dt is not None:
            found[f"{name}_ticks.dt"] = np.array(model.clock_dt)
    return found


def _couplings(projection: Projection) -> dict[str, Table]:
    """Directions of shared controllers and a drift matrix, a row per synapse."""
    limits, name = projection.coupling, projection.name
    if limits is None:
        return {}
    found: dict[str, Table] = {}
    if limits.projector is not None:
        found[f"{name}_read"] = Table(limits.projector.read.T, 1.0)
        found[f"{name}_control"] = Table(limits.projector.control, 1.0)
    if limits.drift_matrix is not None:
        found[f"{name}_drift"] = Table(limits.drift_matrix, 1.0)
    return found


def _of_feedback(path: Feedback, lines: Lines, n_sent: int, grid: Grid, noise: str) -> dict[str, NDArray]:
    found: dict[str, NDArray] = {}
    matrix = projection_matrix(lines.common, n_sent, grid.seed, noise)
    late = delay_steps(lines.common, grid.dt)
    if matrix is not None:  # synapses stand in the order of their source
        found[f"{path.name}_send.weight"] = np.asarray(matrix, dtype=float).T.ravel()
    if path.weights is not None:
        found[f"{path.name}_hear.weight"] = np.asarray(path.weights, dtype=float).T.ravel()
    if late:
        found |= {f"{path.name}_ring.late": np.array(late), f"{path.name}.late": np.array(late)}
        found[f"{path.name}_ring.slot"] = np.tile(np.arange(ring_size(late)), n_sent if matrix is None else len(matrix))
    if "factor" not in lines.disturbs:
        found[f"{path.name}.gain"] = np.array(float(lines.common.gain))
    if lines.common.quantum > 0:
        found[f"{path.name}.quantum"] = np.array(float(lines.common.quantum))
    return found


def _disturbances(path: Feedback, lines: Lines, n_sent: int, grid: Grid, noise: str) -> dict[str, Table]:
    if not lines.disturbs:
        return {}
    matrix = projection_matrix(lines.common, n_sent, grid.seed, noise)
    n = n_sent if matrix is None else len(matrix)
    check_numbers(f"feedback {path.name!r}", grid.n_steps * n * len(lines.disturbs))
    drawn = lines.drawn(grid.n_steps, n, grid.dt, grid.seed, noise)
    return {f"{path.name}_{key}": Table(values, grid.dt) for key, values in drawn.items()}


def _records(grid: Grid, record: Recording) -> NDArray[np.float64]:
    """Times of the record: from 0 on, before the end."""
    if record.every is None:
        return np.empty(0)
    return grid.same(np.arange(np.ceil(grid.duration / record.every - 1e-9)) * record.every)


def _ends(circuit: Circuit, grid: Grid, records: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Where a run pauses: for records, to be looked at, and where another plasticity clock starts."""
    starts = grid.same(np.array(sorted(set(first_ticks(circuit, grid.duration).values()))))
    looks = grid.same(np.arange(grid.check_every, grid.duration, grid.check_every))
    wanted = np.unique(np.concatenate([records, looks]))
    found, begin = [], -1.0
    for end in (*starts, grid.duration):
        found.append(np.append(wanted[(wanted > begin) & (wanted < end - grid.dt / 2)], end))
        begin = end
    return tuple(found)
