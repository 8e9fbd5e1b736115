"""Exact error: the gradient of a rate network from the backpropagated error of the postsynaptic neuron.

L = ½ Σ_k (target_k − r_k)². With the input u_i = Σ_j w_ij r_j the gradient is −δ_i r_j with the backpropagated error
δ_i = −∂L/∂u_i. A biological feedback path would have to use the forward weights.
"""

from __future__ import annotations

import sympy as sp

from plasticity.local import local
from plasticity.rule import GRADIENT, Parameter, Step
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def exact_error(sample_time: float = 1.0) -> Signal:
    """Gradient ``−post_error·pre_rate``: unbiased and without noise, if the feedback channel is.

    The curvature is that of the output layer, ``(post_slope·pre_rate)²`` (Gauss–Newton: exact where the output is
    linear); it is no curvature for deeper synapses.

    Parameters
    ----------
    sample_time : float
        Duration of one example [s]. A curvature belief at clock ticks takes the squared mean gradient over this time as
        the information of one example.

    Examples
    --------
    >>> exact_error().density
    -post_error*pre_rate

    References
    ----------
    rumelhart_1986; pineda_1987 (recurrent networks).
    """
    rate, error, slope = (local(name) for name in ("pre_rate", "post_error", "post_slope"))
    example = Parameter("sample_time", sample_time, unit="s", meaning="time of one example", positive=True)
    return Signal(
        name="exact_error",
        title="backpropagated error",
        density=-error * rate,
        information_scale=1 / example.symbol,
        curvature=(slope * rate) ** 2,
        curvature_words="Gauss–Newton of an output neuron",
        parameters=(example,),
        loss_unit="Hz**2",
        assumptions=("The neuron receives its own derivative of the loss: the feedback path has the forward weights.",),
        steps=(
            Step("Input of the neuron", sp.Eq(sp.Symbol("u"), sp.Symbol("w") * rate), "summed over synapses"),
            Step("Gradient by the chain rule", sp.Eq(GRADIENT, -error * rate), "post_error = −∂L/∂u"),
        ),
        references=("rumelhart_1986", "pineda_1987"),
    )
