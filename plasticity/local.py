"""Local variables: quantities of a circuit that a synapse can read besides spikes.

A signal writes the gradient in these variables; an engine supplies their values. Each belongs to the presynaptic
neuron j, the postsynaptic neuron i, the synapse ij, or the whole network (a broadcast third factor). Any other variable
of a neuron, such as its voltage, is a `plasticity.rule.NeuronVariable`, which a rule or signal declares.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from plasticity.errors import UnknownNameError

PHYSICAL = {  # unit of a neuron variable → its name in Brian2, and the one in which equations of a neuron declare it
    "V": ("volt", "volt"),
    "mV": ("mvolt", "volt"),
    "A": ("amp", "amp"),
    "nA": ("namp", "amp"),
    "pA": ("pamp", "amp"),
    "S": ("siemens", "siemens"),
    "nS": ("nsiemens", "siemens"),
}


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
    def number_unit(self) -> str:
        """Unit of its number in the equations of a rule."""
        return self.unit

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
    Local("feedback_power", "post", "1", "squared weights Σ_k F_ik² of the feedback path to the neuron"),
    Local("perturbation", "post", "Hz", "noise ξ_i added to the input of the neuron"),
    Local("weight_perturbation", "synapse", "1", "noise ξ_ij added to the weight"),
    Local("white_noise", "synapse", "Hz**(1/2)", "white noise ξ_ij(t) of the synapse, ⟨ξ(t) ξ(t')⟩ = δ(t − t')"),
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

    Raises
    ------
    UnknownNameError
        If there is none.

    Examples
    --------
    >>> local("pre_rate")
    pre_rate
    """
    if not isinstance(name, str) or name not in LOCALS:
        raise UnknownNameError("local variable", name, LOCALS)
    return LOCALS[name].symbol
