"""Spiking engine: builds a circuit in Brian2 and runs it with the numpy target or as kept C++."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import brian2
import numpy as np

from circuits._recording import Recording
from circuits._records import Circuit, Feedback, Population, Run
from circuits.engines import _brian_feedback as feedback
from circuits.engines import _brian_neurons as neurons
from circuits.engines import _brian_synapses as plastic
from circuits.engines._brian_device import brian_device
from circuits.engines._brian_record import Monitors, monitors
from plasticity.compile.brian import brian_unit
from plasticity.errors import DivergedError, InputError
from plasticity.feedback import FeedbackChannel

# A given spike at time t acts on variables that then advance from t to t + dt, as the equations are written.
SCHEDULE = ["start", "thresholds", "synapses", "groups", "resets", "end"]


def check_grid(circuit: Circuit, duration: float, dt: float) -> None:
    """Check that every given spike and delay lies on a multiple of `dt`, and spikes before `duration`.

    Raises
    ------
    InputError
        Naming the population, neuron and spike, or the projection.
    """
    for population in circuit.populations:
        for neuron, times in enumerate(population.trains):
            off = np.abs(times / dt - np.round(times / dt)) > 1e-6
            if off.any():
                raise InputError(
                    f"spike at {times[off][0]:.9g} s of {population.name}[{neuron}] is off the grid of dt = "
                    f"{dt:g} s; choose a dt that divides all spike times"
                )
            if times[-1:].max(initial=0) >= duration:
                raise InputError(
                    f"spike at {times[-1]:g} s of {population.name}[{neuron}] is not before the end; "
                    f"use a duration above it, got {duration:g} s"
                )
    for projection in circuit.projections:
        plastic.check_delay(projection, dt)


def run(
    circuit: Circuit,
    duration: float,
    dt: float,
    device: str,
    record: Recording,
    seed: int = 0,
    channels: Mapping[str, FeedbackChannel | Sequence[FeedbackChannel]] | None = None,
) -> Run:
    """Build `circuit` and run it for `duration` seconds; see `circuits.run`."""
    given = channels or {}
    channels = {
        path.name: feedback.lines(path, given.get(path.name), circuit.population(path.source).size)
        for path in circuit.feedback
    }
    key = _structure_key(circuit, duration, dt, record, channels)
    with brian_device(device, key) as build:
        timing = neurons.Timing(dt, duration, seed, brian2.Clock(dt * brian2.second, name="steps"))
        network, groups, synapses, ticks = _network(circuit, timing, channels)
        kept = monitors(circuit, record, groups, synapses)
        network.add(*kept.all)
        if _can_skip(circuit, device):
            network.add(_gap_skipper(circuit, timing))
        _run_with_ticks(network, ticks, duration)
        build()
        _check_neurons(circuit, groups, duration)
        return _result(circuit, kept, synapses, f"brian2 {device}", duration)


def _network(circuit: Circuit, timing: neurons.Timing, channels: Mapping[str, feedback.Lines]) -> tuple:
    """Network of all objects, the groups and synapses by name, and the plasticity clocks."""
    wired = [path for path in circuit.feedback if not _is_wire(path, channels)]
    objects, groups = [], {}
    for population in circuit.populations:
        received = [path for path in wired if path.target == population.name]
        declared = "\n".join(feedback.declaration(path) for path in received)
        made = neurons.group(_with_wires(circuit, population, channels), timing, declared)
        groups[population.name] = made[0]
        objects += made
    synapses = {p.name: plastic.synapses(circuit, p, groups, timing.clock) for p in circuit.projections}
    for path in wired:
        objects += feedback.line(path, channels[path.name], groups, timing)
    ticks = {p.name: plastic.tick(p, synapses[p.name], timing.dt) for p in circuit.plastic}
    network = brian2.Network(*objects, *synapses.values(), name="network")
    network.schedule = SCHEDULE
    return network, groups, synapses, {name: t for name, t in ticks.items() if t is not None}


def _is_wire(path: Feedback, channels: Mapping[str, feedback.Lines]) -> bool:
    """Whether a neuron merely talks to itself."""
    return path.weights is None and path.source == path.target and channels[path.name].is_perfect


def _with_wires(circuit: Circuit, population: Population, channels: Mapping[str, feedback.Lines]) -> Population:
    """Population whose neurons hand on what they send to themselves without disturbance."""
    wires = [path for path in circuit.feedback if path.target == population.name and _is_wire(path, channels)]
    if not wires:
        return population
    model = population.neuron
    lines = [model.model, *(f"{path.receives} : {brian_unit(path.unit)}" for path in wires)]
    steps = [model.every_step, *(f"{path.receives} = {path.sends}" for path in wires)]
    return replace(population, neuron=replace(model, model="\n".join(lines), every_step="\n".join(steps)))


def _run_with_ticks(network: brian2.Network, ticks: Mapping[str, brian2.CodeRunner], duration: float) -> None:
    """Run; a plasticity clock ticks for the first time after one interval, not at 0."""
    now = 0.0
    for runner in ticks.values():
        runner.active = False
    starts = {name: float(runner.clock.dt_) for name, runner in ticks.items()}
    for start in sorted(set(starts.values())):
        if start < duration:
            network.run((start - now) * brian2.second, namespace={})
            now = start
            for name in (n for n, s in starts.items() if s == start):
                ticks[name].active = True
    network.run((duration - now) * brian2.second, namespace={})


def _result(circuit: Circuit, kept: Monitors, synapses: dict, engine: str, duration: float) -> Run:
    return Run(
        times=kept.times(),
        weights={name: kept.values(name, "w") for name in kept.states},
        final={p.name: np.array(synapses[p.name].w_[:]) for p in circuit.plastic},
        engine=engine,
        tracked=kept.tracked,
        states={name: {s: kept.values(name, s) for s in kept.recorded[name][1:]} for name in kept.states},
        spikes={n: (np.array(m.t_[:]), np.array(m.i[:], dtype=np.int64)) for n, m in kept.spikes.items() if m.record},
        variables={n: np.array(getattr(m, f"{n.partition('.')[2]}_")[:]).T for n, m in kept.neurons.items()},
        counts={p.name: _count(p, kept) for p in circuit.populations},
    )


def _count(population: Population, kept: Monitors) -> np.ndarray:
    """Number of spikes of each neuron."""
    if population.is_given:
        return np.array([t.size for t in population.trains])
    if population.name in kept.spikes:
        return np.array(kept.spikes[population.name].count[:])
    return np.zeros(population.size, dtype=int)  # neurons that never fire


def _check_neurons(circuit: Circuit, groups: dict, duration: float) -> None:
    """Report the first neuron variable that is not finite at the end."""
    for population in circuit.populations:
        if population.neuron is None:
            continue
        for name in groups[population.name].equations.diff_eq_names:
            values = np.asarray(getattr(groups[population.name], f"{name}_")[:])
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                what = f"{name} of neuron {bad[0]} of {population.name!r}"
                raise DivergedError(what, duration, "use smaller weights, a smaller learning rate or a smaller dt")


def _can_skip(circuit: Circuit, device: str) -> bool:
    """Whether nothing but given spikes and ticks changes anything, and the device lets the clock be moved."""
    only_spikes = all(p.neuron is None for p in circuit.populations) and not circuit.feedback
    return device == "numpy" and only_spikes and all(p.synapse.method is None for p in circuit.plastic)


def _gap_skipper(circuit: Circuit, timing: neurons.Timing) -> brian2.NetworkOperation:
    """Move the clock over steps without spikes: event-driven variables do not change in them."""
    trains = [t for p in circuit.populations for t in p.trains]
    arriving = [t + p.delay for p in circuit.projections if p.delay for t in circuit.population(p.pre).trains]
    steps = np.unique(np.round(np.concatenate([*trains, *arriving, np.zeros(1)]) / timing.dt).astype(np.int64))
    clock = timing.clock
    timestep = clock.variables["timestep"]

    def skip() -> None:
        now = timestep.get_value()[0]
        later = np.searchsorted(steps, now, side="right")
        following = min(steps[later] if later < steps.size else clock._i_end, clock._i_end)
        timestep.set_value(following - 1)

    return brian2.NetworkOperation(skip, clock=clock, when="end", name="gap_skipper")


def _structure_key(
    circuit: Circuit, duration: float, dt: float, record: Recording, channels: Mapping[str, feedback.Lines]
) -> str:
    """Name of the folder in which the C++ of this model is kept: all but values and spike times."""
    parts: list = [brian2.__version__, duration, dt, asdict(record)]
    for p in circuit.populations:
        m = p.neuron
        parts.append([p.name, p.size, p.is_given, [[name, len(v), step] for name, (v, step) in p.series.items()]])
        if m is not None:
            parts.append([m.model, m.threshold, m.reset, m.refractory, m.method, m.every_step, m.on_given])
    for p in circuit.projections:
        parts.append([p.name, p.pre, p.post, p.n_synapses, p.receptor, p.delay])
        if p.synapse is not None:
            s = p.synapse
            parts.append([s.model, s.on_pre, s.on_post, s.on_clock, s.clock_dt, s.method])
    for path in circuit.feedback:
        parts.append([path.name, path.source, path.sends, path.target, path.receives, path.weights is None, path.unit])
        parts.append(channels[path.name].structure)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
