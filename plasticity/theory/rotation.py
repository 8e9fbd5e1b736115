"""Two weights that drift into each other by rotation: a derived rule that is the gradient of nothing.

Each weight needs the gradient and the value of its partner, so this is no rule of one synapse, and it has no place in
`derive`; `plasticity.solve` handles any drift matrix in numbers. Here the Hamilton–Jacobi–Bellman equation is solved
by SymPy for the curvature v·1 and the drift f(w) = qJw, J a quarter turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from plasticity.equations import algebra
from plasticity.errors import InputError
from plasticity.rule import CURVATURE, Step
from plasticity.theory.symbols import DISCOUNT, LEARNING_RATE, LOSS_WEIGHT, PLASTICITY

WEIGHTS = sp.Matrix(sp.symbols("w1 w2", real=True))
GRADIENTS = sp.Matrix(sp.symbols("g1 g2", real=True))
FREQUENCY = sp.Symbol("q", real=True)
_QUARTER_TURN = sp.Matrix([[0, -1], [1, 0]])
_P, _V_0 = sp.symbols("p V_0", real=True)
_B = sp.Matrix(sp.symbols("b1 b2", real=True))
_DELTA = sp.Matrix(sp.symbols("delta1 delta2", real=True))
_U = sp.Matrix(sp.symbols("u1 u2", real=True))
_SLOPE = sp.Matrix(sp.symbols("V_1 V_2", real=True))


@dataclass(frozen=True)
class RotatingPair:
    """Velocity of both weights in terms of weights, gradients and curvature; the closed loop; the derivation."""

    velocity: sp.Matrix
    closed_loop: sp.Matrix
    steps: tuple[Step, ...]


def rotating_pair(discount: object = DISCOUNT.symbol) -> RotatingPair:
    """Solve the problem of two weights with the drift ``f = q (−w2, w1)``.

    Parameters
    ----------
    discount : number, symbol, 0 or sympy.oo
        γ [1/s].

    Examples
    --------
    The closed loop spirals in at the rate R of a weight without drift, with the angular frequency q:

    >>> rotating_pair(0).closed_loop[0, 0], rotating_pair(0).closed_loop[1, 0]
    (-sqrt(curvature)*sqrt(loss_weight)*sqrt(plasticity), q)

    References
    ----------
    vastola_2025, section on partial controllability.
    """
    at = algebra("discount", discount)
    if at.is_negative:
        raise InputError(f"discount must be >= 0, got {discount}")
    gamma, eta, k = DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol
    drift = FREQUENCY * _QUARTER_TURN * (WEIGHTS + _DELTA)
    loss = GRADIENTS.dot(_DELTA) + CURVATURE * _DELTA.dot(_DELTA) / 2
    value = _P * _DELTA.dot(_DELTA) / 2 + _B.dot(_DELTA) + _V_0
    slope = sp.Matrix([sp.diff(value, d) for d in _DELTA])
    cost = _U.dot(_U) / (2 * eta) + k * loss
    bracket = cost + _SLOPE.dot(drift + _U)
    best = sp.solve([sp.diff(bracket, u) for u in _U], list(_U))
    control = _U.subs(best).subs(dict(zip(_SLOPE, slope, strict=True)))
    minimised = bracket.subs(best).subs(dict(zip(_SLOPE, slope, strict=True)))
    balance = sp.Poly(sp.expand(gamma * value - minimised), *_DELTA)
    quadratic = {sp.expand(balance.coeff_monomial(m)) for m in (_DELTA[0] ** 2, _DELTA[1] ** 2, _DELTA[0] * _DELTA[1])}
    quadratic.discard(sp.S.Zero)
    if len(quadratic) != 1:
        raise ArithmeticError("the value function is not isotropic")
    equation = 2 * quadratic.pop()
    second, first, constant = sp.Poly(equation, _P).all_coeffs()
    p = (-first / 2 + sp.sqrt((first / 2) ** 2 - second * constant)) / second  # the root that is a cost
    linear = [balance.coeff_monomial(d) for d in _DELTA]
    b = sp.solve(linear, list(_B))
    at_zero = dict.fromkeys(_DELTA, 0)
    velocity = (drift + control).subs(at_zero).subs(b).applyfunc(sp.factor)
    closed = (drift + control).jacobian(_DELTA)
    taken = (m.subs(_P, p).applyfunc(lambda e: _at(e, at)) for m in (velocity, closed))
    velocity, closed = taken
    steps = (
        Step("Cost rate near the present weights", sp.Eq(sp.Symbol("cost_rate"), cost)),
        Step("HJB equation", sp.Eq(gamma * sp.Symbol("V"), sp.Symbol("min_u") * bracket)),
        Step("Ansatz for its solution", sp.Eq(sp.Symbol("V"), value), "isotropic, as the problem is"),
        Step("Coefficient of δ²/2", sp.Eq(sp.expand(equation), 0), "the rotation drops out"),
        Step("Its optimal root", sp.Eq(_P, p)),
        *(Step("Coefficients of δ", sp.Eq(s, sp.factor(e))) for s, e in b.items()),
        Step("Closed loop", closed, f"at discount {at}"),
        *(Step(f"The rule for weight {i + 1}", sp.Eq(sp.Symbol(f"dw{i + 1}/dt"), velocity[i])) for i in range(2)),
    )
    return RotatingPair(velocity, closed, steps)


def _at(expression: sp.Expr, discount: sp.Expr) -> sp.Expr:
    """Expression at a discount; oo is the leading order at fixed ηk/γ."""
    gamma = DISCOUNT.symbol
    if discount == sp.oo:
        fixed = expression.subs(PLASTICITY.symbol, LEARNING_RATE.symbol * gamma / LOSS_WEIGHT.symbol)
        return sp.limit(fixed, gamma, sp.oo)
    return expression.subs(gamma, discount)
