"""Run a circuit with Brian2's numpy target: no compiler, no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import brian2
import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.network.run_record import Run
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.blueprint import Blueprint
from circuits.spiking.inputs import Given
from circuits.spiking.lines import Lines
from circuits.spiking.network import Built, build_network, run_with_ticks
from circuits.spiking.outputs import checked_names, diverged, output_names, result
from circuits.spiking.structure import pathways
from plasticity.errors import InputError

if TYPE_CHECKING:
    from circuits.running.weight_file import WeightFile


@dataclass(frozen=True, eq=False)
class BrianNetwork:
    """A circuit as Brian2 objects, ready to run once; made by `circuits.build`.

    Parameters
    ----------
    plan : Blueprint
        What it was built from.
    built : Built
        The network and its parts.
    kept : dict of str to list
        Means and standard deviations of weights, as they are recorded.
    """

    plan: Blueprint
    built: Built
    kept: dict[str, list]

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
        return result(self.plan.circuit, self.plan.grid, self.plan.record, run_built(self), "brian2 numpy")


def build_numpy(
    circuit: Circuit,
    grid: Grid,
    record: Recording,
    channels: Mapping[str, Lines],
    given: Given,
    file: WeightFile | None = None,
) -> BrianNetwork:
    """Network of a circuit; `file` takes all weights at the times of the record."""
    with _numpy_target():
        clock = brian2.Clock(grid.dt * brian2.second, name="steps")
        plan = Blueprint(circuit, grid, given, record, channels, clock, compiled=False)
        built = build_network(plan)
        _fill(built, given)
        built.network.add(_watch(built, plan))
        if _can_skip(circuit):
            built.network.add(_gap_skipper(plan))
        kept: dict[str, list] = {p.name: [] for p in circuit.plastic}
        if record.every is not None:
            built.network.add(_keeper(built, plan, kept, file))
        return BrianNetwork(plan, built, kept)


def run_built(made: BrianNetwork) -> dict[str, NDArray]:
    """Run a network; its arrays by name.

    Raises
    ------
    DivergedError
        If a weight or a variable of a neuron leaves the finite numbers.
    """
    plan, built = made.plan, made.built
    with _numpy_target():
        run_with_ticks(built, plan)
        _check(built, plan.circuit, plan.grid.duration)
        found = {name: _read(built, name) for name in output_names(plan.circuit, plan.record)}
        return found | {f"{name}.moments": np.reshape(rows, (-1, 2)) for name, rows in made.kept.items()}


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


def _fill(built: Built, given: Given) -> None:
    """Set all numbers but those that the objects were made with."""
    for name, value in given.values.items():
        owner, _, variable = name.partition(".")
        if variable not in ("dt", "_timebins", "neuron_index", "_indices", "delay"):
            built.objects[owner].variables[variable].set_value(value if value.size > 1 else value[0])


def _read(built: Built, name: str) -> NDArray:
    owner, _, variable = name.partition(".")
    return np.array(built.objects[owner].variables[variable].get_value())


def _check(built: Built, circuit: Circuit, now: float) -> None:
    """Report the first number that is not finite."""
    for name in checked_names(circuit):
        bad = np.flatnonzero(~np.isfinite(_read(built, name)))
        if bad.size:
            raise diverged(circuit, name, int(bad[0]), now)


def _watch(built: Built, plan: Blueprint) -> brian2.NetworkOperation:
    """Look at the network from time to time while it runs."""
    clock = brian2.Clock(plan.grid.check_every * brian2.second, name="looks")
    time = clock.variables["t"]

    def look() -> None:
        _check(built, plan.circuit, float(time.get_value().item()))

    return brian2.NetworkOperation(look, clock=clock, when="start", name="watch")


def _keeper(built: Built, plan: Blueprint, kept: dict[str, list], file: WeightFile | None) -> brian2.NetworkOperation:
    """Keep the means of all weights, and the weights in a file, at the times of the record."""
    clock = brian2.Clock(plan.record.every * brian2.second, name="keeping")
    time = clock.variables["t"]

    def keep() -> None:
        weights = {name: _read(built, f"{name}.w") for name in kept}
        for name, values in weights.items():
            kept[name].append((np.mean(values), np.std(values)))
        if file is not None:
            file.append(float(time.get_value().item()), weights)

    return brian2.NetworkOperation(keep, clock=clock, when="start", name="keeper")


def _can_skip(circuit: Circuit) -> bool:
    """Whether nothing but given spikes and ticks changes anything: also no spikes that are on their way."""
    only_spikes = all(p.is_passive for p in circuit.populations) and not circuit.feedback
    at_once = all(delay == 0 for p in circuit.projections for _, delay in pathways(circuit, p).values())
    return only_spikes and at_once and all(model.method is None for _, model in circuit.learning)


def _gap_skipper(plan: Blueprint) -> brian2.NetworkOperation:
    """Move the clock over steps without spikes: event-driven variables do not change in them."""
    circuit, clock = plan.circuit, plan.clock
    trains = [t for p in circuit.populations for t in p.spike_trains]
    steps = np.unique(np.round(np.concatenate([*trains, np.zeros(1)]) / plan.grid.dt).astype(np.int64))
    timestep = clock.variables["timestep"]

    def skip() -> None:
        now = timestep.get_value()[0]
        later = np.searchsorted(steps, now, side="right")
        following = min(steps[later] if later < steps.size else clock._i_end, clock._i_end)
        timestep.set_value(following - 1)

    return brian2.NetworkOperation(skip, clock=clock, when="end", name="gap_skipper")
