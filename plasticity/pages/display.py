"""How objectives, policies and signals look in a notebook: short Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from plasticity.glossary import glossary
from plasticity.pages.markdown import markdown
from plasticity.pages.notation import latex, symbol_name

if TYPE_CHECKING:
    from plasticity.objective import Objective
    from plasticity.optimal.dual import DualControl
    from plasticity.optimal.policy import Policy
    from plasticity.policy import LandscapePolicy
    from plasticity.signal import Signal

MOST = 6  # numbers of an array that are shown
ACTION = r"$$ J = \int_0^\infty e^{-\gamma t} \left[ \tfrac{1}{2\eta} u^\top G u + k L(\theta) \right] dt $$"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    r"""Table in Markdown; cells are text, which is escaped unless it is a formula or a name in code.

    Examples
    --------
    >>> print(table(["a", "b"], [["1", "x_y_"]]))
    | a | b |
    |---|---|
    | 1 | x_y\_ |
    """
    header = list(header)
    lines = [header, *rows]
    body = [f"| {' | '.join(c if c[:1] in ('$', '`') else markdown(c) for c in line)} |" for line in lines]
    return "\n".join([body[0], f"|{'---|' * len(header)}", *body[1:]])


def objective(stated: Objective) -> str:
    """Action, and a table of all assumptions that are not the defaults."""
    defaults, terms = {f.name: f.default for f in fields(stated)}, glossary()
    rows = [
        (f"`{name}`", f"${symbol_name(name)}$", numbers(value), terms[name].meaning if name in terms else "")
        for name, value in ((name, getattr(stated, name)) for name in defaults)
        if value is not defaults[name] and not _equal(value, defaults[name])
    ]
    return "\n\n".join(["**Objective**", ACTION, table(("name", "symbol", "value", "meaning"), rows)])


def policy(optimal: Policy) -> str:
    """Law of motion, eigenvalues, rest point and notes."""
    first = [f"{value.real:.4g}{f' {value.imag:+.3g}i' if value.imag else ''}" for value in optimal.eigenvalues[:MOST]]
    try:
        rest = numbers(optimal.rest_point)
    except ValueError as error:
        rest = str(error)
    rows = [
        ("optimum", numbers(optimal.landscape.optimum)),
        ("rest point", rest),
        ("eigenvalues (1/s)", ", ".join([*first, "…"] if optimal.eigenvalues.size > MOST else first)),
    ]
    notes = [f"- {markdown(note)}" for note in optimal.notes]
    law = r"$$ \dot\theta = A_{cl} (\theta - \mu) + b $$"
    return "\n\n".join(["**Policy**, optimal velocity of the weights", law, table(("", ""), rows), *notes])


def landscape_policy(optimal: LandscapePolicy) -> str:
    """Minima and saddles of the loss, discount, and how the feedback is known."""
    points = [("minimum", point) for point in optimal.minima] + [("saddle", point) for point in optimal.saddles]
    rows = [(kind, numbers(point.position), numbers(point.loss)) for kind, point in points[:MOST]]
    how = "plans, one from each state" if optimal.grid is None else f"a grid of {optimal.grid.values.shape} nodes"
    head = f"**Policy on a landscape**, by {how}, at discount {numbers(optimal.objective.discount)}/s"
    law = r"$$ \dot\theta = f - \eta G^{-1} \nabla V $$"
    return "\n\n".join(
        [head, law, table(("", "weights", "loss"), rows), f"Relative error of V: {numbers(optimal.error)}."]
    )


def dual_control(law: DualControl) -> str:
    """Costs at the distance σ for three beliefs, between the bounds."""
    odds = (0.1, 0.5, 0.9)
    rows = [
        (name.replace("_", " "), *(numbers(law.value(law.observation_noise, p, name)) for p in odds))
        for name in ("known", "dual", "certainty_equivalent", "blind")
    ]
    curvatures = " or ".join(map(numbers, law.curvatures))
    start = numbers(law.observation_noise)
    head = f"**Dual control** of a weight whose curvature is {curvatures}; cost J from the distance {start}"
    return "\n\n".join([head, table(("learner", *(f"P(first) = {p:g}" for p in odds)), rows)])


def signal(read: Signal) -> str:
    """What each spike adds to the observed gradient, and the assumptions."""
    parts = {f"at a {event} spike": e for event, e in read.gradient.items()}
    parts |= {"per unit of time": read.density} if read.density != 0 else {}
    rows = [(when, f"${latex(e)}$") for when, e in parts.items()]
    notes = [f"- {markdown(text)}" for text in read.assumptions]
    return "\n\n".join([f"**Signal**: {markdown(read.title)}", table(("when", "adds to the gradient"), rows), *notes])


def numbers(value: Any) -> str:
    """A few digits of a number, a vector or a matrix; the words of anything else.

    Examples
    --------
    >>> numbers(0.123456), numbers(np.eye(2)), numbers(np.zeros((9, 9)))
    ('0.1235', '(1, 0; 0, 1)', 'array (9, 9)')
    """
    if callable(value):
        return f"function {getattr(value, '__name__', '')}".strip()
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return str(value)
    if array.ndim == 0:
        return f"{float(array):.4g}"
    if array.size > MOST or array.ndim > 2:
        return f"array {array.shape}"
    return "(" + "; ".join(", ".join(f"{x:.4g}" for x in row) for row in np.atleast_2d(array)) + ")"


def _equal(value: Any, default: Any) -> bool:
    return bool(np.ndim(value) == 0 and np.ndim(default) == 0 and value == default)
