"""Posterior predictive check: do learners drawn from the posterior leave records like those that were measured?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.inference.checks import memory
from analysis.inference.experiment import Experiment
from analysis.inference.make import recorded_paths
from analysis.inference.problem import require_quadratic

if TYPE_CHECKING:
    from analysis.inference.answer import Inference

Array = NDArray[np.float64]
N_REPLICATES = 200
QUANTILES = (0.05, 0.5, 0.95)
CHECKS = {
    "size": "mean square of the innovations",
    "memory": "correlation of successive innovations",
    "tails": "kurtosis of the innovations",
}


@dataclass(frozen=True, eq=False)
class Predictive:
    """Records of learners from the posterior beside the measured ones, made by `posterior_predictive`.

    Parameters
    ----------
    observed, replicated : (n_checks, n_replicates) arrays
        Statistics of `CHECKS` of the measured and of the replicated records, each under the same learner.
    bands : (3, n_trials, n_times, n) array
        Quantiles of the replicated records from the same first ones, trials sorted by task.
    """

    observed: Array
    replicated: Array
    bands: Array

    @property
    def p(self) -> Array:
        """Share (n_checks,) of replicates whose statistic is at least the measured one."""
        return np.mean(self.replicated >= self.observed, axis=1)


def posterior_predictive(answer: Inference, n_replicates: int = N_REPLICATES) -> Predictive:
    """Replicate the records by draws of the posterior, and compare the statistics of their innovations."""
    problem, data = answer.problem, answer.problem.data
    require_quadratic("posterior_predictive", data)
    rng = np.random.default_rng([answer.seed, 4])
    statistics = np.empty((2, len(CHECKS), n_replicates))
    replicates = np.empty((n_replicates, *data.paths.shape))
    for k, u in enumerate(answer.draws[rng.choice(len(answer.draws), n_replicates)]):
        noise = float(problem.family.scalar("measurement_noise", u[None])[0])
        first = data.paths[:, 0]
        starts = first + noise * rng.standard_normal(first.shape)
        replicates[k] = recorded_paths(problem.family, u, Experiment(data.landscapes, starts, data.times), rng)
        replicates[k, :, 0] = first
        again = replace(problem, data=replace(data, paths=replicates[k]))
        statistics[:, :, k] = [_statistics(one.innovations(u)) for one in (problem, again)]
    return Predictive(statistics[0], statistics[1], np.quantile(replicates, QUANTILES, axis=0))


def _statistics(z: Array) -> tuple[float, float, float]:
    return float(np.mean(z**2)), memory(z)[0], float(stats.kurtosis(z.ravel()))
