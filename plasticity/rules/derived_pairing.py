"""Derived rule: escape-rate likelihood of the post spikes, with an after-depolarisation. It is a pair rule.

With a short horizon the engine yields A_plus = κβ(1 − ρ_1 T) with the window of the evoked potential and
A_minus = κβρ_1 T with the window of the after-depolarisation, 1/T = 1/tau_plus + 1/tau_after. Likelihood alone does not
see the pairing frequency: for that, see `derived_bcm`.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.belief import FadingMemory
from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.signals.pairing_likelihood import pairing_likelihood
from plasticity.support.checks import checked


@checked
def derived_pairing(
    learning_rate: float = 6e-3,
    discount: object = sp.oo,
    curvature_belief: FadingMemory | None = None,
    spontaneous_rate: float = 0.0,
    after_rate: float = 20.0,
    tau_plus: float = 16.8e-3,
    tau_after: float = 33.7e-3,
    pre_interaction: str = "all_to_all",
    post_interaction: str = "all_to_all",
) -> Rule:
    """Derive the rule: ``derive(Objective(discount)).with_signal(pairing_likelihood(…))``.

    Parameters
    ----------
    learning_rate : float
        κ = ηk/γ [1] for a short horizon; for a finite or long one η [1/s], with k = 1.
    discount : float, 0 or sympy.oo
        γ [1/s].
    curvature_belief : FadingMemory, optional
        Needed unless the horizon is short; for a likelihood the squared gradient is the Fisher information.
    spontaneous_rate, after_rate, tau_plus, tau_after, pre_interaction, post_interaction
        As in `plasticity.signals.pairing_likelihood.pairing_likelihood`.

    Examples
    --------
    >>> [u.target for u in derived_pairing().events["post"]]
    ['w', 'after']

    References
    ----------
    vastola_2025; pfister_2006b.
    """
    signal = pairing_likelihood(
        spontaneous_rate=spontaneous_rate,
        after_rate=after_rate,
        tau_plus=tau_plus,
        tau_after=tau_after,
        pre_interaction=pre_interaction,
        post_interaction=post_interaction,
    )
    objective = Objective(discount=discount, plasticity=learning_rate)
    rule = derive(objective, curvature_belief=curvature_belief).with_signal(signal)
    return replace(rule, name="derived_pairing", title="Rule derived from the likelihood of post spikes")
