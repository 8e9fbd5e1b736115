"""Which states of a rule belong to a neuron: what its own activity alone moves is the same in all its synapses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plasticity.compile.classify import affine, event_driven
from plasticity.local import LOCALS
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule, State, flows

SIDES = ("pre", "post")


@dataclass(frozen=True)
class Ownership:
    """Where a state lives, and why.

    Parameters
    ----------
    owner : {"pre", "post", "synapse", "all"}
        ``"all"``: one number for all synapses of a projection, such as a count of ticks.
    reason : str
        Why it cannot live in a neuron; empty if it does.
    follows : bool
        Whether it jumps after the synapses have read it at a spike of its neuron, rather than before.
    """

    owner: str
    reason: str = ""
    follows: bool = True


def ownership(rule: Rule) -> dict[str, Ownership]:
    """Owner of every state of a rule.

    A neuron owns what relaxes on its own and jumps at the spikes of this neuron alone, by an amount that is the same in
    all its synapses: ``ẋ = αx + β`` and ``x → f(x)`` with constants that all synapses share. It also owns filters of
    its variables, ``ẋ = αx + f(v)``, which do not jump.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> {name: state.owner for name, state in ownership(pair_stdp()).items()}
    {'pre_trace': 'pre', 'post_trace': 'post'}
    """
    return {state.name: _owner(rule, state) for state in rule.states}


def _owner(rule: Rule, state: State) -> Ownership:
    own = {p.symbol for p in rule.parameters if np.ndim(p.value)}
    events = [event for event, updates in rule.events.items() if any(u.target == state.name for u in updates)]
    jumps = [u.expression for updates in rule.events.values() for u in updates if u.target == state.name]
    constants = {p.symbol for p in rule.parameters}
    every = flows(rule)
    flow = every[state.symbol]
    if not events and (side := _filtered(rule, state)):
        return Ownership(side)
    if len(events) != 1 or events[0] not in SIDES:
        return Ownership("synapse", f"jumps at {' and '.join(events) or 'no spike'}")
    foreign = set().union(flow.free_symbols, *(e.free_symbols for e in jumps)) - constants - {state.symbol}
    if state.symbol not in event_driven(rule) or foreign:
        return Ownership("synapse", f"depends on {', '.join(sorted(map(str, foreign))) or 'itself, nonlinearly'}")
    if own & set().union(flow.free_symbols, *(e.free_symbols for e in jumps)):
        return Ownership("synapse", "has parameters of its own in each synapse")
    readers = [v.name for v, f in every.items() if v != state.symbol and f.has(state.symbol)]
    if readers:
        return Ownership("synapse", f"drives the flow of {', '.join(readers)}")
    return _in_order(rule, state, events[0])


def _filtered(rule: Rule, state: State) -> str | None:
    """Side whose variables a state filters, if it depends on nothing else that differs between synapses."""
    sides = {v.symbol: v.index for v in rule.variables}
    constants = {p.symbol for p in rule.parameters if not np.ndim(p.value)}
    read = state.flow.free_symbols - constants - {state.symbol}
    alone = affine(state.symbol, state.flow, (state.symbol,)) is not None and not state.learned
    of = {sides.get(symbol) for symbol in read}
    return of.pop() if alone and len(of) == 1 else None


def _in_order(rule: Rule, state: State, side: str) -> Ownership:
    """Owner if all that read the state at a spike of its neuron do so before it jumps, or all after that."""
    updates: Sequence = rule.events[side]
    jumps = [k for k, u in enumerate(updates) if u.target == state.name]
    readers = [k for k, u in enumerate(updates) if u.target != state.name and u.expression.has(state.symbol)]
    if all(k < jumps[0] for k in readers):
        return Ownership(side)
    if all(k > jumps[-1] for k in readers):
        return Ownership(side, follows=False)
    return Ownership("synapse", "is read before and after its jump")


def rate_ownership(rule: Rule) -> dict[str, Ownership]:
    """Owner of every state in a network of rates, for a rule without spikes (`plasticity.compile.mean_field`).

    A neuron owns what flows and jumps at ticks by its own local variables, by other states that it owns and by
    constants; all synapses share what depends on none of their neurons.

    Examples
    --------
    >>> from plasticity.compile.mean_field import on_rates
    >>> from plasticity.rules.bcm import bcm
    >>> {name: state.owner for name, state in rate_ownership(on_rates(bcm())).items()}
    {'threshold': 'post'}
    """
    of_synapses = {p.name for p in rule.parameters if np.ndim(p.value)}
    foreign = of_synapses | {WEIGHT.name, GRADIENT.name, CURVATURE.name}
    shared = {v.name for v in LOCALS.values() if v.index == "global"}
    owned: dict[str, str] = {}
    for owner in (*SIDES, "all"):
        own = shared | {v.name for v in LOCALS.values() if v.index == owner}
        owned |= dict.fromkeys(_closed(rule, foreign | (set(LOCALS) - own)), owner)
    moved = _moved_by(rule)
    constants = {p.name for p in rule.parameters} - of_synapses
    return {
        s.name: Ownership(owned[s.name])
        if s.name in owned
        else Ownership("synapse", f"depends on {', '.join(sorted(moved[s.name] - constants - {s.name}))}")
        for s in rule.states
    }


def _closed(rule: Rule, foreign: set[str]) -> set[str]:
    """States that depend on nothing of `foreign` and on no other states than these."""
    moved = _moved_by(rule)
    states = set(moved)
    while True:
        left = {name for name in states if not moved[name] & (foreign | (set(moved) - states))}
        if left == states:
            return states
        states = left


def _moved_by(rule: Rule) -> dict[str, set[str]]:
    """Names in the flow and in the assignments of every state."""
    moved = {s.name: {x.name for x in s.flow.free_symbols} for s in rule.states}
    for update in (u for updates in rule.events.values() for u in updates):
        if update.target in moved:
            moved[update.target] |= {x.name for x in update.expression.free_symbols}
    return moved
