"""Compose a policy with a signal: the gradient that a rule asks for is read from the spikes of a synapse."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.errors import InputError
from plasticity.local import TRAINS
from plasticity.rule import CURVATURE, GRADIENT, TICK, WEIGHT, Parameter, Rule, State, Step, Update, free_symbols
from plasticity.signal import Signal
from plasticity.support.catalog import require_made
from plasticity.theory.kept import kept
from plasticity.units import simplified


def observe(rule: Rule, signal: Signal) -> Rule:
    """Rule of a synapse that sees the gradient only through `signal`.

    The flow of the weight and of every belief is a polynomial in the gradient. With the gradient a density plus a
    train of impulses, the flow takes the density, and at an event a variable with the flow
    ``a + b·gradient + c·gradient²`` jumps by ``b·impulse + c·information_scale·impulse²``. At an event beliefs are
    updated first, then the weight (with the updated beliefs), then the traces. A rule that acts at clock ticks sees
    the mean gradient since the last tick, from a state ``gradient_sum`` that collects it.

    Parameters
    ----------
    rule : Rule
        A policy with the input ``gradient``, such as `derive` returns.
    signal : Signal

    Returns
    -------
    Rule
        It asks for no gradient: it runs on spikes, and on local variables if the signal's density uses them.

    Raises
    ------
    InputError
        If the rule asks for no gradient, asks for a curvature that the signal does not give, or is no polynomial
        of degree 2 in the gradient; or if the signal does not say how the squared gradient is read; or if either is
        something else, such as a name.

    Examples
    --------
    >>> import sympy as sp
    >>> from plasticity import Objective, derive
    >>> from plasticity.signals.bcm import bcm
    >>> rule = observe(derive(Objective(discount=sp.oo)), bcm())
    >>> rule.events["pre"][0].expression
    -learning_rate*post_trace*threshold/tau_minus + w
    """
    require_made(rule, Rule, "plasticity.rules")
    require_made(signal, Signal, "plasticity.signals")
    _check_inputs(rule, signal)
    rule = _collecting(rule, signal) if "clock" in rule.events else rule
    rule = _with_curvature(rule, signal)
    flows = {s.symbol: s.flow for s in rule.states} | {WEIGHT: rule.weight_flow}
    shifted = {v: _with_density(sp.sympify(flow), signal) for v, flow in flows.items()}
    events = dict(rule.events)
    for event in ("pre", "post", "third_factor"):
        jumps = [(target, _jump(flow, signal, event)) for target, flow in shifted.items()]
        updates = [Update(t.name, t + j) for t, j in jumps if j != 0]
        events[event] = (*updates, *signal.events.get(event, ()))
    composed = replace(
        rule,
        name=f"{rule.name}_{signal.name}",
        title=f"{rule.title}; {signal.title}",
        weight_flow=shifted[WEIGHT].subs(GRADIENT, 0),
        states=(*(replace(s, flow=shifted[s.symbol].subs(GRADIENT, 0)) for s in rule.states), *signal.states),
        events=events,
        parameters=_once(*rule.parameters, *signal.parameters),
        assumptions=(*rule.assumptions, *signal.assumptions),
        steps=(*rule.steps, *signal.steps, *_steps(events)),
        references=tuple(dict.fromkeys((*rule.references, *signal.references))),
    )
    return _with_units(_without_unused(composed), signal.loss_unit)


def _with_curvature(rule: Rule, signal: Signal) -> Rule:
    """Rule whose flows read the curvature from the local variables of the signal."""
    if CURVATURE not in rule.inputs:
        return rule
    return replace(
        rule,
        weight_flow=rule.weight_flow.subs(CURVATURE, signal.curvature),
        states=tuple(replace(s, flow=sp.sympify(s.flow).subs(CURVATURE, signal.curvature)) for s in rule.states),
        parameters=_once(*rule.parameters, *signal.parameters),
    )


def _collecting(rule: Rule, signal: Signal) -> Rule:
    """Rule that collects the gradient between clock ticks and acts on its mean."""
    collected = State("gradient_sum", GRADIENT, unit="loss*s", meaning="gradient collected since the last tick")
    curvature = State("curvature_sum", CURVATURE, unit="loss*s", meaning="curvature collected since the last tick")
    sums = (collected, curvature) if CURVATURE in rule.inputs else (collected,)
    tick = next((p for p in rule.parameters if p.name in ("clock_step", "duration")), TICK)
    mean = collected.symbol / tick.symbol
    units = {s.name: s.unit for s in rule.states}
    ticks = []
    for update in rule.events["clock"]:
        expression = update.expression
        if units.get(update.target) == "loss" and expression.has(GRADIENT**2):  # a curvature, not a mean square
            expression = expression.subs(GRADIENT**2, _information_scale(signal) * collected.symbol**2 / tick.symbol)
        known = {GRADIENT: mean, CURVATURE: curvature.symbol / tick.symbol}
        ticks.append(Update(update.target, expression.subs(known)))
    return replace(
        rule,
        states=(*rule.states, *sums),
        parameters=_once(*rule.parameters, tick, *signal.parameters),
        events={**rule.events, "clock": (*ticks, *(Update(s.name, sp.S.Zero) for s in sums))},
    )


def _check_inputs(rule: Rule, signal: Signal) -> None:
    if GRADIENT not in rule.inputs:
        raise InputError(f"rule {rule.name!r} asks for no gradient, so signal {signal.name!r} cannot feed it")
    if CURVATURE in rule.inputs and signal.curvature is None:
        raise InputError(
            f"rule {rule.name!r} asks for the curvature, which signal {signal.name!r} does not give; "
            "pass curvature_belief=FadingMemory(time_constant=…) to derive, or use discount=sympy.oo"
        )


def _with_density(flow: sp.Expr, signal: Signal) -> sp.Expr:
    """Flow that takes the density of the signal; where there are impulses, a square is read at them alone.

    The square of a gradient with impulses is dominated by them: that of the density is of higher order in time.
    """
    if signal.density == 0 or not flow.has(GRADIENT):
        return flow
    square = _coefficients(flow)[1] * GRADIENT**2
    if square != 0 and {s.name for s in signal.density.free_symbols} & set(TRAINS):
        raise InputError(
            f"the gradient of signal {signal.name!r} follows spike trains, whose square has no density; use beliefs "
            "with a decay per step, which square the gradient that was collected between ticks"
        )
    if square != 0 and signal.gradient:
        return sp.expand(flow - square).subs(GRADIENT, GRADIENT + signal.density) + square
    return flow.subs(GRADIENT, GRADIENT + signal.density)


@kept
def _coefficients(flow: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Coefficients of the gradient and of its square."""
    try:
        polynomial = sp.Poly(flow, GRADIENT)
    except sp.PolynomialError as error:
        raise InputError(f"the flow {flow} is no polynomial in the gradient, so impulses cannot enter") from error
    if polynomial.degree() > 2:
        raise InputError(f"the flow {flow} has a power of the gradient above 2, which no signal gives")
    return polynomial.coeff_monomial(GRADIENT), polynomial.coeff_monomial(GRADIENT**2)


