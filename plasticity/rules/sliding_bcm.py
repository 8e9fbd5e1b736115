"""Derived rule: the BCM objective with a sliding threshold, a belief about the mean square of the post rate.

It is `derived_bcm` with a threshold that has the memory `tau_threshold`. Rates above the threshold potentiate, and
raise it. A memory much shorter than the time between pairs has decayed when the next pair arrives.
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


@checked
def sliding_bcm(
    learning_rate: float = 1.2e-5,
    tau_threshold: float = 10.0,
    target_rate: float = 10.0,
    initial_square: float = 200.0,
    pair: float = 0.0,
    tau_plus: float = 16.8e-3,
    tau_minus: float = 33.7e-3,
    tau_y: float = 114e-3,
    pre_interaction: str = "all_to_all",
    post_interaction: str = "all_to_all",
    slow_interaction: str = "all_to_all",
) -> Rule:
    """Derive ``derived_bcm`` with the threshold E[y²]/target_rate, E[y²] a fading memory.

    Parameters
    ----------
    learning_rate : float
        κ = ηk/γ [s²].
    tau_threshold : float
        Memory of the threshold [s].
    target_rate : float
        y_0 > 0 [Hz]: rate at which the threshold meets the rate.
    initial_square : float
        E[y²] at the start [Hz²]: the history of the synapse before the experiment.
    pair, tau_plus, tau_minus, tau_y, pre_interaction, post_interaction, slow_interaction
        As in `plasticity.signals.bcm.bcm`.

    Examples
    --------
    >>> "belief_second_moment" in [s.name for s in sliding_bcm().states]
    True

    References
    ----------
    vastola_2025; intrator_1992; pfister_2006.
    """
    signal = bcm(
        FadingMemory(time_constant=tau_threshold, initial=initial_square),
        pair=pair,
        target_rate=target_rate,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        tau_y=tau_y,
        pre_interaction=pre_interaction,
        post_interaction=post_interaction,
        slow_interaction=slow_interaction,
    )
    rule = derive(Objective(sp.oo, plasticity=learning_rate)).with_signal(signal)
    return replace(rule, name="sliding_bcm", title="Rule derived from the BCM objective with a sliding threshold")
