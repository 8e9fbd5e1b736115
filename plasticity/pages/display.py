"""How objectives, policies and models of synapses look in a notebook: short Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from plasticity.glossary import glossary
from plasticity.pages.markdown import markdown
from plasticity.pages.notation import symbol_name

if TYPE_CHECKING:
    from plasticity.objective import Objective
    from plasticity.optimal.policy import Policy

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
