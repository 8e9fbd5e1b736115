"""Derived rule: the BCM objective, observed through spikes, with a short horizon. It is the minimal triplet rule.

With learning rate κ = ηk/γ the engine yields A3_plus = κ/(tau_plus·tau_y), A2_plus = 0 and
A2_minus = κϑ/tau_minus. A sliding threshold or a curvature belief gives relatives of it from the same call.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.belief import FadingMemory
from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.signals.bcm import bcm
from plasticity.support.checks import checked

FITTED = {"sjostrom_2001": 3}  # data that the defaults were fitted to, and how many of them were


@checked
def derived_bcm(
    learning_rate: float = 1.24488e-5,
    threshold: float | FadingMemory = 19.2203,
    discount: object = sp.oo,
    curvature_belief: FadingMemory | None = None,
    pair: float = 0.0,
    target_rate: float = 10.0,
    tau_plus: float = 16.8e-3,
    tau_minus: float = 33.7e-3,
    tau_y: float = 114e-3,
    curvature_scale: float = 1.0,
    pre_interaction: str = "all_to_all",
    post_interaction: str = "all_to_all",
    slow_interaction: str = "all_to_all",
) -> Rule:
    """Derive the rule from the BCM objective: ``derive(Objective(discount)).with_signal(bcm(threshold, …))``.

    Parameters
    ----------
    learning_rate : float
        κ = ηk/γ [s²] for a short horizon; for a finite or long one η [s], with k = 1.
    threshold : float or FadingMemory
        ϑ [Hz], fixed, or the memory of a sliding threshold.
    discount : float, 0 or sympy.oo
        γ [1/s].
    curvature_belief : FadingMemory, optional
        Needed unless the horizon is short.
    pair, target_rate, tau_plus, tau_minus, tau_y, curvature_scale : float
        As in `plasticity.signals.bcm.bcm`.
    pre_interaction, post_interaction, slow_interaction : {"all_to_all", "nearest_spike"}
        As there.

    Examples
    --------
    >>> derived_bcm().events["pre"][0].expression
    -learning_rate*post_trace*threshold/tau_minus + w

    References
    ----------
    vastola_2025; intrator_1992; pfister_2006 (defaults reproduce its minimal all-to-all visual-cortex fit).
    """
    signal = bcm(
        threshold=threshold,
        pair=pair,
        target_rate=target_rate,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        tau_y=tau_y,
        curvature_scale=curvature_scale,
        pre_interaction=pre_interaction,
        post_interaction=post_interaction,
        slow_interaction=slow_interaction,
    )
    objective = Objective(discount=discount, plasticity=learning_rate)
    rule = derive(objective, curvature_belief=curvature_belief).with_signal(signal)
    return replace(rule, name="derived_bcm", title="Rule derived from the BCM objective")
