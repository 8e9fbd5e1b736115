"""Objective of a learner: cost of changing weights against loss.

A learner with parameters θ minimises (vastola_2025, eq. 1)

    J[θ] = E ∫ e^{-γt} { uᵀ G u / 2η + k L(θ) } dt ,    θ̇ = f(θ) + B u ,

the cost of changing weights plus the loss on the way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from plasticity.errors import InputError
from plasticity.support.checks import checked, require_array, require_finite, require_number
from plasticity.support.late import call


@checked
@dataclass(frozen=True, eq=False)
class TaskPrior:
    """What tasks to come look like: their optima are N(mean, covariance), their curvatures one of several.

    Parameters
    ----------
    mean : float or (n,) array
        μ_0.
    covariance : float, (n,) or (n, n) array
        Covariance of the optimum over tasks.
    hessians : sequence of (n, n) arrays, (n,) arrays (diagonals) or floats
        Curvatures that a task can have.
    weights : sequence of float, optional
        Their probabilities; equal by default.

    Raises
    ------
    InputError
        If sizes do not fit, the covariance is none, or the weights are no probabilities.

    Examples
    --------
    >>> TaskPrior(0.0, 1.0, hessians=[0.05, 5.0]).weights
    (0.5, 0.5)

    References
    ----------
    vastola_2025, section on continual learning.
    """

    mean: Any
    covariance: Any
    hessians: Any
    weights: Any = None

    def __post_init__(self) -> None:
        """Bring the curvatures to matrices of one size."""
        require_finite("mean", self.mean)
        if not isinstance(self.hessians, list | tuple | np.ndarray):
            raise InputError(f"hessians must be a sequence of curvatures, got {self.hessians!r}")
        curvatures = [require_finite(f"hessians[{i}]", h) for i, h in enumerate(self.hessians)]
        if not curvatures:
            raise InputError("hessians must hold at least one curvature, got none")
        n = max(h.shape[0] if h.ndim else np.size(self.mean) for h in curvatures)
        hessians = tuple(constant_matrix(f"hessians[{i}]", h, n) for i, h in enumerate(curvatures))
        equal = np.full(len(hessians), 1 / len(hessians))
        weights = equal if self.weights is None else require_finite("weights", self.weights)
        if weights.shape != (len(hessians),) or weights.min() < 0 or abs(weights.sum() - 1) > 1e-9:
            raise InputError(f"weights must be {len(hessians)} probabilities that sum to 1, got {self.weights}")
        object.__setattr__(self, "hessians", hessians)
        object.__setattr__(self, "weights", tuple(float(w) for w in weights))
        if np.ndim(self.mean) and np.shape(self.mean) != (n,):
            raise InputError(f"mean must be a number or ({n},), got shape {np.shape(self.mean)}")
        object.__setattr__(self, "covariance", covariance_matrix("covariance", self.covariance, n))

    @property
    def n(self) -> int:
        """Number of parameters."""
        return len(self.hessians[0])

    @property
    def mean_vector(self) -> np.ndarray:
        """μ_0 (n,)."""
        return np.broadcast_to(np.asarray(self.mean, dtype=float), (self.n,)).copy()


class Metric(ABC):
    """Metric G of a large parameter space, known by products and solutions (`plasticity.metrics`)."""

    @property
    def n(self) -> int | None:
        """Number of parameters; None fits any."""
        return None

    @abstractmethod
    def product(self, theta: Any, v: np.ndarray) -> np.ndarray:
        """Gv (n,) at θ (n,)."""

    @abstractmethod
    def solve(self, theta: Any, v: np.ndarray) -> np.ndarray:
        """G⁻¹v (n,) at θ (n,)."""


@checked
@dataclass(frozen=True, eq=False)
class Objective:
    """Cost functional of the learner: discount γ, plasticity η, loss weight k, metric G, drift f, control B.

    Parameters
    ----------
    discount : float, sympy.Symbol or sympy.oo
        γ ≥ 0 [1/s]; 1/γ is the planning horizon. 0 is the limit γ → 0⁺ (long horizon), ``oo`` the limit of a
        short horizon at fixed learning rate ηk/γ; a symbol keeps derived formulas general.
    plasticity : float
        η > 0 [θ²/(loss·s²)]: inverse cost of change.
    loss_weight : float
        k > 0 [1]: weight of the loss against the cost of change.
    metric : None, float, (n,) array, (n, n) array, callable or Metric
        G, symmetric positive definite: geometry of parameter space. None is the identity; (n,) a diagonal;
        a callable maps θ to one of these. A `plasticity.metrics.Metric` is for a `MatrixFree` landscape.
    drift : None, float, (n, n) array or callable
        f: velocity of the weights without control. A matrix A means f(θ) = Aθ, a number a means a·1 (decay is
        negative); a callable maps θ to f(θ).
    control : None or (n, m) array
        B in θ̇ = f + Bu: the gains of m controls u. Their cost is uᵀGu/2η with G of size m, so B = 2·1 moves the
        weights four times as far per cost: to change B is to change the problem. None is the identity.
        `Controllability.rank`, in contrast, is a subspace, of which the scale of B is irrelevant.
    hazard : float
        λ ≥ 0 [1/s]: rate at which the task is replaced by a fresh draw from a task prior.
    prior_mean : None, float or (n,) array
        μ_0: mean of the optimum under the task prior; needed when `hazard` is positive, if tasks share a curvature.
    task_prior : None or TaskPrior
        Mean optimum and curvatures of the tasks to come, where the curvature is redrawn with the task (`solve` only).

    Examples
    --------
    >>> Objective(discount=0.5, plasticity=2.0).discount
    0.5

    References
    ----------
    vastola_2025, eq. 1.
    """

    discount: Any
    plasticity: float = 1.0
    loss_weight: float = 1.0
    metric: Any = None
    drift: Any = None
    control: Any = None
    hazard: float = 0.0
    prior_mean: Any = None
    task_prior: Any = None

    def _repr_markdown_(self) -> str:
        """Show the action and the assumptions in a notebook."""
        return call("plasticity.pages.display:objective", self)

    def __post_init__(self) -> None:
        """Check every field."""
        _check_discount(self.discount)
        require_number("plasticity", self.plasticity, low=0, exclusive=True)
        require_number("loss_weight", self.loss_weight, low=0, exclusive=True)
        require_number("hazard", self.hazard, low=0, unit="1/s")
        if self.metric is not None and not callable(self.metric) and not isinstance(self.metric, Metric):
            object.__setattr__(self, "metric", _checked_metric(self.metric))
        if self.drift is not None and not callable(self.drift):
            object.__setattr__(self, "drift", _checked_array("drift", self.drift, ndims=(0, 2), square=True))
        if self.control is not None:
            object.__setattr__(self, "control", _checked_array("control", self.control, ndims=(2,)))
        if self.prior_mean is not None:
            object.__setattr__(self, "prior_mean", _checked_array("prior_mean", self.prior_mean, ndims=(0, 1)))
        if self.task_prior is not None:
            _check_task_prior(self)
        elif self.hazard > 0 and self.prior_mean is None:
            raise InputError("hazard > 0 needs prior_mean, the mean optimum of the tasks to come; got None")


def _check_task_prior(objective: Objective) -> None:
    if not isinstance(objective.task_prior, TaskPrior):
        raise InputError(f"task_prior must be a TaskPrior, got {objective.task_prior!r}")
    if objective.prior_mean is not None:
        raise InputError("prior_mean and task_prior both state the mean of the tasks to come; leave prior_mean out")
    if objective.hazard == 0:
        raise InputError("task_prior needs a hazard > 0, the rate at which tasks are replaced; got 0")


def constant_matrix(name: str, value: Any, n: int) -> np.ndarray:
    """Expand None, a number, a diagonal or a matrix to an (n, n) array; None is the identity.

    Examples
    --------
    >>> constant_matrix("metric", [1.0, 2.0], 2)
    array([[1., 0.],
           [0., 2.]])
    """
    if callable(value):
        raise InputError(f"{name} must be constant here, got a function of θ; use `plan` or `derive`")
    if isinstance(value, Metric):
        raise InputError(f"{name} must be an array here, got a {type(value).__name__}; use `solve` with a MatrixFree")
    if value is None:
        return np.eye(n)
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return float(array) * np.eye(n)
    if array.ndim == 1:
        array = np.diag(array)
    if array.shape != (n, n):
        raise InputError(f"{name} must have shape ({n}, {n}) for {n} parameters, got {array.shape}")
    return array


def covariance_matrix(name: str, value: Any, n: int, definite: bool = False) -> np.ndarray:
    """Expand a number, a diagonal or a matrix to a covariance (n, n).

    Raises
    ------
    InputError
        If it is none, or `definite` is asked of one with a vanishing variance.

    Examples
    --------
    >>> covariance_matrix("noise", [1.0, -1.0], 2)
    Traceback (most recent call last):
    plasticity.errors.InputError: noise must be a covariance, symmetric without negative eigenvalues, got [1.0, -1.0]
    """
    matrix = constant_matrix(name, require_array(name, value), n)
    values = np.linalg.eigvalsh(matrix)
    low = 0.0 if definite else -1e-12 * max(values[-1], 0.0)
    if not np.allclose(matrix, matrix.T, rtol=1e-10, atol=0) or values[0] < low or (definite and values[0] == 0):
        kind = "with positive" if definite else "without negative"
        raise InputError(f"{name} must be a covariance, symmetric {kind} eigenvalues, got {np.asarray(value).tolist()}")
    return matrix


def linear_dynamics(objective: Objective, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A (n, n), B (n, m) and G (m, m) of an objective whose drift and metric are constant.

    Raises
    ------
    InputError
        If one of them is a function, or a shape does not fit.

    Examples
    --------
    >>> [matrix.shape for matrix in linear_dynamics(Objective(0.5, control=[[1.0], [0.0]]), 2)]
    [(2, 2), (2, 1), (1, 1)]
    """
    drift = constant_matrix("drift", 0.0 if objective.drift is None else objective.drift, n)
    control = np.eye(n) if objective.control is None else objective.control
    if control.shape[0] != n:
        raise InputError(f"control must have {n} rows, one per parameter, got shape {control.shape}")
    return drift, control, constant_matrix("metric", objective.metric, control.shape[1])


