"""A view of the explorer: sliders, a map, a state for every position of the sliders, and the Python behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from plasticity.glossary import glossary, notation
from plasticity.rule import Rule

Array = NDArray[np.float64]
SCALE = 10_000  # stored coordinates are whole numbers of 1/SCALE
N_TIMES = 41  # stored points of a path, denser where it is fast
DIGITS = 6  # of stored facts
LINES = 9  # contours of a map


@dataclass(frozen=True)
class Slider:
    """An assumption that is moved: its values as they stand in Python, at most twelve."""

    name: str
    label: str
    unit: str
    values: tuple[str, ...]
    first: int


@dataclass(frozen=True, eq=False)
class View:
    """A page of the explorer.

    Parameters
    ----------
    name, title, question : str
    sliders : sequence of Slider
        The last one runs fastest through `states`.
    frame : float
        Half width of the square map.
    start : (float, float)
        Where the start is before it is dragged.
    optimum : sequence of points
        Marked on the map.
    contours : sequence of lines
        Of the loss, each x, y, x, y …; one set per value of the slider `contours_by`, or one set.
    python : sequence of str
        Programs with ``{slider}``, ``{x}``, ``{y}`` to be filled in; they print the facts and the action of a state.
    states : sequence of mappings
        Per position of the sliders, see `linear` and `well`.
    how : str
        How the path from a dragged start is made of what is stored.
    """

    name: str
    title: str
    question: str
    sliders: tuple[Slider, ...]
    frame: float
    start: tuple[float, float]
    optimum: list
    contours: list
    python: list[str]
    states: list[dict[str, Any]]
    how: str
    others: list[dict[str, Any]] = field(default_factory=list)
    other_name: str = "gradient flow"
    formulas: list[str] = field(default_factory=list)
    contours_by: int | None = None
    hessian: list | None = None
    starts: list | None = None


def positions(sliders: tuple[Slider, ...]) -> Iterator[dict[str, Any]]:
    """Values of all sliders at every position, as numbers or ``oo``."""
    for texts in product(*(slider.values for slider in sliders)):
        yield {slider.name: number(text) for slider, text in zip(sliders, texts, strict=True)}


def number(text: str) -> Any:
    """Number of a text, ``sympy.oo`` of ``"oo"``.

    Examples
    --------
    >>> number("0.5"), number("oo")
    (0.5, oo)
    """
    return sp.oo if text == "oo" else float(text)


def stored(values: ArrayLike) -> list[int]:
    """Coordinates as whole numbers of 1/SCALE, in one list."""
    return np.rint(SCALE * np.asarray(values, dtype=float)).astype(int).ravel().tolist()


def rounded(values: ArrayLike) -> list[float]:
    """Numbers to a few digits, in one list.

    Examples
    --------
    >>> rounded([2 / 3, -0.0])
    [0.666667, 0.0]
    """
    return [float(f"{x:.{DIGITS}g}") + 0.0 for x in np.ravel(values)]


def moments(duration: float) -> Array:
    """Times of the stored points of a path: ``duration (i/(n−1))²``."""
    return duration * np.linspace(0.0, 1.0, N_TIMES) ** 2


def contours(loss: Callable[[Array], Array], frame: float, highest: float) -> list[list[float]]:
    """Lines of equal loss on the map, evenly spaced in the root of the loss above its least value."""
    from matplotlib.figure import Figure

    grid = np.linspace(-frame, frame, 51)
    x, y = np.meshgrid(grid, grid)
    values = loss(np.stack([x, y], axis=-1))
    levels = values.min() + (highest - values.min()) * (np.arange(1, LINES + 1) / LINES) ** 2
    drawn = Figure().subplots().contour(x, y, values, levels=levels)
    return [np.round(line, 3).ravel().tolist() for level in drawn.allsegs for line in level if len(line) > 3]


def formula(left: str, expression: sp.Expr) -> str:
    """MathML of an equation in the symbols of the glossary."""
    symbols = {s: sp.Symbol(_sign(s.name), positive=True) for s in expression.free_symbols}
    inner = sp.mathml(expression.xreplace(symbols), printer="presentation")
    return f'<math display="block"><mi>{left}</mi><mo>=</mo>{inner}</math>'


def _sign(name: str) -> str:
    """Name of a symbol that SymPy writes as the sign of the glossary."""
    sign = notation().get(name, name)
    return sign.lstrip("\\") if re.fullmatch(r"\\?\w+", sign) else glossary()[name].symbol


def named(rule: Rule, candidates: Iterable[Rule]) -> str:
    """Name of the rule of the catalogue that has the equations of a derived one, or "".

    Examples
    --------
    >>> from plasticity import Objective, derive, rules
    >>> named(derive(Objective(0)), [rules.ballistic(), rules.multi_step()])
    'ballistic'
    """
    flows = [rule.weight_flow, *(state.flow for state in rule.states)]
    same = (c.name for c in candidates if [c.weight_flow, *(state.flow for state in c.states)] == flows)
    return next(same, "")
