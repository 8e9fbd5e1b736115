"""Results of a spiking run: the names of its arrays, the same for every device, and the `Run` made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit, Population
from circuits.network.run_record import Run
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from plasticity.compile.brian import SynapseModel
from plasticity.compile.classify import clock_driven, event_driven
from plasticity.errors import DivergedError
from plasticity.rule import division_remedy


def recorded_states(model: SynapseModel, record: Recording) -> tuple[str, ...]:
    """Variables of tracked synapses that are recorded."""
    own = {s.name for s in model.rule.states}
    names = ("w", *(s for s in record.states if s in own))
    return (*names, "lastupdate") if "event-driven" in model.model else names


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


def result(circuit: Circuit, grid: Grid, record: Recording, arrays: Mapping[str, NDArray], engine: str) -> Run:
    """Record of a run from its arrays; records over time have the shape (n_times, n_tracked)."""
    learning = circuit.learning if record.every is not None else ()
    times = [values for name, values in arrays.items() if name.endswith("_record.t")]
    variables = {}
    for name in record.variables if record.every is not None else ():
        population, _, variable = name.partition(".")
        variables[name] = arrays[f"{population}_{variable}_record.{variable}"]
    return Run(
        circuit=circuit,
        seed=grid.seed,
        dt=grid.dt,
        times=times[0] if times else np.empty(0),
        weights={p.name: _relaxed(p.name, model, "w", arrays) for p, model in learning},
        final={p.name: arrays[f"{p.name}.w"] for p in circuit.plastic},
        engine=engine,
        tracked={p.name: record.tracked(p.name, p.n_synapses) for p, _ in learning},
        states={
            p.name: {
                s: _relaxed(p.name, model, s, arrays)
                for s in recorded_states(model, record)
                if s not in ("w", "lastupdate")
            }
            for p, model in learning
        },
        spikes={name: _spikes(circuit.population(name), arrays) for name in record.spikes},
        variables=variables,
        counts={p.name: _count(p, arrays) for p in circuit.populations},
        weight_mean={p.name: arrays[f"{p.name}.moments"][:, 0] for p, _ in learning},
        weight_std={p.name: arrays[f"{p.name}.moments"][:, 1] for p, _ in learning},
    )


def _spikes(population: Population, arrays: Mapping[str, NDArray]) -> tuple[NDArray, NDArray]:
    return arrays[f"{population.name}_spikes.t"], arrays[f"{population.name}_spikes.i"].astype(np.int64)


def _count(population: Population, arrays: Mapping[str, NDArray]) -> NDArray[np.int64]:
    """Number of spikes of each neuron."""
    if population.has_spike_trains:
        return np.array([t.size for t in population.spike_trains])
    name = f"{population.name}_spikes.count"
    return arrays[name].astype(np.int32) if name in arrays else np.zeros(population.size, dtype=int)  # none can fire


def _relaxed(name: str, model: SynapseModel, state: str, arrays: Mapping[str, NDArray]) -> NDArray[np.float64]:
    """Recorded values (n_times, n_tracked) of a state: what relaxes between spikes is brought up to date."""
    values = arrays[f"{name}_record.{state}"]
    if f"{name}_record.lastupdate" not in arrays:
        return values
    rule = model.rule
    advanced = {v.name for v in clock_driven(rule)} | {trace.name for trace in model.traces}
    exact = {v.name: ab for v, ab in event_driven(rule).items() if v.name not in advanced}
    if state not in exact or exact[state] == (0, 0):
        return values
    rate, push = (float(r.subs({p.symbol: p.value for p in rule.parameters})) for r in exact[state])
    elapsed = arrays[f"{name}_record.t"][:, None] - arrays[f"{name}_record.lastupdate"]
    relaxed = np.expm1(rate * elapsed) / rate if rate else elapsed
    return values * np.exp(rate * elapsed) + push * relaxed
