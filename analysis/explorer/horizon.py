"""View of the horizon: discount, plasticity, and whether velocity or acceleration is controlled."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from analysis.explorer.linear import action_of_flow, common, path_of
from analysis.explorer.view import Slider, View, contours, formula, named, positions, rounded
from plasticity import rules
from plasticity.derive import derive
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.solve import solve

SLIDERS = (
    Slider("discount", "discount γ", "/s", ("0", "0.25", "0.5", "1", "2", "4", "8", "16", "oo"), 3),
    Slider("plasticity", "plasticity η", "/(loss·s²)", ("0.25", "0.5", "1", "2", "4"), 2),
    Slider("order", "controlled: 1 velocity, 2 acceleration", "", ("1", "2"), 0),
)
VALLEY = Quadratic([4.0, 1.0], [0.0, 0.0])
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
    laws = [derive(Objective(discount), order=order) for order in (1, 2) for discount in (0, 1.0, sp.oo)]
    known = [rules.gradient_descent(), rules.ballistic(), rules.multi_step(), rules.heavy_ball()]
    names = [named(law, [*known, rules.heavy_ball(discount=1.0)]) for law in laws]
    others: dict[float, dict[str, Any]] = {}
    states = [_state(names, others, **values) for values in positions(SLIDERS)]
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


def _state(names: list[str], others: dict, discount: Any, plasticity: float, order: float) -> dict[str, Any]:
    kind = 0 if discount == 0 else 2 if discount == sp.oo else 1
    law = 3 * (int(order) - 1) + kind
    head = {"name": names[law], "formula": law}
    if order == 2 and kind == 2:
        return {**head, "reason": ENDLESS}
    if order == 2:
        drift, control = np.eye(4, k=2), np.eye(4)[:, 2:]
        valley = Quadratic([4.0, 1.0, 0.0, 0.0], np.zeros(4))
        policy = solve(Objective(discount, plasticity, drift=drift, control=control), valley)
        loop = -policy.closed_loop[2:]
        facts = [["stiffness [1/s²]", rounded(np.diag(loop[:, :2]))], ["damping [1/s]", rounded(np.diag(loop[:, 2:]))]]
        return {**head, **common(policy), "facts": facts, "python": 1}
    objective = Objective(discount, plasticity)
    policy, flow = solve(objective, VALLEY), solve(Objective(sp.oo, plasticity), VALLEY)
    state = {**head, **common(policy), "facts": [["rates [1/s]", rounded(policy.rates)]]}
    if kind == 2:
        return state
    other = others.setdefault(plasticity, {"index": len(others), **path_of(flow, np.eye(2) / plasticity)})
    return {**state, "other": other["index"], "otherAction": action_of_flow(policy, flow, VALLEY)}


def _formula(rule: Rule) -> str:
    """The weight's velocity, or its acceleration; where that is long, its symbols are on the rule's card."""
    if not rule.states:
        return formula("ẇ", rule.weight_flow)
    acceleration = rule.states[0].flow
    return formula("ẅ", acceleration) if sp.count_ops(acceleration) < 30 else ""
