"""Sections of a report: agreement, left-out scores, residuals by protocol, parameters, rules, source, making."""

from __future__ import annotations

import json

import numpy as np

from analysis.compare import Comparison, Score
from analysis.pages.document import Block, Heading, Items, Link, Paragraph, Table
from analysis.pages.quantity import shown, signed

__all__ = ["DEFINITIONS", "left_out", "making", "parameters", "reference_keys", "rule", "source", "values", "warnings"]

AIC_SOURCE = "burnham_2002"  # differences of AIC
LEFT_OUT_SOURCE = "vehtari_2017"  # standard error of a left-out score

DEFINITIONS = (
    "E is the mean over protocols of ((data − model)/standard error)², where both are fractional weight changes, "
    "(w_final − w_initial)/w_initial. A true model leaves E near 1, less if parameters were fitted; much less "
    "means that the errors are large or the model too free. ln L is the Gaussian log likelihood of the fractions "
    "with the standard errors taken as known; AIC = 2k − 2 ln L and BIC = k ln(number of protocols) − 2 ln L "
    "with k free parameters. Only parameters that were fitted here are counted: a rule whose parameters were "
    "tuned to the same data elsewhere looks better in AIC and BIC than it is."
)


def values(comparison: Comparison) -> Table:
    """Measured and predicted values, with residuals in standard errors and intervals where runs have them."""
    data = comparison.data
    factor, unit = shown(data)
    counted = not np.all(np.isnan(data.n.values))
    columns = ("protocol", *(["n"] if counted else []), "measured", *(score.label for score in comparison.scores))
    lines = []
    for i, name in enumerate(data.protocol.values.tolist()):
        value, sem, n = (float(data[v].values[i]) for v in ("value", "sem", "n"))
        predicted = [_predicted(score, i, value, sem, factor) for score in comparison.scores]
        count = ["unknown" if np.isnan(n) else f"{n:g}"] if counted else []
        lines.append((name, *count, f"{signed(factor * value)} ± {factor * sem:.1f}", *predicted))
    caption = (
        f"{data.value.attrs['long_name'].capitalize()} ({unit}) ± standard error; in round brackets the residual "
        "(prediction − measurement)/standard error"
        + ("; in square brackets the 95 % interval of the prediction. " if _with_intervals(comparison) else ". ")
        + ("n: number of cells or pairs." if counted else "The numbers of cells or pairs are unknown.")
    )
    return Table(caption, columns, tuple(lines))


def _predicted(score: Score, i: int, value: float, sem: float, factor: float) -> str:
    text = f"{signed(factor * score.predictions[i])} ({signed((score.predictions[i] - value) / sem)})"
    if "weight_change_low" not in score.run:
        return text
    low, high = (factor * float(score.run[f"weight_change_{side}"].values[i]) for side in ("low", "high"))
    return f"{text} [{signed(low)}, {signed(high)}]"


def _with_intervals(comparison: Comparison) -> bool:
    return any("weight_change_low" in run for run in comparison.runs)


def left_out(comparison: Comparison) -> list[Block]:
    """Scores of predictions of what a fit has not seen; nothing if no run has been cross-validated."""
    lines = []
    for score in comparison.scores:
        attrs = score.run.attrs
        if "left_out_score" in attrs:
            numbers = (attrs["left_out_score"], attrs["left_out_standard_error"], attrs["left_out_error"])
            lines.append((score.label, attrs["left_out_unit"], *(f"{x:.2f}".replace("-", "−") for x in numbers)))
    if not lines:
        return []
    caption = (
        "Exact leave-one-out: the sum over units of the log density of a measurement under a fit that has not seen it "
        "(larger is better), its standard error over units, and E of these predictions."
    )
    columns = ("rule", "left out", "score", "± s.e.", "E")
    return [Heading("Prediction of what was left out"), Table(caption, columns, tuple(lines))]


def parameters(comparison: Comparison) -> list[Block]:
    """Free parameters with their uncertainty, and whether the data identify them; nothing if none is free."""
    lines = [line for score in comparison.scores for line in _parameter_lines(score)]
    if not lines:
        return []
    caption = (
        "Fitted parameters in SI units. Standard error: from the curvature of the likelihood. Interval: 95 % of the "
        "posterior. Covered: share of synthetic data sets in which two standard errors hold the true value. A dash "
        "stands for what was not computed."
    )
    columns = ("rule, parameter", "value", "± s.e.", "95 % interval", "covered", "identifiable")
    return [Heading("What is identifiable"), Table(caption, columns, tuple(lines))]


