"""Local variables: quantities of a circuit that a synapse can read besides spikes; and units of time.

A signal writes the gradient in these variables; an engine supplies their values. Each belongs to the presynaptic
neuron j, the postsynaptic neuron i, the synapse ij, or the whole network (a broadcast third factor).

Weights and losses are dimensionless unless a signal defines a unit of its loss, so every unit is a power of the
second, such as ``"1"``, ``"s"``, ``"Hz"``, ``"s**2"`` or ``"1/(loss*s)"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy as sp

from plasticity.errors import InputError

_SECOND = sp.Symbol("s", positive=True)


@dataclass(frozen=True)
class Local:
    """A local variable: name, owner (`index`: "pre", "post", "synapse" or "global"), unit and meaning."""

    name: str
    index: str
    unit: str
    meaning: str

    @property
    def symbol(self) -> sp.Symbol:
        """Symbol of the variable in the equations."""
        return sp.Symbol(self.name, real=True)

    @property
    def is_third_factor(self) -> bool:
        """Whether it comes from outside the two neurons: an error, a reward, a perturbation of the loss."""
        return self.index == "global" or self.name in THIRD_FACTORS


THIRD_FACTORS = ("post_error", "learning_signal", "spike_error")
TRAINS = ("spike_error", "post_train")  # a spike in a step of length dt has the density 1/dt
_TABLE = (
    Local("pre_rate", "pre", "Hz", "firing rate r_j of the presynaptic neuron"),
    Local("post_rate", "post", "Hz", "firing rate r_i of the postsynaptic neuron"),
    Local("post_slope", "post", "1", "slope φ'(u_i) of the rate by the input"),
    Local("post_information", "post", "1", "belief of the neuron about E[φ'(u_i)²], its Fisher information"),
    Local("post_error", "post", "Hz", "backpropagated error δ_i = −∂L/∂u_i"),
    Local("learning_signal", "post", "Hz", "error M_i = Σ_k F_ik e_k that a feedback path sends to the neuron"),
    Local("perturbation", "post", "Hz", "noise ξ_i added to the input of the neuron"),
    Local("weight_perturbation", "synapse", "1", "noise ξ_ij added to the weight"),
    Local("loss_difference", "global", "Hz**2", "loss with the perturbation minus loss without"),
    Local("reward_deviation", "global", "1", "reward minus its expectation, R − R̄"),
    Local("pre_psp", "pre", "1", "postsynaptic potential ε_j that the spikes of the presynaptic neuron evoke"),
    Local("escape_rate", "post", "Hz", "escape rate ρ_i of the postsynaptic neuron"),
    Local("escape_slope", "post", "Hz", "slope ρ'_i of the escape rate by the potential"),
    Local("spike_error", "post", "Hz", "error S*_i − ρ_i of the spike train: target spikes minus escape rate"),
    Local("post_train", "post", "Hz", "spike train S_i of the neuron, as a density"),
    Local("pseudo_derivative", "post", "Hz", "pseudo-derivative ψ(V_i) of the spike train by the potential"),
)
LOCALS = {local.name: local for local in _TABLE}


def local(name: str) -> sp.Symbol:
    """Symbol of the local variable `name`.

    Examples
    --------
    >>> local("pre_rate")
    pre_rate
    """
    return LOCALS[name].symbol


@cache
def seconds_power(unit: str, loss_unit: str = "1") -> int:
    """Exponent n such that `unit` is sⁿ; an `InputError` if it is no power of the second.

    Examples
    --------
    >>> seconds_power("Hz"), seconds_power("1/(loss*s)", loss_unit="Hz**3")
    (-1, 2)
    """
    names = {"s": _SECOND, "Hz": 1 / _SECOND}
    try:
        expression = sp.sympify(unit, locals={**names, "loss": sp.sympify(loss_unit, locals=names)})
        power = sp.degree(expression * _SECOND**20, _SECOND) - 20
    except (sp.SympifyError, sp.PolynomialError, TypeError) as error:
        raise InputError(f"unit {unit!r} must be a product of powers of s and Hz") from error
    if sp.simplify(expression / _SECOND**power) != 1:
        raise InputError(f"unit {unit!r} must be a product of powers of s and Hz")
    return int(power)


def simplified(unit: str, loss_unit: str = "1") -> str:
    """Shortest text for `unit`, with the unit of the loss filled in.

    Examples
    --------
    >>> simplified("1/(loss*s)", loss_unit="Hz**3"), simplified("1/s"), simplified("s/s")
    ('s**2', 'Hz', '1')
    """
    power = seconds_power(unit, loss_unit)
    special = {0: "1", 1: "s", -1: "Hz"}
    return special.get(power, f"s**{power}" if power > 0 else f"Hz**{-power}")
