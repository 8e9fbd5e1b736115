"""Escape-rate likelihood of imposed post spikes, with an after-depolarisation, for pairing experiments.

The observed post spikes should be likely for a neuron with the potential u and the escape rate ρ_0 e^{βu}. The gradient
of −ln likelihood is −β(S − ρ)ε_j, ε_j the potential evoked by input j. A post spike leaves an after-depolarisation, so
the neuron is likely to fire again: an input without a spike at that time is evidence against the weight. To first
order the rate is ρ_0 + ρ_1·a with the trace a of the post spikes.

The term ρ ε_j is continuous. Here each spike adds its whole future contribution to ∫ρ ε_j dt at once: the sum is the
same after everything has decayed, and the rule acts at spikes only.
"""

from __future__ import annotations

import sympy as sp

from plasticity.rule import GRADIENT, Parameter, Step, jump, time_constant, trace
from plasticity.signal import Signal
from plasticity.support.cached_algebra import cached_algebra
from plasticity.support.checks import checked


@checked
def pairing_likelihood(
    steepness: float = 1.0,
    spontaneous_rate: float = 0.0,
    after_rate: float = 20.0,
    tau_plus: float = 16.8e-3,
    tau_after: float = 33.7e-3,
    pre_interaction: str = "all_to_all",
    post_interaction: str = "all_to_all",
) -> Signal:
    """Likelihood of the post spikes: potentiation at post spikes, depression by expected spikes that did not occur.

    With T = 1/(1/tau_plus + 1/tau_after), ``gradient = steepness (spontaneous_rate tau_plus + after_rate T after)`` at
    pre spikes and ``−steepness (1 − after_rate T) psp`` at post spikes (all-to-all).

    Parameters
    ----------
    steepness : float
        β ≥ 0 [1]: how steeply the log of the escape rate grows with the potential.
    spontaneous_rate : float
        ρ_0 [Hz] at rest; it depresses every input without a following spike.
    after_rate : float
        ρ_1 [Hz]: additional rate just after a post spike.
    tau_plus, tau_after : float
        Time constants of the evoked potential and of the after-depolarisation [s].
    pre_interaction, post_interaction : {"all_to_all", "nearest_spike"}
        Whether potentials, and after-depolarisations, add up or start anew.

    Examples
    --------
    >>> sorted(pairing_likelihood().gradient)
    ['post', 'pre']

    References
    ----------
    pfister_2006b (likelihood of spike times and the part of the after-potential).
    """
    taus = (
        time_constant("tau_plus", tau_plus, "evoked potential"),
        time_constant("tau_after", tau_after, "after-depolarisation"),
    )
    beta = Parameter("steepness", steepness, meaning="slope of the log escape rate by the potential")
    rest = Parameter("spontaneous_rate", spontaneous_rate, unit="Hz", meaning="escape rate at rest")
    extra = Parameter("after_rate", after_rate, unit="Hz", meaning="additional escape rate after a post spike")
    psp, after = trace("psp", taus[0], "pre_rate"), trace("after", taus[1], "post_rate")
    at_pre, at_post = jump(psp, pre_interaction), jump(after, post_interaction)

    alone, together = _lasting(*(tau.symbol for tau in taus))
    new_psp, new_after = (u.expression - s.symbol for u, s in ((at_pre, psp), (at_post, after)))
    expected_at_pre = new_psp * (rest.symbol * alone + extra.symbol * after.symbol * together)
    expected_at_post = extra.symbol * new_after * psp.symbol * together
    gradient = {
        "pre": beta.symbol * expected_at_pre,
        "post": beta.symbol * (expected_at_post - psp.symbol),
    }
    alone_squared, together_squared = _lasting(taus[0].symbol / 2, taus[1].symbol)  # ε² decays twice as fast
    new_square = sp.expand((psp.symbol + new_psp) ** 2 - psp.symbol**2)
    information = {
        "pre": rest.symbol * alone_squared + extra.symbol * after.symbol * together_squared,
        "post": extra.symbol * new_after * together_squared,
    }
    squares = {"pre": new_square, "post": psp.symbol**2}
    train, rate = sp.Symbol("S"), rest.symbol + extra.symbol * after.symbol
    return Signal(
        name="pairing_likelihood",
        title="Likelihood of the post spikes with an after-depolarisation",
        gradient=gradient,
        information_scale=sp.S.One,
        curvature_impulses={event: beta.symbol**2 * squares[event] * flow for event, flow in information.items()},
        curvature_words="the Fisher information of the escape rate, β²ρε² per unit time",
        states=(psp, after),
        events={"pre": (at_pre,), "post": (at_post,)},
        parameters=(beta, rest, extra, *taus),
        loss_unit="Hz",
        assumptions=(
            "The loss is −ln likelihood of the times of the post spikes.",
            "The escape rate grows exponentially with the potential; after a post spike it is transiently higher.",
            "The effect of the input itself on the expected rate is small and left out.",
            "A spike adds its whole effect on the expected number of later spikes at once.",
        ),
        steps=(
            Step(
                "Gradient of −ln likelihood",
                sp.Eq(GRADIENT, -beta.symbol * (train - rate) * psp.symbol),
                "S: post spikes",
            ),
            Step("Overlap of a potential and an after-depolarisation", together, "integral over the time to come"),
            Step("Read at pre spikes", gradient["pre"], "impulse of the gradient"),
            Step("Read at post spikes", gradient["post"], "impulse of the gradient"),
        ),
        references=("pfister_2006b",),
    )


@cached_algebra
def _lasting(tau: sp.Symbol, other: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """Integrals, over the time to come, of what decays with `tau`, and of that times what decays with `other`."""
    later = sp.Symbol("s", positive=True)
    decays = [sp.exp(-later / time) for time in (tau, other)]
    alone = sp.integrate(decays[0], (later, 0, sp.oo))
    return alone, sp.simplify(sp.integrate(decays[0] * decays[1], (later, 0, sp.oo)))
