"""Newton's method on the points of a path: one block-banded system per step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from plasticity.optimal.path import Outcome, PathAction

Array = NDArray[np.float64]
BLURRED = 1e-9  # changes of J below this share of its terms may be rounding (weights span many decades)


def minimise_by_newton(action: PathAction, path: Array, tolerance: float, n_iterations: int) -> Outcome:
    """Minimise `action` over the free points of `path` by damped Newton steps.

    Where the curvature is not positive, multiples of the kinetic term's curvature are added until it is, so that
    the end of the search is a minimum, not a saddle.
    """
    path = path.copy()
    (value, scale), shift = action.value(path), 0.0
    kinetic = None
    least = 1e-8 * scale or 1.0  # a path may cost nothing in the end
    for iteration in range(n_iterations + 1):
        gradient = action.moving(action.gradient(path))
        norm = np.sqrt(max(np.vdot(gradient, action.smoothed(gradient)), 0.0) / max(scale, least))
        if norm <= tolerance and shift == 0 and iteration > 0:
            return Outcome(path, value, True, iteration, norm)
        if iteration == n_iterations:
            break
        curvature = _banded(action, *action.curvature(path))
        step, shift, kinetic = _step(action, path, curvature, kinetic, gradient, shift)
        if norm <= tolerance and shift > 0:  # stationary, but no minimum: leave along the steepest way down
            moved = _leave_saddle(action, path, value, curvature + shift * kinetic)
        else:
            moved = _line_search(action, path, value, step.reshape(gradient.shape), gradient, scale)
        if moved is None:  # rounding: no step lowers J any further
            settled = shift == 0 and norm <= max(tolerance, 1e-7)
            return Outcome(path, value, settled, iteration, norm)
        path, value, scale = moved
    return Outcome(path, value, False, n_iterations, norm)


def _step(
    action: PathAction, path: Array, curvature: Array, kinetic: Array | None, gradient: Array, shift: float
) -> tuple[Array, float, Array | None]:
    """Newton step, the multiple of the kinetic term that made it go downhill, and that term if it was needed."""
    trial, grown, shifted = 0.0, max(shift / 4, 0.1), curvature
    while trial < 1e12:
        _, step, failed = linalg.lapack.dpbsv(shifted, -gradient.ravel())
        if not failed:
            return step, trial, kinetic
        if kinetic is None:
            kinetic = _banded(action, *action.kinetic_blocks(path))
        trial, grown = grown, 8 * grown
        shifted = curvature + trial * kinetic
    return np.full(gradient.size, np.nan), trial, kinetic


def _line_search(
    action: PathAction, path: Array, value: float, step: Array, gradient: Array, scale: float
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


def _leave_saddle(action: PathAction, path: Array, value: float, shifted: Array) -> tuple[Array, float, float] | None:
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


def _banded(action: PathAction, diagonal: Array, onward: Array) -> Array:
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
