"""Run a model with Brian2's numpy target: no compiler, no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import brian2
import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.network.run_record import Run
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.explained import explained
from circuits.spiking.network import Network, build_network
from circuits.spiking.outputs import diverged, result
from circuits.spiking.state import get_state, set_state
from circuits.spiking.structure import STEPS, ModelStructure, RunInputs
from circuits.spiking.synapses import presynaptic_delays
from circuits.spiking.toolchain import RECORD
from plasticity.errors import InputError

if TYPE_CHECKING:
    from circuits.running.weight_file import WeightFile


@dataclass(frozen=True, eq=False)
class BrianNetwork:
    """A circuit as Brian2 objects, ready to run once; made by `circuits.build`.

    Parameters
    ----------
    circuit, grid, record
        What was built.
    inputs : RunInputs
        Its numbers.
    built : Network
        The network and its parts.
    moments, rows : dict of str to list
        Means and standard deviations of weights, and values of variables, as they are recorded.
    """

    circuit: Circuit
    grid: Grid
    record: Recording
    inputs: RunInputs
    built: Network
    moments: dict[str, list] = field(default_factory=dict)
    rows: dict[str, list] = field(default_factory=dict)

    @property
    def network(self) -> brian2.Network:
        """Network, to which more objects can be added before it runs."""
        return self.built.network

    @property
    def objects(self) -> dict[str, brian2.BrianObject]:
        """Populations, projections, pathways, monitors and clocks by name."""
        return self.built.objects

    def run(self) -> Run:
        """Run to the end and return the record.

        Raises
        ------
        InputError
            If it has run already.
        DivergedError
            If a weight or a variable of a neuron leaves the finite numbers.
        """
        if self.network.t_ > self.grid.start:
            raise InputError("this network has run already; build it again")
        return result(self.circuit, self.grid, self.record, self.inputs, *run_arrays(self), "brian2 numpy")


def build_numpy(
    circuit: Circuit,
    grid: Grid,
    record: Recording,
    structure: ModelStructure,
    inputs: RunInputs,
    file: WeightFile | None = None,
) -> BrianNetwork:
    """Network of a circuit; `file` takes all weights at the times of the record."""
    with _numpy_target():
        made = BrianNetwork(circuit, grid, record, inputs, build_network(structure, inputs))
        made.network.add(_pauser(made, file))
        if _can_skip(circuit):
            made.network.add(_gap_skipper(made))
        made.network.t_ = grid.start
        if inputs.start:
            set_state(made.built, inputs.start)
        return made


def run_arrays(made: BrianNetwork) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Run a network; its arrays by name, and its last state.

    Raises
    ------
    DivergedError
        If a weight or a variable of a neuron leaves the finite numbers.
    """
    structure, built = made.built.structure, made.built
    starts = {name: float(made.inputs.values[f"{name}.dt"]) for name in structure.plasticity_clocks}
    with _numpy_target(), explained(structure.names):
        for monitor in structure.monitors:
            made.objects[monitor].before_run({})
        for end in sorted({*starts.values(), made.grid.end}):
            for name in (name for name, start in starts.items() if start < made.network.t_ + made.grid.dt / 2):
                built.activate(name)
            if made.network.t_ < min(end, made.grid.end) - made.grid.dt / 2:
                made.network.run((min(end, made.grid.end) - made.network.t_) * brian2.second, namespace={})
        _check(made, made.grid.end)
        present = [name for name in structure.saved if name.rpartition(".")[2] in built.owner(name).variables]
        arrays = {name: built.get(name) for name in present}
        moments = {f"{name}.moments": np.reshape(rows, (-1, 2)) for name, rows in made.moments.items()}
        recorded = made.inputs.recorded.items()
        records = {f"{name}.{RECORD}": np.reshape(made.rows[name], (-1, which.size)) for name, which in recorded}
        return arrays | moments | records, get_state(built)


@contextmanager
def _numpy_target() -> Iterator[None]:
    brian2.BrianLogger.suppress_name("unused_brian_object")
    prefs = brian2.prefs
    before = prefs.codegen.target, prefs.core.stop_on_keyboard_interrupt
    prefs.codegen.target = "numpy"
    prefs.core.stop_on_keyboard_interrupt = False  # else an interrupted run would pass for a whole one
    try:
        yield
    finally:
        prefs.codegen.target, prefs.core.stop_on_keyboard_interrupt = before
        brian2.Network._globally_running = False  # after an error it would swallow the next interrupt


def _check(made: BrianNetwork, now: float) -> None:
    """Report the first number that is not finite."""
    for name in made.built.structure.checked:
        bad = np.flatnonzero(~np.isfinite(made.built.get(name)))
        if bad.size:
            raise diverged(made.circuit, name, int(bad[0]), now)


def _pauser(made: BrianNetwork, file: WeightFile | None) -> brian2.NetworkOperation:
    """Check from time to time that all numbers are finite, and make the record at its times."""
    clock, inputs = made.objects[STEPS], made.inputs
    timestep = clock.variables["timestep"]
    pauses, records = (_by_step(times, made.grid.dt) for times in (inputs.pauses, inputs.records))
    made.moments.update({name: [] for name in made.built.structure.plastic} if records else {})
    made.rows.update({name: [] for name in inputs.recorded})

    def pause() -> None:
        now = int(timestep.get_value()[0])
        if now in pauses:
            _check(made, pauses[now])
        if now in records:
            _record(made, records[now], file)

    return brian2.NetworkOperation(pause, clock=clock, when="start", name="pauser")


def _record(made: BrianNetwork, now: float, file: WeightFile | None) -> None:
    """Record means of all weights, variables, and the weights in a file."""
    for monitor in made.built.structure.monitors:
        made.objects[monitor].record_single_timestep()
    for name, which in made.inputs.recorded.items():
        made.rows[name].append(made.built.elements(name, which))
    weights = {name: made.built.get(f"{name}.w") for name in made.moments}
    for name, values in weights.items():
        made.moments[name].append((np.mean(values), np.std(values)))
    if file is not None:
        file.append(now, weights)


def _by_step(times: NDArray[np.float64], dt: float) -> dict[int, float]:
    return dict(zip(np.round(times / dt).astype(int).tolist(), times.tolist(), strict=True))


def _can_skip(circuit: Circuit) -> bool:
    """Whether nothing but prescribed spikes and ticks changes anything: also no spikes that are on their way."""
    only_spikes = all(p.is_passive for p in circuit.populations) and not circuit.feedback
    projections = circuit.projections
    delays = [d for p in projections for d in (*presynaptic_delays(p).values(), p.dendritic_delay)]
    at_once = not any(map(np.any, delays))
    return only_spikes and at_once and all(model.method is None and not model.traces for _, model in circuit.learning)


def _gap_skipper(made: BrianNetwork) -> brian2.NetworkOperation:
    """Move the clock over steps without spikes: event-driven variables do not change in them."""
    clock = made.objects[STEPS]
    trains = [t for p in made.circuit.populations for t in p.spike_trains]
    times = np.concatenate([*trains, made.inputs.pauses, made.inputs.records])
    steps = np.unique(np.round(times / made.grid.dt).astype(np.int64))
    timestep = clock.variables["timestep"]

    def skip() -> None:
        now = timestep.get_value()[0]
        later = np.searchsorted(steps, now, side="right")
        following = min(steps[later] if later < steps.size else clock._i_end, clock._i_end)
        timestep.set_value(following - 1)

    return brian2.NetworkOperation(skip, clock=clock, when="end", name="gap_skipper")
