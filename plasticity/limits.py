"""Limits of a derived rule in its planning horizon and in the time between observations, by computer algebra."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp

from plasticity.equations import algebra
from plasticity.errors import InputError
from plasticity.rule import CURVATURE, WEIGHT, Parameter, Rule, Step, Update, expressions, free_symbols
from plasticity.support.cached_algebra import cached_algebra
from plasticity.support.exprel import exprel
from plasticity.theory.symbols import (
    DISCOUNT,
    DURATION,
    FINITE_HORIZON,
    LEARNING_RATE,
    LONG_HORIZON,
    LOSS_WEIGHT,
    PLASTICITY,
    horizon,
    short_horizon,
)

_LONG = 600  # operations: a second or two of SymPy
_DIVERGES = "The rule diverges where the curvature vanishes: a long horizon has no scale for flat losses."


def limit(rule: Rule, discount: object = None, duration: object = None) -> Rule:
    """Rule in the limit of a short (`discount` = oo) or long (`discount` = 0) horizon, or of long `duration`.

    ``discount=oo`` is the leading order at fixed learning rate ηk/γ: plasticity is replaced by
    ``learning_rate·discount/loss_weight`` before γ → ∞. Where the acceleration is controlled (the rule has a
    ``velocity``) the learning rate is ηk/γ². ``discount=0`` is the limit γ → 0⁺ at fixed η and k.
    An `InputError` says if the rule lacks the parameter or has no finite limit.
    """
    if discount is None and duration is None:
        raise InputError("limit needs discount=0, discount=sympy.oo or duration=sympy.oo; got neither")
    if discount is not None:
        rule = _discount_limit(rule, algebra("discount", discount))
    if duration is not None:
        rule = _duration_limit(rule, algebra("duration", duration))
    return rule


def in_discount(rule: Rule) -> Rule:
    """Rule in which the discount bears its own name, if an objective called it otherwise."""
    own = next((p for p in rule.parameters if p.meaning == DISCOUNT.meaning), DISCOUNT)
    if own.name == DISCOUNT.name:
        return rule
    return _map(rule, lambda e: e.xreplace({own.symbol: DISCOUNT.symbol}), (replace(own, name=DISCOUNT.name),))


def named_discount(rule: Rule, expression: sp.Expr) -> Rule:
    """Rule in the symbols of the expression that states its discount, such as ``gamma`` or ``2*gamma``.

    A symbol x in an expression that is proportional to a power of x has the unit that makes it a rate.
    """
    if DISCOUNT.symbol not in free_symbols(rule) or getattr(expression, "name", "") == DISCOUNT.name:
        return rule
    names = sorted(expression.free_symbols, key=str)
    named: list[Parameter] = []
    for symbol in names:
        power = sp.simplify(symbol * sp.diff(sp.log(expression), symbol))
        plain = expression == symbol
        rated = power.is_number and not named
        unit = ("Hz" if power == 1 else f"Hz**({1 / power})") if rated else "1"
        words = DISCOUNT.meaning if plain else f"in the discount {expression}"
        named.append(Parameter(symbol.name, None, unit=unit, meaning=words, positive=True))
    if not any(p.unit != "1" for p in named):
        raise InputError(f"discount must be a rate [1/s] in a symbol, such as 2*gamma or 1/tau, got {expression}")
    known = {p.name: p.symbol for p in named}
    own = expression.xreplace({s: known[s.name] for s in names})
    taken = _map(rule, lambda e: e.xreplace({DISCOUNT.symbol: own}), tuple(named))
    used = tuple(p for p in taken.parameters if p.name != DISCOUNT.name)
    step = Step("In other parameters", change(taken), f"{DISCOUNT.name} = {own}")
    return replace(taken, parameters=used, steps=(*rule.steps, step))


def _discount_limit(rule: Rule, at: sp.Expr) -> Rule:
    rule = in_discount(rule)
    _require(rule, DISCOUNT)
    order = 2 if any(s.name == "velocity" for s in rule.states) else 1
    if at == sp.oo:
        rate = _learning_rate(rule, order)
        title = short_horizon(order)
        taken = _map(rule, lambda e: _short_horizon(e, order), (rate,))
    elif at.is_zero:
        title = LONG_HORIZON
        taken = _map(rule, lambda e: _limit(e, DISCOUNT.symbol, sp.S.Zero))
    else:
        raise InputError(f"limit takes discount=0 or discount=sympy.oo, got {at}")
    words = tuple(horizon(at, order) if a.startswith(FINITE_HORIZON) else a for a in taken.assumptions)
    flat = any(e.subs(CURVATURE, 0).has(sp.zoo, sp.nan) for e in expressions(taken))
    cautions = (*taken.cautions, *([_DIVERGES] if flat else []))
    return _finished(rule, replace(taken, assumptions=words, cautions=cautions), title)


def _duration_limit(rule: Rule, at: sp.Expr) -> Rule:
    _require(rule, DURATION)
    if at != sp.oo:
        raise InputError(f"limit takes duration=sympy.oo, got {at}")
    return _finished(rule, _map(rule, _long_duration), "long time between observations, T → ∞")


def _require(rule: Rule, parameter: Parameter) -> None:
    if parameter.symbol not in free_symbols(rule):
        raise InputError(f"rule {rule.name!r} has no {parameter.name}, so it has no limit in it")


def small_discount(rule: Rule) -> Rule:
    """Rule for a long but finite horizon: the slowness (1 over the change) to first order in γ.

    ``1/Δw = 1/Δw|γ=0 + γ·d(1/Δw)/dγ|γ=0``. For the rule (5) it is −√(ηk) g/(√v + γ/(2√(ηk))): the horizon plays the
    part of the constant that Adam adds to the denominator.
    """
    rule = in_discount(rule)
    _require(rule, DISCOUNT)
    return _finished(rule, _map(rule, _first_order), "long horizon, slowness to first order in γ")


def reparametrised(rule: Rule, parameters: tuple[Parameter, ...], old: Mapping[str, sp.Expr]) -> Rule:
    """Rule in which old parameters are expressed by new ones.

    Parameters
    ----------
    rule : Rule
    parameters : tuple of Parameter
        The new ones.
    old : mapping of str to sympy expression
        Every replaced parameter in terms of the new (and of remaining old) ones.
    """
    known = {p.name: p.symbol for p in rule.parameters}
    swap = {known[name]: expression for name, expression in old.items()}

    def swapped(expression: sp.Expr) -> sp.Expr:
        constant, moving = expression.as_independent(*swap, as_Add=True)
        return constant + _simplified(moving.subs(swap))

    taken = _map(rule, swapped, parameters)
    words = ", ".join(f"{name} = {expression}" for name, expression in old.items())
    used = {s.name for s in free_symbols(taken)}
    return replace(
        taken,
        parameters=tuple(p for p in taken.parameters if p.name in used),
        steps=(*rule.steps, Step("In other parameters", change(taken), words)),
    )


def in_steps(rule: Rule, learning_rate: float, epsilon: float, inside: bool = False) -> Rule:
    """Rule of `small_discount` per step: ``learning_rate = sqrt(ηk)Δt`` and ``epsilon = γ/(2 sqrt(ηk))``.

    With `inside` the horizon has no end (γ → 0), and ε is added to the believed curvature, under the root: √(v + ε).

    Parameters
    ----------
    rule : Rule
        With the parameters ``plasticity``, ``loss_weight``, ``discount`` and ``clock_step``.
    learning_rate, epsilon : float
        [1] and [unit of the gradient], `inside` [its square].
    inside : bool
        Whether ε stands under the root.
    """
    words = "learning rate per step, α = sqrt(ηk)Δt"
    rate = Parameter("learning_rate", learning_rate, meaning=words, positive=True)
    floor = Parameter("epsilon", epsilon, unit="loss", meaning="horizon as a floor, ε = γ/(2 sqrt(ηk))")
    step = next(p.symbol for p in rule.parameters if p.name == "clock_step")
    speed = rate.symbol / step
    old = {"plasticity": speed**2 / LOSS_WEIGHT.symbol, "discount": 2 * floor.symbol * speed}
    stepped = reparametrised(rule, (rate, floor), old)
    squares = (replace(s, unit="loss**2") if s.name == "belief_curvature" else s for s in stepped.states)
    stepped = replace(stepped, states=tuple(squares))  # nothing is left that makes a curvature of the mean square
    return _inside(stepped, floor) if inside else stepped


def _inside(rule: Rule, floor: Parameter) -> Rule:
    """Rule at γ → 0 with a curvature that is larger by ε: v → v + ε where the weight reads it."""
    v = next(s.symbol for s in rule.states if s.name == "belief_curvature")
    clock = tuple(
        replace(u, expression=u.expression.subs(floor.symbol, 0).subs(v, v + floor.symbol)) if u.target == "w" else u
        for u in rule.events["clock"]
    )
    added = replace(floor, unit="loss**2", meaning="curvature that is added to the believed one")
    taken = replace(
        rule,
        events={**rule.events, "clock": clock},
        parameters=tuple(added if p.name == floor.name else p for p in rule.parameters),
    )
    return replace(
        taken, steps=(*rule.steps, Step("Long horizon, curvature v + ε", change(taken), "ε inside the root"))
    )


def change(rule: Rule) -> sp.Eq:
    """Equation of the rule: dw/dt, the acceleration, or the change at a clock tick."""
    clock = {u.target: u.expression for u in rule.events.get("clock", ())}
    for state in rule.states:
        if state.name == "velocity" and "velocity" in clock:
            return _equation("Delta_velocity", sp.expand(clock["velocity"] - state.symbol))
        if state.name == "velocity":
            return _equation("d_velocity/dt", state.flow)
    if WEIGHT.name in clock:
        return _equation("Delta_w", clock[WEIGHT.name] - WEIGHT)
    return _equation("dw/dt", rule.weight_flow)


def _equation(name: str, expression: sp.Expr) -> sp.Eq:
    return sp.Eq(sp.Symbol(name), expression, evaluate=False)  # evaluation would try to decide whether it holds


@cached_algebra
def _limit(expression: sp.Expr, symbol: sp.Symbol, at: sp.Expr) -> sp.Expr:
    """Limit for a positive symbol, term by term where every term has a finite one."""
    if not expression.has(symbol):
        return expression
    relaxing = {f for f in expression.atoms(exprel, sp.exp, sp.Abs) if f.has(symbol) and expression.has(exprel)}
    taken = {f: f.func(_limit(f.args[0], symbol, at)) for f in relaxing}
    expression = expression.xreplace({f: g for f, g in taken.items() if not g.has(sp.oo, -sp.oo, sp.nan, sp.zoo)})
    if at == 0:
        value = expression.subs(symbol, 0)
        if value.is_finite is not False and not value.has(sp.nan, sp.zoo, sp.oo):
            return _without_quotient_of_weight(value)
    terms = [sp.limit(term, symbol, at, "+" if at == 0 else "-") for term in sp.Add.make_args(expression)]
    if any(t.has(sp.oo, -sp.oo, sp.nan, sp.zoo) for t in terms):
        return sp.limit(expression, symbol, at, "+" if at == 0 else "-")
    return sp.Add(*terms)


@cached_algebra
def _first_order(expression: sp.Expr) -> sp.Expr:
    """Expression whose inverse, as far as it depends on the discount, is expanded to first order in it."""
    gamma = DISCOUNT.symbol
    if not expression.has(gamma):
        return expression
    constant, moving = expression.as_independent(gamma, as_Add=True)
    inverse = 1 / moving
    first = _limit(sp.diff(inverse, gamma), gamma, sp.S.Zero)
    slowness = sp.factor(_limit(inverse, gamma, sp.S.Zero) + gamma * first)
    return constant + _simplified(1 / slowness)


@cached_algebra
def _simplified(expression: sp.Expr) -> sp.Expr:
    return sp.simplify(expression)


def _without_quotient_of_weight(expression: sp.Expr) -> sp.Expr:
    """Write w²/|w| as |w|, which has a value at 0."""
    size = sp.Dummy("size", positive=True)
    return expression.xreplace({sp.Abs(WEIGHT): size, WEIGHT**2: size**2}).xreplace({size: sp.Abs(WEIGHT)})


def _short_horizon(expression: sp.Expr, order: int) -> sp.Expr:
    gamma, eta, k = DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol
    if not expression.has(gamma):
        return expression
    return _limit(expression.subs(eta, LEARNING_RATE.symbol * gamma**order / k), gamma, sp.oo)


@cached_algebra
def _long_duration(expression: sp.Expr) -> sp.Expr:
    """T·exprel(−rT) → 1/r for a closed loop with a positive rate r, and what has faded is gone."""
    time = DURATION.symbol
    if not expression.has(time):
        return expression
    rates = {}

    def relaxed(argument: sp.Expr) -> sp.Expr:
        rate = sp.Dummy("rate", positive=True)
        rates[rate] = sp.expand(-argument / time)
        return (sp.exp(-rate * time) - 1) / (-rate * time)

    def fading(argument: sp.Expr) -> sp.Expr:
        rate = sp.Dummy("rate", positive=True)
        rates[rate] = sp.expand(-argument / time)
        return sp.exp(-rate * time)

    fades = {f: fading(f.args[0]) for f in expression.atoms(sp.exp) if f.has(time)}
    expression = expression.xreplace(fades)
    constant, moving = expression.replace(exprel, relaxed).as_independent(time, as_Add=True)
    taken = sp.Add(*(sp.limit(term, time, sp.oo) for term in sp.Add.make_args(sp.expand(moving))))
    taken = taken.subs(rates)
    return constant + _shorter(taken)


def _shorter(expression: sp.Expr) -> sp.Expr:
    """Simplified where that is shorter; a sum too long for the fractions of SymPy stays as it is."""
    if sp.count_ops(expression) > _LONG:
        return expression
    return min(expression, sp.simplify(expression), key=sp.count_ops)


def _learning_rate(rule: Rule, order: int) -> Parameter:
    """ηk/γ (ηk/γ² for controlled acceleration) of the rule; ηk where the discount is not yet a number."""
    values = rule.values
    scale = values["plasticity"] * values.get("loss_weight", 1.0)
    value = scale / values["discount"] ** order if values["discount"] else scale
    if order == 1:
        return replace(LEARNING_RATE, value=value)
    return replace(LEARNING_RATE, value=value, unit="1/(loss*s**2)", meaning="learning rate ηk/γ²")


def _finished(rule: Rule, taken: Rule, title: str) -> Rule:
    """Remove unused parameters and add the limit as a step; an error if it is not finite."""
    if any(e.has(sp.oo, -sp.oo, sp.nan, sp.zoo) for e in expressions(taken)):
        raise InputError(f"rule {rule.name!r} has no finite limit for a {title}")
    used = {s.name for s in free_symbols(taken)}
    return replace(
        taken,
        parameters=tuple(p for p in taken.parameters if p.name in used),
        title=f"{rule.title}; {title}",
        steps=(*rule.steps, Step(f"Limit: {title}", change(taken))),
    )


def _map(rule: Rule, into: Callable[[sp.Expr], sp.Expr], new: tuple[Parameter, ...] = ()) -> Rule:
    """Apply `into` to every expression of the rule and add parameters."""
    names = {p.name for p in new}
    return replace(
        rule,
        parameters=(*(p for p in rule.parameters if p.name not in names), *new),
        weight_flow=into(rule.weight_flow),
        states=tuple(replace(s, flow=into(s.flow)) for s in rule.states),
        events={
            event: tuple(Update(u.target, into(u.expression)) for u in updates)
            for event, updates in rule.events.items()
        },
    )
