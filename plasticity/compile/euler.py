"""One explicit Euler step of a rule."""

from __future__ import annotations

import sympy as sp

from plasticity.rule import Rule, flows

STEP = sp.Symbol("_dt", positive=True)


def euler(rule: Rule) -> dict[str, sp.Expr]:
    """Value after one explicit Euler step of every variable that flows, by name.

    Examples
    --------
    >>> from plasticity import Objective, derive
    >>> euler(derive(Objective(discount=sp.oo)))
    {'w': -_dt*gradient*learning_rate + w}
    """
    return {v.name: v + STEP * f for v, f in flows(rule).items() if f != 0}
