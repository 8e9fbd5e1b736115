"""Mean field of a spike-based rule: its average over independent Poisson spikes of fixed rates.

An assignment at pre spikes changes its target at the mean rate ``pre_rate·(value − target)``, and likewise at post
spikes. A state that estimates a rate is replaced by its steady state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import sympy as sp

from plasticity.errors import InputError
from plasticity.local import local
from plasticity.rule import WEIGHT, Rule, Step, Update, expressions, flows
from plasticity.support.cached_algebra import cached_algebra

RATES = {"pre": "pre_rate", "post": "post_rate", "pre_delayed": "pre_rate"}  # steady rates: a delay does not matter


def on_rates(rule: Rule) -> Rule:
    """Rule for a rate network: spikes are replaced by their rates, estimates of rates by the rates.

    Parameters
    ----------
    rule : Rule

    Returns
    -------
    Rule
        Without ``pre`` and ``post`` events, with the inputs ``pre_rate`` and ``post_rate``; unchanged if it has none.

    Raises
    ------
    InputError
        If rates do not determine the mean: a nonlinear function, such as a threshold, of a state that jumps at spikes,
        or events of a third factor. If an estimate of a rate has no steady state.

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
        raise InputError(
            f"rule {rule.name!r} acts at events of a third factor, which rate networks do not have; "
            "use a spiking circuit"
        )
    flowing = flows(rule)
    for event, rate in RATES.items():
        for target, value in _after(tuple(s.symbol for s in rule.states), tuple(rule.events.get(event, ()))).items():
            flowing[target] += local(rate) * (value - target)
    steady = {s.symbol: _steady(s.symbol, flowing[s.symbol]) for s in rule.states if s.estimates in RATES.values()}
    steady = {symbol: value.subs(steady) for symbol, value in steady.items()}
    remaining = tuple(s for s in rule.states if s.symbol not in steady)
    _check_linear(
        rule, [s.symbol for s in remaining], [flowing[s].subs(steady) for s in (WEIGHT, *(k.symbol for k in remaining))]
    )
    flow = flowing[WEIGHT].subs(steady)
    rates = replace(
        rule,
        weight_flow=flow,
        states=tuple(replace(s, flow=flowing[s.symbol].subs(steady)) for s in remaining),
        events={
            "clock": tuple(
                Update(u.target, u.expression.subs(steady))
                for u in rule.events.get("clock", ())
                if u.target not in {s.name for s in steady}
            )
        },
        assumptions=(*rule.assumptions, "Spikes are replaced by rates: the mean over independent Poisson spikes."),
        steps=(*rule.steps, Step("Mean over Poisson spikes", sp.Eq(sp.Symbol("dw/dt"), flow))),
    )
    used = set().union(*(e.free_symbols for e in expressions(rates)))
    return replace(rates, parameters=tuple(p for p in rule.parameters if p.symbol in used))


def counts_spikes(rule: Rule) -> bool:
    """Whether spikes do more than to estimate rates, so that its mean is one over spikes and rates cannot be negative.

    Examples
    --------
    >>> from plasticity.rules.oja import oja
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> counts_spikes(pair_stdp()), counts_spikes(oja())
    (True, False)
    """
    estimates = {s.name for s in rule.states if s.estimates in RATES.values()}
    return any(u.target not in estimates for event in RATES for u in rule.events.get(event, ()))


def _check_linear(rule: Rule, states: list[sp.Symbol], means: list[sp.Expr]) -> None:
    """Refuse flows that are no polynomials in the states, whose mean is not a function of mean states."""
    for flow in means:
        for state in states:
            if not flow.is_polynomial(state):
                raise InputError(
                    f"rule {rule.name!r} has a nonlinear function of {state.name!r}, which jumps at spikes: rates do "
                    "not determine its mean; use a spiking circuit"
                )


@lru_cache(1024)
def _after(states: tuple[sp.Symbol, ...], updates: tuple[Update, ...]) -> Mapping[sp.Symbol, sp.Expr]:
    """Value of every target after an event, in terms of the values before it."""
    values: dict[sp.Symbol, sp.Expr] = {}
    symbols = {symbol.name: symbol for symbol in (*states, WEIGHT)}
    for update in updates:
        values[symbols[update.target]] = update.expression.subs(values, simultaneous=True)
    return values


@cached_algebra
def _steady(symbol: sp.Symbol, flow: sp.Expr) -> sp.Expr:
    solutions = sp.solve(flow, symbol)
    if len(solutions) != 1:
        raise InputError(f"{symbol} estimates a rate but has no steady state; it cannot be replaced by the rate")
    return sp.simplify(solutions[0])
