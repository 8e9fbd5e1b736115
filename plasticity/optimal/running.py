"""Running cost of learning, ``(θ̇ − f)ᵀG(θ̇ − f)/2η + kL``, with its derivatives, for any metric and drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def difference(function: Callable[[Array], Array], theta: Array) -> Array:
    """Derivative of `function` along the last axis of θ, appended as a new last axis."""
    step = STEP * np.maximum(1.0, np.abs(theta).max(initial=0.0))
    columns = []
    for unit in np.eye(theta.shape[-1]):
        columns.append(sum(weight * function(theta + shift * step * unit) for shift, weight in STENCIL) / step)
    return np.stack(columns, axis=-1)
