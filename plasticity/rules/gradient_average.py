"""Gradient average: descent along a moving average of observed gradients, a belief about the gradient.

At a clock tick m̂ ← m̂ + (1 − β)/(1 − βᵗ)(gradient − m̂), then w −= learning_rate·clock_step·m̂. Often called momentum,
but without inertia: it is inference about a noisy, nearly constant gradient. Not where the gradient changes faster than
the memory.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.belief import FadingMemory
from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def gradient_average(learning_rate: float = 1.0, decay: float = 0.9) -> Rule:
    """Derive descent along the bias-corrected moving average of gradients, from a short horizon.

    Parameters
    ----------
    learning_rate : float
        ηk/γ [1/(loss·s)].
    decay : float
        β per step, in (0, 1).

    Examples
    --------
    >>> [u.target for u in gradient_average().events["clock"]]
    ['count', 'belief_mean', 'w']

    References
    ----------
    vastola_2025; kingma_2015 (bias correction).
    """
    objective = Objective(discount=sp.oo, plasticity=learning_rate)
    rule = derive(objective, gradient_belief=FadingMemory(decay=decay))
    return replace(rule, name="gradient_average", title="Descent along averaged gradients")
