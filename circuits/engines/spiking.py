"""Spiking engine: builds a circuit in Brian2 and runs it with the numpy target or as kept C++."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import brian2
import numpy as np
from brian2.devices.device import reset_device

from circuits._records import Circuit, Population, Projection, Run
from plasticity.cache import cache_folder
from plasticity.errors import InputError

# A given spike at time t acts on variables that then advance from t to t + dt, as the equations are written.
SCHEDULE = ["start", "thresholds", "synapses", "groups", "resets", "end"]


def check_grid(circuit: Circuit, duration: float, dt: float) -> None:
    """Check that every given spike lies on a multiple of `dt` and before `duration`.

    Raises
    ------
    InputError
        Naming the population, neuron and spike.
    """
    for population in circuit.populations:
        for neuron, times in enumerate(population.spike_times):
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


def run(circuit: Circuit, duration: float, dt: float, device: str, record_every: float | None) -> Run:
    """Build `circuit` and run it for `duration` seconds; see `circuits.run`."""
    with _brian_device(circuit, duration, dt, device, record_every) as build:
        network, synapses, monitors = _network(circuit, dt, record_every)
        if _can_skip(circuit, device):
            network.add(_gap_skipper(circuit, next(iter(synapses.values())).clock, dt))
        network.run(duration * brian2.second, namespace={})
        build()
        final = {name: np.array(s.w_[:]) for name, s in synapses.items()}
        weights = {name: np.array(m.w_[:]).T for name, m in monitors.items()}
        times = [np.array(m.t_[:]) for m in monitors.values()] or [np.empty(0)]
    return Run(times[0], weights, final, f"brian2 {device}")


def _network(circuit: Circuit, dt: float, record_every: float | None) -> tuple:
    clock = brian2.Clock(dt * brian2.second, name="steps")
    groups = {p.name: _spike_group(p, clock) for p in circuit.populations}
    synapses = {p.name: _synapses(p, groups, clock) for p in circuit.projections}
    monitors = {}
    if record_every is not None:
        recording = brian2.Clock(record_every * brian2.second, name="recording")
        monitors = {
            n: brian2.StateMonitor(s, "w", record=True, clock=recording, name=f"{n}_record")
            for n, s in synapses.items()
        }
    network = brian2.Network(*groups.values(), *synapses.values(), *monitors.values(), name="network")
    network.schedule = SCHEDULE
    return network, synapses, monitors


def _spike_group(population: Population, clock: brian2.Clock) -> brian2.SpikeGeneratorGroup:
    counts = [t.size for t in population.spike_times]
    neurons = np.repeat(np.arange(population.size), counts)
    times = np.concatenate([*population.spike_times, np.empty(0)])
    return brian2.SpikeGeneratorGroup(
        population.size, neurons, times * brian2.second, clock=clock, name=population.name
    )


def _synapses(projection: Projection, groups: dict, clock: brian2.Clock) -> brian2.Synapses:
    model = projection.synapse
    synapses = brian2.Synapses(
        groups[projection.pre],
        groups[projection.post],
        model=model.model,
        on_pre=model.on_pre or None,
        on_post=model.on_post or None,
        method=model.method or "exact",
        namespace={},
        clock=clock,
        name=projection.name,
    )
    synapses.connect(i=projection.sources, j=projection.targets)
    for name, (value, _) in model.parameters.items():
        setattr(synapses, f"{name}_", value)
    for name, value in model.initial.items():
        setattr(synapses, f"{name}_", value)
    synapses.w_ = projection.weight
    return synapses


def _can_skip(circuit: Circuit, device: str) -> bool:
    """Whether nothing but given spikes changes anything, and the device lets the clock be moved."""
    return device == "numpy" and all(p.synapse.is_event_driven for p in circuit.projections)


def _gap_skipper(circuit: Circuit, clock: brian2.Clock, dt: float) -> brian2.NetworkOperation:
    """Move the clock over steps without spikes: event-driven variables do not change in them."""
    trains = [t for p in circuit.populations for t in p.spike_times]
    steps = np.unique(np.round(np.concatenate([*trains, np.zeros(1)]) / dt).astype(np.int64))
    timestep = clock.variables["timestep"]

    def skip() -> None:
        now = timestep.get_value()[0]
        later = np.searchsorted(steps, now, side="right")
        following = steps[later] if later < steps.size else clock._i_end
        timestep.set_value(following - 1)

    return brian2.NetworkOperation(skip, clock=clock, when="end", name="gap_skipper")


@contextmanager
def _brian_device(
    circuit: Circuit, duration: float, dt: float, device: str, record_every: float | None
) -> Iterator[Any]:
    """Select a Brian2 device, give a function that finishes the run, and leave Brian2 as it was found."""
    target = brian2.prefs.codegen.target
    brian2.BrianLogger.suppress_name("unused_brian_object")
    if device == "numpy":
        brian2.prefs.codegen.target = "numpy"
        try:
            yield lambda: None
        finally:
            brian2.prefs.codegen.target = target
        return
    folder = cache_folder("brian") / _structure_key(circuit, duration, dt, record_every)
    with _locked(folder):
        brian2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
        try:
            yield lambda: brian2.get_device().build(directory=str(folder), compile=True, run=True)
        finally:
            brian2.get_device().reinit()
            reset_device()


def _structure_key(circuit: Circuit, duration: float, dt: float, record_every: float | None) -> str:
    """Name of the folder in which the C++ of this model is kept: all but parameter values and spike times."""
    parts = [brian2.__version__, duration, dt, record_every]
    parts += [[p.name, p.size] for p in circuit.populations]
    for p in circuit.projections:
        s = p.synapse
        parts.append([p.name, p.pre, p.post, np.size(p.sources), s.model, s.on_pre, s.on_post, s.method])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@contextmanager
def _locked(folder: Any) -> Iterator[None]:
    """Let one process at a time build and run in `folder`."""
    try:
        import fcntl
    except ImportError:
        raise InputError("device 'cpp' needs a POSIX system; use device 'numpy'") from None
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
