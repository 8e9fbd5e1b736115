"""Plateau rule with two traces: inputs active within seconds of a plateau potential change towards a level.

An eligibility trace E of the input meets an instructive trace I of the plateau; their product drives potentiation
towards w_max and depression towards 0, dw/dt = k_pot (w_max − w) q_pot(E·I) − k_dep w q_dep(E·I). Depression needs less
overlap, so weak inputs grow and strong ones that are seconds away shrink.
"""

from __future__ import annotations

import sympy as sp

from plasticity.rule import WEIGHT, Parameter, Rule, jump, time_constant, trace
from plasticity.support.checks import checked


@checked
def btsp_two_trace(
    tau_eligibility: float = 2.5,
    tau_instructive: float = 1.5,
    k_pot: float = 1.7,
    k_dep: float = 0.204,
    alpha_pot: float = 0.5,
    beta_pot: float = 4.0,
    alpha_dep: float = 0.01,
    beta_dep: float = 44.44,
    w_max: float = 10.0,
) -> Rule:
    """Two-trace rule: ``dw/dt = k_pot (w_max − w) q_pot(x) − k_dep w q_dep(x)``, x = eligibility · instructive.

    ``q(x) = (s(x) − s(0))/(s(1) − s(0))`` with ``s(x) = 1/(1 + e^{−beta (x − alpha)})``. A pre spike (the passage of an
    input) sets the eligibility trace to 1, a plateau (event ``third_factor``) the instructive trace.

    Parameters
    ----------
    tau_eligibility, tau_instructive : float
        Time constants [s].
    k_pot, k_dep : float
        Rates [Hz].
    alpha_pot, beta_pot, alpha_dep, beta_dep : float
        Threshold and slope of the two nonlinearities [1].
    w_max : float
        Upper level of the weight [1]; for ramps of depolarisation w counts mV, and 10 is our choice.

    Examples
    --------
    >>> list(btsp_two_trace().events)
    ['pre', 'third_factor']

    References
    ----------
    milstein_2021 (model and the values of its figure 5, as quoted in public code).
    """
    taus = (
        time_constant("tau_eligibility", tau_eligibility, "eligibility trace of the input"),
        time_constant("tau_instructive", tau_instructive, "instructive trace of the plateau"),
    )
    rates = (
        Parameter("k_pot", k_pot, unit="Hz", meaning="rate of potentiation"),
        Parameter("k_dep", k_dep, unit="Hz", meaning="rate of depression"),
    )
    shapes = (
        Parameter("alpha_pot", alpha_pot, meaning="overlap at which potentiation is half"),
        Parameter("beta_pot", beta_pot, meaning="slope of potentiation", positive=True),
        Parameter("alpha_dep", alpha_dep, meaning="overlap at which depression is half"),
        Parameter("beta_dep", beta_dep, meaning="slope of depression", positive=True),
    )
    top = Parameter("w_max", w_max, meaning="upper level of the weight", positive=True)
    eligibility, instructive = trace("eligibility", taus[0]), trace("instructive", taus[1])
    overlap = eligibility.symbol * instructive.symbol
    growth = rates[0].symbol * (top.symbol - WEIGHT) * _gain(overlap, shapes[0].symbol, shapes[1].symbol)
    loss = rates[1].symbol * WEIGHT * _gain(overlap, shapes[2].symbol, shapes[3].symbol)
    return Rule(
        name="btsp_two_trace",
        title="Plateau rule with eligibility and instructive trace",
        weight_flow=growth - loss,
        states=(eligibility, instructive),
        events={
            "pre": (jump(eligibility, "nearest_spike"),),
            "third_factor": (jump(instructive, "nearest_spike"),),
        },
        parameters=(*taus, *rates, *shapes, top),
        assumptions=(
            "A plateau potential instructs the synapse; spikes of the post neuron have no effect.",
            "Potentiation and depression depend on the overlap of the two traces, and on the weight itself.",
        ),
        references=("milstein_2021",),
        cautions=("Input and plateau are point events here; in the experiment they last for 0.3 s and longer.",),
    )


def _gain(x: sp.Expr, alpha: sp.Symbol, beta: sp.Symbol) -> sp.Expr:
    """Sigmoid of the overlap, scaled to 0 at 0 and 1 at 1."""

    def sigmoid(at: sp.Expr) -> sp.Expr:
        return 1 / (1 + sp.exp(-beta * (at - alpha)))

    return (sigmoid(x) - sigmoid(sp.S.Zero)) / (sigmoid(sp.S.One) - sigmoid(sp.S.Zero))
