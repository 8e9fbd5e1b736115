"""Belief of a synapse about the shape of its landscape, g = hw + c: a regression of gradients on weights, in sums."""

from __future__ import annotations

import sympy as sp

from plasticity.belief import LandscapeShape
from plasticity.errors import InputError
from plasticity.rule import CURVATURE, GRADIENT, TICK, WEIGHT, Parameter, State, Step, Update, time_constant
from plasticity.support.cached_algebra import cached_algebra
from plasticity.theory.estimation import Inference

_MEAN = sp.Symbol("belief_mean", real=True)
_SIZE = sp.Symbol("belief_curvature", nonnegative=True)
_NOISE = Parameter(
    "observation_variance", 1.0, unit="loss**2*s", meaning="noise of a gradient, variance × time", positive=True
)
_CURVATURE = Parameter("prior_curvature", 1.0, unit="loss", meaning="prior mean of the curvature", low=float("-inf"))
_INTERCEPT = Parameter(
    "prior_intercept", 0.0, unit="loss", meaning="prior mean of c, the gradient at w = 0", low=float("-inf")
)
_V_H = Parameter("curvature_variance", 1.0, unit="loss**2", meaning="prior variance of the curvature", positive=True)
_V_C = Parameter("intercept_variance", 1.0, unit="loss**2", meaning="prior variance of the intercept", positive=True)
_SUMS = (  # of looks, w, w², g, wg, each times the time of a look
    State("seen_time", unit="s", meaning="time of looks", nonnegative=True),
    State("seen_weight", unit="s", meaning="integral of the weight"),
    State("seen_square", unit="s", meaning="integral of the squared weight", nonnegative=True),
    State("seen_gradient", unit="loss*s", meaning="integral of the gradient"),
    State("seen_product", unit="loss*s", meaning="integral of gradient times weight"),
)


def landscape_shape(belief: LandscapeShape) -> Inference:
    """Exact posterior of (h, c) at every tick, and what the policy needs of it: E g, and √(E h²) for the curvature."""
    if belief.structure != "diagonal":
        raise InputError(
            f"shape_belief has structure={belief.structure!r}, which couples synapses; derive takes diagonal, "
            "`shape_posterior` all"
        )
    if belief.curvature.ndim or belief.intercept.ndim:
        raise InputError("shape_belief of a synapse takes one number for curvature and intercept")
    values = (
        (_NOISE, belief.observation_noise**2),
        (_CURVATURE, float(belief.curvature)),
        (_INTERCEPT, float(belief.intercept)),
        (_V_H, belief.curvature_variance),
        (_V_C, belief.intercept_variance),
    )
    parameters = [Parameter(**(vars(p) | {"value": value})) for p, value in values]
    fading = sp.S.One
    if belief.time_constant is not None:
        tau = time_constant("tau_shape", belief.time_constant, "memory of the shape of the landscape")
        parameters.append(tau)
        fading = sp.exp(-TICK.symbol / tau.symbol)
    looks = (sp.S.One, WEIGHT, WEIGHT**2, GRADIENT, WEIGHT * GRADIENT)
    sums = [Update(s.name, fading * s.symbol + TICK.symbol * value) for s, value in zip(_SUMS, looks, strict=True)]
    curvature, intercept, uncertain = regression()
    shape = (
        Update(_MEAN.name, curvature * WEIGHT + intercept),
        Update(_SIZE.name, sp.sqrt(curvature**2 + uncertain)),
    )
    start = float(sp.sqrt(float(belief.curvature) ** 2 + belief.curvature_variance))
    return Inference(
        (
            *_SUMS,
            State(_MEAN.name, unit="loss", meaning="expected gradient at the weight", estimates="gradient"),
            State(
                _SIZE.name,
                unit="loss",
                initial=start,
                meaning="root mean square of the curvature",
                estimates="curvature",
                nonnegative=True,
            ),
        ),
        (*parameters, TICK),
        replaces=((GRADIENT, _MEAN), (CURVATURE, _SIZE)),
        ticks=(*sums, *shape),
        assumptions=(
            "The gradient is linear in the weight, g = hw + c; h and c are inferred from all looks (exact posterior).",
            "The root mean square of the curvature stands for it: certainty equivalence, made cautious.",
        ),
        cautions=(
            "What a movement teaches is not valued; `dual_control` is exact for one weight with one of two curvatures.",
            "Other synapses that learn change h and c: without a time_constant the belief takes them for constants.",
        ),
        steps=(
            Step("Expected curvature", sp.Eq(sp.Symbol("h"), curvature), "least squares with the prior"),
            Step("Expected intercept", sp.Eq(sp.Symbol("c"), intercept)),
            Step("Variance of the curvature", sp.Eq(sp.Symbol("S_h"), uncertain)),
        ),
    )


@cached_algebra
def regression() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Posterior mean of h and of c, and the variance of h: the Gaussian whose exponent is that of prior and looks.

    Examples
    --------
    With looks at the weights 0 and 1 for one second each, hardly any prior and noise 1, h is the difference of g:

    >>> at = {"seen_time": 2, "seen_weight": 1, "seen_square": 1, "seen_gradient": 5, "seen_product": 4}
    >>> flat = {"curvature_variance": 1e12, "intercept_variance": 1e12, "prior_curvature": 0, "prior_intercept": 0}
    >>> h, c, variance = (e.subs({s: (at | flat | {"observation_variance": 1})[s.name] for s in e.free_symbols})
    ...                   for e in regression())
    >>> [round(float(value), 6) for value in (h, c, variance)]
    [3.0, 1.0, 2.0]
    """
    h, c = sp.symbols("h c", real=True)
    time, weight, square, gradient, product = (s.symbol for s in _SUMS)
    prior = (h - _CURVATURE.symbol) ** 2 / _V_H.symbol + (c - _INTERCEPT.symbol) ** 2 / _V_C.symbol
    misfit = h**2 * square + 2 * h * c * weight + c**2 * time - 2 * h * product - 2 * c * gradient
    exponent = prior + misfit / _NOISE.symbol
    precision = sp.hessian(exponent, (h, c)) / 2
    right = -sp.Matrix([sp.diff(exponent, x).subs({h: 0, c: 0}) for x in (h, c)]) / 2
    determinant = precision[0, 0] * precision[1, 1] - precision[0, 1] ** 2
    mean = [m / determinant for m in precision.adjugate() * right]
    return mean[0], mean[1], precision[1, 1] / determinant
