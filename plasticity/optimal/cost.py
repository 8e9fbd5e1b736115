"""Running cost of learning, ``(θ̇ − f)ᵀG(θ̇ − f)/2η + kL``, with its derivatives, for any metric and drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.objective import Objective, constant_matrix

Array = NDArray[np.float64]
# fourth-order central differences: truncation step⁴ ~ 1e-12 and rounding 1e-16/step ~ 1e-13, relative to θ of order 1
STEP = 1e-3
STENCIL = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))


@dataclass(frozen=True, eq=False)
class RunningCost:
    """Cost per unit time ``ℓ(θ, θ̇)`` [loss], undiscounted; make it with `running_cost`.

    Parameters
    ----------
    landscape : Landscape
        The loss L.
    plasticity, loss_weight : float
        η and k.
    metric : (n,) array, (n, n) array or callable
        G: a diagonal, a matrix, or a function of θ (..., n) that returns (..., n, n).
    drift : float, (n, n) array or callable
        f(θ) = aθ, Aθ, or a function of θ (..., n) that returns (..., n).
    """

    landscape: Any
    plasticity: float
    loss_weight: float
    metric: Any
    drift: Any

    @property
    def smooth_quadratic(self) -> bool:
        """Whether metric and drift Jacobian are constant, so that second derivatives are exact."""
        return not callable(self.metric) and not callable(self.drift)

    @cached_property
    def drifts(self) -> bool:
        """Whether there is a drift."""
        return callable(self.drift) or bool(np.any(self.drift))

    def effort(self, theta: Array, velocity: Array) -> Array:
        """Cost of change ``(θ̇ − f)ᵀG(θ̇ − f)/2η`` (...)."""
        away = self._away(theta, velocity)
        return np.einsum("...i,...i->...", away, self.lowered(theta, away)) / (2 * self.plasticity)

    def loss(self, theta: Array) -> Array:
        """Cost of loss ``kL`` (...)."""
        return self.loss_weight * self.landscape.loss(theta)

    def cost(self, theta: Array, velocity: Array) -> Array:
        """ℓ (...)."""
        return self.effort(theta, velocity) + self.loss(theta)

    def slopes(self, theta: Array, velocity: Array) -> tuple[Array, Array]:
        """∂ℓ/∂θ and ∂ℓ/∂θ̇, each (..., n)."""
        kinetic, momentum = self._effort_slopes(theta, velocity)
        return kinetic + self.loss_weight * self.landscape.gradient(theta), momentum

    def curvatures(self, theta: Array, velocity: Array) -> tuple[Array, Array | None, Array]:
        """∂²ℓ/∂θ∂θ (..., n, n), ∂²ℓ/∂θ∂θ̇ (None if it is zero) and ∂²ℓ/∂θ̇∂θ̇ (also (n, n) if it is constant)."""
        loss = self.loss_weight * self.landscape.hessian(theta)
        metric = self.metric_matrix(theta) / self.plasticity
        if self.smooth_quadratic:
            if not self.drifts:
                return loss, None, metric
            jacobian = self.drift if np.ndim(self.drift) else self.drift * np.eye(theta.shape[-1])
            mixed = -jacobian.T @ metric
            return loss - mixed @ jacobian, np.broadcast_to(mixed, loss.shape), metric
        both = difference(lambda at: np.stack(self._effort_slopes(at, velocity), axis=-2), theta)
        first = both[..., 0, :, :]
        return loss + 0.5 * (first + np.swapaxes(first, -1, -2)), np.swapaxes(both[..., 1, :, :], -1, -2), metric

    def free_velocity(self, theta: Array) -> Array:
        """Drift f (..., n), the velocity without effort."""
        if callable(self.drift):
            return self.drift(theta)
        return theta @ self.drift.T if np.ndim(self.drift) else self.drift * theta

    def lowered(self, theta: Array, vector: Array) -> Array:
        """G(θ) times `vector`, (..., n)."""
        if callable(self.metric):
            return np.einsum("...ij,...j->...i", self.metric(theta), vector)
        return vector * self.metric if np.ndim(self.metric) == 1 else vector @ self.metric

    def metric_matrix(self, theta: Array) -> Array:
        """G(θ), (..., n, n) or (n, n)."""
        if callable(self.metric):
            return self.metric(theta)
        return np.diag(self.metric) if np.ndim(self.metric) == 1 else self.metric

    def _effort_slopes(self, theta: Array, velocity: Array) -> tuple[Array, Array]:
        away = self._away(theta, velocity)
        momentum = self.lowered(theta, away) / self.plasticity
        slope = np.zeros_like(momentum)
        if callable(self.drift):
            slope = -np.einsum("...ij,...i->...j", difference(self.drift, theta), momentum)
        elif self.drifts:
            slope = -(momentum @ self.drift if np.ndim(self.drift) else self.drift * momentum)
        if callable(self.metric):
            turned = difference(lambda at: self.lowered(at, away), theta)
            slope = slope + np.einsum("...ij,...i->...j", turned, away) / (2 * self.plasticity)
        return slope, momentum

    def _away(self, theta: Array, velocity: Array) -> Array:
        """θ̇ − f."""
        if self.drifts:
            return velocity - self.free_velocity(theta)
        return velocity


def running_cost(objective: Objective, landscape: Any, n: int) -> RunningCost:
    """Running cost of `objective` on `landscape` for `n` parameters.

    A control matrix must be square and invertible: then it only changes the metric, to ``B⁻ᵀGB⁻¹``.
    """
    metric, drift = objective.metric, objective.drift
    if callable(metric):
        metric = _Pointwise(lambda theta: constant_matrix("metric", objective.metric(theta), n), (n, n), n)
    elif metric is None or np.ndim(metric) == 0:
        metric = np.full(n, 1.0 if metric is None else float(metric))
    elif np.shape(metric)[0] != n:
        raise InputError(f"metric must have size {n}, one per parameter, got shape {np.shape(metric)}")
    if callable(drift):
        drift = _Pointwise(drift, (n,), n)
    elif drift is None or np.ndim(drift) == 0:
        drift = 0.0 if drift is None else float(drift)
    elif np.shape(drift) != (n, n):
        raise InputError(f"drift must have shape ({n}, {n}), got {np.shape(drift)}")
    if objective.control is not None:
        metric = _through_control(metric, objective.control, n)
    return RunningCost(landscape, objective.plasticity, objective.loss_weight, metric, drift)


def difference(function: Callable[[Array], Array], theta: Array) -> Array:
    """Derivative of `function` along the last axis of θ, appended as a new last axis."""
    step = STEP * np.maximum(1.0, np.abs(theta).max(initial=0.0))
    columns = []
    for unit in np.eye(theta.shape[-1]):
        columns.append(sum(weight * function(theta + shift * step * unit) for shift, weight in STENCIL) / step)
    return np.stack(columns, axis=-1)


@dataclass(frozen=True, eq=False)
class _Pointwise:
    """A user's function of θ (n,), vectorised over θ (..., n)."""

    function: Callable[[Array], ArrayLike]
    shape: tuple[int, ...]
    n: int

    def __call__(self, theta: Array) -> Array:
        flat = theta.reshape(-1, self.n)
        values = self._at_once(flat)
        if values is None:
            values = np.array([np.asarray(self.function(row), dtype=float) for row in flat])
        if values.shape[1:] != self.shape:
            raise InputError(
                f"drift or metric as a function of θ must return shape {self.shape}, got {values.shape[1:]}"
            )
        return values.reshape(*theta.shape[:-1], *self.shape)

    def _at_once(self, flat: Array) -> Array | None:
        """All rows in one call, if the function is vectorised, which is checked against single rows."""
        if len(flat) < 8:
            return None
        try:
            values = np.asarray(self.function(flat), dtype=float)
        except (ValueError, TypeError, IndexError, InputError):
            return None
        if values.shape != (len(flat), *self.shape):
            return None
        for row in (0, len(flat) // 3, len(flat) - 1):
            single = np.asarray(self.function(flat[row]), dtype=float)
            if single.shape != self.shape or not np.allclose(single, values[row], rtol=1e-12, atol=1e-14):
                return None
        return values


def _through_control(metric: Any, control: Array, n: int) -> Any:
    if control.shape != (n, n) or np.linalg.matrix_rank(control) < n:
        raise InputError(
            f"control must be a square invertible matrix for a path on a general loss, got shape {control.shape}; "
            "use `solve` on a quadratic loss, or leave control out"
        )
    inverse = np.linalg.inv(control)
    if callable(metric):
        return lambda theta: inverse.T @ metric(theta) @ inverse
    return inverse.T @ (np.diag(metric) if np.ndim(metric) == 1 else metric) @ inverse


def finite_discount(objective: Objective, purpose: str) -> float:
    """γ as a number; an `InputError` that names `purpose` if it is symbolic or ``oo``, or if there is a hazard.

    Examples
    --------
    >>> finite_discount(Objective(discount=0.5), "for `plan`")
    0.5
    """
    try:
        discount = float(objective.discount)
    except TypeError:
        discount = np.inf
    if not np.isfinite(discount):
        raise InputError(
            f"discount must be a finite number {purpose}, got {objective.discount}; limits are in `derive`"
        )
    if objective.hazard > 0:
        raise InputError(
            f"hazard must be 0 {purpose}, which takes one loss, got {objective.hazard:g}; use `solve`, or average over "
            "simulated tasks"
        )
    return discount
