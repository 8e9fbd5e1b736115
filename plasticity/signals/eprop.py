"""e-prop: the part of the gradient of a recurrent spiking network that is local to a synapse.

A synapse has an eligibility trace, the low-pass filter of ψ(v_i) ε_j: the effect of its weight on the spikes of its own
neuron, with the memory of the readout. A learning signal M_i = Σ_k F_ik e_k carries the errors of the readouts to the
neuron. The loss is half the squared error. The estimate is biased: paths through other neurons and the reset are left
out, and ψ is no true derivative.
"""

from __future__ import annotations

import sympy as sp

from plasticity.local import local
from plasticity.rule import GRADIENT, State, Step, time_constant
from plasticity.signal import Signal
from plasticity.support.checks import checked

_PSEUDO, _PSP, _MESSAGE = (local(n) for n in ("pseudo_derivative", "pre_psp", "learning_signal"))
_POWER = local("feedback_power")


@checked
def eprop(tau_output: float = 0.02) -> Signal:
    """Gradient ``−learning_signal·eligibility``, with a fading eligibility.

    ``tau_output d eligibility/dt = pseudo_derivative·pre_psp − eligibility``. The curvature is Gauss–Newton,
    ``feedback_power·eligibility²``: a weight changes readout k by F_ik·eligibility, if errors come back through the
    weights of the readout.

    Parameters
    ----------
    tau_output : float
        Time constant of the readouts [s].

    Examples
    --------
    >>> eprop().density
    -eligibility*learning_signal

    References
    ----------
    bellec_2020; schraudolph_2002 (Gauss–Newton).
    """
    tau = time_constant("tau_output", tau_output, "time constant of the readout")
    symbol = sp.Symbol("eligibility", real=True)
    flow = (_PSEUDO * _PSP - symbol) / tau.symbol
    eligibility = State(symbol.name, flow, unit="Hz", meaning="effect of the weight on recent spikes")
    gradient = -_MESSAGE * symbol
    return Signal(
        name="eprop",
        title="e-prop: errors times eligibility traces",
        density=gradient,
        curvature=sp.diff(gradient, _MESSAGE) ** 2 * _POWER,
        curvature_words="Gauss–Newton, the squared effect of the weight on all readouts",
        curvature_caution=(
            "Gauss–Newton of the readouts, one weight at a time: what several weights do together, paths through other "
            "neurons and the curvature of spiking itself are left out; with random feedback its scale is wrong."
        ),
        states=(eligibility,),
        parameters=(tau,),
        loss_unit="Hz**2",
        assumptions=(
            "The loss is half the squared error of leaky readouts of the spikes.",
            "Errors reach every neuron through feedback weights.",
            "Effects of a weight through other neurons are left out: the gradient is biased in a recurrent network.",
            "A pseudo-derivative replaces the derivative of a spike train by the potential.",
        ),
        steps=(
            Step("Eligibility", sp.Eq(sp.Symbol("d_eligibility/dt"), flow)),
            Step("Gradient of the loss", sp.Eq(GRADIENT, gradient)),
        ),
        references=("bellec_2020", "schraudolph_2002"),
    )
