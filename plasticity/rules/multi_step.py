"""Multi-step rule: the optimal rule of a learner with a finite horizon, between gradient descent and ballistic.

dw/dt = −ηk·gradient/(γ/2 + sqrt(γ²/4 + ηk·curvature)). Not without a curvature, or a positive belief about it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def multi_step(
    discount: Any = 1.0, plasticity: float = 1.0, loss_weight: float = 1.0, metric: Any = None, drift: Any = None
) -> Rule:
    """Derive the rule of a finite horizon 1/γ, in an optional metric and with an optional drift.

    Parameters
    ----------
    discount : float or sympy.Symbol
        γ [1/s].
    plasticity, loss_weight : float
        η [1/(loss·s²)] and k [1].
    metric, drift
        As in `plasticity.Objective`, for one weight.

    Examples
    --------
    >>> multi_step().weight_flow
    -gradient*loss_weight*plasticity/(discount/2 + sqrt(curvature*loss_weight*plasticity + discount**2/4))

    References
    ----------
    vastola_2025.
    """
    rule = derive(Objective(discount, plasticity, loss_weight, metric, drift))
    return replace(rule, name="multi_step", title="Multi-step rule")
