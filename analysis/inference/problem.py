"""Log-density of learners for recorded paths: likelihood by innovations, log-normal priors, and the best learner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize

from analysis.inference.experiment import Experiment
from analysis.inference.kalman import log_likelihoods
from analysis.inference.learner import NOISE_NAMES, Family, coordinates
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic

Array = NDArray[np.float64]
N_STARTS = 32  # draws of the prior among which the search starts
N_DESCENTS = 2
SMALLEST = 0.05  # curvature of −ln p per coordinate
SLOPE = 1e-4  # step of differences in the coordinates
WIDE = {"discount": 2.0, "metric": 2.0}  # sd of ln in the default prior; 1.5 for the others


@dataclass(frozen=True, eq=False)
class Recorded:
    """Paths sorted by task, ready for the compiled likelihood."""

    paths: Array
    tasks: tuple[Quadratic, ...]
    first: NDArray[np.int64]
    steps: Array
    which: NDArray[np.int64]
    times: Array
    order: NDArray[np.intp]

    @property
    def n(self) -> int:
        """Number of weights."""
        return self.paths.shape[2]


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
    curvatures = [np.trace(task.hessian_matrix) / data.n for task in data.tasks if task.hessian_matrix.any()]
    span = float(np.ptp(data.paths, axis=(0, 1)).max())
    gain = 2 * rate**2 / (np.mean(curvatures) if curvatures else 1.0)
    medians = {
        "discount": rate, "drift": rate, "hazard": rate, "measurement_noise": 0.03 * span,
        "process_strength": 0.03 * span / np.sqrt(gain) * np.sqrt(rate), "metric": gain,
    }  # fmt: skip
    mean, sd = np.zeros(len(family.names)), np.full(len(family.names), 1.5)
    for name, block in family.slices().items():
        sd[block] = WIDE.get(name, 1.5)
        if name == "metric" and family.metric == "full":
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
                sd[place] = spread if family.logarithmic[place] else spread * np.exp(mean[block][0])
    return Problem(family, data, mean, sd)


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
    ends = [_descend(problem.log_density, starts[i]) for i in np.argsort(-density)[:2]]
    mode = max(ends, key=lambda u: float(problem.log_density(u[None])[0]))
    return mode, hessian_of(problem.log_density, mode)


def _misfit(problem: Problem, u: Array) -> Array:
    return np.array([np.sum(_residuals(problem, row) ** 2) for row in u])


def _residuals(problem: Problem, u: Array) -> Array:
    """Errors of predicting every record from the one before, over the scatter of the paths."""
    from analysis.inference.kalman import transition

    closed, offset = problem.family.motion(u[None], problem.data.tasks)
    nothing = np.zeros((problem.data.n, problem.data.n))
    errors = []
    for t, (low, high) in enumerate(zip(problem.data.first[:-1], problem.data.first[1:], strict=True)):
        paths = problem.data.paths[low:high]
        moves = [transition(closed[0, t], offset[0, t], nothing, step) for step in problem.data.steps]
        for k, which in enumerate(problem.data.which):
            f, shift, _ = moves[which]
            errors.append(paths[:, k + 1] - paths[:, k] @ f.T - shift)
    flat = np.concatenate([e.ravel() for e in errors]) / problem.data.paths.std()
    return np.nan_to_num(flat, nan=1e6, posinf=1e6, neginf=-1e6)


def _refined(problem: Problem, u: Array, moving: NDArray[np.bool_]) -> Array:
    """Dynamics by least squares; a weak pull to the prior settles what the data leave open."""
    mean, sd = problem.prior_mean[moving], problem.prior_sd[moving]

    def objective(x: Array) -> Array:
        full = u.copy()
        full[moving] = mean + sd * x
        return np.append(_residuals(problem, full), 1e-9 * x)

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


def _descend(density: Callable[[Array], Array], start: Array, n_newton: int = 8) -> Array:
    """Maximum of a density near a start: BFGS with differences in one call, then Newton's method."""

    def value_and_slope(u: Array) -> tuple[float, Array]:
        points = np.concatenate([u[None], u + SLOPE * np.eye(u.size), u - SLOPE * np.eye(u.size)])
        f = -density(points)
        f = np.where(np.isfinite(f), f, 1e300)
        return float(f[0]), (f[1 : u.size + 1] - f[u.size + 1 :]) / (2 * SLOPE)

    u = minimize(value_and_slope, start, jac=True, method="BFGS", options={"maxiter": 200, "gtol": 1e-3}).x
    value = -value_and_slope(u)[0]
    for _ in range(n_newton):
        curvature = positive(hessian_of(density, u))
        step = -np.linalg.solve(curvature, value_and_slope(u)[1])
        trial = u + step * np.array([1.0, 0.5, 0.1, 0.01])[:, None]
        f = density(trial)
        if not f.max() > value:
            break
        gained, value, u = f.max() - value, f.max(), trial[np.argmax(f)]
        if gained < 1e-10:
            break
    return u


def hessian_of(density: Callable[[Array], Array], u: Array, n_passes: int = 3) -> Array:
    """Hessian (d, d) of −density by differences: first along the coordinates, then along its own axes and widths."""
    basis = 1e-3 * np.eye(u.size)
    for _ in range(n_passes):
        inner = _differences(density, u, basis)
        inverse = np.linalg.inv(basis)
        h = inverse.T @ inner @ inverse
        values, vectors = np.linalg.eigh(0.5 * (h + h.T))
        values = np.maximum(np.abs(values), SMALLEST)
        basis = 0.3 * vectors / np.sqrt(values)
    return 0.5 * (h + h.T)


def _differences(density: Callable[[Array], Array], u: Array, basis: Array) -> Array:
    """Second differences (d, d) of −density along the columns of `basis`, in one call."""
    d = u.size
    i, j = np.tril_indices(d, -1)
    e = basis.T
    points = np.concatenate([u[None], u + e, u - e, u + e[i] + e[j], u - e[i] - e[j]])
    f = -density(points)
    plus, minus = f[1 : d + 1], f[d + 1 : 2 * d + 1]
    both, neither = f[2 * d + 1 : 2 * d + 1 + i.size], f[2 * d + 1 + i.size :]
    with np.errstate(invalid="ignore"):  # outside the prior −ln p is infinite
        h = np.diag(plus + minus - 2 * f[0])
        h[i, j] = h[j, i] = 0.5 * (both + neither - plus[i] - plus[j] - minus[i] - minus[j] + 2 * f[0])
    return np.nan_to_num(h, nan=0.0, posinf=0.0, neginf=0.0)


def positive(matrix: Array) -> Array:
    """Symmetric matrix with the absolute eigenvalues, none below 0.05, the curvature of a very wide prior."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    return (vectors * np.maximum(np.abs(values), SMALLEST)) @ vectors.T


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
        from analysis.inference.learner import factor

        x = np.tile(start, (len(moved), 1))
        x[:, ~fixed] = moved
        root = factor(np.clip(x[:, noise], -60, 30), n)
        return likelihood(
            data, x[:, :a].reshape(-1, n_tasks, n, n), x[:, a : a + c].reshape(-1, n_tasks, n),
            root @ root.swapaxes(-1, -2), np.exp(2 * np.clip(x[:, -1], -30, 30)),
        )[0]  # fmt: skip

    x = _descend(density, start[~fixed])
    covariance: Array = np.linalg.inv(positive(hessian_of(density, x))).astype(float)
    return float(density(x[None])[0]), x.size, x[:a].reshape(n_tasks, n, n), covariance[:a, :a]
