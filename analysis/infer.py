"""Inference of the assumptions that a learner makes, from the path of its weights or of its behaviour."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from analysis.inference.aliases import structure
from analysis.inference.answer import Inference
from analysis.inference.checks import gap_of, predictive_checks, with_deficit
from analysis.inference.curved import CurvedProblem, curved, refined
from analysis.inference.experiment import Experiment, check_paths, paths_of
from analysis.inference.learner import make_family
from analysis.inference.mode import best
from analysis.inference.problem import Problem, make_problem, recorded
from analysis.inference.sample import FEW, POOR, along_ridge, ensemble, importance
from analysis.inference.unrestricted import unrestricted
from plasticity.errors import InputError
from plasticity.landscapes import Landscape, Quadratic
from plasticity.support.checks import checked, require_whole

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Inference", "infer"]


@checked
def infer(
    data: xr.Dataset | ArrayLike,
    landscapes: Landscape | Sequence[Landscape],
    unknown: Sequence[str] | str = ("discount", "metric"),
    prior: Mapping[str, tuple[float, float]] | None = None,
    *,
    known: Mapping[str, Any] | None = None,
    metric: str = "isotropic",
    process_noise: str = "metric",
    control: ArrayLike | None = None,
    prior_mean: Any = 0.0,
    rank: int | None = None,
    times: ArrayLike | None = None,
    variable: str = "theta",
    n_draws: int = 2000,
    check: bool = True,
    seed: int = 0,
) -> Inference:
    """Infer for which assumptions the path of a learner is optimal, and what it leaves open.

    The likelihood is exact for optimal learners on quadratic losses: ``F = e^{A_cl Δt}`` with the closed loop A_cl of
    `plasticity.solve`, white process noise and white measurement noise, by Kalman innovations. On other losses the
    learner takes the quadratic model at each point, as rules of `derive` do, and the motion that `simulate` makes is
    linearised along its path from each record to the next (`analysis.inference.curved`): approximate, as the report
    says. The posterior is sampled by importance from the mode (emcee where that fails). Aliases are found first, and
    are no numbers.

    Parameters
    ----------
    data : Dataset or array
        ``theta(trial, time, parameter)``, or an array (n_trials, n_times, n) or (n_times, n) with `times`.
    landscapes : Landscape or sequence of Landscape
        The loss, or that of every trial; ``Quadratic(0, μ)`` for a trial without loss. Any loss with gradient and
        Hessian.
    unknown : sequence of str
        Of "discount", "metric", "drift" (a decay to 0), "drift_matrix" (A of any drift ``f(θ) = Aθ``), "hazard",
        "loss_level" (of all losses but the first), "plasticity", "loss_weight". The noise is unknown, too, unless
        `known` has it.
    prior : mapping of str to (median, sd of the logarithm), optional
        By name; the others are wide (`analysis.inference.problem.make_problem`).
    known : mapping, optional
        Values of other assumptions: discount, drift, drift_matrix, hazard, metric, process_strength σ,
        measurement_noise s.
    metric : {"isotropic", "diagonal", "full"}
        Form of an unknown metric.
    process_noise : {"metric", "free", "none"}
        Noise per second: σ²ηkBG⁻¹Bᵀ, which itself shows G; any covariance; none.
    control : (n, m) array, optional
        B.
    prior_mean : float or (n,) array
        μ_0, for a hazard.
    rank : int, optional
        Number of controls in unknown directions, below n, with ``metric="full"``: BG⁻¹Bᵀ of that rank is inferred.
    times : (n_times,) array
        Times of an array [s].
    variable : str
        Name of the path in a Dataset.
    n_draws : int
        Draws of the posterior.
    check : bool
        Compare with an unrestricted linear system, if all losses are quadratic (a few times the work).
    seed : int

    Returns
    -------
    Inference

    Raises
    ------
    InputError
        Before fitting: if there are too few points for the unknowns, nothing moves beyond noise, the motion is over
        within an interval, no trial has a loss, a Hessian is singular, the time is not in seconds, or a name is not
        known.

    Warns
    -----
    UserWarning
        Before fitting, of what is an alias in this experiment.

    Examples
    --------
    >>> from plasticity import Objective, solve
    >>> loss = Quadratic([0.2, 5.0], [0.0, 0.0])
    >>> path = solve(Objective(0.7), loss).trajectory([[1.0, 1.0]], np.linspace(0, 8, 41))
    >>> answer = infer(path, loss, process_noise="none", known={"measurement_noise": 1e-4})
    >>> round(answer.estimate("discount"), 3), answer.verdict("metric")
    (0.7, 'identified')

    References
    ----------
    vastola_2025; kalman_1960; ozaki_1992.
    """
    if "control" in (unknown.split(",") if isinstance(unknown, str) else unknown):
        raise InputError("control cannot be unknown: only BG⁻¹Bᵀ shows; use metric='full' and rank=, its rank")
    n_draws, seed = require_whole("n_draws", n_draws, low=100), require_whole("seed", seed, low=0)
    paths, times = paths_of(data, times, variable)
    check_paths(paths, reached=control is None and rank is None)
    experiment = Experiment(landscapes, paths[:, 0], times)
    family = make_family(experiment.n, unknown, known, metric, process_noise, control, prior_mean, rank)
    if not family.unknown:
        raise InputError("nothing is unknown; name assumptions in `unknown`")
    if family.known.get("measurement_noise", 1.0) == 0 and (process_noise == "none" or family.m < family.n):
        raise InputError("measurement_noise must be > 0 where the process noise does not reach every weight; got 0")
    if paths[:, 1:].size < 2 * len(family.names):
        raise InputError(
            f"data has {paths[:, 1:].size} numbers after the start for {len(family.names)} unknowns "
            f"({', '.join(family.names)}); record more, or state more as known"
        )
    problem = make_problem(family, recorded(experiment, paths), prior)
    quadratic = all(isinstance(task, Quadratic) for task in problem.data.tasks)
    problem = problem if quadratic else curved(problem)
    _check_experiment(problem)
    mode, hessian = best(problem, seed)
    if isinstance(problem, CurvedProblem):
        problem, mode, hessian = refined(problem, mode)
    rng = np.random.default_rng([seed, 1])
    pool, weights, effective = importance(problem.log_density, mode, hessian, 2 * n_draws, rng)
    if effective < POOR * len(pool):
        pool, weights, effective = along_ridge(problem.log_density, mode, 2 * n_draws, rng)
    if effective >= FEW:
        draws = pool[rng.choice(len(pool), n_draws, p=weights)]
    else:
        draws, effective = ensemble(problem.log_density, pool, weights, n_draws, rng)
    shown = structure(family, mode, problem.models)
    log_likelihood = float(problem.log_likelihood(mode[None])[0])
    checks = predictive_checks(problem, mode)
    answer = Inference(problem, mode, draws, effective, log_likelihood, shown, checks, np.full(3, np.nan), seed)
    return _compared(answer, rng) if check and quadratic else answer


def _check_experiment(problem: Problem) -> None:
    """Refuse an experiment without a loss, and name before the fit what this one cannot show."""
    family, tasks = problem.family, problem.models
    without = [name for name in ("discount", "metric") if name in family.unknown]
    if without and not any(task.hessian_matrix.any() for task in tasks):
        raise InputError(f"landscapes: no trial has a loss, without which {' and '.join(without)} have no effect")
    anywhere = problem.prior_sd * np.random.default_rng(0).standard_normal(problem.prior_sd.size)  # no special point
    for words in structure(family, problem.prior_mean + 0.3 * anywhere, tasks).aliases:
        warnings.warn(f"this experiment cannot show everything, whatever the data: {words}", stacklevel=3)


def _compared(answer: Inference, rng: np.random.Generator) -> Inference:
    """With the deficit against an unrestricted linear system, and the cost of the motion that this one shows."""
    free, size, closed, covariance = unrestricted(answer.problem, answer.mode)
    degrees = size - (len(answer.mode) - answer.shown.null.shape[1])
    checks = with_deficit(answer.checks, free - answer.log_likelihood, degrees)
    gap = gap_of(answer.objective(), answer.problem, closed, covariance, rng)
    return replace(answer, checks=checks, gap=gap, slopes=closed, slopes_covariance=covariance)
