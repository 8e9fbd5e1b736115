"""Heavy ball: momentum from controlling the acceleration of a weight, for any horizon.

For a long horizon d²w/dt² = −sqrt(ηk/curvature)·gradient − sqrt(2 sqrt(ηk·curvature))·velocity, with damping ratio
1/√2; the friction is optimal.

Momentum has several meanings. `plasticity.plan` follows the Euler–Lagrange equation d²w/dt² = γ dw/dt + ηk ∇L of a
learner that controls the velocity; on its stable manifold the momentum is the slope of the value. Here, and with a
fixed friction in `polyak`, the weight has inertia. In `gradient_average` a memory of gradients does the smoothing. Not
without a curvature.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def heavy_ball(discount: Any = 0, plasticity: float = 1.0, loss_weight: float = 1.0) -> Rule:
    """Derive the optimal control of the acceleration (state ``velocity``); the default is a long horizon.

    Parameters
    ----------
    discount : float, sympy.Symbol or 0
        γ [1/s].
    plasticity, loss_weight : float
        η [1/(loss·s⁴)] and k [1].

    Examples
    --------
    >>> heavy_ball().weight_flow
    velocity

    References
    ----------
    polyak_1964 (heavy ball).
    """
    rule = derive(Objective(discount=discount, plasticity=plasticity, loss_weight=loss_weight), order=2)
    return replace(rule, name="heavy_ball", title="Heavy ball")
