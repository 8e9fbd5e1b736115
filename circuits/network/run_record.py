"""What a run of a spiking circuit returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit


@dataclass(frozen=True, eq=False)
class Run:
    """What an engine recorded; `circuits.as_dataset` labels it.

    Parameters
    ----------
    circuit : Circuit
        What was run, within the limits of control.
    seed : int
    dt : float
        Time step [s].
    times : (n_times,) array
        Times of the record [s]; each value is the one just before the events of that time.
    weights : dict of str to (n_times, n_tracked) array
        By projection [1].
    final : dict of str to (n_synapses,) array
        Weights at the end [1].
    engine : str
        Engine and device, for the record.
    tracked : dict of str to (n_tracked,) int array
        Which synapses of each projection were tracked.
    states : dict of str to dict of str to (n_times, n_tracked) array
        By projection and state, in SI units, as far as they were asked for.
    spikes : dict of str to ((n,) array, (n,) int array)
        Times [s] and neurons, by population.
    variables : dict of str to (n_times, n_neurons) array
        Variables of neurons, by ``"population.variable"``, in SI units.
    counts : dict of str to (n_neurons,) int array
        Number of spikes of each neuron, by population.
    weight_mean, weight_std : dict of str to (n_times,) array
        Mean and standard deviation of all weights of each plastic projection [1].
    """

    circuit: Circuit
    seed: int
    dt: float
    times: NDArray[np.float64]
    weights: dict[str, NDArray[np.float64]]
    final: dict[str, NDArray[np.float64]]
    engine: str
    tracked: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)
    spikes: Mapping[str, tuple[NDArray[np.float64], NDArray[np.int64]]] = field(default_factory=dict)
    variables: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    counts: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    weight_mean: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    weight_std: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
