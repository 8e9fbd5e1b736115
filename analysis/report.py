"""Reports of a comparison: figures, a Markdown text and one self-contained HTML page in a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis.compare import COLUMNS, Comparison, Score, rows
from analysis.figures import draw
from analysis.figures.residuals import residuals
from analysis.pages.bibliography import citation
from analysis.pages.figure_parts import png
from analysis.pages.render import display_units, fixed, signed, write_pages
from plasticity.support.checks import checked

__all__ = ["Report", "report", "summary"]

FIGURE, RESIDUALS = "figure.png", "residuals.png"
SAME_ERROR = 0.005  # relative difference of E below which two rules agree equally well
SAME_AIC = 0.05  # difference of AIC too small to be named
SUPPORT = 10.0  # difference of AIC from which a model has essentially no support, burnham_2002
AIC_SOURCE, LEFT_OUT_SOURCE = "burnham_2002", "vehtari_2017"  # differences of AIC; standard error of a left-out score


class Report(NamedTuple):
    """Paths of the files of a report."""

    figure: Path
    residuals: Path
    markdown: Path
    page: Path


@checked
def report(comparison: Comparison, directory: str | os.PathLike) -> Report:
    """Write a comparison as PNG files, Markdown and one HTML page that needs nothing else.

    All files are complete before the first appears in the folder.

    Parameters
    ----------
    comparison : Comparison
        See `analysis.compare`.
    directory : str or path
        Folder, made if needed; files of an earlier report in it are replaced.

    Returns
    -------
    Report
        Paths of the files.

    Raises
    ------
    InputError
        If the folder cannot be written.

    Examples
    --------
    >>> from analysis.compare import compare
    >>> from analysis.fit import fit
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(report(compare(fit("pair_stdp", "sjostrom_2001")), folder).page.name)
    report.html

    References
    ----------
    pfister_2006 (the error E); burnham_2002 (differences of AIC); vehtari_2017 (left-out scores)
    """
    runs, data = comparison.runs, comparison.data
    pictures = {FIGURE: png(draw(*runs, data=data)), RESIDUALS: png(residuals(*runs, data=data))}
    paths = write_pages("report", directory, pictures, _content(comparison))
    return Report(*(paths[name] for name in (FIGURE, RESIDUALS, "report.md", "report.html")))


def summary(comparison: Comparison) -> str:
    """The result in a few sentences: best rule, ties, cost of the free parameters.

    References
    ----------
    burnham_2002 (differences of AIC)
    """
    scores, n = comparison.scores, comparison.data.sizes["protocol"]
    best, worst = scores[0], scores[-1]
    tied = [score for score in scores if score.error <= best.error * (1 + SAME_ERROR)]
    misses = f"miss them by {np.sqrt(best.error):.2g} standard errors (root mean square; E = {best.error:.3g})."
    if len(scores) == 1:
        return f"The predictions of {best.label} for the {n} measurements {misses}"
    text = f"{best.label} comes closest to the {n} measurements: its predictions {misses}"
    if len(tied) > 1:
        apart = max(np.abs(score.predictions - best.predictions).max() for score in tied)
        factor, unit = display_units(comparison.data)
        of = " of the initial weight" if unit == "%" else ""
        text = f"{_listed(tied)} come equally close to the {n} measurements: they {misses} "
        text += f"Their predictions differ by at most {factor * apart:.2g} {unit}{of}."
    if worst not in tied:
        text += f" {worst.label} misses them most, by {np.sqrt(worst.error):.2g} (E = {worst.error:.3g})."
    lowest = min(score.aic for score in scores)
    favoured = [score for score in scores if score.aic - lowest < SAME_AIC]
    close = [score for score in scores if SAME_AIC <= score.aic - lowest < SUPPORT]
    if len(favoured) == len(scores):
        return f"{text} AIC prefers none of them."
    text += f" Counting free parameters, AIC prefers {_listed(favoured)}"
    if not close:
        return f"{text} by {SUPPORT:g} or more."
    verb = "is" if len(close) == 1 else "are"
    return f"{text}; {_listed(close)} {verb} within {SUPPORT:g} of it: these data do not decide."


def _listed(scores: Sequence[Score]) -> str:
    *others, last = (score.label for score in scores)
    return f"{', '.join(others)} and {last}" if others else last


def _content(comparison: Comparison) -> dict[str, Any]:
    """Variables of the template of a report."""
    data, scores, runs = comparison.data, comparison.scores, comparison.runs
    attrs = data.attrs
    source = {
        "Source": attrs["citation"],
        "Figure": attrs["figure"],
        "Protocols": attrs.get("protocol_convention"),
        "Provenance": attrs["provenance"],
        "Caveat": attrs.get("caveat"),
        "Errors": attrs.get("sem_pooled") and f"pooled: {attrs['sem_pooled']}",
        "Rights": attrs["rights"],
    }
    left_out = [score for score in scores if "left_out_score" in score.run.attrs]
    keys = {AIC_SOURCE, *([LEFT_OUT_SOURCE] if left_out else [])}
    keys |= {key for text in (attrs["references"], *(run.attrs["references"] for run in runs)) for key in text.split()}
    versions: dict[str, list[str]] = {}
    for score in scores:
        used = ", ".join(f"{name} {version}" for name, version in json.loads(score.run.attrs["versions"]).items())
        versions.setdefault(used, []).append(score.label)
    return {
        "files": {"figure": FIGURE, "residuals": RESIDUALS},
        "data": data,
        "unit": display_units(data)[1],
        "scores": scores,
        "summary": summary(comparison),
        "warnings": [f"{score.label}: {warning}." for score in scores for warning in score.warnings],
        "agreement": {
            "columns": COLUMNS,
            "rows": [(*r[:2], *(c.replace("-", "−") for c in r[2:])) for r in rows(comparison)],
        },
        "left_out": [_left_out_row(score) for score in left_out],
        "values": _values(comparison),
        "any_left_out": any("left_out_prediction" in run for run in runs),
        "any_interval": any("weight_change_low" in run for run in runs),
        "parameters": [row for score in scores for row in _parameter_rows(score)],
        "rules": [_rule(score) for score in scores],
        "source": [f"{name}: {text}" for name, text in source.items() if text],
        "references": [citation(key) for key in sorted(keys)],
        "made": [_made_row(score) for score in scores],
        "versions": versions,
    }


def _left_out_row(score: Score) -> tuple[str, ...]:
    attrs = score.run.attrs
    numbers = (attrs[f"left_out_{name}"] for name in ("score", "standard_error", "error"))
    return (score.label, attrs["left_out_unit"], *(fixed(x, 2) for x in numbers))


def _made_row(score: Score) -> tuple[str, ...]:
    attrs = score.run.attrs
    return (score.label, attrs["scenario"] or "none", attrs["engine"], str(attrs["seed"]), attrs["created"])


def _values(comparison: Comparison) -> dict[str, Any]:
    """Table of measured and predicted values, with residuals and intervals; `measured` is the column of the data."""
    data = comparison.data
    factor, _ = display_units(data)
    counted = not np.all(np.isnan(data.n.values))
    lines = []
    for i, name in enumerate(data.protocol.values.tolist()):
        value, sem, n = (float(data[v].values[i]) for v in ("value", "sem", "n"))
        count = ["unknown" if np.isnan(n) else f"{n:g}"] if counted else []
        predicted = [_prediction(score, i, factor) for score in comparison.scores]
        lines.append((name, *count, f"{signed(factor * value)} ± {factor * sem:.1f}", *predicted))
    columns = ("protocol", *(["n"] if counted else []), "measured", *(score.label for score in comparison.scores))
    return {"columns": columns, "rows": lines, "counted": counted, "measured": columns.index("measured")}


def _prediction(score: Score, i: int, factor: float) -> str:
    text = f"{signed(factor * score.predictions[i])} ({signed(score.residuals[i])})"
    if "weight_change_low" not in score.run:
        return text
    low, high = (factor * float(score.run[f"weight_change_{side}"].values[i]) for side in ("low", "high"))
    return f"{text} [{signed(low)}, {signed(high)}]"


def _parameter_rows(score: Score) -> list[tuple[str, ...]]:
    """Free parameters with their uncertainty, and whether the data identify them."""
    attrs = score.run.attrs
    values, errors, intervals, coverage, verdicts, units = (
        json.loads(attrs.get(key, "{}"))
        for key in ("rule_values", "standard_errors", "intervals", "coverage", "verdicts", "rule_units")
    )
    lines: list[tuple[str, ...]] = []
    for name in attrs.get("free", "").split():
        error = errors.get(name)
        unit = "" if units.get(name, "1") == "1" else f" {units[name].replace('**2', '²')}"
        lines.append(
            (
                f"{score.label}, {name}",
                _number(values[name]) + unit,
                "none" if error is None else f"{error:.2g}",
                "–" if name not in intervals else " to ".join(f"{x:.3g}" for x in intervals[name]),
                "–" if name not in coverage else f"{100 * coverage[name]:.0f} %",
                verdicts.get(name) or _identifiable(name, values[name], error, attrs.get("at_bound", "").split()),
            )
        )
    return lines


def _identifiable(name: str, value: float, error: float | None, at_bound: list[str]) -> str:
    """Identifiability by the standard error alone, for runs without recovery from synthetic data."""
    if name in at_bound:
        return "no: on its bound"
    if error is None:
        return "no: undetermined"
    return "no: its standard error is larger than its value" if error > abs(value) else "not tested"


def _rule(score: Score) -> dict[str, Any]:
    attrs = score.run.attrs
    values = json.loads(attrs.get("rule_values", "{}"))
    return {
        "label": score.label,
        "title": attrs.get("rule_title", attrs["title"]),
        "parameters": ", ".join(f"{name} = {_number(value)}" for name, value in values.items()),
        "free": ", ".join(attrs.get("free", "").split()),
        "assumptions": score.assumptions,
    }


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | int) and not isinstance(value, bool) else str(value)
