"""An inference as a Dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.inference.answer import Inference
from analysis.inference.learner import UNITS
from plasticity.dataset import make_dataset

if TYPE_CHECKING:
    import xarray as xr


def as_dataset(answer: Inference) -> xr.Dataset:
    """Posterior and prior draws, verdicts and checks as a Dataset, for a file and for the figure ``inference``."""
    family, problem = answer.problem.family, answer.problem
    rng = np.random.default_rng(answer.seed)
    prior = problem.prior_mean + problem.prior_sd * rng.standard_normal((len(answer.draws), len(answer.mode)))
    plain = answer.objective()
    root = family.root(answer.mode[None])[0]
    variables = {
        "posterior": (("draw", "assumption"), answer.draws, "1", "draws: logarithms of positive numbers"),
        "prior": (("draw", "assumption"), prior, "1", "draws of the prior in the same coordinates"),
        "mode": ("assumption", answer.mode, "1", "most probable coordinates"),
        "inverse_metric": (("parameter", "other_parameter"), root @ root.T, "1/(loss.s**2)", "ηk BG⁻¹Bᵀ"),
        "hessian": (
            ("parameter", "other_parameter"),
            problem.data.tasks[0].hessian_matrix,
            "loss",
            "H of the first task",
        ),
        "paths": (("trial", "time", "parameter"), problem.data.paths, "1", "records, sorted by task"),
        "innovation": (("trial", "interval", "parameter"), problem.innovations(answer.mode), "1", "standardised error"),
        "gap": ("share", answer.gap, "1", "relative excess cost of the measured motion"),
    }
    n, sizes = family.n, problem.data.paths.shape
    index = {
        "draw": len(answer.draws), "trial": sizes[0], "interval": sizes[1] - 1, "parameter": n, "other_parameter": n,
    }  # fmt: skip
    coordinates: dict[str, tuple] = {
        name: (name, np.arange(size), "1", name.replace("_", " ")) for name, size in index.items()
    }
    coordinates |= {
        "assumption": ("assumption", list(answer.names), "1", "unknown assumption"),
        "verdict": ("assumption", [answer.verdict(name) for name in answer.names], "1", "verdict"),
        "logarithmic": ("assumption", family.logarithmic.astype(int), "1", "1: the draws are logarithms"),
        "time": ("time", problem.data.times, "s", "time"),
        "share": ("share", [0.05, 0.5, 0.95], "1", "quantile"),
    }
    return make_dataset(
        variables,
        coordinates,
        title="Inferred assumptions of a learner",
        scenario="inference",
        rule="optimal linear-quadratic policy",
        engine="Kalman innovations, importance sampling",
        seed=answer.seed,
        parameters={"metric": family.metric, "process_noise": family.process_noise, "known": dict(family.known)},
        references=("vastola_2025", "kalman_1960"),
        report=str(answer),
        discount=float(plain.discount),
        drift=-float(plain.drift) if plain.drift is not None else 0.0,
        rejected=int(answer.rejected),
        units=" ".join(UNITS.get(name, "1") for name in answer.names),
    )
