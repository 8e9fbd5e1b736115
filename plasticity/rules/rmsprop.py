"""RMSprop: a long horizon, with a fading memory of the squared gradient only.

w −= learning_rate·gradient/(sqrt(v) + epsilon), v the moving average of squared gradients from 0 without bias
correction: a belief with the stationary certainty from the start. See `adam` for the meaning of learning rate
and epsilon. Not for noisy gradients, which it does not average.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.belief import FadingMemory
from plasticity.derive import derive
from plasticity.limits import in_steps, small_discount
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def rmsprop(
    learning_rate: float = 1e-2, decay_square: float = 0.9, epsilon: float = 1e-8, epsilon_inside: bool = False
) -> Rule:
    """Derive ``w −= learning_rate·gradient/(sqrt(v) + epsilon)`` from a long horizon and one fading memory.

    Parameters
    ----------
    learning_rate : float
        α = sqrt(ηk)Δt [1], per step.
    decay_square : float
        β per step, in (0, 1).
    epsilon : float
        ε = γ/(2 sqrt(ηk)) ≥ 0 [unit of the gradient; inside the root its square].
    epsilon_inside : bool
        Whether ε is added to v under the root.

    Examples
    --------
    >>> rmsprop().events["clock"][-1].expression
    -gradient*learning_rate/(sqrt(belief_curvature) + epsilon) + w

    References
    ----------
    tieleman_2012; vastola_2025.
    """
    rule = derive(
        Objective(discount=sp.Symbol("discount", positive=True)),
        curvature_belief=FadingMemory(decay=decay_square, initial=0.0),
    )
    stepped = in_steps(small_discount(rule), learning_rate, epsilon, inside=epsilon_inside)
    return replace(stepped, name="rmsprop", title="RMSprop")
