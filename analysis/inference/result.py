"""An inference as a Dataset: for a file, and for the figure ``inference``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.inference.answer import Inference
from analysis.inference.predictive import CHECKS, QUANTILES, posterior_predictive
from analysis.inference.words import report_lines, symbol, unit_of
from plasticity.dataset import make_dataset

if TYPE_CHECKING:
    import xarray as xr

SQUARE = ("parameter", "other_parameter")


def as_dataset(answer: Inference) -> xr.Dataset:
    """Posterior and prior draws, verdicts, geometry and checks.

    The geometry is that of the most probable learner: the inverse cost of change ``ηk BG⁻¹Bᵀ`` with its posterior, the
    drift ``f(θ) = A(θ − μ_0)``, and the closed loop on the first task.
    """
    family, data = answer.problem.family, answer.problem.data
    check = posterior_predictive(answer)
    n, sizes = family.n, data.paths.shape
    index = {
        "draw": len(answer.draws), "trial": sizes[0], "interval": sizes[1] - 1, "parameter": n, "other_parameter": n,
        "replicate": check.observed.shape[1],
    }  # fmt: skip
    coordinates: dict[str, tuple] = {
        name: (name, np.arange(size), "1", name.replace("_", " ")) for name, size in index.items()
    }
    coordinates |= {
        "assumption": ("assumption", list(answer.names), "1", "unknown assumption"),
        "symbol": ("assumption", [symbol(answer, name) for name in answer.names], "1", "label"),
        "verdict": ("assumption", [answer.verdict(name) for name in answer.names], "1", "verdict"),
        "logarithmic": ("assumption", family.logarithmic.astype(int), "1", "1: the draws are logarithms"),
        "unit": ("assumption", [unit_of(answer, name).strip() or "1" for name in answer.names], "1", "unit"),
        "time": ("time", data.times, "s", "time"),
        "share": ("share", list(QUANTILES), "1", "quantile"),
        "check": ("check", list(CHECKS), "1", "statistic of the innovations"),
    }
    return make_dataset(
        {
            **_posterior(answer),
            **_geometry(answer),
            "paths": (("trial", "time", "parameter"), data.paths, "1", "records, sorted by task"),
            "band": (
                ("trial", "time", "parameter", "share"),
                np.moveaxis(check.bands, 0, -1),
                "1",
                "quantiles of replicated records",
            ),
            "innovation": (
                ("trial", "interval", "parameter"),
                answer.problem.innovations(answer.mode),
                "1",
                "standardised error",
            ),
            "observed": (("check", "replicate"), check.observed, "1", "statistic of the records"),
            "replicated": (("check", "replicate"), check.replicated, "1", "statistic of replicated records"),
            "gap": ("share", answer.gap, "1", "relative excess cost of the measured motion"),
        },
        coordinates,
        title="Inferred assumptions of a learner",
        scenario="inference",
        rule="optimal linear-quadratic policy",
        engine="Kalman innovations, importance sampling",
        seed=answer.seed,
        parameters={"metric": family.metric, "process_noise": family.process_noise, "known": dict(family.known)},
        references=("vastola_2025", "kalman_1960"),
        report="\n".join(report_lines(answer)),
        rejected=int(answer.rejected),
    )


def _posterior(answer: Inference) -> dict[str, tuple[Any, ...]]:
    problem, rng = answer.problem, np.random.default_rng(answer.seed)
    prior = problem.prior_mean + problem.prior_sd * rng.standard_normal((len(answer.draws), len(answer.mode)))
    return {
        "posterior": (("draw", "assumption"), answer.draws, "1", "draws: logarithms of positive numbers"),
        "prior": (("draw", "assumption"), prior, "1", "draws of the prior in the same coordinates"),
        "mode": ("assumption", answer.mode, "1", "most probable coordinates"),
    }


def _geometry(answer: Inference) -> dict[str, tuple[Any, ...]]:
    family, task = answer.problem.family, answer.problem.data.tasks[0]
    root, roots = family.root(answer.mode[None])[0], family.root(answer.draws)
    drift = family.drift(answer.mode[None])[0]
    closed = family.motion(answer.mode[None], [task])[0][0, 0]
    spread = roots @ roots.swapaxes(1, 2)
    return {
        "inverse_metric": (SQUARE, root @ root.T, "1/(loss.s**2)", "ηk BG⁻¹Bᵀ"),
        "inverse_metric_draw": (("draw", *SQUARE), spread, "1/(loss.s**2)", "its posterior"),
        "drift": (SQUARE, drift, "1/s", "slopes A of the drift"),
        "closed_loop": (SQUARE, closed, "1/s", "slopes of the motion on the first task"),
        "hessian": (SQUARE, task.hessian_matrix, "loss", "H of the first task"),
        "optimum": ("parameter", task.optimum, "1", "optimum of the first task"),
    }
