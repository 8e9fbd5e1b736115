"""Log-density of learners for recorded paths: likelihood by innovations, and log-normal priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.inference.experiment import Experiment
from analysis.inference.kalman import log_likelihoods, transition
from analysis.inference.learner import Family, coordinates
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic

Array = NDArray[np.float64]
WIDE = {"discount": 2.0, "metric": 2.0}  # sd of ln in the default prior; 1.5 for the others


@dataclass(frozen=True, eq=False)
class Recorded:
    """Paths sorted by task, ready for the compiled likelihood."""

    paths: Array
    tasks: tuple[Any, ...]
    first: NDArray[np.int64]
    steps: Array
    which: NDArray[np.int64]
    times: Array
    order: NDArray[np.intp]

    @property
    def n(self) -> int:
        """Number of weights."""
        return self.paths.shape[2]

    @property
    def landscapes(self) -> tuple[Any, ...]:
        """Loss of every trial, sorted by task."""
        return tuple(task for task, n in zip(self.tasks, np.diff(self.first), strict=True) for _ in range(n))

    @property
    def curvature(self) -> float:
        """Mean curvature of the losses at the records, negative ones as 0; 1 if there is none."""
        ends = zip(self.tasks, self.first, self.first[1:], strict=False)
        diagonals = [np.diagonal(task.hessian(self.paths[low:high]), axis1=-2, axis2=-1) for task, low, high in ends]
        means = [float(np.maximum(diagonal, 0.0).mean()) for diagonal in diagonals if np.any(diagonal > 0)]
        return float(np.mean(means)) if means else 1.0


def recorded(experiment: Experiment, paths: Array) -> Recorded:
    """Sort trials by task; equal times between records are found once."""
    tasks, index = experiment.tasks
    order = np.argsort(index, kind="stable")
    first = np.searchsorted(index[order], np.arange(len(tasks) + 1)).astype(np.int64)
    intervals = np.diff(experiment.times)
    rounded = np.round(intervals / intervals.max(), 12)
    _, places, which = np.unique(rounded, return_index=True, return_inverse=True)
    return Recorded(
        np.ascontiguousarray(paths[order]), tasks, first, intervals[places], which.astype(np.int64).ravel(),
        experiment.times, order,
    )  # fmt: skip


def likelihood(data: Recorded, closed: Array, offset: Array, diffusion: Array, variance: Array) -> tuple[Array, Array]:
    """Log-likelihoods (k,), and standardised innovations (n_trials, n_times − 1, n) of the last candidate."""
    z = np.zeros((data.paths.shape[0], data.paths.shape[1] - 1, data.n))
    a, c, d, v = (np.ascontiguousarray(x, dtype=float) for x in (closed, offset, diffusion, variance))
    return log_likelihoods(a, c, d, v, data.steps, data.which, data.paths, data.first, z), z


def scaled(errors: Array, data: Recorded) -> Array:
    """Finite errors over the scatter of the paths."""
    return np.nan_to_num(errors / data.paths.std(), nan=1e6, posinf=1e6, neginf=-1e6)


@dataclass(frozen=True, eq=False)
class Problem:
    """Learners of a family against recorded paths, with independent normal priors of the coordinates."""

    family: Family
    data: Recorded
    prior_mean: Array
    prior_sd: Array

    def log_likelihood(self, u: Array) -> Array:
        """Logarithm of p(paths | coordinates), (k,) for u (k, d)."""
        closed, offset = self.family.motion(u, self.data.tasks)
        variance = self.family.scalar("measurement_noise", u) ** 2
        return likelihood(self.data, closed, offset, self.family.diffusion(u), variance)[0]

    def innovations(self, u: Array) -> Array:
        """Standardised innovations (n_trials, n_times − 1, n) for coordinates u (d,), trials sorted by task."""
        closed, offset = self.family.motion(u[None], self.data.tasks)
        variance = self.family.scalar("measurement_noise", u[None]) ** 2
        return likelihood(self.data, closed, offset, self.family.diffusion(u[None]), variance)[1]

    def residuals(self, u: Array) -> Array:
        """Errors of predicting every record from the one before, over the scatter of the paths."""
        data = self.data
        closed, offset = self.family.motion(u[None], data.tasks)
        nothing = np.zeros((data.n, data.n))
        errors = []
        for t, (low, high) in enumerate(zip(data.first[:-1], data.first[1:], strict=True)):
            paths = data.paths[low:high]
            moves = [transition(closed[0, t], offset[0, t], nothing, step) for step in data.steps]
            for k, which in enumerate(data.which):
                f, shift, _ = moves[which]
                errors.append(paths[:, k + 1] - paths[:, k] @ f.T - shift)
        return scaled(np.concatenate([e.ravel() for e in errors]), data)

    @property
    def models(self) -> Sequence[Any]:
        """Quadratic losses that stand for what the learner met."""
        return self.data.tasks

    def words(self) -> str:
        """Which likelihood this is."""
        return "Likelihood: exact (linear motion, Gaussian noise)."

    def log_prior(self, u: Array) -> Array:
        """Logarithm of p(coordinates), (k,)."""
        z = (u - self.prior_mean) / self.prior_sd
        return -0.5 * np.sum(z**2, axis=1) - np.sum(np.log(self.prior_sd * np.sqrt(2 * np.pi)))

    def log_density(self, u: Array) -> Array:
        """Logarithm of p(paths, coordinates), (k,); −inf beyond ten prior sd, where numbers overflow."""
        inside = np.all(np.abs(u - self.prior_mean) < 10 * self.prior_sd, axis=1)
        density = np.full(len(u), -np.inf)
        if inside.any():
            density[inside] = self.log_likelihood(u[inside]) + self.log_prior(u[inside])
        return density


def make_problem(family: Family, data: Recorded, prior: Mapping[str, Any] | None) -> Problem:
    """Problem with priors (median, sd of the logarithm) by name; those that are not named are wide.

    The median of a rate is one per geometric mean of the shortest and the whole time; of noises 3 % of the range of
    the paths; of an inverse metric what gives that rate at the mean curvature.
    """
    prior = dict(prior or {})
    unknown = set(prior) - set(family.unknown) - set(family.names)
    if unknown:
        raise InputError(f"prior names {', '.join(sorted(unknown))}, which is not unknown: {', '.join(family.names)}")
    rate = 1.0 / np.sqrt(data.steps.min() * (data.times[-1] - data.times[0]))
    span = float(np.ptp(data.paths, axis=(0, 1)).max())
    gain = 2 * rate**2 / data.curvature
    medians = {
        "discount": rate, "drift": rate, "hazard": rate, "measurement_noise": 0.03 * span,
        "process_strength": 0.03 * span / np.sqrt(gain) * np.sqrt(rate), "metric": gain,
    }  # fmt: skip
    mean, sd = np.zeros(len(family.names)), np.full(len(family.names), 1.5)
    for name, block in family.slices().items():
        sd[block] = WIDE.get(name, 1.5)
        if name == "drift_matrix":
            sd[block] = rate
        elif name == "metric" and family.rank is not None:
            sd[block] = np.sqrt(gain)
        elif name == "metric" and family.metric == "full":
            mean[block] = coordinates(gain * np.eye(family.m))
            sd[block] = np.where(family.logarithmic[block], 1.0, np.sqrt(gain))
        elif name == "process_covariance":
            scale = (0.03 * span) ** 2 * rate
            mean[block] = coordinates(scale * np.eye(family.n))
            sd[block] = np.where(family.logarithmic[block], 1.5, np.sqrt(scale))
        else:
            mean[block] = np.log(medians.get(name, 1.0))
        for place, label in enumerate(np.array(family.names)[block], block.start):
            if name in prior or str(label) in prior:
                median, spread = prior.get(str(label), prior.get(name, (1.0, 1.0)))
                if not (median > 0 and spread > 0):
                    raise InputError(f"prior of {label} must be (median > 0, sd of the logarithm > 0), got {prior}")
                mean[place] = np.log(median) if family.logarithmic[place] else 0.0
                sd[place] = spread if family.logarithmic[place] else spread * median
    return Problem(family, data, mean, sd)


def require_quadratic(name: str, data: Recorded) -> None:
    """Refuse what needs linear motion.

    Raises
    ------
    InputError
    """
    for task in data.tasks:
        if not isinstance(task, Quadratic):
            raise InputError(
                f"{name} needs quadratic losses, got {task!r}; the report in words, print(answer), has all else"
            )
