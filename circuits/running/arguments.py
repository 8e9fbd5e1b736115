"""What `circuits.run` is told, checked alike for every engine before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from circuits.network.circuit import Circuit
from plasticity.controllability import Controllability
from plasticity.errors import InputError, require_whole


def check_arguments(circuit: Any, record: Any, n_tracked: Any, controllability: Any) -> None:
    """Refuse what no engine can use.

    Raises
    ------
    InputError
        If something is of the wrong kind, or limits are given to a circuit in which nothing learns.
    """
    if not isinstance(circuit, Circuit):
        raise InputError(
            f"circuit must be what a function of the catalogue returns, got {circuit!r}; use circuits.load(name)(…)"
        )
    if isinstance(record, str):
        raise InputError(f"record must be a sequence of names, got {record!r}; write ({record!r},)")
    require_whole("n_tracked", n_tracked)
    if controllability is not None:
        _check_limits(circuit, controllability)


def _check_limits(circuit: Circuit, controllability: Any) -> None:
    each = controllability.values() if isinstance(controllability, Mapping) else [controllability]
    for limits in each:
        if not isinstance(limits, Controllability):
            raise InputError(
                f"controllability must be a Controllability, or a mapping of projections to them, got {limits!r}"
            )
    if not circuit.plastic:
        raise InputError(
            f"circuit {circuit.name!r} has no plastic projection, so a Controllability changes nothing; leave it out"
        )
