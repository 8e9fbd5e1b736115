"""Paths of a learner of the family, exact at every record, with process and measurement noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.inference.experiment import Experiment
from analysis.inference.kalman import transition
from analysis.inference.learner import Family

Array = NDArray[np.float64]


def recorded_paths(family: Family, u: Array, experiment: Experiment, rng: np.random.Generator) -> Array:
    """Records (n_trials, n_times, n) of the learner with coordinates u (d,)."""
    tasks, index = experiment.tasks
    closed, offset = family.motion(u[None], tasks)
    diffusion = np.ascontiguousarray(family.diffusion(u[None])[0])
    noise = float(family.scalar("measurement_noise", u[None])[0])
    steps = np.diff(experiment.times)
    paths = np.empty((experiment.n_trials, experiment.times.size, experiment.n))
    paths[:, 0] = experiment.starts
    for t in range(len(tasks)):
        trials = np.flatnonzero(index == t)
        moves = {step: _move(closed[0, t], offset[0, t], diffusion, step) for step in np.unique(steps)}
        for k, step in enumerate(steps):
            f, shift, root = moves[step]
            kicks = rng.standard_normal((trials.size, experiment.n)) @ root.T
            paths[trials, k + 1] = paths[trials, k] @ f.T + shift + kicks
    return paths + noise * rng.standard_normal(paths.shape)


def _move(closed: Array, offset: Array, diffusion: Array, step: float) -> tuple[Array, Array, Array]:
    f, shift, covariance = transition(np.ascontiguousarray(closed), np.ascontiguousarray(offset), diffusion, step)
    values, vectors = np.linalg.eigh(covariance)
    return f, shift, vectors * np.sqrt(np.maximum(values, 0.0))
