"""All weights of a spiking run, and their means, at every time of the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from circuits._labels import attributes
from circuits._records import Circuit
from circuits.engines._grid import Grid
from plasticity.errors import InputError

if TYPE_CHECKING:
    from circuits._weight_file import WeightFile


@contextmanager
def weights_kept(
    path: str | PathLike | None, circuit: Circuit, grid: Grid, every: float | None, engine: str
) -> Iterator[WeightFile | None]:
    """File for all weights of all plastic projections; None without a path.

    Raises
    ------
    InputError
        If nothing says when to record or nothing learns, or the path cannot be written.
    """
    if path is None:
        yield None
        return
    if every is None:
        raise InputError(f"record_weights is {str(path)!r}, but there is no record_every that says when")
    plastic = circuit.plastic
    if not plastic:
        raise InputError(f"record_weights is {str(path)!r}, but circuit {circuit.name!r} has no plastic projection")
    from circuits._weight_file import weight_file

    with weight_file(
        path,
        {p.name: (p.targets, p.sources) for p in plastic},
        **attributes(circuit, engine, grid.seed, {"dt": grid.dt, "record_every": every}),
    ) as file:
        yield file


def moments(weights: Mapping[str, NDArray[np.float64]]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of all weights of each projection."""
    return {name: (float(np.mean(w)), float(np.std(w))) for name, w in weights.items()}