def _jump(flow: sp.Expr, signal: Signal, event: str) -> sp.Expr:
    """Jump that the impulses of the gradient at `event` give to a variable with this flow."""
    linear, squared = _coefficients(flow)
    impulse = signal.gradient.get(event, sp.S.Zero)
    if squared == 0 or impulse == 0:
        jump = linear * impulse
        return sp.expand(jump) if not flow.has(sp.sqrt) else jump
    return linear * impulse + squared * _information_scale(signal) * impulse**2


def _information_scale(signal: Signal) -> sp.Expr:
    if signal.information_scale is None:
        raise InputError(
            f"signal {signal.name!r} does not say how a squared gradient is read, so it feeds no curvature belief; "
            "leave curvature_belief out, or use a signal with an information_scale"
        )
    return signal.information_scale


def _steps(events: dict) -> tuple[Step, ...]:
    return tuple(
        Step(f"Change of {u.target} at a {event} spike", u.expression - sp.Symbol(u.target, real=True))
        for event, updates in events.items()
        for u in updates
        if u.target == WEIGHT.name
    )


def _once(*parameters: Parameter) -> tuple[Parameter, ...]:
    """Parameters without repetition of a name; the first value counts."""
    return tuple({p.name: p for p in reversed(parameters)}.values())[::-1]


def _without_unused(rule: Rule) -> Rule:
    """Rule with the parameters that it uses; the distance of its ticks also where it cancels (Newton)."""
    used = {s.name for s in free_symbols(rule)} | ({TICK.name} if rule.events.get("clock") else set())
    return replace(rule, parameters=tuple(p for p in rule.parameters if p.name in used))


def _with_units(rule: Rule, loss_unit: str) -> Rule:
    return replace(
        rule,
        parameters=tuple(replace(p, unit=simplified(p.unit, loss_unit)) for p in rule.parameters),
        states=tuple(replace(s, unit=simplified(s.unit, loss_unit)) for s in rule.states),
    )
