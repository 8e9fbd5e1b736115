"""A rule that can be frozen: the weight and what was learned beside it stand still, all else goes on.

One program serves a projection that learns and one that is frozen: whether it learns is a parameter, ``is_plastic``.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.rule import WEIGHT, Parameter, Rule, Update
from plasticity.support.held import held

IS_PLASTIC = Parameter("is_plastic", 1.0, meaning="1 while the projection learns, 0 while it is frozen")


def freezable(rule: Rule) -> Rule:
    """Rule with the parameter ``is_plastic``; where it is 0, the weight and the states that are learned are held.

    Traces of spikes, eligibilities and what else a signal follows go on. With 1 nothing changes, to the last bit.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> freezable(pair_stdp()).events["post"][0].expression
    held(is_plastic, A_plus*pre_trace + w, w)
    """
    learned = {s.name: s.symbol for s in rule.states if s.learned} | {WEIGHT.name: WEIGHT}

    def flow(name: str, value: sp.Expr) -> sp.Expr:
        return IS_PLASTIC.symbol * value if name in learned else value

    def update(change: Update) -> Update:
        if change.target not in learned:
            return change
        return replace(change, expression=held(IS_PLASTIC.symbol, change.expression, learned[change.target]))

    return replace(
        rule,
        weight_flow=flow(WEIGHT.name, rule.weight_flow),
        states=tuple(replace(s, flow=flow(s.name, s.flow)) for s in rule.states),
        events={event: tuple(map(update, updates)) for event, updates in rule.events.items()},
        parameters=(*rule.parameters, IS_PLASTIC),
    )
