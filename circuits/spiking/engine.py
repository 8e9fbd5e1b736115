"""Spiking engine: a circuit as equations and numbers, run by Brian2's numpy target or by a compiled binary.

What is told to a run (`_given`) and what comes back (`_outputs`) is the same for both devices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING

from circuits.network.circuit import Circuit
from circuits.network.run_record import Run
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.running.weight_file import recorded_weights
from circuits.spiking.inputs import Given, given
from circuits.spiking.lines import Lines, lines
from circuits.spiking.outputs import result
from plasticity.feedback import FeedbackChannel

if TYPE_CHECKING:
    from circuits.spiking.numpy_device import BrianNetwork

Channels = Mapping[str, FeedbackChannel | Sequence[FeedbackChannel]]


def run(
    circuit: Circuit,
    grid: Grid,
    device: str,
    record: Recording,
    channels: Channels | None = None,
    record_weights: str | PathLike | None = None,
) -> Run:
    """Run `circuit`; see `circuits.run`."""
    told, numbers = _told(circuit, grid, record, channels)
    engine = f"brian2 {device}"
    with recorded_weights(record_weights, circuit, grid.seed, grid.dt, record.every, engine) as file:
        if device == "numpy":
            from circuits.spiking.numpy_device import build_numpy, run_built

            found = run_built(build_numpy(circuit, grid, record, told, numbers, file))
        else:
            from circuits.spiking.binary import run_binary

            found = run_binary(circuit, grid, record, told, numbers, file)
    return result(circuit, grid, record, found, engine)


def build(circuit: Circuit, grid: Grid, record: Recording, channels: Channels | None = None) -> BrianNetwork:
    """Brian2 network of `circuit`; see `circuits.build`."""
    from circuits.spiking.numpy_device import build_numpy

    return build_numpy(circuit, grid, record, *_told(circuit, grid, record, channels))


def _told(circuit: Circuit, grid: Grid, record: Recording, channels: Channels | None) -> tuple[dict[str, Lines], Given]:
    """Channels of all paths of feedback, and all numbers of a run."""
    named = channels or {}
    found = {
        path.name: lines(path, named.get(path.name), circuit.population(path.source).size) for path in circuit.feedback
    }
    return found, given(circuit, grid, record, found)
