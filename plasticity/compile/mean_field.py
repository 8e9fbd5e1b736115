"""Mean field of a rule that runs on spikes: what it does on average to a synapse between neurons with given rates.

For independent Poisson spikes an assignment at pre spikes changes its target at the mean rate
``pre_rate·(value − target)``, and likewise at post spikes. A state that is a belief about a rate is replaced by what it
is a belief about: its value in a steady state.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.errors import InputError
from plasticity.local import local
from plasticity.rule import WEIGHT, Rule, Step, Update, expressions, flows

RATES = {"pre": "pre_rate", "post": "post_rate", "pre_delayed": "pre_rate"}  # steady rates: a delay does not matter


def on_rates(rule: Rule) -> Rule:
    """Rule for a network of rates: spikes are replaced by their rates, beliefs about rates by the rates.

    Parameters
    ----------
    rule : Rule

    Returns
    -------
    Rule
        Without ``pre`` and ``post`` events; itself if it has none. It asks for ``pre_rate`` and ``post_rate``.

    Raises
    ------
    InputError
        If rates do not determine the mean: a threshold or another nonlinear function of what jumps at spikes, or events
        of a third factor. If a belief about a rate has no steady state.

    Examples
    --------
    >>> from plasticity.rules.oja import oja
    >>> on_rates(oja()).weight_flow
    learning_rate*(-post_rate**2*w + post_rate*pre_rate)
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> on_rates(pair_stdp()).weight_flow
    -A_minus*post_rate*pre_rate*tau_minus + A_plus*post_rate*pre_rate*tau_plus
    """
    if not any(event in rule.events for event in (*RATES, "third_factor")):
        return rule
    if "third_factor" in rule.events:
        raise InputError(f"rule {rule.name!r} acts at events of a third factor, which rate networks do not have")
    flowing = flows(rule)
    for event, rate in RATES.items():
        for target, value in _after(rule, event).items():
            flowing[target] += local(rate) * (value - target)
    steady = {s.symbol: _steady(s.symbol, flowing[s.symbol]) for s in rule.states if s.estimates in RATES.values()}
    steady = {symbol: value.subs(steady) for symbol, value in steady.items()}
    kept = tuple(s for s in rule.states if s.symbol not in steady)
    _check_linear(
        rule, [s.symbol for s in kept], [flowing[s].subs(steady) for s in (WEIGHT, *(k.symbol for k in kept))]
    )
    flow = flowing[WEIGHT].subs(steady)
    rates = replace(
        rule,
        weight_flow=flow,
        states=tuple(replace(s, flow=flowing[s.symbol].subs(steady)) for s in kept),
        events={
            "clock": tuple(
                Update(u.target, sp.sympify(u.expression).subs(steady))
                for u in rule.events.get("clock", ())
                if u.target not in {s.name for s in steady}
            )
        },
        assumptions=(*rule.assumptions, "Spikes are replaced by rates: the mean over independent Poisson spikes."),
        steps=(*rule.steps, Step("Mean over Poisson spikes", sp.Eq(sp.Symbol("dw/dt"), flow))),
    )
    used = set().union(*(e.free_symbols for e in expressions(rates)))
    return replace(rates, parameters=tuple(p for p in rule.parameters if p.symbol in used))


def _check_linear(rule: Rule, states: list[sp.Symbol], means: list[sp.Expr]) -> None:
    """Refuse flows that are no polynomials in the states: their mean is not that of the mean states."""
    for flow in means:
        for state in states:
            if not flow.is_polynomial(state):
                raise InputError(
                    f"rule {rule.name!r} has a nonlinear function of {state.name!r}, which jumps at spikes: rates do "
                    "not determine its mean; use a spiking circuit"
                )


def _after(rule: Rule, event: str) -> dict[sp.Symbol, sp.Expr]:
    """Value of every target after an event, in terms of the values before it."""
    values: dict[sp.Symbol, sp.Expr] = {}
    symbols = {s.name: s.symbol for s in rule.states} | {WEIGHT.name: WEIGHT}
    for update in rule.events.get(event, ()):
        values[symbols[update.target]] = sp.sympify(update.expression).subs(values, simultaneous=True)
    return values


def _steady(symbol: sp.Symbol, flow: sp.Expr) -> sp.Expr:
    found = sp.solve(flow, symbol)
    if len(found) != 1:
        raise InputError(f"{symbol} is a belief about a rate without a steady state; it cannot be replaced by the rate")
    return sp.simplify(found[0])
