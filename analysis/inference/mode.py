"""The most probable learner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from analysis.inference.descent import hessian_of, maximum
from analysis.inference.learner import NOISE_NAMES
from analysis.inference.problem import Problem

Array = NDArray[np.float64]
N_STARTS = 32  # draws of the prior among which the search starts
N_DESCENTS = 2


def best(problem: Problem, seed: int) -> tuple[Array, Array]:
    """Mode (d,) of the posterior and its Hessian (d, d) of −ln p.

    Starts from the learners of the prior that predict each record best from the one before, refined by least squares
    without a model of the noise, then by a descent of the whole density and Newton's method.
    """
    rng = np.random.default_rng(seed)
    d = len(problem.prior_mean)
    draws = problem.prior_mean + problem.prior_sd * rng.standard_normal((N_STARTS, d))
    draws[0] = problem.prior_mean
    moving = np.array([not name.startswith(NOISE_NAMES) for name in problem.family.names])
    order = np.argsort(_misfit(problem, draws))[:N_DESCENTS]
    candidates = [_refined(problem, draws[i], moving) for i in order]
    starts = np.concatenate([_with_noise(problem, u, moving, rng) for u in candidates])
    density = problem.log_density(starts)
    ends = [maximum(problem.log_density, starts[i]) for i in np.argsort(-density)[:2]]
    mode = max(ends, key=lambda u: float(problem.log_density(u[None])[0]))
    return mode, hessian_of(problem.log_density, mode)


def _misfit(problem: Problem, u: Array) -> Array:
    return np.array([np.sum(problem.residuals(row) ** 2) for row in u])


def _refined(problem: Problem, u: Array, moving: NDArray[np.bool_]) -> Array:
    """Dynamics by least squares; a weak pull to the prior settles what the data leave open."""
    mean, sd = problem.prior_mean[moving], problem.prior_sd[moving]

    def objective(x: Array) -> Array:
        full = u.copy()
        full[moving] = mean + sd * x
        return np.append(problem.residuals(full), 1e-9 * x)

    x = np.clip((u[moving] - mean) / sd, -8, 8)
    if not x.size:
        return u
    run = least_squares(
        objective, x, bounds=(-9.0, 9.0), x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=60
    )
    result = u.copy()
    result[moving] = mean + sd * run.x
    return result


def _with_noise(problem: Problem, u: Array, moving: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """The dynamics u with the likeliest of many noises."""
    trial = np.tile(u, (64, 1))
    noise = rng.standard_normal((64, int((~moving).sum())))
    trial[:, ~moving] = problem.prior_mean[~moving] + 1.5 * problem.prior_sd[~moving] * noise
    density = problem.log_density(trial)
    return trial[np.argmax(density)][None]
