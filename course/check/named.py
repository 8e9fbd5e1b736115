"""Rules that an answer may be in place of the right one: those of the catalogue that read a gradient."""

from __future__ import annotations

from functools import cache

import sympy as sp

from plasticity import rules
from plasticity.derive import derive
from plasticity.limits import change, in_discount
from plasticity.objective import Objective
from plasticity.rule import GRADIENT, Rule, free_symbols
from plasticity.theory.symbols import DISCOUNT, FINITE_HORIZON, LEARNING_RATE, LOSS_WEIGHT, PLASTICITY


@cache
def named_rules() -> tuple[tuple[Rule, tuple[sp.Expr, ...]], ...]:
    """Rules with the texts that each can have: in its learning rate, and in η, k and γ.

    Examples
    --------
    >>> "Gradient descent" in [rule.title for rule, _ in named_rules()]
    True
    """
    members = [rules.load(name)() for name in rules.names()]
    return tuple((rule, forms(rule)) for rule in members if GRADIENT in free_symbols(rule))


def forms(rule: Rule) -> tuple[sp.Expr, ...]:
    """Velocity, acceleration or step of a rule, in its learning rate and in what that consists of.

    Examples
    --------
    >>> forms(rules.gradient_descent())
    (-gradient*learning_rate, -gradient*loss_weight*plasticity/discount)
    """
    rule = in_discount(rule)
    moved = change(rule).rhs
    order = 2 if any(state.name == "velocity" for state in rule.states) else 1
    rate = PLASTICITY.symbol * LOSS_WEIGHT.symbol / DISCOUNT.symbol**order
    own = [p for p in rule.parameters if p.name == LEARNING_RATE.name]
    return (moved, moved.subs(own[0].symbol, rate)) if own and own[0].unit == LEARNING_RATE.unit else (moved,)


def differing(rule: Rule, expected: object) -> tuple[str, ...]:
    """Assumptions of a rule that the expected one does not make.

    Examples
    --------
    >>> differing(rules.ballistic(), rules.gradient_descent())
    ('The horizon is long (γ → 0⁺).',)
    """
    right = expected if isinstance(expected, Rule) else derive(Objective(DISCOUNT.symbol))
    any_value = [words.partition(f"{FINITE_HORIZON} with")[1] or words for words in right.assumptions]
    return tuple(words for words in rule.assumptions if not words.startswith(tuple(any_value)))
