"""What an experiment can tell about a learner, before there are data; the experiment that tells most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.inference.aliases import structure
from analysis.inference.experiment import Experiment
from analysis.inference.kalman import transition
from analysis.inference.learner import DEFAULTS, Family, coordinates, make_family
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_record

Array = NDArray[np.float64]
GUESS = {"discount": 1.0, "drift": 0.3, "hazard": 0.3, "process_strength": 0.1, "measurement_noise": 0.03}
STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Identifiability:
    """Aliases and expected errors of the unknown assumptions, made by `identifiable`.

    Parameters
    ----------
    names : tuple of str
        Coordinates of the unknown assumptions.
    aliases : tuple of str
        What cannot be known, in words.
    aliased : (d,) array of bool
    error : (d,) array
        Expected standard error of the logarithm of each (of the value, for entries of a full matrix off its diagonal);
        inf for what is aliased.
    information : (d, d) array
        Fisher information of the coordinates.
    """

    names: tuple[str, ...]
    aliases: tuple[str, ...]
    aliased: NDArray[np.bool_]
    error: Array
    information: Array

    def __str__(self) -> str:
        """A line per unknown, and one per alias."""
        lines = [
            f"{name}: "
            + ("not identifiable" if bad else f"± {100 * error:.3g} %" if error < 1 else f"± {error:.3g} (ln)")
            for name, bad, error in zip(self.names, self.aliased, self.error, strict=True)
        ]
        return "\n".join([*lines, *(f"alias: {alias}" for alias in self.aliases)])


@checked
def identifiable(
    experiment: Experiment,
    unknown: Sequence[str] | str = ("discount", "metric"),
    values: Mapping[str, Any] | None = None,
    *,
    known: Mapping[str, Any] | None = None,
    metric: str = "isotropic",
    process_noise: str = "metric",
    control: Any = None,
    prior_mean: Any = 0.0,
) -> Identifiability:
    """Assumptions that the records of an experiment can show, and with what error, before any data.

    Aliases are the null space of the derivative of what the motion and the noise can show; the errors follow from the
    Fisher information of the records, ``∂mᵀ C⁻¹ ∂m + ½ tr(C⁻¹ ∂C C⁻¹ ∂C)``.

    Parameters
    ----------
    experiment : Experiment
    unknown : sequence of str
        As for `infer`.
    values : mapping
        Learner at which errors are computed: values of the unknowns by name; 1 or 0.1 for the others.
    known, metric, process_noise, control, prior_mean
        As for `infer`.

    Returns
    -------
    Identifiability

    Raises
    ------
    InputError
        If a name or value cannot be used.

    Examples
    --------
    >>> from plasticity.landscapes import Quadratic
    >>> one = Experiment(Quadratic(2.0, [0.0, 0.0]), [1.0, 0.5], np.linspace(0, 4, 20))
    >>> print(*identifiable(one, process_noise="free").aliases)  # doctest: +ELLIPSIS
    γ and G (discount, metric) change together with one curvature: another γ goes with another ηk/G; ...

    References
    ----------
    vastola_2025.
    """
    require_record("experiment", experiment, Experiment)
    family = make_family(experiment.n, unknown, known, metric, process_noise, control, prior_mean)
    u = coordinates_of(family, values or {})
    tasks, _ = experiment.tasks
    shown = structure(family, u, tasks)
    information = fisher(family, u, experiment)
    error = np.full(u.size, np.inf)
    seen = (
        np.linalg.svd(shown.null, full_matrices=True)[0][:, shown.null.shape[1] :]
        if shown.null.size
        else np.eye(u.size)
    )
    if seen.size:
        inner = seen.T @ information @ seen
        variance = np.diag(seen @ np.linalg.pinv(inner, rcond=1e-13, hermitian=True) @ seen.T)
        error = np.where(shown.aliased, np.inf, np.sqrt(np.maximum(variance, 0.0)))
    return Identifiability(family.names, shown.aliases, shown.aliased, error, information)


def coordinates_of(family: Family, values: Mapping[str, Any]) -> Array:
    """Coordinates (d,) of a learner by the names of its assumptions; the metric as in `plasticity.Objective`.

    Raises
    ------
    InputError
        If a value is of no unknown assumption, or not positive.
    """
    extra = set(values) - set(family.unknown)
    if extra:
        raise InputError(
            f"values of {', '.join(sorted(extra))} are of no unknown assumption: {', '.join(family.unknown)}"
        )
    u = np.zeros(len(family.names))
    for name, block in family.slices().items():
        value = np.asarray(values.get(name, GUESS.get(name, DEFAULTS.get(name, 1.0))), dtype=float)
        if name == "control":
            u[block] = (value if value.ndim else np.eye(family.n, family.m)).ravel()
        elif name == "process_covariance":
            u[block] = coordinates(value if value.ndim == 2 else 0.01 * np.eye(family.n))
        elif name == "metric" and family.metric == "full":
            matrix = value if value.ndim == 2 else np.diag(np.broadcast_to(value, family.m))
            u[block] = coordinates(np.linalg.inv(matrix))
        else:
            if np.any(value <= 0):
                raise InputError(f"{name} must be > 0 as an unknown, got {value.tolist()}; make it known if it is 0")
            u[block] = -np.log(value) if name == "metric" else np.log(value)
    return u


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


@checked
def design(
    unknown: Sequence[str] | str,
    choices: Mapping[str, Experiment],
    values: Mapping[str, Any] | None = None,
    budget: int | None = None,
    target: str = "discount",
    **options: Any,
) -> list[tuple[str, float]]:
    """Experiments in the order of the expected error of one assumption, the best first.

    Parameters
    ----------
    unknown, values
        As for `identifiable`.
    choices : mapping of str to Experiment
        Candidates: other curvatures, levels of the loss, starts, times, trials without loss.
    budget : int, optional
        Largest number of records; candidates beyond it are left out.
    target : str
        Coordinate whose error counts.
    **options
        As for `identifiable`.

    Returns
    -------
    list of (name, expected standard error of the logarithm)
        inf where the target is aliased.

    Raises
    ------
    InputError
        If no candidate is within the budget, or the target is not unknown.

    Examples
    --------
    A hundredfold curvature tells more of the horizon than a twofold one:

    >>> from plasticity.landscapes import Quadratic
    >>> times = np.linspace(0, 6, 31)
    >>> losses = {f"ratio {r}": Quadratic([r**-0.5, r**0.5], [0.0, 0.0]) for r in (2, 100)}
    >>> pairs = {name: Experiment(loss, [1.0, 1.0], times) for name, loss in losses.items()}
    >>> [name for name, _ in design(("discount", "metric"), pairs, process_noise="none")]
    ['ratio 100', 'ratio 2']
    """
    affordable = {k: e for k, e in choices.items() if budget is None or e.n_trials * e.times.size <= budget}
    if not affordable:
        raise InputError(f"budget of {budget} records admits none of {', '.join(choices)}")
    ranked = []
    for name, experiment in affordable.items():
        answer = identifiable(experiment, unknown, values, **options)
        if target not in answer.names:
            raise InputError(f"target must be one of {', '.join(answer.names)}, got {target!r}")
        ranked.append((name, float(answer.error[answer.names.index(target)])))
    return sorted(ranked, key=lambda item: item[1])


def discount_error(stiffness: Sequence[float], discount: float = 1.0) -> float:
    """Standard error of ln γ over the relative error of rates, from two or more directions with ``ηkh/G = stiffness``.

    The rates are ``r(r + γ) = ηkh/G`` with one unknown ηk/G.

    Examples
    --------
    >>> round(discount_error([10.0, 0.1]), 1)
    3.2
    """
    h = np.asarray(stiffness, dtype=float)
    root = np.sqrt(discount**2 / 4 + h)
    rate = root - discount / 2
    by_discount = -discount / (2 * root)  # ∂ln r/∂ln γ
    by_gain = h / (2 * root * rate)  # ∂ln r/∂ln ηk
    jacobian = np.stack([by_discount, by_gain], axis=1)
    return float(np.sqrt(np.linalg.inv(jacobian.T @ jacobian)[0, 0]))


def best_pair(ratio: float) -> tuple[float, float]:
    """Best two stiffnesses of a ratio: their geometric mean over γ², and the sd of ln γ over the error of rates.

    Examples
    --------
    >>> [round(x, 1) for x in best_pair(4.0)]
    [0.8, 8.4]
    """
    from scipy.optimize import minimize_scalar

    def error(x: float) -> float:
        return discount_error([np.exp(x) * ratio**0.5, np.exp(x) * ratio**-0.5])

    run = minimize_scalar(error, bounds=(-6.0, 6.0), method="bounded", options={"xatol": 1e-8})
    return float(np.exp(run.x)), float(run.fun)
