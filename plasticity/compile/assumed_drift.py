"""Separate what a rule steers from the drift that it counts on, so that limits of control spare the drift."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.controllability import Controllability
from plasticity.rule import WEIGHT, Rule


def separate_drift(rule: Rule, controllability: Controllability) -> tuple[Rule, Controllability]:
    """Rule of the control alone, and controllability with the drift that acts on the weights.

    A rule that was derived with a linear drift says ``ẇ = drift·w + u``. Control that is masked or of low rank changes
    u alone: ``ẇ = f(w) + P M u``. The drift f is the one in `controllability`, or the one that the rule counts on where
    none is given there: so a learner may also be wrong about its drift.

    Parameters
    ----------
    rule : Rule
    controllability : Controllability

    Returns
    -------
    (Rule, Controllability)
        As they were if the flow of the weight has no summand ``drift·w``: separated already, or without drift.

    Examples
    --------
    >>> import sympy as sp
    >>> from plasticity import Objective, derive
    >>> rule, limits = separate_drift(derive(Objective(sp.oo, drift=-2.0)), Controllability(rank=1))
    >>> rule.weight_flow, float(limits.drift)
    (-gradient*learning_rate, -2.0)
    """
    known = next((p for p in rule.parameters if p.name == "drift"), None)
    if known is None or known.symbol * WEIGHT not in sp.Add.make_args(rule.weight_flow):
        return rule, controllability
    control = rule.weight_flow - known.symbol * WEIGHT
    drift = known.value if controllability.drift is None else controllability.drift
    return replace(rule, weight_flow=control), replace(controllability, drift=drift)
