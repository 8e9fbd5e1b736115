"""One explicit Euler step of a rule."""

from __future__ import annotations

import sympy as sp

from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule, flows

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


def common_states(rule: Rule, arrays: frozenset[str]) -> list[str]:
    """States with one value for all synapses, such as a count of steps.

    They start equal and depend only on each other and on parameters that are not among `arrays`.

    Examples
    --------
    >>> from plasticity.rules.adam import adam
    >>> common_states(adam(), frozenset())
    ['count']
    """
    changes: dict[str, set[str]] = {s.name: {x.name for x in s.flow.free_symbols} for s in rule.states}
    for update in rule.events.get("clock", ()):
        if update.target in changes:
            changes[update.target] |= {x.name for x in update.expression.free_symbols}
    common = set(changes)
    own = {WEIGHT.name, GRADIENT.name, CURVATURE.name, *arrays}
    while True:
        left = {name for name in common if not changes[name] & (own | (set(changes) - common))}
        if left == common:
            return [s.name for s in rule.states if s.name in common]
        common = left
