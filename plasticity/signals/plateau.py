"""Delta rule at a plateau potential: inputs near it should drive the neuron, other inputs of the episode should not.

The drive of an input near the plateau should be `level`, at other times of the same episode 0. The squared error of one
input is L = ½E[(level·d − w)² a], d the belief that the plateau coincides and a that an episode with a plateau is going
on; both decay exponentially, d fast and a slowly. They are traces of the input at a plateau, and of the plateau at an
input.
"""

from __future__ import annotations

import sympy as sp

from plasticity.rule import GRADIENT, WEIGHT, Parameter, State, Step, jump, time_constant, trace
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def plateau(
    level: float = 10.0,
    tau_eligibility: float = 1.5,
    tau_instructive: float = 1.1,
    tau_slow: float = 4.0,
) -> Signal:
    """Gradient ``−(level·fast − w·slow)``, read at plateaus from traces of inputs, at inputs from traces of plateaus.

    The gradient of an input `t` seconds before a plateau is ``−level e^{−t/tau_eligibility} + w e^{−t/tau_slow}``, one
    `t` seconds after it the same with `tau_instructive`.

    Parameters
    ----------
    level : float
        Target drive of an input at the time of the plateau, in units of the weight.
    tau_eligibility, tau_instructive : float
        Fast beliefs: time over which input and plateau count as coincident [s].
    tau_slow : float
        Slow belief: duration of an episode [s].

    Examples
    --------
    >>> plateau().gradient["third_factor"]
    -eligibility*level + slow_eligibility*w

    References
    ----------
    milstein_2021 (the finding that plasticity drives weights to a level which depends on the time from the plateau).
    """
    top = Parameter("level", level, meaning="target drive of an input at the time of the plateau")
    taus = (
        time_constant("tau_eligibility", tau_eligibility, "fast memory of an input"),
        time_constant("tau_instructive", tau_instructive, "fast memory of a plateau"),
        time_constant("tau_slow", tau_slow, "slow memory of both"),
    )
    of_input = (trace("eligibility", taus[0]), trace("slow_eligibility", taus[2]))
    of_plateau = (trace("instructive", taus[1]), trace("slow_instructive", taus[2]))
    together, episode = sp.symbols("together episode", nonnegative=True)
    loss = (top.symbol * together - WEIGHT) ** 2 / 2
    # the plateau is now (together) only while an episode goes on, so the product of both is together
    density = sp.expand(sp.expand(sp.diff(loss, WEIGHT) * episode).subs(together * episode, together))

    def read(pair: tuple[State, State]) -> sp.Expr:
        return density.subs({together: pair[0].symbol, episode: pair[1].symbol}, simultaneous=True)

    return Signal(
        name="plateau",
        title="Delta rule at a plateau potential, with a fast and a slow belief",
        gradient={"pre": read(of_plateau), "third_factor": read(of_input)},
        curvature_impulses={
            "pre": sp.diff(read(of_plateau), WEIGHT),
            "third_factor": sp.diff(read(of_input), WEIGHT),
        },
        curvature_words="the derivative of the gradient by the weight",
        states=(*of_input, *of_plateau),
        events={
            "pre": tuple(jump(s, "nearest_spike") for s in of_input),
            "third_factor": tuple(jump(s, "nearest_spike") for s in of_plateau),
        },
        parameters=(top, *taus),
        loss_unit="Hz",
        assumptions=(
            "A plateau potential sets the target drive of an input: a level if both are close in time, else 0.",
            "Coincidence is a fast belief, the common episode a slow one; both decay exponentially.",
            "Each input has its own error: inputs do not compete.",
        ),
        steps=(
            Step(
                "Loss of one input in an episode",
                sp.Eq(sp.Symbol("L"), loss * episode),
                "episode: 1 while it goes on, together: 1 at its plateau",
            ),
            Step(
                "Its gradient", sp.Eq(GRADIENT, density), "together lies within episode, so their product is together"
            ),
            Step("Read at a plateau", read(of_input), "traces of the input"),
            Step("Read at an input", read(of_plateau), "traces of the plateau"),
        ),
        references=("milstein_2021",),
    )
