"""Optimal control of the acceleration of one weight: momentum.

With ẅ = −c ẇ + u and the loss L ≈ L_0 + g δ + ½ v δ² the state is (δ, ẇ), and the value function is quadratic in
both; quantities z that relax may enter g, as for one weight. Eliminating its coefficients one by one leaves a quartic
for the coefficient of ½ẇ², which is a quadratic for the square of the shifted unknown: the solution consists of real
square roots.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from plasticity.rule import CURVATURE, Step
from plasticity.support.cached_algebra import cached_algebra
from plasticity.theory.control import (
    DELTA,
    EFFECTIVENESS,
    OBJECTIVE,
    LocalProblem,
    dot,
    effectiveness,
    effectiveness_step,
    expected_change,
    placed,
)
from plasticity.theory.symbols import DISCOUNT, LOSS_WEIGHT, PLASTICITY, VELOCITY, Forecast

DAMPING = sp.Symbol("damping", positive=True)  # d: of the velocity by the control
STIFFNESS = sp.Symbol("stiffness", positive=True)  # of the closed loop
_SLOPE = sp.Symbol("a", real=True)  # of the drift of the velocity: a friction c is a = −c
_P11, _P12, _P22, _B1, _B2, _V_0 = sp.symbols("p11 p12 p22 b1 b2 V_0", real=True)
_U, _BY_VELOCITY, _BY_DELTA, _DRIFT, _G = sp.symbols("u V_v V_d f_0 g_0", real=True)
_ROOT = sp.Symbol("root", positive=True)


@cached_algebra
def optimal_acceleration(problem: LocalProblem) -> tuple[sp.Expr, tuple[Step, ...]]:
    """Solve the Hamilton–Jacobi–Bellman equation when the acceleration u is controlled.

    The drift of `problem` is that of the velocity, with the ``slope`` −c for a friction c. Returns u in terms of
    the gradient, or its forecasts, ``curvature`` and ``velocity``, and the steps.

    Examples
    --------
    At γ = 0 and without friction the damping ratio is 1/√2: the squared friction is twice the stiffness.

    >>> control, _ = optimal_acceleration(LocalProblem())
    >>> control = control.subs({DISCOUNT.symbol: 0, CURVATURE: 1})
    >>> sp.simplify(sp.diff(control, VELOCITY) ** 2 / sp.diff(control, sp.Symbol("gradient", real=True)))
    -2
    """
    general = _solve(len(problem.forecasts), bool(problem.slope.is_positive))
    here = {EFFECTIVENESS: effectiveness(problem), _SLOPE: problem.slope, **placed(general, problem)}
    here[_DRIFT] = sp.expand(problem.drift - problem.slope * VELOCITY)
    damping = general.damping.subs(_ROOT, general.root).subs(here)
    stiffness = general.stiffness.subs(here).subs(DAMPING, damping)
    solved = general.control.subs(here, simultaneous=True).subs({STIFFNESS: stiffness, DAMPING: damping})
    return solved, (
        *general.steps[:2],
        effectiveness_step(here[EFFECTIVENESS]),
        *general.steps[2:],
        Step("At this weight", sp.Eq(_U, solved)),
    )


@dataclass(frozen=True)
class _General:
    """Solution for n forecasts: the control in terms of damping and stiffness, these two in terms of ``root``."""

    forecasts: tuple[Forecast, ...]
    weights: tuple[sp.Symbol, ...]
    gradient: sp.Symbol
    control: sp.Expr
    damping: sp.Expr
    stiffness: sp.Expr
    root: sp.Expr
    steps: tuple[Step, ...]


@cached_algebra
def _solve(n: int, growing: bool) -> _General:
    """Solve the equation with n forecasts z, whose weights in the gradient are h; `growing`: the drift has a > 0."""
    gamma, eta, k = DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol
    z, r, means, h, q, s = (sp.symbols(f"{x}1:{n + 1}", real=True) for x in ("z", "r", "zbar", "h", "q", "s"))
    loss = (_G + dot(h, z)) * DELTA + CURVATURE * DELTA**2 / 2
    value = _P11 * DELTA**2 / 2 + _P12 * DELTA * VELOCITY + _P22 * VELOCITY**2 / 2
    value += (_B1 + dot(q, z)) * DELTA + (_B2 + dot(s, z)) * VELOCITY + _V_0
    ahead = expected_change(value, z, r, means)
    effort = _U**2 / (2 * eta * EFFECTIVENESS)
    bracket = effort + k * loss + _BY_DELTA * VELOCITY + _BY_VELOCITY * (_DRIFT + _SLOPE * VELOCITY + _U) + ahead
    control = sp.solve(sp.diff(bracket, _U), _U)[0]
    slopes = {_BY_DELTA: sp.diff(value, DELTA), _BY_VELOCITY: sp.diff(value, VELOCITY)}
    balance = gamma * value - bracket.subs(_U, control).subs(slopes)
    zero = dict.fromkeys((DELTA, VELOCITY, *z), 0)

    def coefficient(*by: sp.Symbol) -> sp.Expr:
        return sp.expand(sp.diff(balance, *by).subs(zero))

    powers = {(m, n): coefficient(*[DELTA] * m, *[VELOCITY] * n) for m, n in _POWERS}
    cross = sp.solve(powers[0, 2], _P12)[0]
    first = sp.solve(powers[1, 1], _P11)[0].subs(_P12, cross)
    quartic = sp.expand(powers[2, 0].subs(_P11, first).subs(_P12, cross))
    p22, root, damping = _cost_root(quartic, cross, growing)
    per_unit = {_P22: DAMPING / (eta * EFFECTIVENESS)}
    stiffness = sp.factor(eta * EFFECTIVENESS * cross.subs(per_unit))
    per_unit[_P12] = STIFFNESS / (eta * EFFECTIVENESS)
    mixed = {(x, y): coefficient(x, y) for x in z for y in (DELTA, VELOCITY)}
    linear: dict[sp.Symbol, sp.Expr] = {}
    for own, by, x in zip(q, s, z, strict=True):
        linear |= sp.solve([mixed[x, DELTA].subs(per_unit), mixed[x, VELOCITY].subs(per_unit)], [own, by])
    linear |= sp.solve([powers[m].subs(per_unit) for m in ((1, 0), (0, 1))], [_B1, _B2])
    here = control.subs(slopes).subs(DELTA, 0).subs(_B2, linear[_B2]).subs(linear).subs(per_unit)
    sources = [(VELOCITY,), (_DRIFT,), (_G,), *zip(h, z, strict=True), *zip(h, means, strict=True)]
    here = sum(sp.prod(x) * sp.factor(sp.diff(here, *x)) for x in sources)
    v_of = sp.Symbol("V")
    steps = (
        OBJECTIVE,
        Step("Cost rate near the present weight", sp.Eq(sp.Symbol("cost_rate"), effort + k * loss)),
        Step(
            "HJB equation", sp.Eq(gamma * v_of, sp.Symbol("min_u") * bracket), "f_0 + a·velocity: drift, a = −friction"
        ),
        Step("Ansatz for its solution", sp.Eq(v_of, value)),
        Step("Optimal control", sp.Eq(_U, control)),
        *(Step(f"Coefficient of δ^{m} velocity^{n}", sp.Eq(e, 0)) for (m, n), e in powers.items()),
        *(Step(f"Coefficient of {x} {_WORDS[y]}", sp.Eq(e, 0)) for (x, y), e in mixed.items()),
        Step("Quartic for p22", sp.Eq(quartic, 0), "after eliminating p12 and p11"),
        Step("Its optimal root", sp.Eq(_P22, p22), "the one for which V is non-negative"),
        Step("Square root in it", sp.Eq(_ROOT, root), "the quartic is a quadratic for root²"),
        Step("Damping ηMp22", sp.Eq(DAMPING, damping), "without a difference of large numbers"),
        Step("Stiffness ηMp12", sp.Eq(STIFFNESS, stiffness)),
        *(Step("Linear coefficient", sp.Eq(c, sp.factor(e))) for c, e in linear.items()),
        Step("Optimal control at δ = 0", sp.Eq(_U, here)),
    )
    forecasts = tuple(Forecast(*f) for f in zip(z, r, means, strict=True))
    return _General(forecasts, tuple(h), _G, here, damping, stiffness, root, steps)


_POWERS = ((2, 0), (1, 1), (0, 2), (1, 0), (0, 1))
_WORDS = {DELTA: "δ", VELOCITY: "velocity"}


def _cost_root(quartic: sp.Expr, cross: sp.Expr, growing: bool) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """The root p22 for which V is non-negative, in terms of ``root``, that root, and the damping ηMp22."""
    unit = PLASTICITY.symbol * EFFECTIVENESS
    leading, cubic = sp.Poly(quartic, _P22).all_coeffs()[:2]
    shifted = -cubic / (4 * leading) + _ROOT / unit
    depressed = sp.Poly(sp.expand(quartic.subs(_P22, shifted)), _ROOT)
    if any(depressed.coeff_monomial(_ROOT**n) != 0 for n in (1, 3)):
        raise ArithmeticError(f"{depressed} has odd powers")
    second, first, constant = (sp.factor(depressed.coeff_monomial(_ROOT**n)) for n in (4, 2, 0))
    half = sp.expand(sp.cancel(-first / second / 2))
    inner = sp.sqrt(half**2 - sp.expand(sp.cancel(constant / second)))
    inner = sp.sqrt(sp.collect(sp.expand(inner**2), DISCOUNT.symbol))
    ones = (DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol, EFFECTIVENESS, CURVATURE)
    sample = dict.fromkeys(ones, 1) | {_SLOPE: 0}
    for sign in (1, -1):
        root = sp.sqrt(half + sign * inner)
        at = sp.N(shifted.subs(_ROOT, root).subs(sample))
        if at.is_real and at >= 0 and sp.N(cross.subs(_P22, at).subs(sample)) >= 0:
            return sp.expand(shifted), root, _damping(sp.expand(unit * shifted), half, inner, growing)
    raise ArithmeticError("no root gives a non-negative cost")


def _damping(difference: sp.Expr, half: sp.Expr, inner: sp.Expr, growing: bool) -> sp.Expr:
    """``root − s`` as ``(root² − s²)/(root + s)``, and root² − s² = inner − (s² − half) likewise.

    Without growth s² ≥ half, so that no difference of large numbers is left; with it the root exceeds s as it is.
    """
    if growing:
        return difference
    s = sp.expand(_ROOT - difference)
    rest = sp.factor(sp.expand(s**2 - half))
    return sp.factor(sp.expand(inner**2 - rest**2)) / ((inner + rest) * (_ROOT + s))
