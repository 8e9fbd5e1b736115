"""Beliefs as states of a rule: what stands for a quantity that the policy would need to know.

Here is the common record and the fading memory, whose gain follows from the recursion of its precision;
`plasticity.theory.kalman` has the beliefs about processes that wander or switch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from plasticity.belief import FadingMemory
from plasticity.rule import CURVATURE, GRADIENT, Parameter, State, Step, Update
from plasticity.theory.control import Forecast
from plasticity.theory.kept import kept
from plasticity.trace import time_constant

COUNT = sp.Symbol("count", real=True)


@dataclass(frozen=True)
class Inference:
    """States that carry a belief, how they change, and what they stand for.

    `known` pairs a symbol of the policy with the belief about it; `ticks` are updates at clock ticks, where
    observations are discrete; `forecasts` is how the learner expects the quantity to change; `gradient` is the
    gradient of the loss in terms of what is believed.
    """

    states: tuple[State, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    known: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()
    ticks: tuple[Update, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    gradient: sp.Expr = GRADIENT
    assumptions: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    references: tuple[str, ...] = ()


def fading_gradient(belief: FadingMemory) -> Inference:
    """Belief about a gradient that stands still but may have changed: a moving average of gradients."""
    state = State("belief_mean", unit="loss", meaning="belief about the gradient", estimates="gradient")
    found = _fading(belief, state, (GRADIENT, GRADIENT), ("decay_mean", "tau_gradient", "gradient"))
    return replace(found, assumptions=("The gradient is known through a fading memory.",))


def fading_curvature(belief: FadingMemory) -> Inference:
    """Belief about the curvature: a moving average of squared gradients (empirical Fisher information)."""
    words = "belief about the squared gradient"
    state = State("belief_curvature", unit="loss", meaning=words, estimates="curvature", nonnegative=True)
    names = ("decay_square", "tau_curvature", "squared gradient")
    return replace(
        _fading(belief, state, (CURVATURE, GRADIENT**2), names),
        assumptions=(
            "The squared gradient is known through a fading memory.",
            "The squared gradient stands for the curvature (empirical Fisher): an approximation.",
        ),
        cautions=(
            "A belief about the curvature is never certainty-equivalent: using it as if known is approximate.",
            "Where the loss is no log likelihood, squared gradient and curvature differ in scale and unit.",
        ),
    )


def _fading(belief: FadingMemory, state: State, pair: tuple, names: tuple[str, str, str]) -> Inference:
    """Memory of ``seen``, which stands for ``known``, per step or in continuous time."""
    known, seen = pair
    decay_name, tau_name, meaning = names
    state = replace(state, initial=float(belief.initial or 0.0))
    replaced = ((known, state.symbol),)
    if belief.time_constant is not None:
        tau = time_constant(tau_name, belief.time_constant, f"memory of the {meaning}")
        return Inference((replace(state, flow=(seen - state.symbol) / tau.symbol),), (tau,), replaced)
    words = f"memory of the {meaning}, β per step"
    beta = Parameter(decay_name, belief.decay, meaning=words, high=1.0, positive=True)
    diffuse = belief.initial is None
    gain, precision = fading_gain(beta.symbol, diffuse)
    counter = (State("count", meaning="observations so far"),) if diffuse else ()
    count = (Update("count", COUNT + 1),) if diffuse else ()
    steps = (
        Step(f"Precision of {state.name}", sp.Eq(sp.Symbol("Lambda"), precision), "Λ ← βΛ + 1, per observation"),
        Step(f"Kalman gain of {state.name}", sp.Eq(sp.Symbol("K"), gain), "one over the precision"),
    )
    tick = Update(state.name, state.symbol + gain * (seen - state.symbol))
    return Inference((*counter, state), (beta,), replaced, (*count, tick), steps=steps)


@kept
def fading_gain(decay: sp.Symbol, diffuse: bool = True) -> tuple[sp.Expr, sp.Expr]:
    """Kalman gain and precision of a belief about a constant whose covariance grows by 1/β before each step.

    The precision follows Λ ← βΛ + 1, in units of the precision of one observation, from 0 (`diffuse`) or from its
    fixed point; the gain is 1/Λ after ``count`` observations.

    Examples
    --------
    >>> fading_gain(sp.Symbol("beta", positive=True))[0]
    (1 - beta)/(1 - beta**count)
    >>> fading_gain(sp.Symbol("beta", positive=True), diffuse=False)[0]
    1 - beta
    """
    n, start = sp.Symbol("n", integer=True, nonnegative=True), sp.Symbol("Lambda_0")
    precision = sp.Function("Lambda")
    after = sp.rsolve(precision(n + 1) - decay * precision(n) - 1, precision(n), {precision(0): start})
    fixed = sp.solve(start - decay * start - 1, start)[0]
    found = sp.simplify(after.subs(start, 0 if diffuse else fixed)).subs(n, COUNT)
    above, below = (sp.expand(part) for part in sp.fraction(sp.cancel(found)))
    if below.subs(decay, 0) < 0:
        above, below = -above, -below
    return below / above, above / below
