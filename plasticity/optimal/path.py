"""The action of a path of points, with its gradient and its block-tridiagonal curvature."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from plasticity.optimal.running import RunningCost

Array = NDArray[np.float64]
ROW_WISE = 256  # parameters from which rows are worth a loop


@dataclass(frozen=True, eq=False)
class Outcome:
    """Result of a minimisation: path (n_points, n), action, convergence."""

    path: Array
    action: float
    converged: bool
    iterations: int
    gradient_norm: float


@dataclass(frozen=True, eq=False)
class PathAction:
    """Discretised action ``Σ_i W_i ℓ(m_i, v_i)`` of a path θ_0 … θ_N with fixed start, ``W_i = h e^{−γ s_i}``.

    Parameters
    ----------
    cost : RunningCost
        ℓ.
    discount : float
        γ [1/s].
    step : float
        h [s].
    middle : float
        Where in its interval the cost is taken: ½ is the midpoint rule, 0 the left-end rule.
    free_end : bool
        Whether θ_N is free.
    exact_weights : bool
        Whether ``W_i = ∫ e^{−γt} dt`` over the interval.
    """

    cost: RunningCost
    discount: float
    step: float
    middle: float
    free_end: bool
    exact_weights: bool = field(default=False, kw_only=True)

    def weights(self, n_intervals: int) -> Array:
        """W_i of each interval [s]."""
        if n_intervals not in self._weights:
            place, length = self.middle, self.step
            if self.exact_weights and self.discount > 0:
                place, length = 0.0, -np.expm1(-self.discount * self.step) / self.discount
            times = self.step * (np.arange(n_intervals) + place)
            self._weights[n_intervals] = length * np.exp(-self.discount * times)
        return self._weights[n_intervals]

    def moving(self, path: Array) -> Array:
        """The free points of a path, or of anything of its shape (a view)."""
        return path[1:] if self.free_end else path[1:-1]

    def value(self, path: Array) -> tuple[float, float]:
        """J (NaN or inf if the loss is not finite), and the sum of its terms' magnitudes, the scale of rounding."""
        points, velocities = self._samples(path)
        weights = self.weights(len(path) - 1)
        with np.errstate(over="ignore", invalid="ignore"):
            effort, loss = self.cost.effort(points, velocities), self.cost.loss(points)
            return float(weights @ (effort + loss)), float(weights @ (effort + np.abs(loss)))

    def gradient(self, path: Array) -> Array:
        """∂J/∂θ of every point (n_points, n), fixed points included."""
        slope, momentum = self.cost.slopes(*self._samples(path))
        weights = self.weights(len(path) - 1)[:, None]
        slope, momentum = weights * slope, weights / self.step * momentum
        gradient = np.empty_like(path)
        gradient[:-1], gradient[-1] = (1 - self.middle) * slope - momentum, 0.0
        gradient[1:] += self.middle * slope + momentum
        return gradient

    def curvature(self, path: Array) -> tuple[Array, Array]:
        """Blocks of ∂²J/∂θ∂θ: diagonal (n_points, n, n) and from each point to the next (n_points − 1, n, n)."""
        c, h, weights = self.middle, self.step, self.weights(len(path) - 1)[:, None, None]
        place, mixed, speed = self.cost.curvatures(*self._samples(path))
        place, speed = weights * place, weights / h**2 * speed
        diagonal = np.empty((len(path), *place.shape[1:]))
        diagonal[:-1], diagonal[-1] = (1 - c) ** 2 * place + speed, 0.0
        diagonal[1:] += c**2 * place + speed
        onward = c * (1 - c) * place - speed
        if mixed is not None:
            mixed = weights / h * mixed
            turned = np.swapaxes(mixed, -1, -2)
            diagonal[:-1] -= (1 - c) * (mixed + turned)
            diagonal[1:] += c * (mixed + turned)
            onward += (1 - c) * mixed - c * turned
        return diagonal, onward

    def kinetic_blocks(self, path: Array) -> tuple[Array, Array]:
        """Blocks as in `curvature` of the kinetic term ``Σ w v Gv/2η`` alone, with G at the first path."""
        weights = self.weights(len(path) - 1)[:, None, None]
        speed = weights * self.cost.metric_matrix(self._samples(path)[0]) / (self.cost.plasticity * self.step**2)
        diagonal = np.zeros((len(path), *speed.shape[1:]))
        diagonal[:-1] += speed
        diagonal[1:] += speed
        return diagonal, -speed

    def smoothed(self, covector: Array) -> Array:
        """Apply the inverse of the kinetic term's curvature to the free points' gradient (N_free, n)."""
        factor = self._kinetic_factor(len(covector))
        if covector.shape[1] < ROW_WISE:
            return self.raised(linalg.lapack.dpbtrs(factor, covector)[0])
        solved = covector.copy()  # with many parameters, whole rows at a time avoid two transpositions
        for i in range(len(solved)):
            if i:
                solved[i] -= factor[0, i] * solved[i - 1]
            solved[i] /= factor[1, i]
        for i in reversed(range(len(solved))):
            if i + 1 < len(solved):
                solved[i] -= factor[0, i + 1] * solved[i + 1]
            solved[i] /= factor[1, i]
        return self.raised(solved)

    def raised(self, covector: Array) -> Array:
        """Apply ``ηG⁻¹``; a metric that depends on θ is replaced by the identity."""
        metric, eta = self.cost.metric, self.cost.plasticity
        if callable(metric):
            return eta * covector
        return eta * (covector / metric if np.ndim(metric) == 1 else np.linalg.solve(metric, covector.T).T)

    def _samples(self, path: Array) -> tuple[Array, Array]:
        points = path[:-1] if self.middle == 0 else (1 - self.middle) * path[:-1] + self.middle * path[1:]
        return points, (path[1:] - path[:-1]) / self.step

    def _kinetic_factor(self, n_free: int) -> Array:
        if n_free not in self._factors:
            weights = self.weights(n_free + (not self.free_end)) / self.step**2
            banded = np.zeros((2, n_free))
            banded[1] = weights[:n_free]
            later = weights[1 : n_free + 1]
            banded[1, : len(later)] += later
            banded[0, 1:] = -weights[1:n_free]
            self._factors[n_free] = linalg.cholesky_banded(banded)
        return self._factors[n_free]

    @cached_property
    def _weights(self) -> dict[int, Array]:
        return {}

    @cached_property
    def _factors(self) -> dict[int, Array]:
        return {}
