"""Checks of an inferred learner: are its innovations white, does a free linear system do better, is it optimal?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.optimality import excess

if TYPE_CHECKING:
    from analysis.inference.problem import Problem

Array = NDArray[np.float64]
N_DRAWS = 200


@dataclass(frozen=True)
class Checks:
    """p-values of what a learner of the family would show, at the most probable one.

    Parameters
    ----------
    size : float
        That the squared standardised innovations are as large or small (χ²); insensitive where the noise is fitted.
    memory : float
        That successive innovations are as correlated (χ² of the correlations at lags 1 to 3).
    tails : float
        That the innovations are as far from Gaussian (test of the kurtosis of Anscombe and Glynn); NaN below 20
        innovations, or if they are far below a noise that is known.
    deficit : float
        Log-likelihood of the best unrestricted linear system with free slopes and noise, minus that of the learner; NaN
        if not compared.
    restriction : float
        That the deficit is as large (likelihood ratio).
    """

    size: float
    memory: float
    tails: float
    deficit: float = np.nan
    restriction: float = np.nan

    @property
    def smallest(self) -> float:
        """Smallest p-value of memory, tails and restriction, times their number."""
        return float(min(1.0, 3 * np.nanmin([self.memory, self.tails, self.restriction])))


def predictive_checks(problem: Problem, u: Array) -> Checks:
    """Checks of the standardised innovations of the learner with coordinates u (d,), by their laws in large samples."""
    z = problem.innovations(u)
    total, size = z.size, float(np.sum(z**2))
    statistic, degrees = memory(z)
    return Checks(
        size=float(2 * min(stats.chi2.sf(size, total), stats.chi2.cdf(size, total))),
        memory=float(stats.chi2.sf(statistic, degrees)),
        tails=float(stats.kurtosistest(z.ravel()).pvalue) if total >= 20 and size > 0.1 * total else np.nan,
    )


def memory(z: Array) -> tuple[float, int]:
    """Squared correlations of successive innovations (n_trials, n_steps, n) at lags 1 to 3, and their number."""
    n_trials, n_steps, n = z.shape
    lags = [lag for lag in (1, 2, 3) if n_steps > lag + 1]
    scale = np.maximum(np.mean(z**2, axis=(0, 1)), 1.0)  # errors far below the noise that is known tell nothing
    statistic = 0.0
    for lag in lags:
        products = np.sum(z[:, lag:] * z[:, :-lag], axis=(0, 1)) / scale
        statistic += float(np.sum(products**2) / (n_trials * (n_steps - lag)))
    return statistic, n * len(lags)


def with_deficit(checks: Checks, deficit: float, degrees: int) -> Checks:
    """Checks with the comparison to an unrestricted linear system of so many more coordinates."""
    p = float(stats.chi2.sf(2 * max(deficit, 0.0), degrees)) if degrees > 0 else np.nan
    return replace(checks, deficit=float(deficit), restriction=p)


def gap_of(objective: Objective, problem: Problem, closed: Array, covariance: Array, rng: np.random.Generator) -> Array:
    """Quantiles 5, 50 and 95 % of the relative excess cost (`plasticity.excess`) of measured slopes (n_tasks, n, n).

    Averaged over tasks with a loss; NaN under default dynamics or partial control, where the learner and its
    optimum rest at different points.
    """
    if objective.drift is not None or objective.control is not None or objective.hazard > 0:
        return np.full(3, np.nan)
    root = np.linalg.cholesky(
        0.5 * (covariance + covariance.T) + 1e-15 * np.trace(covariance) * np.eye(len(covariance))
    )
    flat = closed.ravel() + rng.standard_normal((N_DRAWS, closed.size)) @ root.T
    level = problem.family.scalar("loss_level", np.zeros((1, len(problem.family.names))))
    gaps: list[float] = []
    for slopes in flat.reshape(-1, *closed.shape):
        costs = []
        for index, (slope, task) in enumerate(zip(slopes, problem.data.tasks, strict=True)):
            if not task.hessian_matrix.any():
                continue
            loss = Quadratic(task.hessian_matrix * (level[0] if index else 1.0), np.zeros(problem.family.n))
            try:
                costs.append(excess(_linear(slope), objective, loss).relative)
            except InputError:
                return np.full(3, np.nan)
        gaps.append(float(np.mean(costs)) if costs else np.nan)
    return np.quantile(np.array(gaps), np.array([0.05, 0.5, 0.95]))


def _linear(slope: Array) -> Callable[[Array], Array]:
    return lambda w: w @ slope.T
