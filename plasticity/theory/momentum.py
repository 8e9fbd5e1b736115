"""Optimal control of the acceleration of one weight: momentum.

With ẅ = −c ẇ + u and the loss L ≈ L_0 + g δ + ½ v δ² the state is (δ, ẇ), and the value function is quadratic in
both. Eliminating its coefficients one by one leaves a quartic for the coefficient of ½ẇ², which is a quadratic
for the square of the shifted unknown: the solution consists of real square roots.
"""

from __future__ import annotations

import sympy as sp

from plasticity.rule import CURVATURE, GRADIENT, Step
from plasticity.support.cached_algebra import cached_algebra
from plasticity.theory.control import DELTA, EFFECTIVENESS, OBJECTIVE, LocalProblem, effectiveness, effectiveness_step
from plasticity.theory.symbols import DISCOUNT, LOSS_WEIGHT, PLASTICITY

VELOCITY = sp.Symbol("velocity", real=True)
_SLOPE = sp.Symbol("a", real=True)  # of the drift of the velocity: a friction c is a = −c
_P11, _P12, _P22, _B1, _B2, _V_0 = sp.symbols("p11 p12 p22 b1 b2 V_0", real=True)
_U, _BY_VELOCITY, _BY_DELTA = sp.symbols("u V_v V_d", real=True)
_ROOT = sp.Symbol("root", positive=True)


@cached_algebra
def optimal_acceleration(problem: LocalProblem) -> tuple[sp.Expr, tuple[Step, ...]]:
    """Solve the Hamilton–Jacobi–Bellman equation when the acceleration u is controlled.

    The ``slope`` of `problem` is that of the drift of the velocity, −c for a friction c. Returns u in terms of
    ``gradient``, ``curvature`` and ``velocity``, and the steps.

    Examples
    --------
    At γ = 0 and without friction the damping ratio is 1/√2: the squared friction is twice the stiffness.

    >>> control, _ = optimal_acceleration(LocalProblem())
    >>> control = control.subs({DISCOUNT.symbol: 0, CURVATURE: 1})
    >>> sp.simplify(sp.diff(control, VELOCITY) ** 2 / sp.diff(control, GRADIENT))
    -2
    """
    control, root, steps = _solve()
    here = {EFFECTIVENESS: effectiveness(problem), _SLOPE: problem.slope}
    solved = control.subs(_ROOT, root).subs(here)
    return solved, (
        *steps[:2],
        effectiveness_step(here[EFFECTIVENESS]),
        *steps[2:],
        Step("At this weight", sp.Eq(_U, solved)),
    )


@cached_algebra
def _solve() -> tuple[sp.Expr, sp.Expr, tuple[Step, ...]]:
    """Control at δ = 0 in terms of ``root``, that root, and the steps."""
    gamma, eta, k = DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol
    loss = GRADIENT * DELTA + CURVATURE * DELTA**2 / 2
    value = _P11 * DELTA**2 / 2 + _P12 * DELTA * VELOCITY + _P22 * VELOCITY**2 / 2
    value += _B1 * DELTA + _B2 * VELOCITY + _V_0
    effort = _U**2 / (2 * eta * EFFECTIVENESS)
    bracket = effort + k * loss + _BY_DELTA * VELOCITY + _BY_VELOCITY * (_SLOPE * VELOCITY + _U)
    control = sp.solve(sp.diff(bracket, _U), _U)[0]
    slopes = {_BY_DELTA: sp.diff(value, DELTA), _BY_VELOCITY: sp.diff(value, VELOCITY)}
    balance = gamma * value - bracket.subs(_U, control).subs(slopes)
    equations = {m: _coefficient(balance, *m) for m in ((2, 0), (1, 1), (0, 2), (1, 0), (0, 1))}
    cross = sp.solve(equations[0, 2], _P12)[0]
    first = sp.solve(equations[1, 1], _P11)[0].subs(_P12, cross)
    quartic = sp.expand(equations[2, 0].subs(_P11, first).subs(_P12, cross))
    p22, root = _cost_root(quartic, cross)
    b1 = sp.solve(equations[1, 0], _B1)[0]
    b2 = sp.solve(equations[0, 1].subs(_B1, b1), _B2)[0]
    pull = sp.factor(_in_root((b2 / k / GRADIENT).subs(_P12, cross).subs(_P22, p22), root))
    damping = sp.expand(eta * EFFECTIVENESS * p22)
    here = -eta * k * EFFECTIVENESS * GRADIENT * pull - damping * VELOCITY
    v_of = sp.Symbol("V")
    steps = (
        OBJECTIVE,
        Step("Cost rate near the present weight", sp.Eq(sp.Symbol("cost_rate"), effort + k * loss)),
        Step("HJB equation", sp.Eq(gamma * v_of, sp.Symbol("min_u") * bracket), "a·velocity: friction, a = −friction"),
        Step("Ansatz for its solution", sp.Eq(v_of, value)),
        Step("Optimal control", sp.Eq(_U, control)),
        *(Step(f"Coefficient of δ^{m} velocity^{n}", sp.Eq(e, 0)) for (m, n), e in equations.items()),
        Step("Quartic for p22", sp.Eq(quartic, 0), "after eliminating p12 and p11"),
        Step("Its optimal root", sp.Eq(_P22, p22), "the one for which V is non-negative"),
        Step("Square root in it", sp.Eq(_ROOT, root), "the quartic is a quadratic for root²"),
        Step("Optimal control at δ = 0", sp.Eq(_U, here)),
    )
    return here, root, steps


def _coefficient(polynomial: sp.Expr, m: int, n: int) -> sp.Expr:
    """Derivative at 0, m times by δ and n times by the velocity."""
    derivative = sp.diff(polynomial, *[DELTA] * m, *[VELOCITY] * n)
    return sp.expand(derivative.subs({DELTA: 0, VELOCITY: 0}))


def _cost_root(quartic: sp.Expr, cross: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The root p22 for which V is non-negative, in terms of ``root``, and that root."""
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
            return sp.expand(shifted), root
    raise ArithmeticError("no root gives a non-negative cost")


def _in_root(expression: sp.Expr, root: sp.Expr) -> sp.Expr:
    """Fraction in which every even power of ``root`` is written out."""
    parts = []
    for part in sp.fraction(sp.together(expression)):
        polynomial = sp.Poly(sp.expand(part), _ROOT)
        parts.append(sum(c * _ROOT ** (n % 2) * (root**2) ** (n // 2) for (n,), c in polynomial.terms()))
    return sp.expand(parts[0]) / sp.expand(parts[1])
