"""What shapes the equations of a spiking network, and the name under which its compiled binary is kept."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from circuits.network.circuit import Circuit, Projection
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.lines import Lines
from plasticity.support.cache import cache_folder

if TYPE_CHECKING:
    from circuits.spiking.inputs import Given

COMPILERS = ("g++", "clang++", "c++")
SOURCES = ("given.h", "given.cpp")


def on_pre(circuit: Circuit, projection: Projection) -> str:
    """What a presynaptic spike does: it acts on the neuron with the present weight, then the synapse learns."""
    neuron = circuit.population(projection.post).neuron_model
    acts = "" if neuron is None or projection.receptor is None else neuron.receptor(projection.receptor)
    return "\n".join(filter(None, (acts, projection.synapse.on_pre if projection.synapse else "")))


def pathways(circuit: Circuit, projection: Projection) -> dict[str, tuple[str, float]]:
    """What presynaptic spikes do, and after which delay [s], by the name of the pathway."""
    found = {"pre": (on_pre(circuit, projection), projection.delay)}
    model = projection.synapse
    if model is not None and model.on_pre_delayed:
        found["pre_delayed"] = (model.on_pre_delayed, projection.delay + model.pre_delay)
    return {name: pathway for name, pathway in found.items() if pathway[0]}


def arrives_early(circuit: Circuit, projection: Projection) -> bool:
    """Whether a spike acts on its neuron before that neuron computes what it does in the same step."""
    post = circuit.population(projection.post)
    neuron = post.neuron_model
    return circuit.population(projection.pre).has_spike_trains and neuron is not None and bool(neuron.every_step)


def first_ticks(circuit: Circuit, duration: float) -> dict[str, float]:
    """Time [s] of the first tick of every plasticity clock that ticks at all: after one interval, not at 0."""
    clocks = {p.name: model.clock_dt for p, model in circuit.learning}
    return {name: step for name, step in clocks.items() if step is not None and step < duration}


def model_key(circuit: Circuit, grid: Grid, record: Recording, channels: Mapping[str, Lines], given: Given) -> str:
    """Hash of all that a binary depends on: the equations and the names of its numbers, not their values.

    Versions, compiler, flags and processor belong to it, so that a binary is never run where it was not made for.
    """
    parts: list = [_toolchain(), list(record.states), sorted(record.spikes), list(record.variables)]
    parts += [[sorted(given.values), list(given.tables), record.every is not None, len(given.ends)]]
    starts = first_ticks(circuit, grid.duration)
    ranks = sorted(set(starts.values()))
    for p in circuit.populations:
        m = p.neuron_model
        parts.append([p.name, p.size, p.has_spike_trains])
        if m is not None:
            parts.append([m.model, m.threshold, m.reset, m.method, m.every_step, m.on_given])
    for q in circuit.projections:
        statements = {name: text for name, (text, _) in pathways(circuit, q).items()}
        parts.append([q.name, q.pre, q.post, statements, arrives_early(circuit, q)])
        if q.synapse is not None:
            s = q.synapse
            tracked = record.tracked(q.n_synapses).size if record.every is not None else 0
            tick = ranks.index(starts[q.name]) if q.name in starts else None
            parts.append([s.model, s.on_post, s.on_clock, s.method, tracked, tick, q.coupling is not None])
            parts.append([q.third_factor, s.on_third_factor])
    for path in circuit.feedback:
        parts.append([path.name, path.source, path.sends, path.target, path.receives, path.weights is None, path.unit])
        parts.append(channels[path.name].structure(grid.dt))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def model_folder(key: str) -> Path:
    """Folder of a binary."""
    return cache_folder("brian") / key


def compiler() -> str | None:
    """Command of the C++ compiler: ``$CXX``, else the first that is found; None if there is none, or no ``make``."""
    if shutil.which("make") is None:
        return None
    asked = os.environ.get("CXX", "")
    if asked:
        return asked if shutil.which(asked.split()[0]) else None
    return next((c for c in COMPILERS if shutil.which(c)), None)


@cache
def _toolchain() -> list:
    """Brian2, the compiler as a file, flags, processor, and the code that writes the program and talks to it."""
    found = shutil.which((compiler() or "none").split()[-1]) or "none"
    real = Path(found).resolve()
    size = real.stat().st_size if real.is_file() else 0
    flags = [os.environ.get(name, "") for name in ("CXXFLAGS", "CPPFLAGS", "LDFLAGS")]
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.*")):
        code.update(path.name.encode() + path.read_bytes())
    return [version("brian2"), str(real), size, flags, _processor(), code.hexdigest()]


def _processor() -> str:
    """Model and abilities of the processor: binaries are compiled for it alone."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.machine() + platform.processor()
    return "".join(line for line in lines if line.startswith(("model name", "flags")))
