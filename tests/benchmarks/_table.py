"""The table: what a row says, and how it is printed."""

from __future__ import annotations

import math
from dataclasses import dataclass

WIDTHS = (58, 34, 8, 8, 6, 8, 9)
HEAD = ("what", "against", "ours", "theirs", "unit", "ratio", "wanted", "same work")


@dataclass(frozen=True)
class Row:
    """One comparison, measured side by side in this run.

    Parameters
    ----------
    what : str
    baseline : str
        What it is compared with, and its version.
    ours, theirs : float
        Smallest of several interleaved measurements of either.
    unit : str
        Of both; for times it says whether CPU or wall.
    wanted : tuple (low, high)
        Range in which the ratio theirs/ours should lie; a mark shows where it does not, and nothing fails.
    proof : str
        What shows that both did the same work.
    """

    what: str
    baseline: str
    ours: float
    theirs: float
    unit: str
    wanted: tuple[float, float] = (1.0, math.inf)
    proof: str = ""

    @property
    def ratio(self) -> float:
        """How many times more the baseline takes."""
        return self.theirs / self.ours if self.ours > 0 else math.nan

    @property
    def is_met(self) -> bool:
        """Whether the ratio lies where it should."""
        return not (self.ratio < self.wanted[0] or self.ratio > self.wanted[1])  # nan, of a figure 0, meets all


@dataclass(frozen=True)
class Missing:
    """A comparison that cannot be made here, and what would make it possible."""

    what: str
    baseline: str
    remedy: str


def head() -> str:
    """Names of the columns."""
    return _columns(HEAD)


def line(row: Row | Missing) -> str:
    """One line of the table."""
    if isinstance(row, Missing):
        return f"{_columns((row.what, row.baseline))}  {row.remedy}"
    low, high = row.wanted
    wanted = "-" if low == 0 and high == math.inf else f">= {low:g}" if high == math.inf else f"{low:g} - {high:g}"
    mark = "" if row.is_met else " !"
    figures = (_figure(row.ours), _figure(row.theirs), row.unit, f"{row.ratio:.3g}{mark}", wanted)
    return _columns((row.what, row.baseline, *figures, row.proof))


def _figure(value: float) -> str:
    """Three digits, without an exponent where it can be."""
    return f"{value:.0f}" if 100 <= value < 1e6 else f"{value:.3g}"


def _columns(words: tuple[str, ...]) -> str:
    """Words in columns; figures stand right."""
    cells = []
    for column, word in enumerate(words):
        width = WIDTHS[column] if column < len(WIDTHS) else 0
        cells.append(f"{word:>{width}}" if column in (2, 3, 5) else f"{word:<{width}}")
    return "  ".join(cells).rstrip()
