"""The report of an inference in words."""

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
    "hazard": "hazard λ of new tasks",
    "process_strength": "process noise σ, in the metric",
    "measurement_noise": "measurement noise s",
    "loss_level": "level of the other losses",
}
NOISE = {
    "metric": "The noise of the process is taken to be constant in the metric, so that it shows G by itself.",
    "free": "The noise of the process is free: the motion alone identifies what is identified.",
    "none": "The process is taken to be free of noise.",
}


def report_lines(answer: Inference) -> list[str]:
    """Sentences: what is identified, bounded, or open; whether the learner is of the family; how optimal it is."""
    family, lines = answer.problem.family, []
    if answer.rejected:
        lines.append(
            "These data reject every optimal learner of this family (see the checks below): no assumption is reported, "
            "and the intervals hold for the nearest learner of the family only."
        )
    for name in answer.names:
        lines.append(_line(answer, name))
    lines += [f"Alias: {words}." for words in answer.shown.aliases]
    lines.append(NOISE[family.process_noise])
    if family.process_noise == "metric" and "metric" in family.unknown:
        from analysis.inference.aliases import structure

        alone = _without_noise(family)
        hidden = structure(alone, answer.mode[: len(alone.names)], answer.problem.data.tasks)
        if "discount" in family.unknown and hidden.aliased[alone.names.index("discount")]:
            lines.append(f"Without that assumption γ would be open: {hidden.aliases[0]}.")
    checks = answer.checks
    lines.append(
        f"Checks (p-values): white innovations {checks.memory:.2g}, Gaussian innovations {checks.tails:.2g}"
        + ("." if np.isnan(checks.restriction) else f", against a free linear system {checks.restriction:.2g}.")
    )
    if np.isfinite(checks.deficit):
        lines.append(f"A free linear system with free noise fits better by {checks.deficit:.1f} nats.")
    if np.all(np.isfinite(answer.gap)):
        low, middle, high = 100 * answer.gap
        lines.append(
            f"Optimality: under its best assumptions the measured motion costs {middle:.2g} % more than the optimum "
            f"(90 % interval {low:.2g} to {high:.2g} %)."
        )
    if answer.effective < FEW:
        lines.append(f"Caution: only {answer.effective:.0f} effective draws of the posterior.")
    return lines


def _line(answer: Inference, name: str) -> str:
    i = answer.names.index(name)
    kind = name.rsplit("_", 1)[0] if name.rsplit("_", 1)[-1].isdigit() else name
    unit = UNITS.get(kind, "1")
    unit = "" if unit == "1" else f" {unit}"
    label = f"{name}: {MEANING.get(kind, kind)}"
    verdict = answer.verdict(name)
    if verdict == "alias":
        return f"{label} is not identifiable."
    low, high = answer.interval(name)
    share = answer.draws[:, i].std() / answer.problem.prior_sd[i]
    tail = f"(posterior sd {100 * share:.0f} % of the prior's)"
    if verdict == "lower bound":
        return f"{label} > {low:.3g}{unit} (95 %), bounded from below only {tail}."
    if verdict == "upper bound":
        return f"{label} < {high:.3g}{unit} (95 %), bounded from above only {tail}."
    if verdict == "open":
        return f"{label} is left open by the data: it follows its prior {tail}."
    middle = float(np.median(answer.values(name)))
    return f"{label} = {middle:.4g}{unit}, 90 % interval {low:.3g} to {high:.3g} {tail}."


def _without_noise(family):  # type: ignore[no-untyped-def]
    """The same family with noise that does not show the metric."""
    from dataclasses import replace

    unknown = tuple(name for name in family.unknown if name not in ("process_strength", "measurement_noise"))
    known = {**family.known, "measurement_noise": 1.0}
    return replace(family, unknown=unknown, known=known, process_noise="none")
