"""Flows of a rule that are solved by sums of exponentials: what its variables are after some time without an event."""

from __future__ import annotations

import sympy as sp
from sympy.codegen.cfunctions import expm1

from plasticity.compile.classify import affine
from plasticity.errors import InputError
from plasticity.rule import Rule, flows

Exponentials = dict[sp.Expr, sp.Expr]  # rate λ: factor c, for the sum of c·exp(λ·t)
_EQUAL = 1e-6  # rates that differ by less, relatively, cannot be told apart in a difference of exponentials


def relaxing(rule: Rule) -> dict[sp.Symbol, sp.Expr]:
    """Rates of the variables that relax to 0 on their own, ``v̇ = αv``, or stand still.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> {v.name: str(alpha) for v, alpha in relaxing(pair_stdp()).items()}
    {'w': '0', 'pre_trace': '-1/tau_plus', 'post_trace': '-1/tau_minus'}
    """
    every = flows(rule)
    forms = {v: affine(v, flow, every) for v, flow in every.items()}
    return {v: form[0] for v, form in forms.items() if form is not None and form[1] == 0}


def driven(rule: Rule, elapsed: sp.Symbol) -> dict[sp.Symbol, sp.Expr]:
    """Values after the time `elapsed` of the variables that others or constants drive.

    A variable has ``v̇ = αv + Σ c·exp(λt)``, where the sum is a polynomial in variables that are solved before it; then
    ``v(t) = v·exp(αt) + Σ c·(exp(λt) − exp(αt))/(λ − α)``. Values are in terms of those before, and in an order in
    which each variable can be assigned in its turn.

    Raises
    ------
    InputError
        If there is no such solution: a flow that is no polynomial, a circle of variables, equal rates.

    Examples
    --------
    >>> from plasticity.rules.reward_stdp import reward_stdp
    >>> [w] = driven(reward_stdp(), sp.Symbol("t")).values()
    >>> w.subs("t", 0)
    w
    """
    solved: dict[sp.Symbol, Exponentials] = {v: {alpha: v} for v, alpha in relaxing(rule).items()}
    waiting = [v for v in flows(rule) if v not in solved]
    after: dict[sp.Symbol, sp.Expr] = {}
    while waiting:
        ready = [v for v in waiting if not flows(rule)[v].free_symbols & (set(waiting) - {v})]
        if not ready:
            names = " and ".join(v.name for v in waiting)
            raise InputError(f"the flow of {names} in rule {rule.name!r} has no closed form: they drive each other")
        for v in ready:
            alpha, forced = _forced(rule, v, solved)
            solved[v] = _solution(rule, v, alpha, forced)
            after[v] = v * sp.exp(alpha * elapsed) + sum(c * _gain(rate, alpha, elapsed) for rate, c in forced.items())
            waiting.remove(v)
    return dict(reversed(after.items()))


def _forced(rule: Rule, variable: sp.Symbol, solved: dict[sp.Symbol, Exponentials]) -> tuple[sp.Expr, Exponentials]:
    """Rate α of a variable, and what drives it."""
    flow = flows(rule)[variable]
    alpha = sp.diff(flow, variable)
    others = tuple(s for s in solved if flow.has(s))
    try:
        if alpha.has(variable, *others):
            raise sp.PolynomialError
        polynomial = sp.Poly(flow - alpha * variable, *others) if others else None
    except sp.PolynomialError:
        raise InputError(
            f"the flow of {variable} in rule {rule.name!r} has no closed form: {flow} is no polynomial in what drives "
            f"{variable}, or not linear in {variable}"
        ) from None
    if polynomial is None:
        return alpha, {sp.S.Zero: flow - alpha * variable}
    forced: Exponentials = {}
    for powers, factor in polynomial.terms():
        term: Exponentials = {sp.S.Zero: factor}
        for other, power in zip(others, powers, strict=True):
            for _ in range(power):
                term = _product(term, solved[other])
        for rate, c in term.items():
            forced[rate] = forced.get(rate, sp.S.Zero) + c
    for rate in forced:
        _check_apart(rule, variable, rate - alpha)
    return alpha, forced


def _product(a: Exponentials, b: Exponentials) -> Exponentials:
    result: Exponentials = {}
    for first, c in a.items():
        for second, d in b.items():
            rate = sp.expand(first + second)
            result[rate] = result.get(rate, sp.S.Zero) + c * d
    return result


def _solution(rule: Rule, variable: sp.Symbol, alpha: sp.Expr, forced: Exponentials) -> Exponentials:
    """The variable as a sum of exponentials."""
    gains = {rate: c / (rate - alpha) for rate, c in forced.items()}
    return {**gains, sp.expand(alpha): variable - sum(gains.values())}


def _check_apart(rule: Rule, variable: sp.Symbol, difference: sp.Expr) -> None:
    values = {p.symbol: p.value for p in rule.parameters if p.value is not None}
    number, scale = (abs(complex(sp.N(e.subs(values)))) for e in (difference, _size(difference)))
    if difference == 0 or number <= _EQUAL * scale:
        raise InputError(
            f"the flow of {variable} in rule {rule.name!r} has no closed form in exponentials: two rates are equal, "
            f"{difference} = 0; change a time constant a little"
        )


def _size(difference: sp.Expr) -> sp.Expr:
    return sp.Add(*(abs(term) for term in sp.Add.make_args(sp.expand(difference))))


def _gain(rate: sp.Expr, alpha: sp.Expr, elapsed: sp.Symbol) -> sp.Expr:
    """``(exp(λt) − exp(αt))/(λ − α)``, in a form that is exact for short times and finite for long ones."""
    if alpha == 0:
        return expm1(rate * elapsed) / rate
    return (sp.exp(rate * elapsed) - sp.exp(alpha * elapsed)) / (rate - alpha)
