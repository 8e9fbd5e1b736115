"""Ballistic rule: the optimal rule of a learner with a long horizon divides by the square root of the curvature.

dw/dt = −sqrt(ηk/curvature)·gradient, for γ → 0. Not on flat losses: it diverges where the curvature vanishes.
"""

from __future__ import annotations

from dataclasses import replace

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def ballistic(plasticity: float = 1.0, loss_weight: float = 1.0) -> Rule:
    """Derive ``dw/dt = −sqrt(ηk) gradient/sqrt(curvature)`` from a long horizon.

    Parameters
    ----------
    plasticity, loss_weight : float
        η [1/(loss·s²)] and k [1].

    Examples
    --------
    >>> ballistic().weight_flow
    -gradient*sqrt(loss_weight)*sqrt(plasticity)/sqrt(curvature)

    References
    ----------
    vastola_2025.
    """
    rule = derive(Objective(discount=0, plasticity=plasticity, loss_weight=loss_weight))
    return replace(rule, name="ballistic", title="Ballistic rule")
