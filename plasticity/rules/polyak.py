"""Polyak momentum: a weight with inertia and friction, controlled with a short horizon.

d²w/dt² = −friction·velocity − learning_rate·gradient with learning_rate = ηk/γ², for γ → ∞. The friction is
fixed: with a short horizon the control is the gradient alone. See `heavy_ball` for the optimal damping of a long
horizon. Not with a small friction: it overshoots.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def polyak(learning_rate: float = 1.0, friction: float = 1.0) -> Rule:
    """Derive ``d²w/dt² = −friction·velocity − learning_rate·gradient`` from a short horizon.

    Parameters
    ----------
    learning_rate : float
        ηk/γ² [1/(loss·s²)].
    friction : float
        c ≥ 0 [Hz].

    Examples
    --------
    >>> polyak().states[0].flow
    -friction*velocity - gradient*learning_rate

    References
    ----------
    polyak_1964.
    """
    objective = Objective(discount=sp.oo, plasticity=learning_rate, drift=-friction)
    return replace(derive(objective, order=2), name="polyak", title="Polyak momentum")
