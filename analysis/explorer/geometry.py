"""View of geometry: a metric that makes one direction dear, up to a direction that no control moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from analysis.explorer.linear import action_of_flow, common, path_of, price
from analysis.explorer.view import Slider, View, contours, formula, named, positions, rounded
from plasticity import rules
from plasticity.derive import derive
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.optimal.policy import Policy
from plasticity.solve import solve

SLIDERS = (
    Slider("discount", "discount γ", "/s", ("0", "0.5", "1", "2", "4", "8", "oo"), 2),
    Slider("ratio", "cost ratio of the dear direction", "", ("1", "2", "4", "9", "oo"), 2),
    Slider("angle", "angle of the dear direction", "degrees", tuple(str(15 * i) for i in range(12)), 3),
)
VALLEY = Quadratic([4.0, 1.0], [0.0, 0.0])
METRIC = """\
import numpy as np
from sympy import oo
import steersman as sm

angle = np.deg2rad({angle})
dear, cheap = np.array([[np.cos(angle)], [np.sin(angle)]]), np.array([[-np.sin(angle)], [np.cos(angle)]])
metric = {ratio} * dear @ dear.T + cheap @ cheap.T
valley = sm.Quadratic([4.0, 1.0], [0.0, 0.0])
policy = sm.solve(sm.Objective({discount}, metric=metric), valley)
"""
CONTROL = """\
import numpy as np
from sympy import oo
import steersman as sm

angle = np.deg2rad({angle})
cheap = np.array([[-np.sin(angle)], [np.cos(angle)]])  # the only direction that control moves
valley = sm.Quadratic([4.0, 1.0], [0.0, 0.0])
policy = sm.solve(sm.Objective({discount}, control=cheap), valley)
"""
FACTS = """\
print("rates [1/s]:", policy.rates)
print("slopes of the velocity [1/s]:", policy.closed_loop)
print("curl [1/s]:", policy.curl)
print("J:", policy.value([{x}, {y}]))
"""
STRAIGHT = (
    "Where the metric is proportional to the curvature (here 4 at 0 degrees) every path is straight. The formula is "
    "that of one direction with the curvature v and the metric G."
)
ONE_WAY = (
    "Control has rank 1: the weights move along one direction only, and end where the loss is least along it; where "
    "they rest depends on the start. At γ = 0 the loss that is left for ever makes J infinite."
)


def geometry() -> View:
    """Natural gradient and its relatives, up to control of rank 1."""
    laws = [derive(Objective(g, metric=m)) for m in (None, 2.0) for g in (0, 1.0, sp.oo)]
    known = [rules.gradient_descent(), rules.ballistic(), rules.multi_step(), rules.natural_gradient()]
    names = [named(law, known) for law in laws]
    others: dict[tuple, tuple[Policy, dict[str, Any]]] = {}
    return View(
        name="geometry",
        title="Metric and rank",
        question="What if some directions of change are dear, or out of reach?",
        sliders=SLIDERS,
        frame=2.0,
        start=(1.2, 1.5),
        optimum=[[0.0, 0.0]],
        contours=[contours(VALLEY.loss, 2.0, 10.0)],
        python=[METRIC + FACTS, CONTROL + FACTS],
        states=[_state(names, others, **values) for values in positions(SLIDERS)],
        how="Paths are combined from stored basis paths of the engine.",
        others=[other for _, other in others.values()],
        other_name="gradient flow in this metric",
        formulas=[formula("ẇ", law.weight_flow) for law in laws],
        hessian=VALLEY.hessian_matrix.tolist(),
    )


def objective(discount: Any, ratio: Any, angle: float) -> Objective:
    """Objective in which moving along `angle` [degrees] costs `ratio` times as much as across; ``oo`` forbids it."""
    turn = np.deg2rad(angle)
    dear, cheap = np.array([[np.cos(turn)], [np.sin(turn)]]), np.array([[-np.sin(turn)], [np.cos(turn)]])
    if ratio == sp.oo:
        return Objective(discount, control=cheap)
    return Objective(discount, metric=ratio * dear @ dear.T + cheap @ cheap.T)


def _state(names: list[str], others: dict, discount: Any, ratio: Any, angle: float) -> dict[str, Any]:
    policy = solve(objective(discount, ratio, angle), VALLEY)
    facts = [
        ["rates [1/s]", rounded(np.round(policy.rates, 12))],
        ["slopes of the velocity [1/s]", rounded(np.round(policy.closed_loop, 12))],
        ["curl [1/s]", rounded(round(policy.curl, 12))],
    ]
    horizon = 0 if discount == 0 else 2 if discount == sp.oo else 1
    law = horizon if ratio in (1, sp.oo) else 3 + horizon
    name = names[law] or f"{names[horizon]} in a metric"
    state = {**common(policy), "name": name, "formula": law, "note": STRAIGHT, "facts": facts}
    if ratio == sp.oo:
        state |= {"name": f"{name} along the one direction that control moves", "note": ONE_WAY, "python": 1}
    if discount == sp.oo:
        return state
    if (ratio, angle) not in others:
        flow = solve(objective(sp.oo, ratio, angle), VALLEY)
        others[ratio, angle] = flow, {"index": len(others), **path_of(flow, price(policy))}
    flow, other = others[ratio, angle]
    return {**state, "other": other["index"], "otherAction": action_of_flow(policy, flow, VALLEY)}
