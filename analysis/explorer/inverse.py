"""First tab of the explorer: for every rule of the catalogue, the assumptions under which it is optimal."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.explorer.view import rounded
from plasticity import rules
from plasticity.assumptions import Assumptions, assumptions_of
from plasticity.compile.mean_field import on_rates
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.optimal.inverse import SAME
from plasticity.rule import CURVATURE, GRADIENT
from plasticity.support import catalog
from plasticity.textbook import feedback_alignment

DISCOUNTS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
HESSIAN, OPTIMUM = [[3.0, 0.0], [0.0, 0.5]], [1.0, -0.5]
TURNING = [[1.0, 2.0], [-2.0, 1.0]]  # slopes that need a drift
PATTERNS, NEAR = [[10.0, 2.0], [3.0, 8.0]], [0.1, 0.3]
ON_LOSS = """\
import steersman as sm

loss = sm.Quadratic({hessian}, {optimum})
answer = sm.assumptions_of(sm.rules.{name}(), loss)
print(answer)
"""
ON_RATES = """\
import steersman as sm

patterns = {patterns}  # rates of two inputs in Hz, in two patterns
answer = sm.assumptions_of(sm.rules.{name}(), near={near}, patterns=patterns)
print(answer)
"""
ON_FEEDBACK = """\
import steersman as sm
from plasticity.textbook import feedback_alignment

loss = sm.Quadratic({hessian}, {optimum})
answer = sm.assumptions_of(feedback_alignment(loss.hessian_matrix), loss)  # the error returns by turned weights
print(answer)
"""
ON_SLOPES = """\
import steersman as sm

loss = sm.Quadratic({hessian}, {optimum})
answer = sm.assumptions_of({slopes}, loss)  # R, of the motion −R (θ − optimum)
print(answer)
"""
AT_DISCOUNT = {
    "any horizon": 'print("inverse metric at this discount:", answer.reach({discount}))\n',
    "drift": 'print("inverse metric:", answer.reach({discount}), "drift:", answer.drift({discount}))\n',
    "decay or tasks": 'print("drift at this discount:", answer.drift({discount}))\n',
}
UNTOLD = {
    "any horizon": "Horizon and metric cannot be told apart: every discount has a metric with this very motion.",
    "drift": "Which horizon, metric and drift: every discount has its own, and more drift than the least serves, too.",
    "decay or tasks": "A decay of the weights cannot be told from new tasks by the motion on one loss.",
    "momentum": "Metric and plasticity stay open, and the horizon while the passive friction is unknown.",
    "none": "Nothing is left open: no metric, drift or friction of these forms explains it.",
}


def inverse() -> list[dict[str, Any]]:
    """An entry per rule: its assumptions, or the reason why they cannot be read near a rest point."""
    loss = Quadratic(HESSIAN, OPTIMUM)
    alignment = {
        "name": "feedback_alignment",
        "title": "Feedback alignment: the error of a linear layer returns through fixed weights, here turned by 45°.",
    }
    aligned = assumptions_of(feedback_alignment(loss.hessian_matrix), loss)
    return [*map(_entry, rules.names()), _shown(alignment, aligned, ON_FEEDBACK)]


def typed() -> dict[str, Any]:
    """What the page needs to judge slopes R that a reader types: words of both answers, the loss, the tolerance."""
    loss = Quadratic(HESSIAN, OPTIMUM)
    answers = {answer.kind: answer for answer in (assumptions_of(r, loss) for r in (np.eye(2), TURNING))}
    text = ON_SLOPES.replace("{hessian}", str(HESSIAN)).replace("{optimum}", str(OPTIMUM))
    words = {
        kind: {
            "common": answer.common,
            "decides": answer.decides,
            "untold": UNTOLD[kind],
            "python": text + AT_DISCOUNT[kind],
        }
        for kind, answer in answers.items()
    }
    return {"hessian": rounded(HESSIAN), "rest": OPTIMUM, "same": SAME, "answers": words}


def _entry(name: str) -> dict[str, Any]:
    head = {"name": name, "title": catalog.title("plasticity.rules", name)}
    rule = rules.load(name)()
    try:
        reads_loss = bool({GRADIENT, CURVATURE} & set(on_rates(rule).inputs))
        if reads_loss:
            answer = assumptions_of(rule, Quadratic(HESSIAN, OPTIMUM))
        else:
            answer = assumptions_of(rule, near=NEAR, patterns=PATTERNS)
    except InputError as error:
        return {**head, "reason": str(error)}
    return _shown(head, answer, ON_LOSS if reads_loss else ON_RATES)


def _shown(head: dict[str, Any], answer: Assumptions, program: str) -> dict[str, Any]:
    """Entry of a rule with its assumptions."""
    program += AT_DISCOUNT.get(answer.kind, "")
    for key, value in (("hessian", HESSIAN), ("optimum", OPTIMUM), ("patterns", PATTERNS), ("near", NEAR)):
        program = program.replace("{" + key + "}", str(value))
    return {
        **head,
        "kind": answer.kind,
        "verdict": answer.verdict,
        "common": answer.common,
        "untold": UNTOLD[answer.kind],
        "decides": answer.decides,
        "python": program.replace("{name}", head["name"]),
        "hessian": rounded(answer.motion.hessian),
        "slope": rounded(answer.motion.slope),
        "rest": rounded(answer.motion.rest),
        "reach": [_at(answer, answer.reach, discount, ("any horizon", "drift")) for discount in DISCOUNTS],
        "drift": [_at(answer, answer.drift, discount, ("drift", "decay or tasks")) for discount in DISCOUNTS],
    }


def _at(answer: Assumptions, function: Any, discount: float, kinds: tuple[str, ...]) -> list[float] | None:
    """Matrix at a discount, None where there is none."""
    if answer.kind not in kinds:
        return None
    matrix = function(discount)
    return rounded(matrix) if np.all(np.isfinite(matrix)) else None
