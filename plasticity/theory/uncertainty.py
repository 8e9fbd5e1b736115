"""Synapse with an uncertain weight: natural-gradient descent of the mean and variance of a Gaussian belief.

The synapse holds a Gaussian belief N(w; m, s²) about its weight; the cost of changing it is measured in the Fisher
metric of that Gaussian. The expected loss is E L ≈ L(m) + ½ v s², so mean and variance are two weights in a
diagonal metric, each with the optimal control of one weight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from plasticity.belief import GaussianWeight
from plasticity.fisher import fisher_information, gaussian_mean
from plasticity.rule import CURVATURE, GRADIENT, Parameter, State, Step
from plasticity.support.cached_algebra import cached_algebra
from plasticity.theory.control import EFFECTIVENESS, LocalProblem, effectiveness, effectiveness_step, optimal_control
from plasticity.theory.estimation import Inference
from plasticity.theory.symbols import LOSS_WEIGHT, PLASTICITY

_W, _M = sp.symbols("omega m", real=True)
_S = sp.Symbol("S", positive=True)
_DISTANCE = sp.Symbol("d", real=True)  # of the mean from the optimum
_MEANINGS = "ω: the weight; m and S: mean and variance of the belief about it"
_LOG_DENSITY = -((_W - _M) ** 2) / (2 * _S) - sp.log(2 * sp.pi * _S) / 2


@dataclass(frozen=True)
class UncertainWeight:
    """Control of the mean of the belief (the weight), and the state of its variance."""

    control: sp.Expr
    inference: Inference
    steps: tuple[Step, ...]


def uncertain_weight(
    belief: GaussianWeight,
    local: LocalProblem | None = None,
    long_horizon: bool = False,
    name: str = "belief_variance",
) -> UncertainWeight:
    """Optimal control of a Gaussian belief: ``dw/dt = −(ηk/γ) s² g``, ``ds²/dt = −(ηk/γ) s⁴ v`` at short horizon.

    With a long horizon the metric changes on the way: ``dw/dt = −sqrt(2ηk/v) s g`` and, at the optimum,
    ``ds²/dt = −sqrt(2ηkv) s³``. The metric G and the controls of `local` change the price of both speeds, η → ηΣb²/G;
    its drift carries the belief along, ``dm/dt = f``, ``ds²/dt = 2f' s²``. `name` is that of the variance.

    Examples
    --------
    >>> uncertain_weight(GaussianWeight(0.25)).inference.states[0].flow
    -belief_variance**2*curvature*loss_weight*plasticity/discount + process_noise
    """
    local = LocalProblem() if local is None else local
    own = sp.Symbol(name, nonnegative=True)
    if long_horizon:
        return _long_horizon(belief, local, own)
    fisher, expected = _gaussian()
    by_mean, by_variance = (tuple(g * fisher[i, i] for g in local.metric) for i in (0, 1))
    mean = optimal_control(replace(local, metric=by_mean))
    of_variance = optimal_control(
        replace(
            local,
            metric=by_variance,
            drift=2 * local.slope * _S,
            slope=2 * local.slope,
            gradient=sp.diff(expected, _S),
            curvature=sp.diff(expected, _S, 2),
            forecasts=(),
        )
    )
    here = {_S: own}
    cautions = (
        "The Fisher metric is taken at the present variance: exact in the limit of a short horizon only.",
        "A negative curvature would let the variance grow without bound.",
    )
    flow = (2 * local.slope * _S + sp.cancel(of_variance.control)).subs(here)
    inference = _inference(belief, own, flow, cautions)
    steps = (
        Step("Log density of the belief", sp.Eq(sp.Symbol("log_density"), _LOG_DENSITY), _MEANINGS),
        Step("Fisher matrix of (m, S)", fisher),
        Step("Expected loss", sp.Eq(sp.Symbol("E_L"), expected), "to second order about the present mean m_0"),
        *mean.steps,
        Step("Variance", sp.Eq(sp.Symbol(f"d_{name}/dt"), inference.states[0].flow), "by the same equations"),
    )
    return UncertainWeight(mean.control.subs(here), inference, steps)


def _inference(belief: GaussianWeight, own: sp.Symbol, flow: sp.Expr, cautions: tuple[str, ...]) -> Inference:
    noise = Parameter("process_noise", belief.process_noise, unit="Hz", meaning="growth of uncertainty")
    state = State(
        own.name,
        flow + noise.symbol,
        initial=belief.variance,
        meaning="variance of the weight",
        estimates="weight",
        nonnegative=True,
    )
    return Inference(
        (state,),
        (noise,),
        assumptions=(
            "The synapse holds a Gaussian belief about its weight; w is the mean.",
            "The cost of changing the belief is its squared speed in the Fisher metric of the Gaussian.",
        ),
        cautions=cautions,
        references=("amari_1998", "aitchison_2021"),
    )


def _long_horizon(belief: GaussianWeight, local: LocalProblem, own: sp.Symbol) -> UncertainWeight:
    """Control at γ → 0⁺ to second order in the distance d of the mean from the optimum, in units of s."""
    fisher, _ = _gaussian()
    value, root, controls, equations = _without_discount(fisher[0, 0], fisher[1, 1])
    here = {_S: own, _DISTANCE: GRADIENT / CURVATURE, PLASTICITY.symbol: PLASTICITY.symbol * EFFECTIVENESS}
    price = effectiveness(local)
    mean, variance = (c.subs(here).subs(EFFECTIVENESS, price) for c in controls)
    cautions = (
        "The value is exact to second order in (w − μ)/s: bad where (g/v)² exceeds s²; `plan` in w and ln s² is exact.",
        "The growth of uncertainty (process_noise) is added to the flow; the plan does not count on it.",
        "A negative curvature has no limit of a long horizon.",
    )
    inference = _inference(belief, own, variance, cautions)
    steps = (
        Step("Log density of the belief", sp.Eq(sp.Symbol("log_density"), _LOG_DENSITY), _MEANINGS),
        Step("Fisher matrix of (m, S)", fisher),
        *(Step(f"Coefficient of d^{2 * i} in the HJB equation", sp.Eq(e, 0)) for i, e in enumerate(equations)),
        Step("Value at γ = 0", sp.Eq(sp.Symbol("V"), value), f"the non-negative root; a = {root}, d = g/v"),
        effectiveness_step(price),
        Step("Variance", sp.Eq(sp.Symbol(f"d_{own}/dt"), inference.states[0].flow), "η times the effectiveness for η"),
    )
    return UncertainWeight(mean, inference, steps)


@cached_algebra
def _without_discount(by_mean: sp.Expr, by_variance: sp.Expr) -> tuple[sp.Expr, sp.Expr, tuple, tuple]:
    """Value of (d, S) at γ = 0, its coefficient at the optimum, both controls, the equations of the coefficients.

    The problem is invariant under (d, s) → (cd, cs), V → cV, so that V = √S (a + b d²/S + …).
    """
    eta, k = PLASTICITY.symbol, LOSS_WEIGHT.symbol
    a, b, v = sp.symbols("a b v", positive=True)
    value = sp.sqrt(_S) * (a + b * _DISTANCE**2 / _S)
    loss = v * (_DISTANCE**2 + _S) / 2
    slopes = sp.diff(value, _DISTANCE), sp.diff(value, _S)
    balance = sp.expand(k * loss - eta * (slopes[0] ** 2 / by_mean + slopes[1] ** 2 / by_variance) / 2)
    equations = tuple(sp.factor(balance.coeff(_DISTANCE, n)) for n in (0, 2))
    at_optimum = sp.solve(equations[0], a)[0]
    around = sp.solve(equations[1].subs(a, at_optimum), b)[0]
    solved = {a: at_optimum, b: around, v: CURVATURE}
    controls = tuple(
        sp.powsimp(sp.expand((-eta * s / g).subs(solved, simultaneous=True).subs(v, CURVATURE)))
        for s, g in zip(slopes, (by_mean, by_variance), strict=True)
    )
    value = value.subs({a: at_optimum, b: around}).subs(v, CURVATURE)
    return value, at_optimum.subs(v, CURVATURE), controls, equations


@cached_algebra
def _gaussian() -> tuple[sp.Matrix, sp.Expr]:
    """Fisher matrix of a Gaussian in its mean and variance, and the expected loss."""
    mean = gaussian_mean(_W, _M, _S)
    here = sp.Symbol("m_0", real=True)
    loss = GRADIENT * (_W - here) + CURVATURE * (_W - here) ** 2 / 2
    expected = sp.collect(mean(loss), CURVATURE)
    return fisher_information(_LOG_DENSITY, (_M, _S), mean), expected
