"""The state of a run: everything from which it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import require_finite


@dataclass(frozen=True, eq=False)
class RunState(Mapping[str, NDArray]):
    """State of a circuit at the end of a run, by name: ``state["layer.w"]``; `circuits.run` goes on from it.

    It holds weights, states of rules, variables of neurons, spikes and messages on their way, the times of the last
    events of synapses, and the counters of all streams of random numbers, in SI units. Of a rate circuit arrays have a
    leading axis (n_batch,), and a state that neurons own has the length 1 along the other one.

    Parameters
    ----------
    step : int
        Number of time steps so far.
    dt : float
        Time step [s].
    arrays : dict of str to array
        By ``"population.variable"``, ``"projection.variable"``, ``"feedback.…"`` and ``"random.…"``.
    is_changed : bool
        Whether values were replaced since the end of the run.
    seed : int, optional
        Of the run; None in files of earlier versions.
    """

    step: int
    dt: float
    arrays: Mapping[str, NDArray] = field(default_factory=dict)
    is_changed: bool = False
    seed: int | None = None

    def __repr__(self) -> str:
        """Show time and names."""
        return f"RunState at {self.time:g} s of {', '.join(self.arrays)}"

    @property
    def time(self) -> float:
        """Simulated time so far [s]."""
        return self.step * self.dt

    def __getitem__(self, name: str) -> NDArray:
        """Copy of an array."""
        if name not in self.arrays:
            raise UnknownNameError("part of the state", name, self.arrays)
        return np.array(self.arrays[name])

    def __contains__(self, name: object) -> bool:
        """Whether there is an array of this name."""
        return name in self.arrays

    def __iter__(self) -> Iterator[str]:
        """Names of the arrays."""
        return iter(self.arrays)

    def __len__(self) -> int:
        """Number of arrays."""
        return len(self.arrays)

    def with_values(self, values: Mapping[str, ArrayLike]) -> RunState:
        """State with other values of some arrays, each a number or an array of the same shape.

        Raises
        ------
        InputError
            If a shape does not fit, or a value is not finite.
        UnknownNameError
            If there is no such array.

        Examples
        --------
        >>> state = RunState(0, 1e-3, {"layer.w": np.array([1.0, 2.0])})
        >>> state.with_values({"layer.w": 0.5})["layer.w"]
        array([0.5, 0.5])
        """
        changed = {name: self._fitted(name, value) for name, value in values.items()}
        return replace(self, arrays={**self.arrays, **changed}, is_changed=True)

    def without_counters(self) -> RunState:
        """State from which streams of random numbers begin anew."""
        return replace(self, arrays={n: a for n, a in self.arrays.items() if not n.startswith("random.")})

    def _fitted(self, name: str, value: ArrayLike) -> NDArray:
        present, numbers = self[name], require_finite(f"value of {name!r}", value)
        if numbers.shape not in ((), present.shape):
            raise InputError(f"value of {name!r} must be a number or have shape {present.shape}, got {numbers.shape}")
        return np.broadcast_to(numbers, present.shape).astype(present.dtype)
