"""Inference of the assumptions that a learner makes, from the path of its weights or of its behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.inference.aliases import Structure, structure
from analysis.inference.checks import Checks, gap_of, predictive_checks, with_deficit
from analysis.inference.experiment import Experiment, check_paths, paths_of
from analysis.inference.learner import UNITS, make_family
from analysis.inference.problem import Problem, best, make_problem, recorded, unrestricted
from analysis.inference.sample import FEW, POOR, along_ridge, ensemble, importance
from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.support.checks import checked, require_whole

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Inference", "infer", "left_out_score"]

Array = NDArray[np.float64]
NARROW = 0.7  # posterior sd over prior sd above which no point estimate is reported
NARROWEST = 0.25  # below it a posterior is no tail of its prior
TAIL = 1.28  # prior sd of its 10 % and 90 % quantiles: a 5 % or 95 % quantile beyond them is the prior's
MISFIT = 1e-3  # p-value below which the family is rejected


@dataclass(frozen=True, eq=False)
class Inference:
    """Assumptions of a learner, inferred from its path, made by `infer`.

    Parameters
    ----------
    problem : Problem
        Family, data and priors.
    mode : (d,) array
        Coordinates of the most probable learner (logarithms of positive numbers).
    draws : (n_draws, d) array
        Of the posterior, independent.
    effective : float
        Effective number of them.
    log_likelihood : float
        ln p(paths | mode).
    shown : Structure
        Exact aliases at the mode.
    checks : Checks
        Of the best learner against the data.
    gap : (3,) array
        Excess cost of the measured motion over the optimum under the best assumptions, relative to it: 5 %, 50 % and
        95 % quantiles by the errors of the unrestricted system; NaN where it is not defined.
    seed : int
    slopes, slopes_covariance : arrays or None
        Slopes (n_tasks, n, n) of the best unrestricted linear system, and the covariance of their errors; None without
        ``check``.
    """

    problem: Problem
    mode: Array
    draws: Array
    effective: float
    log_likelihood: float
    shown: Structure
    checks: Checks
    gap: Array
    seed: int
    slopes: Array | None = None
    slopes_covariance: Array | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return self.problem.family.names

    @property
    def rejected(self) -> bool:
        """Whether the data reject the whole family, so that its assumptions explain nothing."""
        return self.checks.smallest < MISFIT

    def values(self, name: str) -> Array:
        """Posterior draws of an assumption in its own unit (an entry of a full metric: of its factor)."""
        column = self.draws[:, self.names.index(name)]
        return np.exp(column) if self.problem.family.logarithmic[self.names.index(name)] else column

    def interval(self, name: str, share: float = 0.9) -> tuple[float, float]:
        """Central credible interval."""
        low, high = np.quantile(self.values(name), [0.5 - share / 2, 0.5 + share / 2])
        return float(low), float(high)

    def verdict(self, name: str) -> str:
        """``"identified"``, ``"lower bound"``, ``"upper bound"``, ``"open"`` (follows its prior) or ``"alias"``."""
        i = self.names.index(name)
        if self.shown.aliased[i]:
            return "alias"
        mean, sd = self.problem.prior_mean[i], self.problem.prior_sd[i]
        column = self.draws[:, i]
        low, high = np.quantile(column, [0.05, 0.95])
        follows = (low < mean - TAIL * sd, high > mean + TAIL * sd)  # the prior, at its lower and its upper end
        if column.std() > NARROWEST * sd and any(follows):
            return {(True, True): "open", (False, True): "lower bound", (True, False): "upper bound"}[follows]
        return "identified" if column.std() <= NARROW * sd else "open"

    def estimate(self, name: str) -> float:
        """Posterior median; NaN where the data do not identify the assumption, or reject the family."""
        return (
            float(np.median(self.values(name))) if self.verdict(name) == "identified" and not self.rejected else np.nan
        )

    def gap_under(self, objective: Objective) -> Array:
        """Relative excess cost of the measured motion under stated assumptions: 5 %, 50 % and 95 % quantiles.

        Raises
        ------
        InputError
            If the inference ran without ``check``.
        """
        if self.slopes is None or self.slopes_covariance is None:
            raise InputError("gap_under needs the measured motion; infer with check=True")
        rng = np.random.default_rng([self.seed, 3])
        return gap_of(objective, self.problem, self.slopes, self.slopes_covariance, rng)

    def objective(self) -> Objective:
        """Objective of the most probable learner; what is not identified in it is one choice among many."""
        u, family = self.mode[None], self.problem.family
        root = family.root(u)[0]
        square = family.control is None and "control" not in family.unknown
        values = {name: float(family.scalar(name, u)[0]) for name in ("discount", "drift", "hazard")}
        return Objective(
            values["discount"],
            metric=np.linalg.inv(root @ root.T) if square else None,
            control=None if square else root,
            drift=-values["drift"] if values["drift"] else None,
            hazard=values["hazard"],
            prior_mean=family.prior_mean if values["hazard"] else None,
        )

    def __str__(self) -> str:
        """The report in words."""
        from analysis.inference.words import report_lines

        return "\n".join(report_lines(self))


@checked
def infer(
    data: xr.Dataset | ArrayLike,
    landscapes: Quadratic | Sequence[Quadratic],
    unknown: Sequence[str] | str = ("discount", "metric"),
    prior: Mapping[str, tuple[float, float]] | None = None,
    *,
    known: Mapping[str, Any] | None = None,
    metric: str = "isotropic",
    process_noise: str = "metric",
    control: ArrayLike | None = None,
    prior_mean: Any = 0.0,
    times: ArrayLike | None = None,
    variable: str = "theta",
    n_draws: int = 2000,
    check: bool = True,
    seed: int = 0,
) -> Inference:
    """Infer for which assumptions the path of a learner is optimal, and what it leaves open.

    The likelihood is exact for optimal learners on quadratic losses: ``F = e^{A_cl Δt}`` with the closed loop A_cl of
    `plasticity.solve`, white process noise and white measurement noise, by Kalman innovations. The posterior is
    sampled by importance from the mode (emcee where that fails). Aliases are found first, and are no numbers.

    Parameters
    ----------
    data : Dataset or array
        ``theta(trial, time, parameter)``, or an array (n_trials, n_times, n) or (n_times, n) with `times`.
    landscapes : Quadratic or sequence of Quadratic
        The loss, or that of every trial; ``Quadratic(0, μ)`` for a trial without loss.
    unknown : sequence of str
        Of "discount", "metric", "drift" (a decay to 0), "hazard", "loss_level" (of all losses but the first),
        "plasticity", "loss_weight". The noise is unknown, too, unless `known` has it.
    prior : mapping of str to (median, sd of the logarithm), optional
        By name; the others are wide (`analysis.inference.problem.make_problem`).
    known : mapping, optional
        Values of other assumptions: discount, drift, hazard, metric, process_strength σ, measurement_noise s.
    metric : {"isotropic", "diagonal", "full"}
        Form of an unknown metric.
    process_noise : {"metric", "free", "none"}
        Noise per second: σ²ηkBG⁻¹Bᵀ, which itself shows G; any covariance; none.
    control : (n, m) array, optional
        B.
    prior_mean : float or (n,) array
        μ_0, for a hazard.
    times : (n_times,) array
        Times of an array [s].
    variable : str
        Name of the path in a Dataset.
    n_draws : int
        Draws of the posterior.
    check : bool
        Compare with an unrestricted linear system and run the predictive checks (a few times the work).
    seed : int

    Returns
    -------
    Inference

    Raises
    ------
    InputError
        Before fitting: if there are too few points for the unknowns, nothing moves, a Hessian is singular, the time
        is not in seconds, or a name is not known.

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
    vastola_2025; kalman_1960.
    """
    if "control" in (unknown.split(",") if isinstance(unknown, str) else unknown):
        raise InputError("control cannot be unknown: only BG⁻¹Bᵀ shows; use metric='full', whose image is that of B")
    n_draws, seed = require_whole("n_draws", n_draws, low=100), require_whole("seed", seed, low=0)
    paths, times = paths_of(data, times, variable)
    check_paths(paths)
    experiment = Experiment(landscapes, paths[:, 0], times)
    family = make_family(experiment.n, unknown, known, metric, process_noise, control, prior_mean)
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
    mode, hessian = best(problem, seed)
    rng = np.random.default_rng([seed, 1])
    pool, weights, effective = importance(problem.log_density, mode, hessian, 2 * n_draws, rng)
    if effective < POOR * len(pool):
        pool, weights, effective = along_ridge(problem.log_density, mode, 2 * n_draws, rng)
    if effective >= FEW:
        draws = pool[rng.choice(len(pool), n_draws, p=weights)]
    else:
        draws, effective = ensemble(problem.log_density, pool, weights, n_draws, rng)
    shown = structure(family, mode, problem.data.tasks)
    log_likelihood = float(problem.log_likelihood(mode[None])[0])
    checks = predictive_checks(problem, mode)
    answer = Inference(problem, mode, draws, effective, log_likelihood, shown, checks, np.full(3, np.nan), seed)
    return _compared(answer, rng) if check else answer


def _compared(answer: Inference, rng: np.random.Generator) -> Inference:
    """With the deficit against an unrestricted linear system, and the cost of the motion that this one shows."""
    free, size, closed, covariance = unrestricted(answer.problem, answer.mode)
    degrees = size - (len(answer.mode) - answer.shown.null.shape[1])
    checks = with_deficit(answer.checks, free - answer.log_likelihood, degrees)
    gap = gap_of(answer.objective(), answer.problem, closed, covariance, rng)
    return replace(answer, checks=checks, gap=gap, slopes=closed, slopes_covariance=covariance)


@checked
def left_out_score(answer: Inference) -> Array:
    """Score (n_trials,) of sets of assumptions: ln p of every trial given the others, by a refit without it.

    Raises
    ------
    InputError
        If there is one trial only.

    Examples
    --------
    >>> path = np.exp(-np.outer(np.arange(20) / 5, [0.5, 1.2]))[None] * np.array([[[1.0, 2.0]], [[-1.0, 1.0]]])
    >>> answer = infer(path, Quadratic([1.0, 3.0], [0.0, 0.0]), times=np.arange(20) / 5, check=False)
    >>> left_out_score(answer).shape
    (2,)
    """
    problem, data = answer.problem, answer.problem.data
    n_trials = len(data.paths)
    if n_trials < 2:
        raise InputError("a left-out score needs two or more trials; got 1")
    task = np.repeat(np.arange(len(data.tasks)), np.diff(data.first))
    scores = np.empty(n_trials)
    for out in range(n_trials):
        rest = replace(problem, data=_only(data, task, np.arange(n_trials) != out))
        alone = replace(problem, data=_only(data, task, np.arange(n_trials) == out))
        mode, hessian = best(rest, answer.seed)
        rng = np.random.default_rng([answer.seed, 2, out])
        draws, weights, _ = importance(rest.log_density, mode, hessian, 500, rng)
        used = weights > 1e-8
        logs = alone.log_likelihood(draws[used])
        scores[out] = float(np.log(weights[used] @ np.exp(logs - logs.max())) + logs.max())
    back = np.empty(n_trials)
    back[data.order] = scores
    return back


def _only(data: Any, task: NDArray[np.intp], selected: NDArray[np.bool_]) -> Any:
    """The recorded trials that are selected; every task stays, if need be without trials."""
    first = np.searchsorted(task[selected], np.arange(len(data.tasks) + 1)).astype(np.int64)
    return replace(data, paths=np.ascontiguousarray(data.paths[selected]), first=first, order=np.arange(selected.sum()))


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
