"""Which states of a rule belong to a neuron: traces that only its own spikes move are the same in all its synapses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plasticity.compile.classify import event_driven
from plasticity.rule import Rule, State, flows

SIDES = ("pre", "post")


@dataclass(frozen=True)
class Ownership:
    """Where a state lives, and why.

    Parameters
    ----------
    owner : {"pre", "post", "synapse"}
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
    all its synapses: ``ẋ = αx + β`` and ``x → f(x)`` with constants that all synapses share.

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
