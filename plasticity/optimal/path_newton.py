"""Newton's method on the points of a path: one block-banded system per step."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from plasticity.optimal.path import Outcome

Array = NDArray[np.float64]
BLURRED = 1e-9  # changes of J below this share of its terms may be rounding (weights span many decades)


class Action(Protocol):
    """What is minimised: a `PathAction`, or one with a further term; its methods are described there."""

    def value(self, path: Array) -> tuple[float, float]:
        """The action, and the scale of its rounding."""

    def gradient(self, path: Array) -> Array:
        """Its derivative by every point."""

    def curvature(self, path: Array) -> tuple[Array, Array]:
        """Blocks of its second derivative, on and beside the diagonal."""

    def kinetic_blocks(self, path: Array) -> tuple[Array, Array]:
        """Those of the kinetic term alone."""

    def moving(self, path: Array) -> Array:
        """View of the free points."""

    def smoothed(self, covector: Array) -> Array:
        """The inverse of the kinetic term's curvature, applied to the gradient of the free points."""


def minimise_by_newton(action: Action, path: Array, tolerance: float, n_iterations: int) -> Outcome:
    """Minimise `action` over the free points of `path` by damped Newton steps.

    Where the curvature is not positive, multiples of the kinetic term's curvature are added until it is, so that
    the end of the search is a minimum, not a saddle.
    """
    path = path.copy()
    (value, scale), shift = action.value(path), 0.0
    least = 1e-8 * scale or 1.0  # a path may cost nothing in the end

    @cache
    def kinetic() -> Array:  # at the first path that needs it
        return _banded(action, *action.kinetic_blocks(path))

    for iteration in range(n_iterations + 1):
        gradient = action.moving(action.gradient(path))
        norm = np.sqrt(max(float(np.vdot(gradient, action.smoothed(gradient))), 0.0) / max(scale, least))
        if norm <= tolerance and shift == 0 and iteration > 0:
            return Outcome(path, value, True, iteration, norm)
        if iteration == n_iterations:
            break
        curvature = _banded(action, *action.curvature(path))
        step, shift = _step(curvature, kinetic, gradient, shift)
        if norm <= tolerance and shift > 0:  # stationary, but no minimum: leave along the steepest way down
            moved = _leave_saddle(action, path, value, curvature + shift * kinetic())
        else:
            moved = _line_search(action, path, value, step.reshape(gradient.shape), gradient, scale)
        if moved is None:  # rounding: no step lowers J any further
            settled = shift == 0 and norm <= max(tolerance, 1e-7)
            return Outcome(path, value, settled, iteration, norm)
        path, value, scale = moved
    return Outcome(path, value, False, n_iterations, norm)


def _step(curvature: Array, kinetic: Callable[[], Array], gradient: Array, shift: float) -> tuple[Array, float]:
    """Newton step, and the multiple of the kinetic term that made it go downhill."""
    trial, grown, shifted = 0.0, max(shift / 4, 0.1), curvature
    while trial < 1e12:
        _, step, failed = linalg.lapack.dpbsv(shifted, -gradient.ravel())
        if not failed:
            return step, trial
        trial, grown = grown, 8 * grown
        shifted = curvature + trial * kinetic()
    return np.full(gradient.size, np.nan), trial


def _line_search(
    action: Action, path: Array, value: float, step: Array, gradient: Array, scale: float
) -> tuple[Array, float, float] | None:
    """Shorten the step until J falls enough; where rounding hides the fall, its gradient has to halve."""
    slope, size = float(np.vdot(gradient, step)), 1.0
    if not np.all(np.isfinite(step)):
        return None
    while size > 1e-10:
        trial = path.copy()
        action.moving(trial)[...] += size * step
        found, trial_scale = action.value(trial)
        if found <= value + 1e-4 * size * slope:
            return trial, found, trial_scale
        if size == 1.0 and max(found - value, -slope) <= BLURRED * scale:
            after = action.moving(action.gradient(trial))
            if np.vdot(after, action.smoothed(after)) < 0.25 * np.vdot(gradient, action.smoothed(gradient)):
                return trial, found, trial_scale
        size /= 2
    return None


def _leave_saddle(action: Action, path: Array, value: float, shifted: Array) -> tuple[Array, float, float] | None:
    """Step along the lowest mode of the curvature, found by inverse iteration on the shifted matrix."""
    mode = np.sin(1.0 + np.arange(shifted.shape[1]))  # anything that no symmetry of the problem shares
    for _ in range(8):
        _, mode, failed = linalg.lapack.dpbsv(shifted, mode / np.linalg.norm(mode))
        if failed:
            return None
    size = 1e-2 * (1.0 + np.abs(path).max()) / np.abs(mode).max()
    for sign in (1.0, -1.0):
        trial = path.copy()
        moving = action.moving(trial)
        moving += sign * size * mode.reshape(moving.shape)
        found, scale = action.value(trial)
        if found < value:
            return trial, found, scale
    return None


def _banded(action: Action, diagonal: Array, onward: Array) -> Array:
    """Upper banded storage of the curvature over the free points."""
    diagonal = action.moving(diagonal)
    onward = onward[1 : len(diagonal)]
    number, n = diagonal.shape[:2]
    width = 2 * n - 1
    banded = np.zeros((width + 1, number * n), order="F")
    for row in range(n):
        for column in range(n):
            if row <= column:
                banded[width + row - column, column::n] = diagonal[:, row, column]
            banded[row - column + n - 1, n + column :: n] = onward[:, row, column]
    return banded
