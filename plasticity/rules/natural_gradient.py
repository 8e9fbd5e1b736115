"""Natural gradient: gradient descent in the geometry of a metric, such as the Fisher information of a model.

dw/dt = −(learning_rate/metric)·gradient, for γ → ∞. One synapse has a diagonal metric; for a full Fisher matrix
use `plasticity.fisher.fisher_matrix` with `plasticity.solve`. Not where the metric is unknown or close to 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def natural_gradient(learning_rate: float = 1.0, metric: float | Callable = 1.0) -> Rule:
    """Derive ``dw/dt = −(learning_rate/metric)·gradient`` from a short horizon in a metric.

    Parameters
    ----------
    learning_rate : float
        ηk/γ [1/(loss·s)].
    metric : float or callable of w
        G: a number (such as the Fisher information of the weight), or a function of the weight.

    Examples
    --------
    With G = 1/w it is the exponentiated gradient: changes are proportional to the weight.

    >>> natural_gradient(metric=lambda w: 1 / w).weight_flow
    -gradient*learning_rate*w

    References
    ----------
    amari_1998; vastola_2025.
    """
    rule = derive(Objective(discount=sp.oo, plasticity=learning_rate, metric=metric))
    return replace(rule, name="natural_gradient", title="Natural gradient")
