"""The page of the table rules × data sets: numbers, sentences, and where derived rules stand at equal freedom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from analysis.contest.benchmarks import benchmark
from analysis.figure_parts.agreement import agreement
from analysis.figure_parts.style import png
from analysis.leave_out import difference
from analysis.pages.bibliography import citation
from analysis.pages.document import Block, Document, Heading, Items, Paragraph, Picture, Table
from analysis.pages.verdict import SAME_ERROR
from analysis.table import Cell

__all__ = ["standing", "table_page"]

COLUMNS = ("rule", "origin", "free", "E", "left-out score", "± s.e.", "left-out E", "in a sentence")
MINUS = re.compile(r"-(?=\d)")  # before a number
NOTHING = "No derived rule and rule written by hand have the same number of free parameters here."
CLEAR = 2.0  # standard errors from which a difference of scores is called clear
INTERPRETATION = "Interpretation, written by hand from the fits of version 0.1.0 and not computed here:"

READING = (
    "E is the mean over measurements of ((data − model)/standard error)²; a true model leaves about "
    "1 − (free parameters)/(measurements). The left-out score is the sum over units of the log density of a "
    "measurement under a fit that has not seen it, larger is better; its standard error is over units. Rules are "
    "compared with the same number of free parameters. A parameter is identifiable if two standard errors cover it in "
    "at least 40 of 50 synthetic data sets and its standard error is typically smaller than itself."
)


def table_page(cells: Sequence[Cell]) -> Document:
    """Content of the page, one section per benchmark.

    References
    ----------
    pfister_2006 (the error E); vehtari_2017 (standard error of the score)
    """
    blocks: list[Block] = [Paragraph(READING)]
    for name, group in groupby(cells, key=lambda cell: cell.benchmark):
        blocks += _section(name, list(group))
    sources = [cell.run.attrs["references"] for cell in cells]
    sources += [benchmark(name).load().attrs["references"] for name in {cell.benchmark for cell in cells}]
    keys = {key for text in sources for key in text.split()}
    assumptions = {c.run.attrs["rule_title"]: c.run.attrs["assumptions"].splitlines() for c in cells if c.derived}
    blocks += [Heading("What the derived rules assume")]
    for title, points in assumptions.items():
        blocks += [Paragraph(f"{title}:"), Items(tuple(points))]
    blocks += [Heading("References"), Items(tuple(citation(key) for key in sorted({*keys, "vehtari_2017"})))]
    return Document("Learning rules and plasticity data", tuple(blocks))


def standing(cells: Sequence[Cell]) -> list[str]:
    """Where the best derived rule stands against rules written by hand, for every number of free parameters.

    Returns
    -------
    list of str
        One sentence per number at which both kinds compete, then what buys the improvement among derived rules; last,
        who predicts best what was left out, whatever the number of free parameters.
    """
    sentences = []
    for free in sorted({cell.n_free for cell in cells}):
        derived = [cell for cell in cells if cell.derived and cell.n_free == free]
        by_hand = [cell for cell in cells if not cell.derived and cell.n_free == free]
        if derived and by_hand:
            sentences.append(_duel(free, _best(derived), _best(by_hand)))
        if len(derived) > 1:
            sentences.append(_purchase(free, sorted(derived, key=lambda cell: cell.error)))
    return sentences + _unseen(cells) or [NOTHING]


def _best(cells: Sequence[Cell]) -> Cell:
    return min(cells, key=lambda cell: cell.error)


def _duel(free: int, derived: Cell, by_hand: Cell) -> str:
    ours, theirs = derived.error, by_hand.error
    result = "beats" if ours < theirs else "loses to"
    result = "ties with" if abs(ours - theirs) <= SAME_ERROR * max(ours, theirs) else result
    text = (
        f"With {free} free parameters the best derived rule, {derived.label} (E = {ours:.3f}), {result} the best one "
        f"written by hand, {by_hand.label} (E = {theirs:.3f})"
    )
    if derived.left_out is None or by_hand.left_out is None:
        return text + "."
    gain, error = difference(derived.left_out, by_hand.left_out)
    clear = "a clear difference" if abs(gain) > CLEAR * error else "less than two standard errors"
    text = f"{text}; its left-out score is {gain:+.1f} ± {error:.1f} relative to that, {clear}."
    return MINUS.sub("−", text)


def _purchase(free: int, ranked: Sequence[Cell]) -> str:
    best, *others = ranked
    rest = "; ".join(f"{cell.error:.3f} for {cell.label}" for cell in others)
    head = f"Among derived rules with {free} free parameters, {best.label} reaches E = {best.error:.3f}"
    return f"{head} against {rest}."


def _unseen(cells: Sequence[Cell]) -> list[str]:
    """The best derived rule and the best one written by hand by their left-out scores; nothing without both."""
    tested = [(cell, cell.left_out) for cell in cells if cell.left_out is not None]
    kinds = [[(cell, unseen) for cell, unseen in tested if cell.derived == derived] for derived in (True, False)]
    if not all(kinds):
        return []
    (ours, our_test), (theirs, their_test) = (max(kind, key=lambda pair: pair[1].score) for kind in kinds)
    gain, error = difference(our_test, their_test)
    text = (
        f"What was left out is predicted best by {ours.label} among derived rules ({ours.n_free} free, score "
        f"{our_test.score:.1f}) and by {theirs.label} among those written by hand ({theirs.n_free} free, score "
        f"{their_test.score:.1f}); the difference is {gain:+.1f} ± {error:.1f}."
    )
    return [MINUS.sub("−", text)]


def _section(name: str, cells: list[Cell]) -> list[Block]:
    bench = benchmark(name)
    data = bench.load()
    ranked = sorted(cells, key=lambda cell: cell.error)
    warnings = [f"{cell.label}: {warning}." for cell in ranked for warning in cell.run.attrs["warnings"].splitlines()]
    blocks: list[Block] = [
        Heading(bench.title),
        Paragraph(f"{data.attrs['citation']}. {data.sizes['protocol']} measurements. {bench.note}".strip()),
        Items(tuple(standing(cells))),
        *([Paragraph(f"{INTERPRETATION} {bench.why}")] if bench.why else []),
        Table(f"Rules on {name}, best E first.", COLUMNS, tuple(map(_row, ranked))),
        _picture(name, bench.title, ranked),
    ]
    return blocks + ([Paragraph("Warnings:"), Items(tuple(warnings))] if warnings else [])


def _row(cell: Cell) -> tuple[str, ...]:
    left = cell.left_out
    scores = (f"{left.score:.1f}", f"{left.standard_error:.1f}", f"{left.error:.2f}") if left else ("–", "–", "–")
    return (
        cell.label,
        "derived" if cell.derived else "by hand",
        str(cell.n_free),
        f"{cell.error:.3f}",
        *(score.replace("-", "−") for score in scores),
        cell.sentence,
    )


def _picture(name: str, title: str, ranked: list[Cell]) -> Picture:
    labels = [f"{cell.label} ({cell.n_free})" for cell in ranked]
    unseen = [cell.left_out.error if cell.left_out else float("nan") for cell in ranked]
    figure = agreement(labels, [cell.error for cell in ranked], unseen, [cell.derived for cell in ranked])
    return Picture(
        f"{name}.png",
        png(figure),
        f"{title}: E of each rule (in brackets: free parameters), fitted and left out.",
        "; ".join(f"{label}: E {cell.error:.3f}" for label, cell in zip(labels, ranked, strict=True)),
    )
