"""The record of a neuron model: Brian2 equations as text, and what of a neuron its synapses can see."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plasticity.errors import UnknownNameError, require_number


@dataclass(frozen=True)
class NeuronModel:
    """A neuron as Brian2 strings.

    Parameters
    ----------
    name : str
    model : str
        Equations of its variables; constants are in `parameters`.
    threshold, reset : str
        Condition of a spike and what it does; empty for neurons that only fire given spikes.
    refractory : float
        Time [s] after a spike in which variables marked ``(unless refractory)`` stand still.
    method : str
        Brian2 integration method.
    every_step : str
        Statements at every step, after its spikes have arrived and before its neurons fire.
    receptors : mapping of str to str
        What a spike with weight ``w`` does to the neuron, by receptor.
    on_given : str
        What a given spike does to the neuron that fires it.
    parameters : mapping of str to (value, unit)
    initial : mapping of str to number or (n,) array
        Initial values in SI units; 0 where nothing is said.
    provides : tuple of str
        Local variables (`plasticity.local`) that its synapses can read.
    draws : bool
        Whether `threshold` uses ``draw(t, i)``, a uniform random number per step and neuron.
    """

    name: str
    model: str
    threshold: str = ""
    reset: str = ""
    refractory: float = 0.0
    method: str = "exact"
    every_step: str = ""
    receptors: Mapping[str, str] = field(default_factory=dict)
    on_given: str = ""
    parameters: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    provides: tuple[str, ...] = ()
    draws: bool = False

    @property
    def is_passive(self) -> bool:
        """Whether it has nothing that changes by itself."""
        return not (self.model or self.threshold or self.every_step)

    def receptor(self, name: str) -> str:
        """Statement of the receptor `name`.

        Raises
        ------
        UnknownNameError
            If the neuron has no such receptor.
        """
        if name not in self.receptors:
            raise UnknownNameError(f"receptor of neuron {self.name!r}", name, self.receptors)
        return self.receptors[name]


def with_constants(equations: str, values: Mapping[str, tuple[float, str]]) -> str:
    """Add a declaration of every constant to the equations of a neuron."""
    return equations + "\n".join(f"{name} : {unit} (shared, constant)" for name, (_, unit) in values.items())


def checked(values: Mapping[str, tuple[float, str]]) -> dict[str, tuple[float, str]]:
    """Values that are finite; time constants that are positive."""
    found = {}
    for name, (value, unit) in values.items():
        is_time = name.startswith("tau_")
        found[name] = (require_number(name, value, low=0 if is_time else -math.inf, exclusive=is_time), unit)
    return found