def _parameter_lines(score: Score) -> list[tuple[str, ...]]:
    attrs = score.run.attrs
    fitted, errors, intervals, coverage, verdicts, units = (
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
                _number(fitted[name]) + unit,
                "none" if error is None else f"{error:.2g}",
                "–" if name not in intervals else " to ".join(f"{x:.3g}" for x in intervals[name]),
                "–" if name not in coverage else f"{100 * coverage[name]:.0f} %",
                verdicts.get(name) or _from_error(name, fitted[name], error, attrs.get("at_bound", "").split()),
            )
        )
    return lines


def _from_error(name: str, value: float, error: float | None, at_bound: list[str]) -> str:
    """What the standard error alone says, for runs whose parameters were not recovered from synthetic data."""
    if name in at_bound:
        return "no: on its bound"
    if error is None:
        return "no: undetermined"
    return "no: its standard error is larger than its value" if error > abs(value) else "not tested"


def rule(score: Score) -> list[Block]:
    """Parameters and assumptions of one rule."""
    attrs = score.run.attrs
    values = ", ".join(
        f"{name} = {_number(value)}" for name, value in json.loads(attrs.get("rule_values", "{}")).items()
    )
    about = f"{score.label}: {attrs.get('rule_title', attrs['title'])}."
    fitted = attrs.get("free", "")
    freedom = f" Fitted here: {', '.join(fitted.split())}." if fitted else ""
    blocks: list[Block] = [Paragraph(f"{about} Parameters in SI units: {values or 'not recorded'}.{freedom}")]
    if score.assumptions:
        blocks += [Paragraph(f"{score.label} assumes:"), Items(score.assumptions)]
    return blocks


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | int) and not isinstance(value, bool) else str(value)


def warnings(comparison: Comparison) -> list[Block]:
    """Everything that a reader must know before using the numbers."""
    points = [f"{score.label}: {warning}." for score in comparison.scores for warning in score.warnings]
    return [Heading("Warnings"), Items(tuple(points))] if points else []


def source(comparison: Comparison) -> list[Block]:
    """Where the measurements come from."""
    attrs = comparison.data.attrs
    facts = [
        ("Source", attrs["citation"]),
        ("Figure", attrs["figure"]),
        ("Protocols", attrs.get("protocol_convention")),
        ("Provenance", attrs["provenance"]),
        ("Caveat", attrs.get("caveat")),
        ("Errors", attrs.get("sem_pooled") and f"pooled: {attrs['sem_pooled']}"),
        ("Rights", attrs["rights"]),
    ]
    points = Items(tuple(f"{name}: {text}" for name, text in facts if text))
    doi = attrs["doi"]
    return [points, Link(f"doi:{doi}", f"https://doi.org/{doi}")] if doi else [points]


def reference_keys(comparison: Comparison) -> list[str]:
    """Keys of everything that the report rests on."""
    texts = [comparison.data.attrs["references"], *(run.attrs["references"] for run in comparison.runs)]
    sources = {AIC_SOURCE, *(LEFT_OUT_SOURCE for run in comparison.runs if "left_out_score" in run.attrs)}
    return sorted({*sources, *(key for text in texts for key in text.split())})


def making(comparison: Comparison) -> list[Block]:
    """One row per run, and the versions that made it."""
    columns = ("rule", "scenario", "engine", "seed", "made")
    lines: list[tuple[str, ...]] = []
    versions: dict[str, list[str]] = {}
    for score in comparison.scores:
        attrs = score.run.attrs
        lines.append((score.label, attrs["scenario"] or "none", attrs["engine"], str(attrs["seed"]), attrs["created"]))
        used = ", ".join(f"{name} {version}" for name, version in json.loads(attrs["versions"]).items())
        versions.setdefault(used, []).append(score.label)
    made_with = [Paragraph(f"{', '.join(labels)}: made with {used}.") for used, labels in versions.items()]
    return [Table("One run per rule.", columns, tuple(lines)), *made_with]
