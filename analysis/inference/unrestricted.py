"""The likeliest linear system of any slopes, rest points and noise, against which a family of learners is judged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.inference.descent import hessian_of, maximum, positive
from analysis.inference.learner import coordinates, factor
from analysis.inference.problem import Problem, likelihood

Array = NDArray[np.float64]


def unrestricted(problem: Problem, u: Array) -> tuple[float, int, Array, Array]:
    """Likeliest linear system with its own slopes and rest point in every task, and any noise.

    Returns
    -------
    log_likelihood : float
    size : int
        Number of its coordinates.
    closed : (n_tasks, n, n) array
    covariance : (n_tasks·n·n, n_tasks·n·n) array
        Of the errors of `closed`, from the curvature of the likelihood.
    """
    data, n = problem.data, problem.data.n
    n_tasks, half = len(data.tasks), n * (n + 1) // 2
    closed, offset = problem.family.motion(u[None], data.tasks)
    variance = float(problem.family.scalar("measurement_noise", u[None])[0] ** 2)
    start_noise = problem.family.diffusion(u[None])[0]
    span = float(np.ptp(data.paths, axis=(0, 1)).max())
    floor = 1e-6 * variance / float(np.median(data.steps)) + 1e-14 * span**2
    start = np.concatenate(
        [closed.ravel(), offset.ravel(), coordinates(start_noise + floor * np.eye(n)), [0.5 * np.log(variance)]]
    )
    a, c = n_tasks * n * n, n_tasks * n
    noise = slice(a + c, a + c + half)
    if problem.family.process_noise == "none":
        start[noise] = coordinates(1e-30 * np.eye(n))
    fixed = np.zeros(start.size, dtype=bool)  # noise that is known stays so
    fixed[noise] = problem.family.process_noise == "none" or "process_covariance" in problem.family.known
    fixed[-1] = "measurement_noise" in problem.family.known

    def density(moved: Array) -> Array:
        x = np.tile(start, (len(moved), 1))
        x[:, ~fixed] = moved
        root = factor(np.clip(x[:, noise], -60, 30), n)
        return likelihood(
            data, x[:, :a].reshape(-1, n_tasks, n, n), x[:, a : a + c].reshape(-1, n_tasks, n),
            root @ root.swapaxes(-1, -2), np.exp(2 * np.clip(x[:, -1], -30, 30)),
        )[0]  # fmt: skip

    x = maximum(density, start[~fixed])
    covariance: Array = np.linalg.inv(positive(hessian_of(density, x))).astype(float)
    return float(density(x[None])[0]), x.size, x[:a].reshape(n_tasks, n, n), covariance[:a, :a]
