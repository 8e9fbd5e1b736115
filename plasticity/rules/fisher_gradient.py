"""Natural gradient in an estimated metric: the Fisher information of the spikes of the synapse.

At a clock tick w −= learning_rate·clock_step·gradient/(curvature + prior_information): gradient and Fisher information
are means since the last tick. The metric is the diagonal of the Fisher matrix, without the correlations between
synapses, so a step must be smaller by about the number of cooperating synapses. Not for signals without a curvature.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.derive import derive
from plasticity.limits import change
from plasticity.objective import Objective
from plasticity.rule import CURVATURE, TICK, WEIGHT, Parameter, Rule, Step, Update
from plasticity.support.checks import checked


@checked
def fisher_gradient(learning_rate: float = 1.0, prior_information: float = 1.0, clock_step: float = 0.1) -> Rule:
    """Derive descent at clock ticks in the metric ``curvature + prior_information``, from a short horizon.

    Parameters
    ----------
    learning_rate : float
        ηk/γ [1/s], in the units of the metric.
    prior_information : float
        Precision of a prior [loss]: keeps the step finite without information from spikes.
    clock_step : float
        Time between ticks [s].

    Examples
    --------
    >>> fisher_gradient().events["clock"][0].expression
    -clock_step*gradient*learning_rate/(curvature + prior_information) + w

    References
    ----------
    amari_1998; vastola_2025.
    """
    words = "information of the prior"
    prior = Parameter("prior_information", prior_information, unit="loss", meaning=words, positive=True)
    rule = derive(Objective(sp.oo, plasticity=learning_rate, metric=lambda w: CURVATURE))
    flow = rule.weight_flow.subs(CURVATURE, CURVATURE + prior.symbol)
    rate = next(p for p in rule.parameters if p.name == "learning_rate")
    acting = replace(
        rule,
        name="fisher_gradient",
        title="Natural gradient in an estimated metric",
        weight_flow=sp.S.Zero,
        events={"clock": (Update(WEIGHT.name, WEIGHT + TICK.symbol * flow),)},
        parameters=(replace(rate, unit="Hz"), prior, replace(TICK, value=clock_step)),
        assumptions=(*rule.assumptions, "The metric is the Fisher information of the signal plus that of a prior."),
        references=("vastola_2025", "amari_1998"),
    )
    return replace(acting, steps=(*rule.steps, Step("With prior information in the metric", change(acting))))
