"""The record of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.network.run_state import RunState
from plasticity.pages.display import numbers, table

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Run:
    """Everything that a run recorded; `circuits.as_dataset` labels it.

    In a rate circuit arrays over time and final values have a leading axis (n_batch,), the members of its batch.

    Parameters
    ----------
    circuit : Circuit
        With the limits of control and the third-factor events of the run.
    seed : int
    dt : float
        Time step [s].
    times : (n_times,) array
        Times of the records [s]; in a spiking circuit each value is the one just before the events of that time.
    weights : dict of str to (n_times, n_tracked) array
        Weights of the tracked synapses, by projection [1].
    final : dict of str to (n_synapses,) or (n_batch, n_post, n_pre) array
        Final weights, by projection [1].
    engine : str
        Engine and device.
    tracked : dict of str to (n_tracked,) int array
        Index of every tracked synapse of each projection, in ``weight.ravel()``.
    states : dict of str to dict of str to (n_times, n_tracked) array
        Recorded states of the rule, by projection and state, in SI units.
    spikes : dict of str to ((n_spikes,) array, (n_spikes,) int array)
        Times [s] and neurons, by population.
    variables : dict of str to (n_times, n_neurons) array
        Recorded variables of neurons by ``"population.variable"``, in SI units; rates [Hz].
    counts : dict of str to (n_neurons,) int array
        Number of spikes of each neuron, by population of a spiking circuit.
    weight_mean, weight_std : dict of str to (n_times,) array
        Mean and standard deviation of all weights of each plastic projection [1].
    loss : (n_batch, n_times) array
        Mean of ½ Σ (target − rate)² since the last record [Hz²] of a rate circuit; NaN at the start and without
        targets.
    final_states : dict of str to dict of str to (n_batch, n_post, n_pre) array
        Final states of the rules of a rate circuit.
    final_rates : dict of str to (n_batch, n) array
        Final rates [Hz] of a rate circuit, by population.
    initial : dict of str to array
        Weights at the start, by projection, in the shape of `final` or one number for all.
    arguments : dict of str to object
        With which `circuits.run` repeats it.
    state : RunState
        Everything from which ``circuits.run(…, start=run.state)`` goes on.
    phase : str
        Name of the phase of an experiment.
    trial : int
    """

    circuit: Circuit
    seed: int
    dt: float
    times: Array
    weights: Mapping[str, Array]
    final: Mapping[str, Array]
    engine: str
    tracked: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    spikes: Mapping[str, tuple[Array, NDArray[np.int64]]] = field(default_factory=dict)
    variables: Mapping[str, Array] = field(default_factory=dict)
    counts: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    weight_mean: Mapping[str, Array] = field(default_factory=dict)
    weight_std: Mapping[str, Array] = field(default_factory=dict)
    loss: Array = field(default_factory=lambda: np.empty((0, 0)))
    final_states: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    final_rates: Mapping[str, Array] = field(default_factory=dict)
    initial: Mapping[str, Array] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    state: RunState | None = None
    phase: str = ""
    trial: int = 0

    def __repr__(self) -> str:
        """Show what was recorded, in short."""
        weights = [f"{name}: {n} synapses, final weight {mean} ± {std}" for name, n, mean, std in self._summary()]
        return "\n  ".join([f"Run {self._made()}", *weights, *self._fired()])

    def _repr_markdown_(self) -> str:
        """Show what was recorded in a notebook."""
        rows = [(f"`{name}`", *others) for name, *others in self._summary()]
        header = ("projection", "synapses", "mean final weight", "standard deviation")
        end = "`circuits.as_dataset(run)` labels all arrays."
        return "\n\n".join([f"**Run** {self._made()}", table(header, rows), *self._fired(), end])

    def _made(self) -> str:
        return f"on {self.engine}, seed {self.seed}, {self.times.size} records, step {numbers(self.dt)} s"

    def _summary(self) -> list[tuple[str, str, str, str]]:
        """Of every projection: its name, number of synapses, mean and standard deviation of the final weights."""
        return [(name, str(w.size), numbers(np.mean(w)), numbers(np.std(w))) for name, w in self.final.items()]

    def _fired(self) -> list[str]:
        return [f"{name}: {int(np.sum(counts))} spikes" for name, counts in self.counts.items()]
