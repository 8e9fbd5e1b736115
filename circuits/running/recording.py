"""Selection of the quantities that a run records beside the final weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from circuits.network.circuit import Circuit
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import require_indices, require_whole

RATE_VARIABLES = {"rate": "post_rate", "information": "post_information"}  # names in records and in rules

Tracked = ArrayLike | Mapping[str, ArrayLike] | None


@dataclass(frozen=True, eq=False)
class Recording:
    """Quantities to record.

    Parameters
    ----------
    every : float or None
        Interval of the records [s]; None records final values alone.
    n_tracked : int
        Number of tracked synapses of each plastic projection, at even distances.
    synapses : mapping of str to (n_chosen,) int array
        Tracked synapses of those projections for which they were chosen.
    states : tuple of str
        States of tracked synapses to record beside the weight, such as ``"belief_mean"``.
    spikes : tuple of str
        Populations whose spike times are recorded.
    variables : tuple of str
        Variables of neurons, as ``"population.variable"``.
    """

    every: float | None = None
    n_tracked: int = 20
    synapses: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    spikes: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    def tracked(self, name: str, n_synapses: int) -> NDArray[np.int64]:
        """Indices of the tracked synapses of a projection.

        Examples
        --------
        >>> Recording(n_tracked=3).tracked("synapses", 1000)
        array([  0, 500, 999])
        """
        if name in self.synapses:
            return self.synapses[name]
        if n_synapses <= self.n_tracked:
            return np.arange(n_synapses)
        return np.round(np.linspace(0, n_synapses - 1, self.n_tracked)).astype(np.int64)


def recording(
    circuit: Circuit, every: float | None, names: Sequence[str], n_tracked: int, tracked: Tracked = None
) -> Recording:
    """Recording of the states, populations and variables called `names`, and of chosen synapses.

    In rate circuits ``"rate"`` and ``"information"`` are those of all populations.

    Raises
    ------
    InputError
        If a quantity over time has no interval, `n_tracked` is no whole number, or a chosen synapse does not exist.
    UnknownNameError
        If a name is that of nothing to record.
    """
    n_tracked = require_whole("n_tracked", n_tracked, low=0 if circuit.is_rate else 1)
    populations = [p.name for p in circuit.populations]
    states = {s.name for rule in circuit.rules.values() for s in rule.states}
    rates = {v: [f"{p}.{v}" for p in populations] for v in RATE_VARIABLES} if circuit.is_rate else {}
    expanded = [full for name in names for full in rates.get(name, [name])]
    variables = [n for n in expanded if "." in n and n.partition(".")[0] in populations]
    if circuit.is_rate:
        variables = [n for n in variables if n.partition(".")[2] in RATE_VARIABLES]
    spikes = [] if circuit.is_rate else populations
    for name in names:
        if name not in {*states, *rates, *spikes, *variables}:
            raise UnknownNameError("name to record", name, {*states, *rates, *spikes})
    timed = [n for n in expanded if n in states or n in variables]
    if every is None and timed and not circuit.is_rate:
        raise InputError(f"record names {timed[0]!r}, which needs an interval; set record_every as well")
    selected = (tuple(n for n in expanded if n in kind) for kind in (states, spikes, variables))
    return Recording(every, n_tracked, _chosen(circuit, tracked), *selected)


def _chosen(circuit: Circuit, tracked: Tracked) -> dict[str, NDArray[np.int64]]:
    """Synapses to record, by projection."""
    offered = circuit.projections if circuit.is_rate else circuit.plastic
    sizes = {p.name: p.n_synapses for p in offered}
    if tracked is None:
        return {}
    if isinstance(tracked, Mapping) and not tracked:
        raise InputError("tracked names no projection; leave it out")
    for name in tracked if isinstance(tracked, Mapping) else ():
        if name not in sizes:
            raise UnknownNameError("projection of tracked synapses", name, sizes)
    chosen = tracked if isinstance(tracked, Mapping) else dict.fromkeys(sizes, tracked)
    return {name: _indices(f"tracked synapses of {name!r}", chosen[name], sizes[name]) for name in chosen}


def _indices(name: str, values: Any, size: int) -> NDArray[np.int64]:
    indices = require_indices(name, values)
    if indices.size == 0 or indices.max() >= size or np.unique(indices).size < indices.size:
        raise InputError(f"{name} must be different numbers from 0 to {size - 1}, got {values!r}")
    return indices
