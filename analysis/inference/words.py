"""An inference in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.inference.learner import UNITS
from analysis.inference.sample import FEW

if TYPE_CHECKING:
    from analysis.inference.answer import Inference

MEANING = {
    "discount": "discount γ (1/γ is the planning horizon)",
    "metric": "inverse cost of change ηk/G",
    "drift": "decay j without control",
    "drift_matrix": "entry of the slopes A of the drift f(θ) = Aθ, row by row",
    "hazard": "hazard λ of new tasks",
    "process_strength": "process noise σ, in the metric",
    "process_covariance": "factor of the covariance of the process noise per second",
    "measurement_noise": "measurement noise s",
    "loss_level": "level of the other losses",
}
SYMBOLS = {
    "discount": "discount γ", "metric": "ηk/G", "drift": "decay j", "drift_matrix": "drift A", "hazard": "hazard λ",
    "loss_level": "loss level", "process_strength": "process noise σ", "process_covariance": "process noise",
    "measurement_noise": "measurement noise s",
}  # fmt: skip
NOISE = {
    "metric": "The noise of the process is taken to be constant in the metric, so that it shows G by itself.",
    "free": "The noise of the process is free: the motion alone identifies what is identified.",
    "none": "The process is taken to be free of noise.",
}


def report_lines(answer: Inference) -> list[str]:
    """Sentences: what is identified, bounded, or open; whether the learner is of the family; how optimal it is."""
    lines = [*verdict_lines(answer), *alias_lines(answer), *check_lines(answer), *optimality_lines(answer)]
    if answer.effective < FEW:
        lines.append(f"Caution: only {answer.effective:.0f} effective draws of the posterior.")
    return lines


def verdict_lines(answer: Inference) -> list[str]:
    """What is known of every assumption; first of all, whether the family is rejected."""
    rejected = (
        "These data reject every optimal learner of this family (see the checks): no assumption is reported, "
        "and the intervals hold for the nearest learner of the family only."
    )
    return [*([rejected] if answer.rejected else []), *(_line(answer, name) for name in answer.names)]


def alias_lines(answer: Inference) -> list[str]:
    """Exact aliases, and which assumption about the noise the discount hangs on."""
    family = answer.problem.family
    lines = [f"Alias: {words}." for words in answer.shown.aliases]
    lines += [answer.problem.words(), NOISE[family.process_noise]]
    if answer.by_noise:
        lines.append(f"Without that assumption γ would be open: {answer.by_noise}.")
    return lines


def check_lines(answer: Inference) -> list[str]:
    """p-values of the checks, and the deficit against a free linear system."""
    checks = answer.checks
    lines = [
        f"Checks (p-values): white innovations {checks.memory:.2g}, Gaussian innovations {checks.tails:.2g}"
        + ("." if np.isnan(checks.restriction) else f", against a free linear system {checks.restriction:.2g}.")
    ]
    if np.isfinite(checks.deficit):
        lines.append(f"A free linear system with free noise fits better by {checks.deficit:.1f} nats.")
    return lines


def optimality_lines(answer: Inference) -> list[str]:
    """Excess cost of the measured motion under the best assumptions, or why there is none."""
    if np.all(np.isfinite(answer.gap)):
        return [f"Optimality: under its best assumptions the measured motion costs {in_percent(answer.gap)}."]
    if answer.slopes is not None:
        return [
            "Optimality: the excess cost of the measured motion is not computed with default dynamics, partial control "
            "or a hazard, under which learner and optimum rest at different points."
        ]
    return []


def in_percent(gap: np.ndarray) -> str:
    """Quantiles 5, 50 and 95 % of a relative excess cost in words."""
    low, middle, high = 100 * gap
    return f"{middle:.2g} % more than the optimum (90 % interval {low:.2g} to {high:.2g} %)"


def kind_of(name: str) -> str:
    """Assumption of a coordinate: its name without a number.

    Examples
    --------
    >>> kind_of("metric_2"), kind_of("discount")
    ('metric', 'discount')
    """
    stem, _, number = name.rpartition("_")
    return stem if number.isdigit() else name


def meaning(answer: Inference, name: str) -> str:
    """What a coordinate stands for."""
    kind = kind_of(name)
    family = answer.problem.family
    if kind == "metric" and family.rank is not None:
        return f"factor L (rank {family.rank}, signs of columns open) of ηk BG⁻¹Bᵀ = LLᵀ"
    if kind == "metric" and family.metric == "full":
        return "factor L of the inverse cost of change, ηk G⁻¹ = LLᵀ"
    return MEANING.get(kind, kind)


def symbol(answer: Inference, name: str) -> str:
    """Short label of a coordinate for a figure."""
    kind, family = kind_of(name), answer.problem.family
    label = SYMBOLS.get(kind, kind)
    if kind == "metric" and family.metric == "full":
        label = "factor L of ηk BG⁻¹Bᵀ"
    return label if kind == name else f"{label} ({name.rpartition('_')[2]})"


def unit_of(answer: Inference, name: str) -> str:
    """Unit of an assumption with a leading space; empty for a pure number, and for a factor of a matrix."""
    unit = (
        "1" if answer.problem.family.metric == "full" and kind_of(name) == "metric" else UNITS.get(kind_of(name), "1")
    )
    return "" if unit == "1" else f" {unit}"


def _line(answer: Inference, name: str) -> str:
    label, verdict, unit = f"{name}: {meaning(answer, name)}", answer.verdict(name), unit_of(answer, name)
    if verdict == "alias":
        return f"{label} is not identifiable."
    low, high = answer.interval(name)
    tail = f"(posterior sd {100 * narrowing(answer, name):.0f} % of the prior's)"
    if verdict == "lower bound":
        return f"{label} > {low:.3g}{unit} (95 %), bounded from below only {tail}."
    if verdict == "upper bound":
        return f"{label} < {high:.3g}{unit} (95 %), bounded from above only {tail}."
    if verdict == "open":
        return f"{label} is left open by the data: it follows its prior {tail}."
    middle = float(np.median(answer.values(name)))
    return f"{label} = {middle:.4g}{unit}, 90 % interval {low:.3g} to {high:.3g} {tail}."


def narrowing(answer: Inference, name: str) -> float:
    """Posterior over prior standard deviation of a coordinate."""
    i = answer.names.index(name)
    return float(answer.draws[:, i].std() / answer.problem.prior_sd[i])
