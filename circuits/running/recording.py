"""Records of a spiking run beside the final weights and the number of spikes of each neuron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from plasticity.errors import InputError, UnknownNameError, require_whole


@dataclass(frozen=True)
class Recording:
    """Quantities to record.

    Parameters
    ----------
    every : float or None
        Interval of the records [s]; None records final values alone.
    n_tracked : int
        Number of tracked synapses of each plastic projection, at even distances.
    states : tuple of str
        States of tracked synapses to record beside the weight, such as ``"belief_mean"``.
    spikes : tuple of str
        Populations whose spike times are recorded.
    variables : tuple of str
        Variables of neurons, as ``"population.variable"``.
    """

    every: float | None = None
    n_tracked: int = 20
    states: tuple[str, ...] = ()
    spikes: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    def tracked(self, n_synapses: int) -> NDArray[np.int64]:
        """Indices of the tracked synapses of a projection.

        Examples
        --------
        >>> Recording(n_tracked=3).tracked(1000)
        array([  0, 500, 999])
        """
        if n_synapses <= self.n_tracked:
            return np.arange(n_synapses)
        return np.round(np.linspace(0, n_synapses - 1, self.n_tracked)).astype(np.int64)


def recording(circuit: Circuit, every: float | None, names: Sequence[str], n_tracked: int) -> Recording:
    """Recording of the states, populations and variables called `names`.

    Raises
    ------
    InputError
        If a name is nothing of the kind, something is to be recorded without an interval, or `n_tracked` is no whole
        number.
    """
    n_tracked = require_whole("n_tracked", n_tracked, low=1)
    populations = {p.name for p in circuit.populations}
    states = {s.name for rule in circuit.rules.values() for s in rule.states}
    for name in names:
        if name.partition(".")[0] not in populations | states:
            raise UnknownNameError("state or population to record", name, populations | states)
    selected = {
        "states": tuple(n for n in names if n in states),
        "spikes": tuple(n for n in names if n in populations),
        "variables": tuple(n for n in names if "." in n),
    }
    if every is None and (selected["states"] or selected["variables"]):
        first = (*selected["states"], *selected["variables"])[0]
        raise InputError(f"record names {first!r}, which needs an interval; set record_every as well")
    return Recording(every, int(n_tracked), **selected)
