"""The front between two minima: the path that crosses the ridge, and the discount at which it breaks even."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from plasticity.errors import InputError
from plasticity.optimal.action import RunningCost
from plasticity.optimal.path import PathAction
from plasticity.optimal.path_newton import minimise_by_newton

Array = NDArray[np.float64]
SETTLING = 20.0  # decay exponents of E in the window on either side: e^{−20} ~ 2e-9
CLOSE = 1e-5  # relative gradient norm of a path; E is off by its square
NEAR = 1e-5  # distance from a minimum where its curvature tells the loss better than a difference of losses


@dataclass(frozen=True, eq=False)
class Above:
    """A landscape measured from the minimum that is left, and by its curvature next to it.

    A path near its start weighs most and lies lowest: there a difference of two losses would be rounding.
    """

    landscape: Any
    minimum: Array

    def loss(self, theta: Array) -> Array:
        """Loss above the minimum, at θ (..., n)."""
        away, near = self._away(theta)
        level = self.landscape.loss(self.minimum)
        curved = 0.5 * np.einsum("...i,ij,...j->...", away, self.landscape.hessian(self.minimum), away)
        return np.where(near, curved, self.landscape.loss(theta) - level)

    def gradient(self, theta: Array) -> Array:
        """∂L/∂θ at θ (..., n)."""
        away, near = self._away(theta)
        curved = away @ self.landscape.hessian(self.minimum)
        return np.where(near[..., None], curved, self.landscape.gradient(theta))

    def hessian(self, theta: Array) -> Array:
        """∂²L/∂θ² at θ (..., n)."""
        return self.landscape.hessian(theta)

    def _away(self, theta: Array) -> tuple[Array, NDArray[np.bool_]]:
        away = theta - self.minimum
        return away, np.linalg.norm(away, axis=-1) < NEAR * (1 + np.linalg.norm(self.minimum))


@dataclass(frozen=True, eq=False)
class Front:
    """The two minima, what the second one saves per second, and the window around the crossing.

    E decays at the rate √(γ² + 4r²) on either side, r the slowest rate of that minimum.
    """

    cost: RunningCost
    start: Array
    end: Array
    saving: float
    slowest_before: float
    slowest_after: float
    discount: float = 0.0
    stretch: float = 1.0

    @property
    def before(self) -> float:
        """Length of the window before the crossing [s]."""
        return self.stretch * SETTLING / np.hypot(self.discount, 2 * self.slowest_before)

    @property
    def window(self) -> float:
        """Length of the whole window [s]."""
        return self.before + self.stretch * SETTLING / np.hypot(self.discount, 2 * self.slowest_after)


@dataclass(frozen=True, eq=False)
class _PinnedAction:
    """Action with one point held near a plane by a spring, which fixes when the path crosses.

    At the critical discount every shift in time is as good as another: the spring is slack and biases nothing.
    """

    action: PathAction
    point: int
    normal: Array
    place: float
    stiffness: float

    def value(self, path: Array) -> tuple[float, float]:
        spring = 0.5 * self.stiffness * self._off(path) ** 2
        value, scale = self.action.value(path)
        return value + spring, scale + spring

    def gradient(self, path: Array) -> Array:
        gradient = self.action.gradient(path)
        gradient[self.point] += self.stiffness * self._off(path) * self.normal
        return gradient

    def curvature(self, path: Array) -> tuple[Array, Array]:
        diagonal, onward = self.action.curvature(path)
        diagonal[self.point] += self.stiffness * np.outer(self.normal, self.normal)
        return diagonal, onward

    def moving(self, path: Array) -> Array:
        return self.action.moving(path)

    def kinetic_blocks(self, path: Array) -> tuple[Array, Array]:
        return self.action.kinetic_blocks(path)

    def smoothed(self, covector: Array) -> Array:
        return self.action.smoothed(covector)

    def _off(self, path: Array) -> float:
        return float(path[self.point] @ self.normal - self.place)


def front_speed(front: Front, step: float, near: float | None = None, path: Array | None = None) -> tuple[float, Array]:
    """Discount at which the best crossing breaks even on a mesh of this step, and its path."""
    n_intervals = int(np.ceil(front.window / step))
    crossing = round(n_intervals * front.before / front.window)
    step = front.window / n_intervals
    guess = _first_path(front, n_intervals, crossing, step) if path is None else _resampled(path, n_intervals)
    best = {"path": guess}

    def balance(discount: float) -> float:
        action = _pinned(front, discount, step, crossing, guess)
        outcome = minimise_by_newton(action, best["path"], 1e-8, 60)
        tail = front.saving / discount * np.exp(-discount * step * n_intervals)
        share = (outcome.action - tail) / (action.value(outcome.path)[1] + tail)
        if share < 0:  # any path that pays is a proof
            best["path"] = outcome.path
        elif outcome.gradient_norm > max(CLOSE, 0.03 * np.sqrt(share)):
            raise InputError(
                f"the path from from_minimum to to_minimum was not found at discount={discount:g} (relative gradient "
                f"norm {outcome.gradient_norm:.2g}); is the loss smooth between them?"
            )
        return share

    low, high = _bracket(balance, near or front.discount)
    found = brentq(balance, low, high, xtol=1e-13, rtol=1e-12)
    return found, best["path"]


def _bracket(balance: Any, near: float) -> tuple[float, float]:
    """Discounts below and above the critical one, approached from below."""
    low, factor = near, 0.98
    while balance(low) >= 0:
        low, factor = low * factor, factor**2
        if low < 1e-8 * near:
            raise InputError("no path from from_minimum to to_minimum pays at any discount; are they connected?")
    high, factor = low * 1.02, 1.02
    while balance(high) < 0:
        low, high, factor = high, high * factor**2, min(factor**2, 2.0)
    return low, high


def _pinned(front: Front, discount: float, step: float, crossing: int, guess: Array) -> _PinnedAction:
    action = PathAction(front.cost, discount, step, 0.5, free_end=False)
    along = front.end - front.start
    normal = along / np.linalg.norm(along)
    inertia = normal @ np.mean(np.atleast_3d(front.cost.metric_matrix(front.start)), axis=-1) @ normal
    weight = action.weights(len(guess) - 1)[crossing]
    stiffness = weight * inertia / (front.cost.plasticity * step**2)
    return _PinnedAction(action, crossing, normal, float(_ridge(front) @ normal), stiffness)


def _ridge(front: Front) -> Array:
    """Highest point of the straight line between the minima."""
    line = front.start + np.linspace(0, 1, 401)[:, None] * (front.end - front.start)
    return line[np.argmax(front.cost.landscape.loss(line))]


def _first_path(front: Front, n_intervals: int, crossing: int, step: float) -> Array:
    """Smooth step from one minimum to the other that crosses the ridge on time."""
    along = front.end - front.start
    share = np.clip((_ridge(front) - front.start) @ along / (along @ along), 0.05, 0.95)
    times = step * (np.arange(n_intervals + 1) - crossing)
    width = 1 / max(front.slowest_before, front.slowest_after)
    rise = 1 / (1 + (1 - share) / share * np.exp(-np.clip(times / width, -500, 500)))
    rise[0], rise[-1] = 0.0, 1.0
    return front.start + rise[:, None] * along


def guessed_speed(front: Front) -> float:
    """Discount from the balance ``γ ∫ θ̇ᵀGθ̇ dt = ηk (L(θ_L) − L(θ_R))`` along a smooth step."""
    along = front.end - front.start
    metric = front.cost.metric_matrix(front.start)
    width = 1 / max(front.slowest_before, front.slowest_after)
    return float(6 * width * front.cost.plasticity * front.saving / (along @ metric @ along))


def _resampled(path: Array, n_intervals: int) -> Array:
    share, known = np.linspace(0, 1, n_intervals + 1), np.linspace(0, 1, len(path))
    return np.stack([np.interp(share, known, column) for column in path.T], axis=1)
