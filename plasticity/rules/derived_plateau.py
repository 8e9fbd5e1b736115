"""Derived rule: a delta rule at plateau potentials, with a fast and a slow belief about the timing of the input.

With a short horizon Δw = κ(level·fast − w·slow): silent inputs near the plateau grow, strong inputs of the same episode
shrink, and the change falls linearly with the weight. Not for plasticity without plateaus: spikes alone do nothing.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.signals.plateau import plateau
from plasticity.support.checks import checked


@checked
def derived_plateau(
    learning_rate: float = 0.9,
    level: float = 10.0,
    tau_eligibility: float = 1.5,
    tau_instructive: float = 1.1,
    tau_slow: float = 4.0,
) -> Rule:
    """Derive the rule: ``derive(Objective(oo)).with_signal(plateau(…))``.

    Parameters
    ----------
    learning_rate : float
        κ = ηk/γ [1]; 1 replaces the weight by its target in one step.
    level, tau_eligibility, tau_instructive, tau_slow : float
        As in `plasticity.signals.plateau.plateau`.

    Examples
    --------
    >>> derived_plateau().events["third_factor"][0].expression
    eligibility*learning_rate*level - learning_rate*slow_eligibility*w + w

    References
    ----------
    vastola_2025; milstein_2021 (data).
    """
    objective = Objective(discount=sp.oo, plasticity=learning_rate)
    signal = plateau(level, tau_eligibility, tau_instructive, tau_slow)
    rule = derive(objective).with_signal(signal)
    return replace(rule, name="derived_plateau", title="Rule derived from a delta rule at plateau potentials")
