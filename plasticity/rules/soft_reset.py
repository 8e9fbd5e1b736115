"""Soft reset: a learner that expects new tasks stops short of the present optimum.

With R the rate of the closed loop, dw/dt = −R (w − [(γ + R) μ + λ μ_0]/(γ + R + λ)), written with the local gradient
g = v(w − μ). Weights of flat directions, where R is small, are pulled most to the prior mean. Not where the
curvatures of the tasks differ: then it is an approximation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def soft_reset(
    hazard: float = 0.1,
    prior_mean: float = 0.0,
    discount: Any = 1.0,
    plasticity: float = 1.0,
    loss_weight: float = 1.0,
) -> Rule:
    """Derive the rule of a learner whose task is replaced at random times.

    Parameters
    ----------
    hazard : float
        λ > 0 [Hz]: rate at which tasks are replaced.
    prior_mean : float
        μ_0: mean optimum of the tasks to come.
    discount : float, sympy.Symbol or 0
        γ [1/s].
    plasticity, loss_weight : float
        η [1/(loss·s²)] and k [1].

    Examples
    --------
    >>> [p.name for p in soft_reset().parameters]
    ['discount', 'plasticity', 'loss_weight', 'hazard', 'prior_mean']

    References
    ----------
    vastola_2025, section on continual learning.
    """
    rule = derive(Objective(discount, plasticity, loss_weight, hazard=hazard, prior_mean=prior_mean))
    return replace(rule, name="soft_reset", title="Soft reset")
