"""Report of an inference: figures, a Markdown text and one self-contained HTML page in a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure, FigureBase

from analysis.inference.answer import Inference
from analysis.inference.further import further_experiments
from analysis.inference.result import as_dataset
from analysis.inference.words import (
    alias_lines,
    check_lines,
    in_percent,
    narrowing,
    optimality_lines,
    unit_of,
    verdict_lines,
)
from analysis.pages.bibliography import citation
from analysis.pages.figure_parts import png
from analysis.pages.inference_panels import draw_geometry, draw_posterior, draw_predictive, rows_of
from analysis.pages.render import fixed, probability, write_pages
from plasticity.objective import Objective
from plasticity.support.checks import checked

if TYPE_CHECKING:
    from analysis.inference.sets import AssumptionSet

__all__ = ["report_inference"]

FILES = {"posterior": "posterior.png", "geometry": "geometry.png", "predictive": "predictive.png"}
WIDTH, ROW = 10.0, 2.3  # inches
REFERENCES = ("vastola_2025", "kalman_1960", "vehtari_2017")
CLOSE = 2.0  # standard errors within which two left-out scores do not differ


@checked
def report_inference(
    answer: Inference,
    directory: str | os.PathLike,
    sets: Sequence[AssumptionSet] = (),
    stated: Mapping[str, Objective] | None = None,
) -> Path:
    """Write an inference as PNG files, Markdown and one HTML page that needs nothing else.

    All files are complete before the first appears in the folder.

    Parameters
    ----------
    answer : Inference
    directory : str or path
        Folder, made if needed; files of an earlier report in it are replaced.
    sets : sequence of AssumptionSet
        What `compare_assumptions` returns.
    stated : mapping of str to Objective, optional
        Assumptions by name under which the cost of the measured motion is stated, too (``answer.gap_under``).

    Returns
    -------
    Path
        Of ``inference.html``.

    Raises
    ------
    InputError
        If the folder cannot be written, or assumptions are stated but the inference ran without ``check``.

    Examples
    --------
    >>> import tempfile
    >>> from analysis.infer import infer
    >>> from plasticity import Quadratic, solve
    >>> loss = Quadratic([0.2, 5.0], [0.0, 0.0])
    >>> path = solve(Objective(0.7), loss).trajectory([[1.0, 1.0]], np.linspace(0, 8, 41))
    >>> answer = infer(path, loss, process_noise="none", known={"measurement_noise": 1e-4})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(report_inference(answer, folder).name)
    inference.html

    References
    ----------
    vastola_2025; kalman_1960; vehtari_2017.
    """
    run = as_dataset(answer)
    pictures = {
        FILES["posterior"]: _picture(draw_posterior, run, ROW * rows_of(run)),
        FILES["geometry"]: _picture(draw_geometry, run, 1.6 * ROW),
        FILES["predictive"]: _picture(draw_predictive, run, 1.2 * ROW),
    }
    return write_pages("inference", directory, pictures, _content(answer, run, sets, stated or {}))["inference.html"]


def _picture(draw: Callable[[FigureBase, xr.Dataset], None], run: xr.Dataset, height: float) -> bytes:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    draw(figure, run)
    return png(figure)


def _content(
    answer: Inference, run: xr.Dataset, sets: Sequence[AssumptionSet], stated: Mapping[str, Objective]
) -> dict[str, Any]:
    """Variables of the template of an inference."""
    target, experiments = further_experiments(answer)
    p = np.mean(run.replicated.values >= run.observed.values, axis=1)
    under = [f"Under {name} it costs {in_percent(answer.gap_under(o))}." for name, o in stated.items()]
    return {
        "files": FILES,
        "n": run.sizes["parameter"],
        "n_trials": run.sizes["trial"],
        "n_replicates": run.sizes["replicate"],
        "verdicts": verdict_lines(answer),
        "aliases": alias_lines(answer),
        "checks": check_lines(answer),
        "optimality": [*optimality_lines(answer), *under] or ["It was not computed; infer with check=True."],
        "assumptions": [_row(answer, run, i) for i in range(len(answer.names))],
        "reach": _reach(answer, run),
        "predictive": [(str(name), probability(x)) for name, x in zip(run.check.values, p, strict=True)],
        "sets": [_set_row(one, sets[0]) for one in sets],
        "set_words": _set_words(sets),
        "target": target,
        "experiments": [
            (words, f"{error:.2g}" if np.isfinite(error) else "not identifiable") for words, error in experiments
        ],
        "assumed": _assumed(answer),
        "references": [citation(key) for key in REFERENCES],
        "provenance": f"Made {run.attrs['created']}, seed {answer.seed}, with "
        + ", ".join(f"{name} {version}" for name, version in json.loads(run.attrs["versions"]).items())
        + ".",
    }


def _row(answer: Inference, run: xr.Dataset, i: int) -> tuple[str, ...]:
    name = answer.names[i]
    verdict = answer.verdict(name)
    low, high = answer.interval(name)
    draws = run.prior.values[:, i]
    prior = np.quantile(np.exp(draws) if answer.problem.family.logarithmic[i] else draws, [0.05, 0.95])
    bound = {"lower bound": f"> {low:.3g}", "upper bound": f"< {high:.3g}"}.get(verdict)
    estimate = answer.estimate(name)
    return (
        name, verdict, bound or ("–" if np.isnan(estimate) else f"{estimate:.4g}"), f"{low:.3g} to {high:.3g}",
        f"{prior[0]:.3g} to {prior[1]:.3g}", f"{100 * narrowing(answer, name):.0f} %",
        unit_of(answer, name).strip().replace("**0.5", "^½") or "1",
    )  # fmt: skip


def _reach(answer: Inference, run: xr.Dataset) -> list[tuple[str, ...]]:
    """Entries of ηk BG⁻¹Bᵀ; no numbers where the data leave open what they are made of."""
    parts = [name for name in answer.names if name.startswith(("metric", "control"))]
    is_known = all(np.isfinite(answer.estimate(name)) for name in parts)
    low, middle, high = np.quantile(run.inverse_metric_draw.values, [0.05, 0.5, 0.95], axis=0)
    n = run.sizes["parameter"]
    return [
        (f"{i + 1}, {j + 1}", *((f"{middle[i, j]:.3g}", f"{low[i, j]:.3g} to {high[i, j]:.3g}") if is_known else "––"))
        for i in range(n)
        for j in range(i + 1)
    ]


def _set_row(one: AssumptionSet, best: AssumptionSet) -> tuple[str, ...]:
    behind, error = one.behind(best)
    answer = one.answer
    discount = "known"
    if "discount" in answer.names:
        value = answer.estimate("discount")
        discount = f"{value:.3g} /s" if np.isfinite(value) else answer.verdict("discount")
        discount = "rejected" if answer.rejected else discount
    gap = "best" if one is best else f"{fixed(behind, 1)} ± {fixed(error, 1)}"
    return (one.name, fixed(one.score, 1), gap, discount, probability(answer.checks.smallest))


def _set_words(sets: Sequence[AssumptionSet]) -> str:
    if not sets:
        return ""
    best, close = sets[0], []
    for one in sets[1:]:
        behind, error = one.behind(best)
        if behind < CLOSE * error:
            close.append(one.name)
    if not close:
        return f"{best.name} predicts left-out trials better than all others, by more than {CLOSE:g} standard errors."
    return f"{best.name} predicts best, but these trials do not decide between it and {', '.join(close)}."


def _assumed(answer: Inference) -> list[str]:
    family, data = answer.problem.family, answer.problem.data
    lines = [
        f"Loss {i + 1} of {len(data.tasks)}: curvature {np.round(task.hessian_matrix, 6).tolist()}, optimum "
        f"{np.round(task.optimum, 6).tolist()}, {n} trials."
        for i, (task, n) in enumerate(zip(data.tasks, np.diff(data.first), strict=True))
    ]
    form = f"Form of the unknown metric: {family.metric}. " if "metric" in family.unknown else ""
    known = ", ".join(f"{name} = {value}" for name, value in family.known.items())
    lines.append(f"{form}Known: {known or 'nothing else'}.")
    lines.append("Priors are independent and log-normal; their 90 % intervals are in the table of assumptions.")
    lines.append("Optimal learner on quadratic losses, white process noise, white measurement noise.")
    return lines
