"""Fisher information of the records of a learner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.inference.experiment import Experiment
from analysis.inference.kalman import transition
from analysis.inference.learner import Family

Array = NDArray[np.float64]
STEP = 1e-4


def fisher(family: Family, u: Array, experiment: Experiment) -> Array:
    """Fisher information (d, d) of the records of an experiment, given their first ones."""
    d = u.size
    tasks, index = experiment.tasks
    points = np.concatenate([u + STEP * np.eye(d), u - STEP * np.eye(d), u[None]])
    information = np.zeros((d, d))
    closed, offset = family.motion(points, tasks)
    noise, variance = family.diffusion(points), family.scalar("measurement_noise", points) ** 2
    for t in range(len(tasks)):
        starts = experiment.starts[index == t]
        laws = [
            _law(closed[i, t], offset[i, t], noise[i], variance[i], starts, experiment.times)
            for i in range(len(points))
        ]
        root = np.linalg.cholesky(laws[-1][1])
        means = [np.linalg.solve(root, (laws[i][0] - laws[d + i][0]).T / (2 * STEP)) for i in range(d)]
        covariances = []
        for i in range(d):
            change = (laws[i][1] - laws[d + i][1]) / (2 * STEP)
            covariances.append(np.linalg.solve(root, np.linalg.solve(root, change).T))
        for i in range(d):
            for j in range(d):
                spread = 0.5 * len(starts) * np.sum(covariances[i] * covariances[j])
                information[i, j] += np.sum(means[i] * means[j]) + spread
    return information


def _law(
    closed: Array, offset: Array, noise: Array, variance: float, starts: Array, times: Array
) -> tuple[Array, Array]:
    """Means (n_trials, T·n) and covariance (T·n, T·n) of all records but the first, given that."""
    n, steps = len(offset), np.diff(times)
    a, c, d = (np.ascontiguousarray(x) for x in (closed, offset, noise))
    moves = {step: transition(a, c, d, step) for step in np.unique(steps)}
    mean, p = starts, variance * np.eye(n)
    means, covariance = [], np.zeros((len(steps) * n, len(steps) * n))
    for k, step in enumerate(steps):
        f, shift, q = moves[step]
        mean, p = mean @ f.T + shift, f @ p @ f.T + q
        means.append(mean)
        rows = slice(k * n, (k + 1) * n)
        covariance[rows, rows] = p
        across = covariance[(k - 1) * n : k * n, : k * n] if k else np.zeros((n, 0))
        covariance[rows, : k * n] = f @ across
    lower = np.tril(covariance, -1)
    full = lower + lower.T + np.diag(np.diag(covariance))
    return np.concatenate(means, axis=1), full + variance * np.eye(len(full))
