"""Limits of a derived rule in its planning horizon, taken by computer algebra."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.errors import InputError
from plasticity.rule import Parameter, Rule, Step, Update, free_symbols

DISCOUNT = Parameter(
    "discount", None, unit="Hz", meaning="temporal discounting γ; 1/γ is the horizon", positive=True
)
PLASTICITY = Parameter(
    "plasticity", 1.0, unit="1/(loss*s**2)", meaning="how cheap change is, η", positive=True
)
LOSS_WEIGHT = Parameter("loss_weight", 1.0, meaning="weight of the loss, k", positive=True)
LEARNING_RATE = Parameter(
    "learning_rate", 1.0, unit="1/(loss*s)", meaning="learning rate ηk/γ", positive=True
)


def limit(rule: Rule, discount: object) -> Rule:
    """Rule in the limit of a short (`discount` = oo) or long (`discount` = 0) horizon.

    ``discount=oo`` is the leading order at fixed learning rate ηk/γ: plasticity is replaced by
    ``learning_rate·discount/loss_weight`` before γ → ∞. ``discount=0`` is the limit γ → 0⁺ at fixed η and k.

    Raises
    ------
    InputError
        If the rule has no parameter ``discount`` or `discount` is neither 0 nor ``sympy.oo``.
    """
    if DISCOUNT.symbol not in free_symbols(rule):
        raise InputError(f"rule {rule.name!r} has no discount, so it has no limit in it")
    at = sp.sympify(discount)
    if at == sp.oo:
        learning_rate = replace(LEARNING_RATE, value=_learning_rate(rule))
        taken = _map(rule, lambda e: _short_horizon(e))
        parameters = _replace_parameter(rule.parameters, "plasticity", learning_rate)
        title = "short horizon, γ → ∞ at fixed ηk/γ"
    elif at == 0:
        taken = _map(rule, lambda e: sp.limit(e, DISCOUNT.symbol, 0, "+") if e.has(DISCOUNT.symbol) else e)
        parameters, title = rule.parameters, "long horizon, γ → 0⁺"
    else:
        raise InputError(f"limit takes discount=0 or discount=sympy.oo, got {discount!r}")
    used = {s.name for s in free_symbols(taken)}
    return replace(
        taken,
        parameters=tuple(p for p in parameters if p.name in used),
        title=f"{rule.title}; {title}",
        steps=(*rule.steps, Step(f"Limit: {title}", sp.Eq(sp.Symbol("dw/dt"), taken.weight_flow))),
    )


def _short_horizon(expression: sp.Expr) -> sp.Expr:
    gamma, eta, k = DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol
    if not expression.has(gamma):
        return expression
    return sp.limit(expression.subs(eta, LEARNING_RATE.symbol * gamma / k), gamma, sp.oo)


def _learning_rate(rule: Rule) -> float | None:
    """ηk/γ of the rule; ηk where the discount is not yet a number."""
    values = rule.values
    scale = values["plasticity"] * values.get("loss_weight", 1.0)
    return scale / values["discount"] if values["discount"] else scale


def _replace_parameter(parameters: tuple, name: str, new: Parameter) -> tuple:
    return tuple(new if p.name == name else p for p in parameters)


def _map(rule: Rule, change) -> Rule:
    """Apply `change` to every expression of the rule; parameters are left to the caller."""
    extra = (LEARNING_RATE,) if all(p.name != LEARNING_RATE.name for p in rule.parameters) else ()
    return replace(
        rule,
        parameters=(*rule.parameters, *extra),
        weight_flow=change(rule.weight_flow),
        states=tuple(replace(s, flow=change(s.flow)) for s in rule.states),
        events={
            event: tuple(Update(u.target, change(u.expression)) for u in updates)
            for event, updates in rule.events.items()
        },
    )
