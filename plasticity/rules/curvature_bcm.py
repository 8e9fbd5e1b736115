"""Derived rule: the BCM objective with a belief about its curvature, between a short and a long horizon.

Δw = −ηk·c/(γ/2 + sqrt(γ²/4 + ηk v)) for an impulse c of the gradient, v a fading memory of its square: the longer the
horizon 1/γ, the more recent large gradients slow a synapse down. For γ → ∞ it is `derived_bcm`. The true
curvature of this loss can be negative; the squared gradient is a positive stand-in.
"""

from __future__ import annotations

from dataclasses import replace

from plasticity.belief import FadingMemory
from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.signals.bcm import bcm
from plasticity.support.checks import checked


@checked
def curvature_bcm(
    learning_rate: float = 1.92e-2,
    discount: float = 840.0,
    tau_curvature: float = 1.0,
    initial_curvature: float = 0.0,
    threshold: float = 10.9,
    pair: float = 0.0,
    tau_plus: float = 16.8e-3,
    tau_minus: float = 33.7e-3,
    tau_y: float = 51e-3,
    curvature_scale: float = 1.0,
    pre_interaction: str = "nearest_spike",
    post_interaction: str = "all_to_all",
    slow_interaction: str = "all_to_all",
) -> Rule:
    """Derive ``derived_bcm`` with a finite `discount` and a curvature belief; defaults fit the set sjostrom_2001.

    Parameters
    ----------
    learning_rate : float
        η [s], with k = 1; the rule calls it ``plasticity``.
    discount : float
        γ [Hz] ≥ 0; at 0 (long horizon) `initial_curvature` must be > 0.
    tau_curvature : float
        Memory of the squared gradient [s].
    initial_curvature : float
        Initial estimate.
    threshold, pair, tau_plus, tau_minus, tau_y, curvature_scale, pre_interaction, post_interaction, slow_interaction
        As in `plasticity.signals.bcm.bcm`.

    Examples
    --------
    >>> [s.name for s in curvature_bcm().states][0]
    'belief_curvature'

    References
    ----------
    vastola_2025; intrator_1992; pfister_2006.
    """
    signal = bcm(
        threshold,
        pair=pair,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        tau_y=tau_y,
        curvature_scale=curvature_scale,
        pre_interaction=pre_interaction,
        post_interaction=post_interaction,
        slow_interaction=slow_interaction,
    )
    belief = FadingMemory(time_constant=tau_curvature, initial=initial_curvature)
    rule = derive(Objective(discount, plasticity=learning_rate), curvature_belief=belief).with_signal(signal)
    return replace(rule, name="curvature_bcm", title="Rule derived from the BCM objective with a curvature belief")
