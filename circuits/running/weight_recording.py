"""File for all weights of a run of any circuit, if there is to be one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit
from circuits.network.rate_circuit import RateCircuit
from circuits.running.labels import attributes, rules_of
from plasticity.errors import InputError

if TYPE_CHECKING:
    from circuits.running.weight_file import WeightFile


@contextmanager
def weights_kept(
    path: str | PathLike | None, circuit: Circuit | RateCircuit, seed: int, dt: float, every: float | None, engine: str
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
    plastic = rules_of(circuit)
    if not plastic:
        raise InputError(f"record_weights is {str(path)!r}, but circuit {circuit.name!r} has no plastic projection")
    from circuits.running.weight_file import dense, weight_file

    ends: dict[str, tuple[ArrayLike, ArrayLike]]
    if isinstance(circuit, RateCircuit):
        ends = {p.name: dense(p.weight.shape[-2:]) for p in circuit.projections if p.name in plastic}
    else:
        ends = {p.name: (p.targets, p.sources) for p in circuit.plastic}
    about = attributes(circuit, engine, seed, {"dt": dt, "record_every": every})
    trials = circuit.trials if isinstance(circuit, RateCircuit) else None
    with weight_file(path, ends, trials, **about) as file:
        yield file
