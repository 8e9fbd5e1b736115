"""The family of optimal learners: coordinates of its assumptions, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.inference.motion import gain, velocity, with_decay, with_drift
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import require_array, require_number, require_whole

Array = NDArray[np.float64]
SCALARS = (
    "discount",
    "plasticity",
    "loss_weight",
    "drift",
    "hazard",
    "loss_level",
    "process_strength",
    "measurement_noise",
)
DEFAULTS = {"plasticity": 1.0, "loss_weight": 1.0, "drift": 0.0, "hazard": 0.0, "loss_level": 1.0}
METRICS = ("isotropic", "diagonal", "full")
NOISES = ("metric", "free", "none")
NOISE_NAMES = ("process_strength", "process_covariance", "measurement_noise")
UNITS = {
    "discount": "1/s", "plasticity": "1/(loss.s**2)", "loss_weight": "1", "drift": "1/s", "drift_matrix": "1/s",
    "hazard": "1/s", "metric": "1/(loss.s**2)", "loss_level": "1", "process_strength": "s**0.5",
    "measurement_noise": "1",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Family:
    """Learners that share everything but the unknown assumptions.

    A learner is a vector of coordinates: natural logarithms of positive numbers; of a full inverse metric (or noise
    covariance) the Cholesky factor, its diagonal as logarithms.

    Parameters
    ----------
    n : int
        Number of weights.
    unknown : tuple of str
        Names of what is not known: "discount", "metric", "plasticity", "loss_weight", "control", "drift" (a decay
        to 0), "drift_matrix" (slopes A of any drift ``f(θ) = Aθ``), "hazard", "loss_level" (of all tasks but the
        first), "process_strength", "measurement_noise".
    known : mapping of str to float or array
        Values of the others; the metric of one that is known, as in `plasticity.Objective`.
    metric : {"isotropic", "diagonal", "full"}
        Form of the metric, if it is unknown.
    process_noise : {"metric", "free", "none"}
        Covariance of the noise per second: σ²ηkBG⁻¹Bᵀ, any, or 0.
    control : (n, m) array or None
        B.
    prior_mean : (n,) array
        μ_0 of the tasks to come.
    rank : int or None
        Number of controls whose directions are unknown: the unknown is then L (n, rank) with
        ``ηk BG⁻¹Bᵀ = LLᵀ``, zero above its diagonal, each column up to its sign.
    """

    n: int
    unknown: tuple[str, ...]
    known: Mapping[str, Any]
    metric: str = "isotropic"
    process_noise: str = "metric"
    control: Array | None = None
    prior_mean: Any = 0.0
    rank: int | None = None

    @property
    def m(self) -> int:
        """Number of controls."""
        if self.rank is not None:
            return self.rank
        return self.n if self.control is None else self.control.shape[1]

    @property
    def blocks(self) -> dict[str, int]:
        """Number of coordinates of every unknown, in their order."""
        m, n = self.m, self.n
        sizes = {
            "metric": {"isotropic": 1, "diagonal": m, "full": m * (m + 1) // 2}[self.metric],
            "control": n * m,
            "drift_matrix": n * n,
            "process_covariance": n * (n + 1) // 2,
        }
        if self.rank is not None:
            sizes["metric"] = n * m - m * (m - 1) // 2
        return {name: sizes.get(name, 1) for name in self.unknown}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates: those of the unknowns, numbered where there are several."""
        labels: list[str] = []
        for name, size in self.blocks.items():
            labels += [name] if size == 1 else [f"{name}_{i + 1}" for i in range(size)]
        return tuple(labels)

    @property
    def logarithmic(self) -> NDArray[np.bool_]:
        """Whether a coordinate is the logarithm of a positive number."""
        flags: list[bool] = []
        for name, size in self.blocks.items():
            if name in ("control", "drift_matrix") or (name == "metric" and self.rank is not None):
                flags += [False] * size
            elif name == "process_covariance" or (name == "metric" and self.metric == "full"):
                side = self.n if name == "process_covariance" else self.m
                flags += [i == j for i in range(side) for j in range(i + 1)]
            else:
                flags += [True] * size
        return np.array(flags, dtype=bool)

    def slices(self) -> dict[str, slice]:
        """Coordinates of every unknown."""
        ends = np.cumsum([0, *self.blocks.values()])
        return {name: slice(int(a), int(b)) for name, a, b in zip(self.blocks, ends[:-1], ends[1:], strict=True)}

    def scalar(self, name: str, u: Array) -> Array:
        """Values (k,) of a positive number for coordinates u (k, d)."""
        if name in self.unknown:
            return np.exp(u[:, self.slices()[name].start])
        return np.full(len(u), float(self.known.get(name, DEFAULTS.get(name, 0.0))))

    def root(self, u: Array) -> Array:
        """L (k, n, m) with ``LLᵀ = S``."""
        m, k = self.m, len(u)
        strength = np.sqrt(self.scalar("plasticity", u) * self.scalar("loss_weight", u))
        if self.rank is not None:
            low_rank = np.zeros((k, self.n, m))
            low_rank[:, *np.tril_indices(self.n, m=m)] = u[:, self.slices()["metric"]]
            return strength[:, None, None] * low_rank
        control = np.broadcast_to(np.eye(self.n) if self.control is None else self.control, (k, self.n, m))
        if "control" in self.unknown:
            control = u[:, self.slices()["control"]].reshape(k, self.n, m)
        if "metric" not in self.unknown:
            inverse = np.linalg.inv(_matrix(self.known.get("metric", 1.0), m))
            return strength[:, None, None] * (control @ np.linalg.cholesky(inverse))
        block = u[:, self.slices()["metric"]]
        if self.metric == "full":
            return strength[:, None, None] * (control @ factor(block, m))
        return strength[:, None, None] * control * np.exp(0.5 * block)[:, None, :]

    def diffusion(self, u: Array) -> Array:
        """Covariance (k, n, n) of the process noise per second."""
        if self.process_noise == "none":
            return np.zeros((len(u), self.n, self.n))
        if self.process_noise == "free":
            if "process_covariance" not in self.unknown:
                return np.broadcast_to(
                    _matrix(self.known["process_covariance"], self.n), (len(u), self.n, self.n)
                ).copy()
            root = factor(u[:, self.slices()["process_covariance"]], self.n)
        else:
            root = self.scalar("process_strength", u)[:, None, None] * self.root(u)
        return root @ root.swapaxes(-1, -2)

    def drift(self, u: Array) -> Array:
        """Slopes A (k, n, n) of the drift ``f(θ) = Aθ``: the matrix and the decay."""
        decay = self.scalar("drift", u)[:, None, None] * np.eye(self.n)
        if "drift_matrix" in self.unknown:
            return u[:, self.slices()["drift_matrix"]].reshape(-1, self.n, self.n) - decay
        return np.asarray(self.known.get("drift_matrix", 0.0), dtype=float) - decay

    @property
    def drifts(self) -> bool:
        """Whether the drift is more than a decay."""
        return "drift_matrix" in self.unknown or "drift_matrix" in self.known

    def motion(self, u: Array, tasks: Sequence[Any]) -> tuple[Array, Array]:
        """A_cl (k, n_tasks, n, n) and the velocity (k, n_tasks, n) at θ = 0."""
        discount, decay, hazard, level = (
            self.scalar(name, u) for name in ("discount", "drift", "hazard", "loss_level")
        )
        root, prior = self.root(u), np.broadcast_to(np.asarray(self.prior_mean, dtype=float), (self.n,))
        moves = []
        for index, task in enumerate(tasks):
            scaled = np.sqrt(level)[:, None, None] * root if index else root  # a loss times c: S times c, γ as it is
            hessian = task.hessian_matrix
            if self.drifts:
                moves.append(with_drift(scaled, hessian, task.optimum, discount, self.drift(u)))
            else:
                slope = task.gradient(np.zeros(self.n))
                moves.append(with_decay(scaled, hessian, slope, discount, decay, hazard, prior))
        closed, offset = zip(*moves, strict=True)
        return np.stack(closed, axis=1), np.stack(offset, axis=1)

    def velocity(self, u: Array, theta: Array, gradient: Array, hessian: Array) -> Array:
        """θ̇ (k, ..., n) at θ (k, ..., n) with the gradient and the curvature there, of which none is negative."""
        more = [1] * (hessian.ndim - 3)
        discount, decay, hazard = (self.scalar(name, u).reshape(-1, *more) for name in ("discount", "drift", "hazard"))
        root = self.root(u)
        n = gain(root.reshape(len(u), *more, *root.shape[1:]), hessian, 0.5 * discount + decay)
        prior = np.broadcast_to(np.asarray(self.prior_mean, dtype=float), (self.n,))
        return velocity(n, hessian, theta, gradient, discount, decay, hazard, prior)