def numeric_discount(objective: Objective, purpose: str) -> float:
    """γ as a number; an `InputError` that names `purpose` if it is symbolic or ``oo``.

    Examples
    --------
    >>> numeric_discount(Objective(discount=0.5), "for `plan`")
    0.5
    """
    try:
        discount = float(objective.discount)
    except TypeError:
        discount = np.inf
    if not np.isfinite(discount):
        raise InputError(
            f"discount must be a finite number {purpose}, got {objective.discount}; symbols and limits are in `derive`"
        )
    return discount


def _check_discount(discount: Any) -> None:
    symbols = getattr(discount, "free_symbols", None)  # what SymPy gives every expression of its own
    if callable(discount) and symbols is None:
        raise InputError(f"discount must be a number, a symbol or sympy.oo, got {discount!r}")
    if symbols:
        if discount.is_extended_negative or discount.is_extended_real is False:
            raise InputError(f"discount must be >= 0, got {discount}, which its assumptions exclude")
        return
    if getattr(discount, "is_infinite", False) and getattr(discount, "is_extended_positive", False):
        return
    if isinstance(discount, float) and discount == float("inf"):
        raise InputError("discount must be finite or sympy.oo (the limit of a short horizon), got inf")
    require_number("discount", discount, low=0, unit="1/s")


def _checked_array(name: str, value: Any, ndims: tuple[int, ...], square: bool = False) -> np.ndarray:
    array = require_array(name, value)
    if array.ndim not in ndims:
        raise InputError(f"{name} must have {' or '.join(map(str, ndims))} dimensions, got {array.ndim}")
    if square and array.ndim == 2 and array.shape[0] != array.shape[1]:
        raise InputError(f"{name} must be square, got shape {array.shape}")
    return array


def _checked_metric(value: Any) -> np.ndarray:
    array = _checked_array("metric", value, ndims=(0, 1, 2), square=True)
    matrix = np.atleast_2d(array) if array.ndim != 1 else np.diag(array)
    if not np.allclose(matrix, matrix.T, rtol=1e-10, atol=0):
        raise InputError(f"metric must be symmetric, got {array.tolist()}; use (G + G.T)/2")
    smallest, vectors = np.linalg.eigh(matrix)
    if smallest[0] <= 0:
        raise InputError(
            f"metric must be positive definite, but its smallest eigenvalue is {smallest[0]:g} "
            f"along the direction {np.round(vectors[:, 0], 6).tolist()}; "
            f"add more than {-smallest[0]:g} to its diagonal"
        )
    return array
