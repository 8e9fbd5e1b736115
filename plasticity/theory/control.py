"""Optimal control of one weight near its present value: the Hamilton–Jacobi–Bellman equation, solved by SymPy.

Near the present weight the loss is L ≈ L_0 + g δ + ½ v δ² and the drift f ≈ f_0 + a δ. Quantities z whose
expected value relaxes, E dz = r (z̄ − z) dt, may enter g: a gradient or an optimum that wanders, or a task that
is replaced at random times. The value function of this linear-quadratic problem is V = ½ p δ² + (b + Σ q z) δ + V_0
with V_0 independent of δ. The equation is minimised over the control, coefficients are compared, the root with a
non-negative cost is selected, and the control is evaluated at δ = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from plasticity.rule import CURVATURE, GRADIENT, Step
from plasticity.support.cached_algebra import cached_algebra
from plasticity.theory.symbols import DISCOUNT, LOSS_WEIGHT, PLASTICITY, Forecast

DELTA = sp.Symbol("delta", real=True)
EFFECTIVENESS = sp.Symbol("effectiveness", positive=True)  # M = Σ b²/G over the controls
EFFECTIVE_DISCOUNT = sp.Symbol("effective_discount", positive=True)  # γ + R, R the rate of the closed loop
_P, _B, _V_0, _U, _SLOPE_OF_V = sp.symbols("p b V_0 u V'", real=True)
_DRIFT, _SLOPE, _G = sp.symbols("f_0 a g_0", real=True)
_V = sp.Symbol("v", nonnegative=True)
_TIME = sp.Symbol("t", nonnegative=True)
_DISCOUNTED = sp.exp(-DISCOUNT.symbol * _TIME) * sp.Symbol("cost_rate")
OBJECTIVE = Step("Objective", sp.Eq(sp.Symbol("J"), sp.Integral(_DISCOUNTED, (_TIME, 0, sp.oo))), "to be minimised")


@dataclass(frozen=True)
class LocalProblem:
    """The linear-quadratic problem at the present weight.

    `metric` and `control` hold the cost G and the gain b of every control. `gradient` is the coefficient of δ in the
    loss and may depend on the `forecasts`; `curvature` is that of ½δ².
    """

    metric: tuple[sp.Expr, ...] = (sp.S.One,)
    control: tuple[sp.Expr, ...] = (sp.S.One,)
    drift: sp.Expr = sp.S.Zero
    slope: sp.Expr = sp.S.Zero
    gradient: sp.Expr = GRADIENT
    curvature: sp.Expr = CURVATURE
    forecasts: tuple[Forecast, ...] = ()


@dataclass(frozen=True)
class LocalControl:
    """Solution: optimal control of the weight, relaxation rate of the closed loop, and the steps to them."""

    control: sp.Expr
    rate: sp.Expr
    steps: tuple[Step, ...]


@cached_algebra
def effectiveness(problem: LocalProblem) -> sp.Expr:
    """Control effectiveness M, the velocity per unit of cost: the cheapest controls u* give Σ b u* = −ηM V'.

    Examples
    --------
    >>> G, b1, b2 = sp.symbols("G b1 b2", positive=True)
    >>> effectiveness(LocalProblem(metric=(G, G), control=(b1, b2)))
    b1**2/G + b2**2/G
    """
    eta = PLASTICITY.symbol
    controls = sp.symbols(f"u1:{len(problem.control) + 1}", real=True)
    motion = dot(problem.control, controls)
    cost = dot(problem.metric, [u**2 for u in controls]) / (2 * eta)
    best = sp.solve([sp.diff(cost + _SLOPE_OF_V * motion, u) for u in controls], controls)
    per_cost = sp.expand(-motion.subs(best) / (eta * _SLOPE_OF_V))
    if sp.simplify(cost.subs(best) - eta * per_cost * _SLOPE_OF_V**2 / 2) != 0:
        raise ArithmeticError("the cheapest control does not cost ηM V'²/2")
    return per_cost


@cached_algebra
def optimal_control(problem: LocalProblem) -> LocalControl:
    """Solve the Hamilton–Jacobi–Bellman equation of `problem`: the control is Σ b u* at the present weight.

    Examples
    --------
    >>> optimal_control(LocalProblem()).control
    -gradient*loss_weight*plasticity/(discount/2 + sqrt(curvature*loss_weight*plasticity + discount**2/4))
    """
    general = _solve(len(problem.forecasts))
    here = {EFFECTIVENESS: effectiveness(problem), _SLOPE: problem.slope, _DRIFT: problem.drift, _V: problem.curvature}
    here |= placed(general, problem)
    discount = general.effective_discount.subs(here)
    control = general.control.subs(here, simultaneous=True).subs(EFFECTIVE_DISCOUNT, discount)
    steps = (
        *general.steps[:2],
        effectiveness_step(here[EFFECTIVENESS]),
        *general.steps[2:],
        Step("At this weight", sp.Eq(_U, control)),
    )
    rate = general.rate_without_drift if problem.slope == 0 else general.rate
    return LocalControl(control, rate.subs(here).subs(EFFECTIVE_DISCOUNT, discount), steps)


def placed(general: Any, problem: LocalProblem) -> dict[sp.Expr, sp.Expr]:
    """Gradient and forecasts of a problem, by the symbols that stand for them in a general solution."""
    here = {general.gradient: problem.gradient.subs(dict.fromkeys((f.symbol for f in problem.forecasts), 0))}
    for symbolic, weight, forecast in zip(general.forecasts, general.weights, problem.forecasts, strict=True):
        here |= {symbolic.symbol: forecast.symbol, symbolic.rate: forecast.rate, symbolic.mean: forecast.mean}
        here[weight] = sp.diff(problem.gradient, forecast.symbol)
    return here


def effectiveness_step(value: sp.Expr) -> Step:
    """Step that prints the control effectiveness."""
    return Step("Control effectiveness", sp.Eq(EFFECTIVENESS, value), "Σ b²/G over the controls")


@dataclass(frozen=True)
class _General:
    """Solution for n forecasts in general symbols; `weights` are those of the forecasts in the gradient."""

    forecasts: tuple[Forecast, ...]
    weights: tuple[sp.Symbol, ...]
    gradient: sp.Symbol
    control: sp.Expr
    effective_discount: sp.Expr
    rate: sp.Expr
    rate_without_drift: sp.Expr
    steps: tuple[Step, ...]


@cached_algebra
def _solve(n: int) -> _General:
    """Solve the Hamilton–Jacobi–Bellman equation with n forecasts z, whose weights in the gradient are h."""
    gamma, eta, k = DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol
    z, r, means, h, q = (sp.symbols(f"{x}1:{n + 1}", real=True) for x in ("z", "r", "zbar", "h", "q"))
    loss = (_G + dot(h, z)) * DELTA + _V * DELTA**2 / 2
    value = _P * DELTA**2 / 2 + (_B + dot(q, z)) * DELTA + _V_0
    slope = sp.diff(value, DELTA)
    ahead = expected_change(value, z, r, means)
    effort = _U**2 / (2 * eta * EFFECTIVENESS)
    bracket = effort + k * loss + _SLOPE_OF_V * (_DRIFT + _SLOPE * DELTA + _U) + ahead
    control = sp.solve(sp.diff(bracket, _U), _U)[0]
    minimised = bracket.subs(_U, control).subs(_SLOPE_OF_V, slope)
    balance = gamma * value - minimised
    at_zero = dict.fromkeys((DELTA, *z), 0)
    quadratic = sp.expand(sp.diff(balance, DELTA, 2).subs(at_zero))
    p, effective_discount = _cost_root(quadratic)
    linear = {s: sp.expand(sp.diff(balance, DELTA, s).subs(at_zero)) for s in z}
    coefficients = {c: sp.solve(linear[s], c)[0] for c, s in zip(q, z, strict=True)}
    coefficients[_B] = sp.solve(sp.diff(balance, DELTA).subs(at_zero), _B)[0]
    here = control.subs(_SLOPE_OF_V, slope).subs(DELTA, 0)
    here = here.subs(_B, coefficients[_B]).subs(coefficients).subs(_P, p)
    sources = [(_DRIFT,), (_G,), *zip(h, z, strict=True), *zip(h, means, strict=True)]
    here = sum(sp.prod(s) * sp.factor(sp.diff(here, *s)) for s in sources)
    rate = sp.expand(eta * EFFECTIVENESS * p - _SLOPE)
    still = sp.cancel((-quadratic.subs(_P, 0) / sp.cancel((quadratic - quadratic.subs(_P, 0)) / _P)).subs(_SLOPE, 0))
    still = sp.cancel(eta * EFFECTIVENESS * still.subs(_P, p.subs(_SLOPE, 0)))  # p = kv/(γ + R): no difference
    v_of = sp.Symbol("V")
    steps = (
        OBJECTIVE,
        Step("Cost rate near the present weight", sp.Eq(sp.Symbol("cost_rate"), effort + k * loss)),
        Step(
            "HJB equation",
            sp.Eq(gamma * v_of, sp.Symbol("min_u") * bracket),
            "f_0 + a·δ: drift of the weight, 0 without one",
        ),
        Step("Ansatz for its solution", sp.Eq(v_of, value)),
        Step("Optimal control", sp.Eq(_U, control)),
        Step("Coefficient of δ²/2", sp.Eq(quadratic, 0)),
        Step("Its optimal root", sp.Eq(_P, p), "the non-negative one: p ≥ 0 for v ≥ 0"),
        Step("Effective discount γ + R", sp.Eq(EFFECTIVE_DISCOUNT, effective_discount), "R: rate of the closed loop"),
        *(Step("Coefficient of δ", sp.Eq(s, sp.factor(e))) for s, e in coefficients.items()),
        Step("Optimal control at δ = 0", sp.Eq(_U, here)),
    )
    forecasts = tuple(Forecast(*f) for f in zip(z, r, means, strict=True))
    return _General(forecasts, tuple(h), _G, here, effective_discount, rate, still, steps)


def _cost_root(quadratic: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Root p that is non-negative for non-negative curvature, in terms of the effective discount; and the latter.

    The effective discount is γ + R = γ − a + ηMp, which contains the square root.
    """
    second, first, constant = sp.Poly(quadratic, _P).all_coeffs()
    square = sp.sqrt((first / 2) ** 2 - second * constant)
    roots = [(-first / 2 + sign * square) / second for sign in (1, -1)]
    ones = (DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol, EFFECTIVENESS, _V)
    costs = [r for r in roots if r.subs(dict.fromkeys(ones, 1)).subs(_SLOPE, 0) >= 0]
    if len(costs) != 1:
        raise ArithmeticError(f"expected one non-negative root, got {costs}")
    discount = DISCOUNT.symbol - _SLOPE + PLASTICITY.symbol * EFFECTIVENESS * _P
    return sp.solve(discount - EFFECTIVE_DISCOUNT, _P)[0], sp.expand(discount.subs(_P, costs[0]), deep=False)


def expected_change(value: sp.Expr, z: Sequence, rates: Sequence, means: Sequence) -> sp.Expr:
    """Rate at which the value is expected to change because forecasts relax: ``Σ r (z̄ − z) ∂V/∂z``."""
    ahead = (r * (mean - one) * sp.diff(value, one) for one, r, mean in zip(z, rates, means, strict=True))
    return sum(ahead, sp.S.Zero)


def dot(a: Sequence, b: Sequence) -> sp.Expr:
    """Σ a b."""
    return sum((x * y for x, y in zip(a, b, strict=True)), sp.S.Zero)
