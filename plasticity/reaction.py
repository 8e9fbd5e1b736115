"""Whether a rule can change its weight at all when only some kinds of events occur."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from plasticity.rule import WEIGHT, Rule

__all__ = ["can_change"]


def can_change(rule: Rule, events: Iterable[str]) -> bool:
    """Whether the weight can change if nothing but `events` occurs.

    A state rests as long as its flow and all its assignments leave it at its initial value, given what else rests; the
    weight likewise. A delayed effect of a pre spike occurs with it.

    Parameters
    ----------
    rule : Rule
    events : iterable of str
        Kinds of events that occur, of ``"pre"``, ``"post"``, ``"third_factor"`` and ``"clock"``.

    Examples
    --------
    >>> from plasticity.rules.reward_stdp import reward_stdp
    >>> can_change(reward_stdp(), ["pre", "post"]), can_change(reward_stdp(), ["pre", "post", "third_factor"])
    (False, True)
    """
    occurring = set(events) | ({"pre_delayed"} if "pre" in events else set())
    updates = [update for event, each in rule.events.items() if event in occurring for update in each]
    resting = {state.symbol: sp.sympify(state.initial, strict=True) for state in rule.states}
    flows = {state.symbol: state.flow for state in rule.states}

    def moves(symbol: sp.Symbol, flow: sp.Expr) -> bool:
        jumps = (update.expression - symbol for update in updates if update.target == symbol.name)
        return any(change.xreplace(resting) != 0 for change in (flow, *jumps))

    while awake := [symbol for symbol in resting if moves(symbol, flows[symbol])]:
        for symbol in awake:
            del resting[symbol]
    return moves(WEIGHT, rule.weight_flow)
