"""View of drift: weights that decay and turn without control, and a learner who knows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from analysis.explorer.linear import common, path_of
from analysis.explorer.view import Slider, View, contours, formula, named, positions, rounded
from plasticity import rules
from plasticity.derive import derive
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.solve import solve

SLIDERS = (
    Slider("discount", "discount γ", "/s", ("0", "0.25", "0.5", "1", "2", "4", "oo"), 3),
    Slider("decay", "decay", "/s", ("0", "0.1", "0.25", "0.5", "1", "2"), 2),
    Slider("rotation", "rotation", "rad/s", ("0", "0.25", "0.5", "1", "2", "4"), 3),
)
BOWL = Quadratic([2.0, 1.0], [1.0, 0.5])
PROGRAM = """\
import numpy as np
from sympy import oo
import steersman as sm

drift = -{decay} * np.eye(2) + {rotation} * np.array([[0.0, -1.0], [1.0, 0.0]])
bowl = sm.Quadratic([2.0, 1.0], [1.0, 0.5])
policy = sm.solve(sm.Objective({discount}, drift=drift), bowl)
print("rates [1/s]:", policy.rates)
print("slopes of the velocity [1/s]:", policy.closed_loop)
print("rest point:", policy.rest_point)
print("cost per second at rest:", policy.cost_rate)
print("curl [1/s]:", policy.curl)
print("J:", policy.value([{x}, {y}]))
"""


def drift() -> View:
    """Rules that are no gradient, with rest points off the optimum."""
    laws = [derive(Objective(g, drift=a)) for a in (None, -1.0) for g in (0, 1.0, sp.oo)]
    known = [rules.gradient_descent(), rules.ballistic(), rules.multi_step(), rules.weight_decay()]
    names = [named(law, known) for law in laws]
    others: dict[tuple, dict[str, Any]] = {}
    return View(
        name="drift",
        title="Drift",
        question="What if weights move by themselves? The learner works against it as far as that pays.",
        sliders=SLIDERS,
        frame=2.5,
        start=(-1.5, 1.5),
        optimum=[BOWL.optimum.tolist()],
        contours=[contours(BOWL.loss, 2.5, 16.0)],
        python=[PROGRAM],
        states=[_state(names, others, **values) for values in positions(SLIDERS)],
        how="The black dot is the rest point. Paths are combined from stored basis paths of the engine.",
        others=list(others.values()),
        other_name="short horizon",
        formulas=[formula("ẇ", law.weight_flow) for law in laws],
        hessian=BOWL.hessian_matrix.tolist(),
    )


def _state(names: list[str], others: dict, discount: Any, decay: float, rotation: float) -> dict[str, Any]:
    turning = -decay * np.eye(2) + rotation * np.array([[0.0, -1.0], [1.0, 0.0]])
    policy = solve(Objective(discount, drift=turning), BOWL)
    law = 3 * int(decay > 0) + (0 if discount == 0 else 2 if discount == sp.oo else 1)
    facts = [
        ["rates [1/s]", rounded(np.round(policy.rates, 12))],
        ["slopes of the velocity [1/s]", rounded(np.round(policy.closed_loop, 12))],
        ["rest point", rounded(np.round(policy.rest_point, 12))],
        ["cost per second at rest", rounded(round(policy.cost_rate, 12))],
        ["curl [1/s]", rounded(round(policy.curl, 12))],
    ]
    state = {**common(policy), "facts": facts, "rest": rounded(policy.rest_point)}
    if rotation > 0:
        state["note"] = (
            "The rotation couples the two weights: the velocity is the gradient of no function, nor local to a synapse."
        )
    state |= {"name": "no gradient rule" if rotation > 0 else names[law]} | ({} if rotation > 0 else {"formula": law})
    if discount == sp.oo:
        return state
    if (decay, rotation) not in others:
        short = solve(Objective(sp.oo, drift=turning), BOWL)
        others[decay, rotation] = {"index": len(others), **path_of(short)}
    return {**state, "other": others[decay, rotation]["index"]}
