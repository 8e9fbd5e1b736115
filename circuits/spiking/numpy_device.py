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
from circuits.spiking.structure import STEPS, ModelStructure, RunInputs
from circuits.spiking.synapses import presynaptic_delays
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
    moments : dict of str to list
        Means and standard deviations of weights, as they are recorded.
    """

    circuit: Circuit
    grid: Grid
    record: Recording
    inputs: RunInputs
    built: Network
    moments: dict[str, list] = field(default_factory=dict)

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
        if self.network.t_ > 0:
            raise InputError("this network has run already; build it again")
        return result(self.circuit, self.grid, self.record, run_arrays(self), "brian2 numpy")


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
        made.network.add(_checker(made))
        if _can_skip(circuit):
            made.network.add(_gap_skipper(made))
        if record.every is not None:
            made.network.add(_weight_recorder(made, record.every, file))
        return made


def run_arrays(made: BrianNetwork) -> dict[str, NDArray]:
    """Run a network; its arrays by name.

    Raises
    ------
    DivergedError
        If a weight or a variable of a neuron leaves the finite numbers.
    """
    structure, built = made.built.structure, made.built
    starts = {name: float(made.inputs.values[f"{name}.dt"]) for name in structure.plasticity_clocks}
    with _numpy_target(), explained(structure.names):
        for end in sorted({*starts.values(), made.grid.duration}):
            if made.network.t_ < made.grid.duration - made.grid.dt / 2:
                made.network.run((min(end, made.grid.duration) - made.network.t_) * brian2.second, namespace={})
            for name in (name for name, start in starts.items() if start == end):
                built.activate(name)
        _check(made, made.grid.duration)
        arrays = {name: built.get(name) for name in structure.saved}
        return arrays | {f"{name}.moments": np.reshape(rows, (-1, 2)) for name, rows in made.moments.items()}


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


def _checker(made: BrianNetwork) -> brian2.NetworkOperation:
    """Check from time to time that all numbers are finite."""
    clock = brian2.Clock(made.grid.check_every(made.circuit.synapses_per_neuron) * brian2.second, name="checks")
    time = clock.variables["t"]
    return brian2.NetworkOperation(
        lambda: _check(made, float(time.get_value().item())), clock=clock, when="start", name="checker"
    )


def _weight_recorder(made: BrianNetwork, every: float, file: WeightFile | None) -> brian2.NetworkOperation:
    """Record means of all weights, and the weights in a file."""
    made.moments.update({name: [] for name in made.built.structure.plastic})
    clock = brian2.Clock(every * brian2.second, name="weight_records")
    time = clock.variables["t"]

    def record() -> None:
        weights = {name: made.built.get(f"{name}.w") for name in made.moments}
        for name, values in weights.items():
            made.moments[name].append((np.mean(values), np.std(values)))
        if file is not None:
            file.append(float(time.get_value().item()), weights)

    return brian2.NetworkOperation(record, clock=clock, when="start", name="weight_recorder")


def _can_skip(circuit: Circuit) -> bool:
    """Whether nothing but prescribed spikes and ticks changes anything: also no spikes that are on their way."""
    only_spikes = all(p.is_passive for p in circuit.populations) and not circuit.feedback
    at_once = all(delay == 0 for p in circuit.projections for delay in presynaptic_delays(p).values())
    return only_spikes and at_once and all(model.method is None and not model.traces for _, model in circuit.learning)


def _gap_skipper(made: BrianNetwork) -> brian2.NetworkOperation:
    """Move the clock over steps without spikes: event-driven variables do not change in them."""
    clock = made.objects[STEPS]
    trains = [t for p in made.circuit.populations for t in p.spike_trains]
    steps = np.unique(np.round(np.concatenate([*trains, np.zeros(1)]) / made.grid.dt).astype(np.int64))
    timestep = clock.variables["timestep"]

    def skip() -> None:
        now = timestep.get_value()[0]
        later = np.searchsorted(steps, now, side="right")
        following = min(steps[later] if later < steps.size else clock._i_end, clock._i_end)
        timestep.set_value(following - 1)

    return brian2.NetworkOperation(skip, clock=clock, when="end", name="gap_skipper")
