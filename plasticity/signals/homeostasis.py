"""Rate homeostasis of an inhibitory synapse: the neuron should fire at a target rate.

The loss is (y − y_0)²/2 for the rate y of a neuron that inhibition with rate x lowers, ∂y/∂w = −x. Its gradient is −x(y
− y_0). A synapse observes spikes: the product x·y is read half at pre spikes, with a trace of post spikes, and half at
post spikes, with a trace of pre spikes; x·y_0 is read at pre spikes.
"""

from __future__ import annotations

import sympy as sp

from plasticity.rule import GRADIENT, Parameter, Step, jump, time_constant, trace
from plasticity.signal import Signal, impulse
from plasticity.support.checks import checked, require_number

_X, _Y = sp.symbols("x y", positive=True)


@checked
def homeostasis(target_rate: float = 5.0, tau: float = 0.02) -> Signal:
    """Gradient impulses ``−post_trace/(2 tau) + target_rate`` at pre spikes, ``−pre_trace/(2 tau)`` at post spikes.

    The curvature is Gauss–Newton, (∂y/∂w)² = x², read at pre spikes as ``pre_trace/tau``.

    With a short horizon it is the inhibitory plasticity of Vogels et al., with η = learning_rate/(2 tau).

    Parameters
    ----------
    target_rate : float
        y_0 ≥ 0 [Hz].
    tau : float
        Time constant of both traces [s].

    Examples
    --------
    >>> homeostasis().gradient["pre"]
    -post_trace/(2*tau) + target_rate

    References
    ----------
    vogels_2011.
    """
    memory = time_constant("tau", tau, "traces")
    target = Parameter("target_rate", require_number("target_rate", target_rate, low=0), unit="Hz", meaning="rate y_0")
    pre, post = trace("pre_trace", memory, "pre_rate"), trace("post_trace", memory, "post_rate")
    rate = sp.Function("y")(sp.Symbol("w"))
    loss = (rate - target.symbol) ** 2 / 2
    slope = sp.diff(loss, sp.Symbol("w"))
    gradient = sp.expand(slope.subs(sp.Derivative(rate, sp.Symbol("w")), -_X).subs(rate, _Y))
    product = gradient.coeff(_X * _Y) * _X * _Y
    at_pre = impulse(product / 2 + (gradient - product), _X, {_Y: post.symbol / memory.symbol})
    at_post = impulse(product / 2, _Y, {_X: pre.symbol / memory.symbol})
    bend = impulse(sp.diff(gradient, _Y) ** 2, _X, {_X: pre.symbol / memory.symbol})  # (∂y/∂w)²
    return Signal(
        name="homeostasis",
        title="rate homeostasis by inhibition, read from spikes by two traces",
        gradient={"pre": at_pre, "post": at_post},
        curvature_impulses={"pre": bend},
        curvature_words="Gauss–Newton, the squared effect of the weight on the rate",
        curvature_caution=(
            "Gauss–Newton of one inhibitory synapse: a neuron has many, which act together, and its rate responds with "
            "a slope that the synapse does not know and takes to be 1 Hz per unit of weight and Hz of input."
        ),
        states=(pre, post),
        events={"pre": (jump(pre, "all_to_all"),), "post": (jump(post, "all_to_all"),)},
        parameters=(memory, target),
        loss_unit="Hz**2",
        assumptions=(
            "The neuron should fire at a target rate; inhibition lowers its rate in proportion to weight and input.",
            "The synapse observes spikes only; the product of rates is read half at pre and half at post spikes.",
        ),
        steps=(
            Step("Objective of the synapse", sp.Eq(sp.Symbol("L"), (_Y - target.symbol) ** 2 / 2), "∂y/∂w = −x"),
            Step("Its gradient", sp.Eq(GRADIENT, gradient)),
            Step("Read at pre spikes", at_pre, "impulse of the gradient"),
            Step("Read at post spikes", at_post, "impulse of the gradient"),
        ),
        references=("vogels_2011",),
    )
