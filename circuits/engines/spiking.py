"""Spiking engine: a circuit as equations and numbers, run by Brian2's numpy target or by a compiled binary.

What is told to a run (`_given`) and what comes back (`_outputs`) is the same for both devices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike

from circuits._recording import Recording
from circuits._records import Circuit, Run
from circuits.engines._given import given
from circuits.engines._grid import Grid
from circuits.engines._lines import lines
from circuits.engines._outputs import result
from circuits.engines._weights_kept import weights_kept
from plasticity.feedback import FeedbackChannel


def run(
    circuit: Circuit,
    grid: Grid,
    device: str,
    record: Recording,
    channels: Mapping[str, FeedbackChannel | Sequence[FeedbackChannel]] | None = None,
    record_weights: str | PathLike | None = None,
) -> Run:
    """Run `circuit`; see `circuits.run`."""
    named = channels or {}
    told = {
        path.name: lines(path, named.get(path.name), circuit.population(path.source).size) for path in circuit.feedback
    }
    numbers = given(circuit, grid, record, told)
    engine = f"brian2 {device}"
    with weights_kept(record_weights, circuit, grid, record.every, engine) as file:
        if device == "numpy":
            from circuits.engines._brian_numpy import run_numpy

            found = run_numpy(circuit, grid, record, told, numbers, file)
        else:
            from circuits.engines._binary import run_binary

            found = run_binary(circuit, grid, record, told, numbers, file)
    return result(circuit, grid, record, found, engine)
