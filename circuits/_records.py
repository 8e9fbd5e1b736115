"""Populations, projections, circuits and what a run of one returns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticity.compile.brian import SynapseModel
from plasticity.errors import InputError, UnknownNameError, require_number


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons that fire given spike trains.

    Parameters
    ----------
    name : str
    spike_times : tuple of (n,) arrays
        Spike times [s] of each neuron, strictly increasing.
    """

    name: str
    spike_times: tuple[NDArray[np.float64], ...]

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.spike_times)


@dataclass(frozen=True, eq=False)
class Projection:
    """Plastic synapses from one population to another.

    Parameters
    ----------
    name : str
    pre, post : str
        Names of the populations.
    synapse : SynapseModel
        Compiled learning rule.
    sources, targets : (n_synapses,) int arrays
        Presynaptic and postsynaptic neuron of every synapse.
    weight : float
        Initial weight [1].
    """

    name: str
    pre: str
    post: str
    synapse: SynapseModel
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Circuit:
    """Populations and the projections between them.

    Raises
    ------
    InputError
        If a projection names an unknown population or neuron, or a name occurs twice.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...] = field(default=())

    def __post_init__(self) -> None:
        """Check that every projection starts and ends in this circuit."""
        sizes = {p.name: p.size for p in self.populations}
        if len(sizes) < len(self.populations):
            raise InputError(f"circuit {self.name!r} has two populations of one name: {list(sizes)}")
        for projection in self.projections:
            ends = ((projection.pre, projection.sources), (projection.post, projection.targets))
            for population, neurons in ends:
                if population not in sizes:
                    raise UnknownNameError("population", population, sizes)
                if np.size(neurons) and not 0 <= np.min(neurons) <= np.max(neurons) < sizes[population]:
                    raise InputError(
                        f"projection {projection.name!r} names neurons outside 0…{sizes[population] - 1} "
                        f"of population {population!r}"
                    )
            require_number(f"weight of {projection.name!r}", projection.weight)


@dataclass(frozen=True, eq=False)
class Run:
    """Weights that an engine recorded.

    Parameters
    ----------
    times : (n_times,) array
        Times of the recorded weights [s]; each value is the one just before the events of that time.
    weights : dict of str to (n_times, n_synapses) array
        By projection [1].
    final : dict of str to (n_synapses,) array
        Weights at the end [1].
    engine : str
        Engine and device, for the record.
    """

    times: NDArray[np.float64]
    weights: dict[str, NDArray[np.float64]]
    final: dict[str, NDArray[np.float64]]
    engine: str
