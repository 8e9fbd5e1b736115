"""Verdicts of the table: which of the best derived and the best other rule predicts better, or that it is undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import xarray as xr

from analysis.pages.render import fixed, probability, signed
from analysis.selection import LEVEL as LEVEL_OF_CHOICE
from analysis.selection import best_of_each

if TYPE_CHECKING:
    from analysis.leave_out import LeftOut
    from analysis.linear_confusion import LinearModel

__all__ = ["Cell", "standing"]


@dataclass(frozen=True, eq=False)
class Cell:
    """One rule on one data set.

    Parameters
    ----------
    benchmark, label : str
        Column and row of the table.
    run : xarray.Dataset
        Everything as one run, see `analysis.fitted_run.as_dataset`.
    error : float
        E of the fit.
    left_out : LeftOut or None
        None if the data are too few to leave anything out.
    sentence : str
        The result in words.
    linear : LinearModel
        What its confusion with others takes, see `analysis.linear_confusion`.
    other_error : float
        E of a fit to the same measurements with other protocols, see `Benchmark.other`; NaN if there are none.
    """

    benchmark: str
    label: str
    run: xr.Dataset
    error: float
    left_out: LeftOut | None
    sentence: str
    linear: LinearModel
    other_error: float = float("nan")

    @property
    def n_free(self) -> int:
        """Number of free parameters."""
        return int(self.run.attrs["n_free"])

    @property
    def p_value(self) -> float:
        """Probability that a true model would fit worse."""
        return float(self.run.attrs["p_value"])

    @property
    def derived(self) -> bool:
        """Whether the rule was derived from an objective, or else written by hand."""
        return bool(self.run.attrs["derived"])


def standing(cells: Sequence[Cell]) -> list[str]:
    """Comparison of the best derived rule with the best rule written by hand, for every number of free parameters.

    Returns
    -------
    list of str
        One sentence per number at which both kinds exist, one about the differences among derived rules; last, the
        best predictions of left-out data, whatever the number of free parameters.
    """
    sentences = []
    for free in sorted({cell.n_free for cell in cells}):
        derived = [cell for cell in cells if cell.derived and cell.n_free == free]
        by_hand = [cell for cell in cells if not cell.derived and cell.n_free == free]
        if derived and by_hand:
            sentences.append(_at_equal_freedom(free, derived, by_hand))
        if len(derived) > 1:
            sentences.append(_among_derived(free, sorted(derived, key=lambda cell: cell.error)))
    return sentences + _best_left_out(cells) or [
        "No derived rule and rule written by hand have the same number of free parameters here."
    ]


def _best(cells: Sequence[Cell]) -> Cell:
    return min(cells, key=lambda cell: cell.error)


def _at_equal_freedom(free: int, derived: Sequence[Cell], by_hand: Sequence[Cell]) -> str:
    """The difference of the best left-out scores first: E alone decides nothing."""
    if any(cell.left_out is None for cell in (*derived, *by_hand)):
        names = _names(_best(derived), _best(by_hand), len(derived), len(by_hand))
        return f"With {free} free parameters: {names}; nothing could be left out, so E alone cannot decide."
    ours, theirs, words = _decision(derived, by_hand)
    return f"With {free} free parameters: {_names(ours, theirs, len(derived), len(by_hand))}: {words}."


def _names(ours: Cell, theirs: Cell, n_derived: int, n_by_hand: int) -> str:
    return (
        f"{ours.label} (E = {ours.error:.3f}, the best of {n_derived} derived) and {theirs.label} (E = "
        f"{theirs.error:.3f}, the best of {n_by_hand} written by hand)"
    )


def _decision(derived: Sequence[Cell], by_hand: Sequence[Cell]) -> tuple[Cell, Cell, str]:
    """The best of both by left-out score, and which predicts better, or that it is undecided."""
    ours, theirs = ([cell.left_out for cell in side if cell.left_out is not None] for side in (derived, by_hand))
    result = best_of_each(ours, theirs)
    verdict = "undecided"
    if result.p_value < LEVEL_OF_CHOICE:
        verdict = "the derived rule predicts better" if result.gain > 0 else "the rule written by hand predicts better"
    chosen = "" if len(derived) == len(by_hand) == 1 else f", p = {probability(result.p_value)} with the choice of both"
    words = f"{verdict}, as left-out scores differ by {signed(result.gain)} ± {result.error:.1f}{chosen}"
    pair = derived[result.ours], by_hand[result.theirs]
    lone = [f"{c.label} by {c.run.attrs['lone']} starts" for c in pair if c.run.attrs["lone"]]
    words += f" (a better fit may exist: the best was found for {' and for '.join(lone)} only)" if lone else ""
    return *pair, words


def _among_derived(free: int, ranked: Sequence[Cell]) -> str:
    best, *others = ranked
    rest = "; ".join(f"{cell.error:.3f} for {cell.label}" for cell in others)
    head = f"Among derived rules with {free} free parameters, {best.label} reaches E = {best.error:.3f}"
    return f"{head} against {rest}."


def _best_left_out(cells: Sequence[Cell]) -> list[str]:
    """The best derived rule and the best one written by hand by their left-out scores; nothing without both."""
    tested = [cell for cell in cells if cell.left_out is not None]
    derived, by_hand = ([cell for cell in tested if cell.derived == kind] for kind in (True, False))
    if not derived or not by_hand:
        return []
    ours, theirs, words = _decision(derived, by_hand)
    return [
        f"What was left out is predicted best by {_scored(ours)} among derived rules and by {_scored(theirs)} among "
        f"those written by hand: {words}."
    ]


def _scored(cell: Cell) -> str:
    score = fixed(cell.left_out.score, 1) if cell.left_out else "–"
    return f"{cell.label} ({cell.n_free} free, score {score})"
