"""Variance objective: a neuron that maximises the variance of its output finds the first principal component.

L = −½ E[y²] for a linear neuron y = Σ_j w_j r_j has the gradient −r_j y: Hebb's rule, which grows without bound. With
the drift −y² w, which keeps the norm of the weights near 1, the short-horizon rule is Oja's rule.
"""

from __future__ import annotations

import sympy as sp

from plasticity.local import local
from plasticity.rule import GRADIENT, Step
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def variance() -> Signal:
    """Gradient ``−pre_rate·post_rate`` of −½ E[y²], for inputs with mean 0.

    This loss is concave, with the curvature −E[x²]: no rule can take it for a metric, so none is stated.

    Examples
    --------
    Oja's rule: the drift −α y² w conserves the norm.

    >>> from plasticity import Objective, derive
    >>> rule = derive(Objective(discount=sp.oo, drift=lambda w: -(local("post_rate") ** 2) * w))
    >>> rule.with_signal(variance()).weight_flow
    -drift*post_rate**2*w + learning_rate*post_rate*pre_rate

    References
    ----------
    oja_1982.
    """
    x, y = local("pre_rate"), local("post_rate")
    return Signal(
        name="variance",
        title="variance of the output",
        density=-x * y,
        loss_unit="Hz**2",
        assumptions=("The neuron is linear and maximises the variance of its output; inputs have the mean 0.",),
        steps=(
            Step("Objective of the neuron", sp.Eq(sp.Symbol("L"), -(y**2) / 2), "in the mean; y = Σ w r"),
            Step("Its gradient", sp.Eq(GRADIENT, -x * y)),
        ),
        references=("oja_1982",),
    )
