"""Adam: a long horizon, with fading memories of the gradient and of its square.

w −= learning_rate·m̂/(sqrt(v̂) + epsilon) with bias-corrected moving averages m̂, v̂. The learning rate is
α = sqrt(ηk)Δt. The constant ε reflects the horizon: expanding the inverse of the exact rule to first order in γ
gives ε = γ/(2 sqrt(ηk)). For the exact denominator γ/2 + sqrt(γ²/4 + ηk v̂) call `derive` with a finite discount. Not
where the squared gradient is mostly noise: then v̂ measures the noise, not the curvature.
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
def adam(
    learning_rate: float = 1e-3,
    decay_mean: float = 0.9,
    decay_square: float = 0.999,
    epsilon: float = 1e-8,
    bias_correction: bool = True,
    epsilon_inside: bool = False,
) -> Rule:
    """Derive ``w −= learning_rate·m̂/(sqrt(v̂) + epsilon)`` from a long horizon and two fading memories.

    Parameters
    ----------
    learning_rate : float
        α = sqrt(ηk)Δt [1], per step.
    decay_mean, decay_square : float
        β_1 and β_2 per step, in (0, 1).
    epsilon : float
        ε = γ/(2 sqrt(ηk)) ≥ 0 [unit of the gradient; inside the root its square].
    bias_correction : bool
        Whether the memories start without knowledge (Adam) or as certain of 0 as they ever will be.
    epsilon_inside : bool
        Whether ε is added to v̂ under the root. Without bias correction and with ε inside it is the optimiser of the
        code published with vastola_2025.

    Examples
    --------
    >>> adam().events["clock"][-1].expression
    -belief_mean*learning_rate/(sqrt(belief_curvature) + epsilon) + w

    References
    ----------
    kingma_2015; vastola_2025.
    """
    initial = None if bias_correction else 0.0
    rule = derive(
        Objective(discount=sp.Symbol("discount", positive=True)),
        gradient_belief=FadingMemory(decay=decay_mean, initial=initial),
        curvature_belief=FadingMemory(decay=decay_square, initial=initial),
    )
    stepped = in_steps(small_discount(rule), learning_rate, epsilon, inside=epsilon_inside)
    return replace(stepped, name="adam", title="Adam")
