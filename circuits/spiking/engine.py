"""Spiking engine: a circuit as equations and numbers, run by Brian2's numpy target or by a compiled binary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.network.run_record import Run
from circuits.network.run_state import RunState
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.running.weight_file import WeightTarget, recorded_weights
from circuits.spiking.brian import brian, with_brian
from circuits.spiking.model import Channels, describe
from circuits.spiking.outputs import result

if TYPE_CHECKING:
    from circuits.spiking.numpy_device import BrianNetwork


def run(
    circuit: Circuit,
    grid: Grid,
    device: str,
    record: Recording,
    channels: Channels | None = None,
    record_weights: WeightTarget | None = None,
    start: RunState | None = None,
    frozen: frozenset[str] = frozenset(),
) -> Run:
    """Run `circuit`; see `circuits.run`."""
    structure, inputs = describe(circuit, grid, record, channels, start, frozen)
    engine = f"brian2 {device}"
    state: dict[str, NDArray]
    with recorded_weights(record_weights, circuit, grid.seed, grid.dt, record.every, engine) as file:
        if device == "numpy":
            with brian():
                from circuits.spiking.numpy_device import build_numpy, run_arrays

                arrays, state = run_arrays(build_numpy(circuit, grid, record, structure, inputs, file))
        else:
            from circuits.spiking.binary import run_binary

            arrays, state = run_binary(circuit, structure, inputs, file)
    return result(circuit, grid, record, inputs, arrays, state, engine)


@with_brian
def build(circuit: Circuit, grid: Grid, record: Recording, channels: Channels | None = None) -> BrianNetwork:
    """Brian2 network of `circuit`; see `circuits.build`."""
    from circuits.spiking.numpy_device import build_numpy

    return build_numpy(circuit, grid, record, *describe(circuit, grid, record, channels))
