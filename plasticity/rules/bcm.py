"""BCM rule: Hebbian growth above a threshold that slides with the activity of the post neuron.

dw/dt = learning_rate x y (y − ϑ), τ_ϑ dϑ/dt = y²/y_0 − ϑ. The threshold makes the rule stable: where y settles,
its mean square is y_0 times its mean. From spikes, x and y are beliefs: traces/tau_rate.
"""

from __future__ import annotations

import sympy as sp

from plasticity.rule import Parameter, Rule, State, jump, time_constant, trace
from plasticity.support.checks import checked


@checked
def bcm(
    learning_rate: float = 1e-5,
    target_rate: float = 10.0,
    tau_threshold: float = 10.0,
    tau_rate: float = 0.1,
) -> Rule:
    """BCM rule on rates that are read from spikes: ``dw/dt = learning_rate x y (y − threshold)``.

    Parameters
    ----------
    learning_rate : float
        [s²].
    target_rate : float
        y_0 [Hz]: a steady rate y_0 is where the threshold meets the rate.
    tau_threshold : float
        Time constant of the sliding threshold [s].
    tau_rate : float
        Time constant of both rate estimates [s].

    Examples
    --------
    >>> [s.name for s in bcm().states]
    ['pre_trace', 'post_trace', 'threshold']

    References
    ----------
    bienenstock_1982; intrator_1992 (this form of the threshold).
    """
    rate = Parameter("learning_rate", learning_rate, unit="s**2", meaning="learning rate", positive=True)
    target = Parameter("target_rate", target_rate, unit="Hz", meaning="rate y_0", positive=True)
    slide = time_constant("tau_threshold", tau_threshold, "sliding threshold")
    tau = time_constant("tau_rate", tau_rate, "estimate of the rates")
    pre, post = trace("pre_trace", tau, "pre_rate"), trace("post_trace", tau, "post_rate")
    x, y = pre.symbol / tau.symbol, post.symbol / tau.symbol
    threshold = sp.Symbol("threshold", real=True)
    sliding = State("threshold", (y**2 / target.symbol - threshold) / slide.symbol, unit="Hz", meaning="threshold ϑ")
    return Rule(
        name="bcm",
        title="BCM rule with a sliding threshold",
        weight_flow=rate.symbol * x * y * (y - threshold),
        states=(pre, post, sliding),
        events={"pre": (jump(pre, "all_to_all"),), "post": (jump(post, "all_to_all"),)},
        parameters=(rate, target, slide, tau),
        assumptions=("The rates are those that the synapse estimates from its spikes.",),
        references=("bienenstock_1982", "intrator_1992"),
    )
