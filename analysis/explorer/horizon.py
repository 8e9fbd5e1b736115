"""View of the horizon: discount, plasticity, and whether velocity or acceleration is controlled."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from analysis.explorer.linear import SIX, action, path_of, price, quadratic_form
from analysis.explorer.view import Slider, View, contours, formula, positions, rounded
from plasticity import rules
from plasticity.derive import derive
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.optimality import excess
from plasticity.rule import Rule
from plasticity.solve import solve

SLIDERS = (
    Slider("discount", "discount γ", "1/s", ("0", "0.25", "0.5", "1", "2", "4", "8", "16", "oo"), 3),
    Slider("plasticity", "plasticity η", "1/(loss·s²)", ("0.25", "0.5", "1", "2", "4"), 2),
    Slider("order", "controlled: 1 velocity, 2 acceleration", "", ("1", "2"), 0),
)
VALLEY = Quadratic([4.0, 1.0], [0.0, 0.0])
NAMED = ("gradient_descent", "ballistic", "multi_step", "heavy_ball")
ONE = """\
from sympy import oo
import steersman as sm

valley = sm.Quadratic([4.0, 1.0], [0.0, 0.0])
policy = sm.solve(sm.Objective({discount}, plasticity={plasticity}), valley)
print("rates [1/s]:", policy.rates)
print("J:", policy.value([{x}, {y}]))
"""
TWO = """\
import numpy as np
import steersman as sm

# the state is position and velocity; velocity is what the control changes
drift, control = np.eye(4, k=2), np.eye(4)[:, 2:]
valley = sm.Quadratic([4.0, 1.0, 0.0, 0.0], np.zeros(4))
policy = sm.solve(sm.Objective({discount}, plasticity={plasticity}, drift=drift, control=control), valley)
print("stiffness [1/s²]:", -np.diag(policy.closed_loop[2:, :2]))
print("damping [1/s]:", -np.diag(policy.closed_loop[2:, 2:]))
print("J:", policy.value([{x}, {y}, 0, 0]))
"""
ENDLESS = (
    "In the limit of a short horizon nothing brakes: at a fixed learning rate the weight swings about the optimum for "
    "ever. With friction this is Polyak's momentum (the rule polyak)."
)


def horizon() -> View:
    """Gradient descent, the multi-step rule, the ballistic rule and heavy balls on one valley."""
    laws = [_rule(order, discount) for order in (1, 2) for discount in (0, 1.0, sp.oo)]
    others: dict[float, dict[str, Any]] = {}
    states = [_state(others=others, **values) for values in positions(SLIDERS)]
    return View(
        name="horizon",
        title="Horizon",
        question="How far ahead does a learner plan, and what does its rule look like then?",
        sliders=SLIDERS,
        frame=2.0,
        start=(1.2, 1.5),
        optimum=[[0.0, 0.0]],
        contours=[contours(VALLEY.loss, 2.0, 10.0)],
        python=[ONE, TWO],
        states=states,
        how="Paths are combined from stored basis paths of the engine.",
        others=list(others.values()),
        formulas=[_formula(law) for law in laws],
        hessian=VALLEY.hessian_matrix.tolist(),
    )


def _state(others: dict, discount: Any, plasticity: float, order: float) -> dict[str, Any]:
    kind = 0 if discount == 0 else 2 if discount == sp.oo else 1
    law, named = 3 * (int(order) - 1) + kind, _name(int(order), kind)
    if order == 2 and kind == 2:
        return {"name": named, "formula": law, "reason": ENDLESS}
    if order == 2:
        drift, control = np.eye(4, k=2), np.eye(4)[:, 2:]
        valley = Quadratic([4.0, 1.0, 0.0, 0.0], np.zeros(4))
        policy = solve(Objective(discount, plasticity, drift=drift, control=control), valley)
        loop = -policy.closed_loop[2:]
        facts = [["stiffness [1/s²]", rounded(np.diag(loop[:, :2]))], ["damping [1/s]", rounded(np.diag(loop[:, 2:]))]]
        return {**_common(policy), "name": named, "formula": law, "facts": facts, "python": 1}
    objective = Objective(discount, plasticity)
    policy, flow = solve(objective, VALLEY), solve(Objective(sp.oo, plasticity), VALLEY)
    other = others.setdefault(plasticity, {"index": len(others), **path_of(flow, np.eye(2) / plasticity)})
    state = {**_common(policy), "name": named, "formula": law, "facts": [["rates [1/s]", rounded(policy.rates)]]}
    if kind == 2:
        return state
    gap = excess(flow, objective, VALLEY).gap
    paid = policy.value(SIX) + 0.5 * np.einsum("ki,ij,kj->k", SIX, gap, SIX)
    return {**state, "other": other["index"], "otherAction": quadratic_form(paid)}


def _common(policy: Any) -> dict[str, Any]:
    return {**path_of(policy, price(policy)), "action": action(policy) if price(policy) is not None else None}


def _rule(order: int, discount: Any) -> Rule:
    return derive(Objective(discount), order=order)


def _formula(rule: Rule) -> str:
    """The weight's velocity, or its acceleration; where that is long, its symbols are on the rule's card."""
    if not rule.states:
        return formula("ẇ", rule.weight_flow)
    acceleration = rule.states[0].flow
    return formula("ẅ", acceleration) if sp.count_ops(acceleration) < 30 else ""


def _name(order: int, kind: int) -> str:
    """Member of the catalogue that has the equations of the derived rule."""
    derived = _rule(order, (0, 1.0, sp.oo)[kind])
    for name in NAMED:
        known = rules.load(name)(**({"discount": 1.0} if name == "heavy_ball" and kind == 1 else {}))
        flows = [known.weight_flow, *(state.flow for state in known.states)]
        if flows == [derived.weight_flow, *(state.flow for state in derived.states)]:
            return name
    return ""
