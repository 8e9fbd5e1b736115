"""Which variables of a rule can be advanced at events only, and which need a clock."""

from __future__ import annotations

from collections.abc import Collection

import sympy as sp

from plasticity.rule import WEIGHT, Rule, flows
from plasticity.support.cached_algebra import cached_algebra

_LONG = 60  # operations beyond which an expression is left as it is


def affine(variable: sp.Symbol, flow: sp.Expr, variables: Collection[sp.Symbol]) -> tuple | None:
    """``(α, β)`` if ``flow = α·variable + β`` with α and β free of all `variables`, else None.

    Such a variable has the exact solution ``v(t) = v e^{αt} + β (e^{αt} − 1)/α``.

    Examples
    --------
    >>> x, tau = sp.symbols("x tau")
    >>> affine(x, -x / tau, {x: None})
    (-1/tau, 0)
    """
    return _affine(variable, flow, tuple(sorted(variables, key=lambda v: v.name)))


@cached_algebra
def _affine(variable: sp.Symbol, flow: sp.Expr, variables: tuple[sp.Symbol, ...]) -> tuple | None:
    alpha = sp.diff(flow, variable)
    beta = sp.expand(flow - alpha * variable)
    if any((alpha.has(v) or beta.has(v)) for v in variables):
        return None
    return tuple(sp.simplify(e) if sp.count_ops(e) < _LONG else e for e in (alpha, beta))


def event_driven(rule: Rule) -> dict[sp.Symbol, tuple]:
    """Variables that stand still or relax on their own, with their ``(α, β)``: exact at any interval."""
    every = flows(rule)
    moving = {*every, *(local.symbol for local in rule.locals.values())}
    affine_flows = {v: affine(v, f, moving) for v, f in every.items()}
    return {v: ab for v, ab in affine_flows.items() if ab is not None}


def clock_driven(rule: Rule) -> set[sp.Symbol]:
    """Variables that a simulator must advance at every step.

    These are the coupled and nonlinear ones, those that follow local variables of the circuit, all that they
    depend on, what moves and is read at a clock tick, and the weight as soon as it flows at all, so that it is current
    when it is read.
    """
    every = flows(rule)
    exact = event_driven(rule)
    driven = {v for v in every if v not in exact}
    for update in rule.events.get("clock", ()):
        driven |= {v for v in every if every[v] != 0 and update.expression.has(v)}
    if every[WEIGHT] != 0:
        driven.add(WEIGHT)
    while True:
        needed = {s for v in driven for s in every[v].free_symbols if s in every}
        if needed <= driven:
            return driven
        driven |= needed
