"""Bayesian synapse: a Gaussian belief about the weight; uncertain synapses learn faster.

With a Gaussian belief N(w, s²) and its Fisher metric, for γ → ∞: dw/dt = −learning_rate·s²·gradient and
d(s²)/dt = −learning_rate·s⁴·curvature + process_noise. Not for negative curvature, where the variance grows.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.belief import GaussianWeight
from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def bayesian_synapse(learning_rate: float = 1.0, variance: float = 1.0, process_noise: float = 0.0) -> Rule:
    """Derive the rule of a synapse with an uncertain weight (state ``belief_variance``), from a short horizon.

    Parameters
    ----------
    learning_rate : float
        ηk/γ [1/(loss·s)].
    variance : float
        s² at the start [weight²].
    process_noise : float
        Growth of uncertainty [weight²/s].

    Examples
    --------
    >>> bayesian_synapse().weight_flow
    -belief_variance*gradient*learning_rate

    References
    ----------
    aitchison_2021; amari_1998.
    """
    objective = Objective(discount=sp.oo, plasticity=learning_rate)
    rule = derive(objective, weight_belief=GaussianWeight(variance, process_noise))
    return replace(rule, name="bayesian_synapse", title="Bayesian synapse")