def factor(block: Array, side: int) -> Array:
    """Lower triangular matrices (k, side, side) from their coordinates, row by row, the diagonal as logarithms."""
    rows, columns = np.tril_indices(side)
    matrix = np.zeros((len(block), side, side))
    matrix[:, rows, columns] = np.where(rows == columns, np.exp(np.where(rows == columns, block, 0.0)), block)
    return matrix


def coordinates(matrix: Array) -> Array:
    """Coordinates of a symmetric positive matrix, the inverse of `factor`.

    Examples
    --------
    >>> coordinates(np.diag([1.0, 4.0])).round(6).tolist()
    [0.0, 0.0, 0.693147]
    """
    root = np.linalg.cholesky(matrix)
    rows, columns = np.tril_indices(len(root))
    return np.where(rows == columns, np.log(np.abs(root[rows, columns]) + 1e-300), root[rows, columns])


def make_family(
    n: int,
    unknown: Sequence[str],
    known: Mapping[str, Any] | None,
    metric: str,
    process_noise: str,
    control: Any,
    prior_mean: Any,
    rank: int | None = None,
) -> Family:
    """Family with the noise among the unknowns, unless it is known.

    Raises
    ------
    InputError
        If a name is not known, is both known and unknown, or a value cannot be used.
    """
    known = dict(known or {})
    if isinstance(unknown, str):
        unknown = tuple(name.strip() for name in unknown.split(",") if name.strip())
    for name, value, choices in (("metric", metric, METRICS), ("process_noise", process_noise, NOISES)):
        if value not in choices:
            raise InputError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    noise = {"metric": ("process_strength",), "free": ("process_covariance",), "none": ()}[process_noise]
    names = [*unknown, *(x for x in (*noise, "measurement_noise") if x not in known and x not in unknown)]
    valid = {*SCALARS, "metric", "control", "drift_matrix", "process_covariance"}
    for name in (*names, *known):
        if name not in valid:
            raise UnknownNameError("assumption", name, valid)
    both = set(names) & set(known)
    if both:
        raise InputError(f"{', '.join(sorted(both))} cannot be known and unknown; leave it out of one of them")
    for name in set(known) & set(SCALARS):
        require_number(name, known[name], low=0)
    if "discount" not in names and "discount" not in known:
        raise InputError("discount must be unknown, or have a value in known; got neither")
    matrix = None if control is None else require_array("control", control)
    if matrix is not None and (matrix.ndim != 2 or matrix.shape[0] != n):
        raise InputError(f"control must have {n} rows, one per weight, got shape {matrix.shape}")
    _check_drift(n, names, known)
    _check_rank(n, names, rank, metric, matrix)
    order = ("discount", "metric", "control", "drift_matrix", *SCALARS[1:6], *noise, "measurement_noise")
    mean = require_array("prior_mean", prior_mean)
    if mean.shape not in ((), (n,)):
        raise InputError(f"prior_mean must be a number or ({n},), one per parameter, got shape {mean.shape}")
    return Family(n, tuple(x for x in order if x in names), known, metric, process_noise, matrix, mean, rank)


def _check_drift(n: int, names: Sequence[str], known: Mapping[str, Any]) -> None:
    if "drift_matrix" in known:
        shape = require_array("drift_matrix", known["drift_matrix"]).shape
        if shape != (n, n):
            raise InputError(f"drift_matrix must have shape ({n}, {n}), got {shape}")
    if ("drift_matrix" in names or "drift_matrix" in known) and ("hazard" in names or known.get("hazard", 0)):
        raise InputError("a hazard goes with a decay only; leave drift_matrix or hazard out")


def _check_rank(n: int, names: Sequence[str], rank: int | None, metric: str, control: Any) -> None:
    if rank is None:
        return
    if not 1 <= require_whole("rank", rank, low=1) < n:
        raise InputError(f"rank must be from 1 to {n - 1}, below the number of weights, got {rank}")
    if "metric" not in names or metric != "full" or control is not None or "control" in names:
        raise InputError("rank is for an unknown metric='full' without control: its unknown is BG⁻¹Bᵀ of that rank")


def _matrix(value: Any, n: int) -> Array:
    array = np.asarray(value, dtype=float)
    return array * np.eye(n) if array.ndim == 0 else np.diag(array) if array.ndim == 1 else array
