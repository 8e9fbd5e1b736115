"""Spiking neuron models: Brian2 equations as text, and the local variables that they provide to synapses."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from plasticity.compile.brian import check_method
from plasticity.equations import simplified
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import checked, require_number

DRAWN = ("draw", "noise")  # functions of time and neuron: uniform and normal random numbers


@checked
@dataclass(frozen=True)
class NeuronModel:
    r"""A spiking neuron as Brian2 strings.

    Parameters
    ----------
    name : str
    model : str
        Equations of its variables; declarations of the `parameters` are added to them where they are missing.
    threshold, reset : str
        Condition and effect of a spike; empty for neurons that do not spike on their own.
    refractory : float
        Time [s] after a spike in which variables marked ``(unless refractory)`` do not change.
    method : str
        Brian2 integration method.
    every_step : str
        Statements at every step, after its spikes have arrived and before its neurons fire.
        It, equations and threshold may use ``draw(t, i)``, uniform between 0 and 1, and ``noise(t, i)``, normal: for
        every time step and neuron another number, which the seed and the name of the population determine.
    receptors : mapping of str to str
        Effect of an arriving spike with weight ``w`` on the neuron, by receptor.
    on_prescribed_spike : str
        Effect of a prescribed spike on the neuron that emits it.
    parameters : mapping of str to (value, unit)
    initial : mapping of str to number or (n,) array
        Initial values in SI units; 0 by default.
    provides : tuple of str
        Local variables (`plasticity.local`) that its synapses can read.

    Raises
    ------
    InputError
        If the refractory time is negative, Brian2 has no such method, or an equation draws numbers that no seed
        determines (``rand()``, ``xi``); if a statement assigns a name that is no variable, or a parameter has another
        unit than its declaration.

    Examples
    --------
    >>> NeuronModel("decaying", "dv/dt = -v/tau : 1", parameters={"tau": (0.02, "second")}).model
    'dv/dt = -v/tau : 1\ntau : second (shared, constant)'
    """

    name: str
    model: str
    threshold: str = ""
    reset: str = ""
    refractory: float = 0.0
    method: str = "exact"
    every_step: str = ""
    receptors: Mapping[str, str] = field(default_factory=dict)
    on_prescribed_spike: str = ""
    parameters: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    provides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the refractory time, and declare the parameters."""
        require_number("refractory", self.refractory, low=0, unit="s")
        check_method(self.method)
        texts = (self.model, self.threshold, self.reset, self.every_step, self.on_prescribed_spike)
        refuse_random(f"neuron {self.name!r}", (*texts, *self.receptors.values()))
        for text in (self.reset, self.every_step, self.on_prescribed_spike, *self.receptors.values()):
            self._check_assigned(text)
        for name, (_, unit) in self.parameters.items():
            self._check_unit(name, unit)
        for name in self.initial:
            if not re.search(rf"\bd?{re.escape(name)}\b", self.model):
                raise InputError(f"initial of neuron {self.name!r} names {name!r}, no variable of its equations")
        new = [name for name in self.parameters if not re.search(rf"^\s*{name}\s*:", self.model, re.MULTILINE)]
        lines = [f"{name} : {self.parameters[name][1]} (shared, constant)" for name in new]
        object.__setattr__(self, "model", "\n".join(filter(None, [self.model, *lines])))

    def _check_assigned(self, text: str) -> None:
        """Refuse an assignment without effect: to a name that neither is a variable nor is read."""
        for name in re.findall(r"^\s*(\w+)\s*[-+*/]?=", text.replace(";", "\n"), re.MULTILINE):
            variable = name.removesuffix("_post")
            if re.search(rf"^\s*d?{variable}(/dt)?\s*[:=]", self.model, re.MULTILINE):
                continue
            if len(re.findall(rf"\b{name}\b", text)) == 1:
                raise InputError(
                    f"neuron {self.name!r} assigns {name!r} in {text!r}, which is no variable of its equations; "
                    f"declare it in model, such as '{variable} : 1', or correct the name"
                )

    def _check_unit(self, name: str, unit: str) -> None:
        declared = re.search(rf"^\s*{re.escape(name)}\s*:\s*([^(\n]+)", self.model, re.MULTILINE)
        if declared and declared[1].strip() != unit.strip():
            raise InputError(
                f"parameter {name!r} of neuron {self.name!r} is in {unit}, but its equations declare "
                f"{declared[1].strip()}; state one unit"
            )

    def drawn(self, is_prescribed: bool = False) -> tuple[str, ...]:
        """Random functions that it uses; neurons whose spikes are prescribed have no threshold of their own."""
        own = () if is_prescribed else (self.threshold, self.reset)
        text = "\n".join((self.model, self.every_step, *own))
        return tuple(name for name in DRAWN if re.search(rf"\b{name}\s*\(", text))

    @property
    def variables(self) -> dict[str, str]:
        """Unit of every variable of its equations, by name; powers of the second as ``"1"``, ``"s"``, ``"Hz"`` …"""
        declared = re.findall(r"^\s*(?:d(\w+)/dt|(\w+))\s*[:=](?:.*:)?\s*([^:(\n]+)", self.model, re.MULTILINE)
        return {flowing or other: _simplified(unit.strip()) for flowing, other, unit in declared}

    @property
    def is_passive(self) -> bool:
        """Whether its state does not change on its own."""
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


def _simplified(unit: str) -> str:
    """A power of the second as rules write it, and any other unit as it is."""
    try:
        return simplified(re.sub(r"\bsecond\b", "s", re.sub(r"\bhertz\b", "Hz", unit)))
    except InputError:
        return unit


def refuse_random(name: str, texts: Iterable[str]) -> None:
    """Refuse random numbers of Brian2 in equations: they depend on the device and on what else is drawn.

    Raises
    ------
    InputError
        Naming the function.

    Examples
    --------
    >>> refuse_random("neuron 'noisy'", ["dv/dt = -v/tau + sigma*xi : 1"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    plasticity.errors.InputError: neuron 'noisy' uses xi, whose numbers depend on the device; ...
    """
    for text in texts:
        if match := re.search(r"\b(rand|randn|poisson|binomial)\s*\(|\b(xi(_\w+)?)\b", text):
            word = match.group(1) or match.group(2)
            raise InputError(
                f"{name} uses {word}, whose numbers depend on the device; use draw(t, i), uniform between 0 and 1, or "
                "noise(t, i), normal: numbers of every time step and neuron that the seed determines. For white noise "
                "of strength sigma write sigma*noise(t, i)/sqrt(dt), with method='euler'"
            )


def with_units(values: Mapping[str, float], **units: str) -> dict[str, tuple[float, str]]:
    """Parameters of a neuron with their units: by default seconds for ``tau_…`` and volts for ``v_…``.

    Raises
    ------
    InputError
        If a value is not finite, or a time constant not positive.

    Examples
    --------
    >>> with_units({"tau_membrane": 0.02, "gain": 2.0}, gain="1")
    {'tau_membrane': (0.02, 'second'), 'gain': (2.0, '1')}
    """
    parameters = {}
    for name, value in values.items():
        is_time = name.startswith("tau_")
        number = require_number(name, value, low=0 if is_time else -math.inf, exclusive=is_time)
        parameters[name] = (number, units.get(name, "second" if is_time else "volt"))
    return parameters
