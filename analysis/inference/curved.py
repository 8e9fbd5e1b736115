"""Likelihood of paths on losses that are not quadratic, by local linearisation of the motion that `simulate` makes.

At every point the learner takes the quadratic model of the loss there, with negative curvature counted as 0, as rules
of `derive` do. From each record the motion is followed to the next, with its slopes and the noise that they pass on, in
steps that are exact for linear motion (ozaki_1992); the rest is the Kalman filter. On a quadratic loss this is the
exact likelihood. Elsewhere it is approximate in two ways: by the steps, of second order where curvature is smooth; and
because the spread about the path is taken as Gaussian, which holds where noise is small against the distance over
which curvature changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.inference.descent import hessian_of, maximum, positive
from analysis.inference.kalman import transitions, varying_innovations
from analysis.inference.problem import Problem, scaled
from plasticity.errors import InputError

Array = NDArray[np.float64]
STEP = 1e-4  # of differences, relative to the range of the paths: truncation 1e-8, rounding 1e-12
AT_ONCE = 2**21  # numbers in one array of curvatures
FIRST, MOST = 2, 128  # steps between records
CLOSE = 0.2  # posterior sd by which twice as many steps may move the most probable learner; the next would by a quarter
N_MODELS = 16  # quadratic models along each path that stand for the loss


@dataclass(frozen=True, eq=False)
class Model:
    """Quadratic model of a loss about one point: its curvature, and its gradient at 0."""

    hessian_matrix: Array
    slope: Array

    def gradient(self, theta: Array) -> Array:
        """Gradient of the model at θ (..., n)."""
        return self.slope + theta @ self.hessian_matrix


@dataclass(frozen=True, eq=False)
class CurvedProblem(Problem):
    """Learners against paths on losses of any shape.

    Parameters
    ----------
    substeps : int
        Steps of local linearisation between two records.
    shift : float
        Posterior standard deviations by which the most probable learner moved when the steps were doubled last.
    """

    substeps: int = FIRST
    shift: float = np.nan

    def log_likelihood(self, u: Array) -> Array:
        """Logarithm of p(paths | coordinates), (k,) for u (k, d)."""
        data = self.data
        size = data.paths.size * (2 * data.n + 1) * data.n
        n_parts = max(1, len(u) * size // AT_ONCE)
        return np.concatenate([self._filtered(part)[0] for part in np.array_split(u, n_parts)])

    def innovations(self, u: Array) -> Array:
        """Standardised innovations (n_trials, n_times − 1, n) for coordinates u (d,)."""
        return self._filtered(u[None])[1]

    def residuals(self, u: Array) -> Array:
        """Errors of predicting every record from the one before, over the scatter of the paths."""
        ahead = self._moves(u[None], np.zeros((1, self.data.n, self.data.n)))[1][0]
        return scaled((self.data.paths[:, 1:] - ahead).ravel(), self.data)

    @property
    def models(self) -> tuple[Model, ...]:
        """Quadratic models of the losses at records spread over every path, the last ones first."""
        places = np.unique(np.linspace(0, self.data.paths.shape[1] - 1, N_MODELS).astype(int))[::-1]
        gradient, hessian = self._losses(self.data.paths[:, places])
        slope = gradient - np.einsum("...ij,...j->...i", hessian, self.data.paths[:, places])
        return tuple(Model(h, b) for h, b in zip(_flat(hessian, 2), _flat(slope, 1), strict=True))

    def words(self) -> str:
        """Which likelihood this is, and where it is approximate."""
        return (
            f"Likelihood: local linearisation, {self.substeps} steps between records (with half as many the most "
            f"probable learner is {self.shift:.2g} posterior sd away). It holds where the noise is small against the "
            "distance over which the curvature of the loss changes, not where noise decides on which side of a ridge a "
            "path goes down."
        )

    def _filtered(self, u: Array) -> tuple[Array, Array]:
        z = np.zeros((*self.data.paths[:, 1:].shape,))
        with np.errstate(all="ignore"):
            f, ahead, q = self._moves(u, np.ascontiguousarray(self.family.diffusion(u)))
        variance = self.family.scalar("measurement_noise", u) ** 2
        return varying_innovations(f, ahead, q, variance, self.data.paths, z), z

    def _moves(self, u: Array, diffusion: Array) -> tuple[Array, Array, Array]:
        """From every record to the next: slopes (k, n_trials, n_times − 1, n, n), end, and covariance of the noise."""
        data = self.data
        start = data.paths[:, :-1]
        theta = np.broadcast_to(start, (len(u), *start.shape)).copy()
        f, q = np.broadcast_to(np.eye(data.n), (*theta.shape, data.n)), np.zeros((*theta.shape, data.n))
        dt = np.tile(data.steps[data.which] / self.substeps, len(start))
        velocity, slopes = self._linearised(u, theta)
        for _ in range(self.substeps):
            theta = theta + _stepped(slopes, velocity, np.zeros_like(diffusion), dt)[1]
            before = slopes
            velocity, slopes = self._linearised(u, theta)
            move, _, noise = _stepped(0.5 * (before + slopes), velocity, diffusion, dt)  # mean slopes: second order
            f, q = move @ f, move @ q @ move.swapaxes(-1, -2) + noise
        return np.ascontiguousarray(f), theta, q

    def _linearised(self, u: Array, theta: Array) -> tuple[Array, Array]:
        """Velocity (k, n_trials, n_steps, n) at θ, and its slopes by central differences."""
        step = STEP * float(np.ptp(self.data.paths))
        shifts = step * np.concatenate([np.zeros((1, self.data.n)), np.eye(self.data.n), -np.eye(self.data.n)])
        points = np.moveaxis(theta[..., None, :] + shifts, 0, 2)  # (n_trials, n_steps, k, 2n + 1, n)
        gradient, hessian = self._losses(points)
        points, gradient, hessian = (np.moveaxis(x, 2, 0) for x in (points, gradient, hessian))
        velocity = self.family.velocity(u, points, gradient, hessian)
        forward, backward = velocity[..., 1 : self.data.n + 1, :], velocity[..., self.data.n + 1 :, :]
        return velocity[..., 0, :], ((forward - backward) / (2 * step)).swapaxes(-1, -2)

    def _losses(self, theta: Array) -> tuple[Array, Array]:
        """Gradient and positive part of the curvature at θ (n_trials, ..., n), of the loss of every trial."""
        tasks = list(zip(self.data.tasks, self.data.first, self.data.first[1:], strict=False))
        gradient = np.concatenate([task.gradient(theta[low:high]) for task, low, high in tasks])
        hessian = np.concatenate([task.hessian(theta[low:high]) for task, low, high in tasks])
        values, axes = np.linalg.eigh(np.nan_to_num(hessian, nan=0.0, posinf=1e100, neginf=-1e100))
        return gradient, (axes * np.maximum(values, 0.0)[..., None, :]) @ axes.swapaxes(-1, -2)


def _stepped(slopes: Array, velocity: Array, diffusion: Array, dt: Array) -> tuple[Array, ...]:
    """`transition` over times dt (n_trials·n_steps,) of every candidate, trial and step."""
    a, c = (np.ascontiguousarray(x).reshape(len(x), dt.size, *x.shape[3:]) for x in (slopes, velocity))
    f, shift, q = transitions(a, c, diffusion, dt)
    return f.reshape(slopes.shape), shift.reshape(velocity.shape), q.reshape(slopes.shape)


def curved(problem: Problem) -> CurvedProblem:
    """The same learners and paths, by local linearisation.

    Raises
    ------
    InputError
        If the level of the losses is unknown, or the drift is more than a decay.
    """
    if "loss_level" in problem.family.unknown:
        raise InputError("loss_level can be unknown only if all losses are quadratic; name the loss of every trial")
    if problem.family.drifts:
        raise InputError("drift_matrix needs quadratic losses; on others a decay can be inferred (drift)")
    return CurvedProblem(problem.family, problem.data, problem.prior_mean, problem.prior_sd)


def refined(problem: CurvedProblem, mode: Array) -> tuple[CurvedProblem, Array, Array]:
    """Problem with as many steps as it takes that twice as many hardly move the mode; its mode and Hessian of −ln p.

    Raises
    ------
    InputError
        If the records are too far apart.
    """
    while problem.substeps < MOST:
        finer = replace(problem, substeps=2 * problem.substeps)
        moved = maximum(finer.log_density, mode)
        hessian = hessian_of(finer.log_density, moved)
        shift = float(np.sqrt((moved - mode) @ positive(hessian) @ (moved - mode)))
        problem, mode = replace(finer, shift=shift), moved
        if shift < CLOSE:
            return problem, mode, hessian
    raise InputError(
        f"data has records so far apart that {MOST} steps of linearisation between them do not suffice on this loss; "
        "record more often, or leave out trials that run along a ridge"
    )


def _flat(values: Array, last: int) -> Array:
    return values.reshape(-1, *values.shape[values.ndim - last :])
