"""Oja's rule: Hebbian growth with a decay that keeps the weights normalised.

dw/dt = learning_rate (x y − y² w), with x and y the pre- and postsynaptic rates. Many synapses of a linear neuron
converge to the first principal component of their inputs. From spikes, x and y are beliefs: traces/tau_rate.
"""

from __future__ import annotations

from plasticity.rule import WEIGHT, Parameter, Rule, jump, time_constant, trace
from plasticity.support.checks import checked


@checked
def oja(learning_rate: float = 1e-4, tau_rate: float = 0.1) -> Rule:
    """Oja's rule on rates that are read from spikes: ``dw/dt = learning_rate (x y − y² w)``.

    Parameters
    ----------
    learning_rate : float
        [s]; the change per second at 1 Hz pre and post.
    tau_rate : float
        Time constant of both rate estimates [s].

    Examples
    --------
    >>> oja().states[0].estimates
    'pre_rate'

    References
    ----------
    oja_1982, eq. 3.
    """
    rate = Parameter("learning_rate", learning_rate, unit="s", meaning="learning rate", positive=True)
    tau = time_constant("tau_rate", tau_rate, "estimate of the rates")
    pre, post = trace("pre_trace", tau, "pre_rate"), trace("post_trace", tau, "post_rate")
    x, y = pre.symbol / tau.symbol, post.symbol / tau.symbol
    return Rule(
        name="oja",
        title="Oja's rule",
        weight_flow=rate.symbol * (x * y - y**2 * WEIGHT),
        states=(pre, post),
        events={"pre": (jump(pre, "all_to_all"),), "post": (jump(post, "all_to_all"),)},
        parameters=(rate, tau),
        assumptions=("The rates are those that the synapse estimates from its spikes.",),
        references=("oja_1982",),
    )
