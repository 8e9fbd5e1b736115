"""Random feedback: the error reaches a neuron through fixed random weights instead of the forward weights.

The gradient −δ_i r_j is replaced by −M_i φ'(u_i) r_j with M_i = Σ_k F_ik e_k, e = target − output. This is biased: it
is not the gradient of the loss, in general of no loss at all. But the forward weights may come to align with F, and
then it is a descent direction. On the output layer, where M = e, it is exact.
"""

from __future__ import annotations

import sympy as sp

from plasticity.local import local
from plasticity.rule import GRADIENT, Parameter, Step
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def random_feedback(sample_time: float = 1.0) -> Signal:
    """Estimate ``−learning_signal·post_slope·pre_rate`` of the gradient; biased below the output layer.

    Parameters
    ----------
    sample_time : float
        Duration of one example [s], see `plasticity.signals.exact_error`.

    Examples
    --------
    >>> random_feedback().density
    -learning_signal*post_slope*pre_rate

    References
    ----------
    lillicrap_2016.
    """
    rate, message, slope = (local(name) for name in ("pre_rate", "learning_signal", "post_slope"))
    example = Parameter("sample_time", sample_time, unit="s", meaning="time of one example", positive=True)
    density = -message * slope * rate
    return Signal(
        name="random_feedback",
        title="error through random feedback weights",
        density=density,
        information_scale=1 / example.symbol,
        curvature=(slope * rate) ** 2,
        curvature_words="Gauss–Newton of an output neuron",
        parameters=(example,),
        loss_unit="Hz**2",
        assumptions=(
            "The error reaches the neuron through fixed random weights, which know nothing of the forward ones.",
        ),
        steps=(
            Step("Message of the feedback path", sp.Eq(message, sp.Symbol("F") * sp.Symbol("e")), "F fixed, random"),
            Step("In place of the gradient", sp.Eq(GRADIENT, density), "biased where F is not the forward weights"),
        ),
        references=("lillicrap_2016",),
    )
