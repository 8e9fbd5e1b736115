"""Gradient descent: the optimal rule of a learner with a short horizon, in a metric that is fixed beforehand.

dw/dt = −learning_rate·gradient with learning_rate = ηk/γ, for γ → ∞. With the metric free any horizon has it as its
optimum on a quadratic loss, so descent alone shows no short horizon. Not for badly scaled losses: the rate of
convergence is proportional to the curvature, and the steepest direction limits the step of all.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def gradient_descent(learning_rate: float = 1.0) -> Rule:
    """Derive ``dw/dt = −learning_rate·gradient`` from a short horizon and a metric that is fixed beforehand.

    Parameters
    ----------
    learning_rate : float
        ηk/γ [1/(loss·s)].

    Examples
    --------
    >>> gradient_descent().weight_flow
    -gradient*learning_rate

    References
    ----------
    vastola_2025.
    """
    rule = derive(Objective(discount=sp.oo, plasticity=learning_rate))
    return replace(rule, name="gradient_descent", title="Gradient descent")
