"""Minimisation of the action over the points of a path.

Newton's method solves one block-banded system per step. For many parameters there is L-BFGS (nocedal_2006, ch. 7),
preconditioned by the kinetic term, the only part whose curvature grows as the mesh is refined: the number of
iterations does not depend on the mesh.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from plasticity.optimal.path import Outcome, PathAction

Array = NDArray[np.float64]
BLURRED = 1e-9  # changes of J below this share of its terms may be rounding (weights span many decades)
MEMORY = 8  # pairs of steps and gradient changes in L-BFGS


def minimise_by_newton(action: PathAction, path: Array, tolerance: float, n_iterations: int) -> Outcome:
    """Minimise `action` over the free points of `path` by damped Newton steps.

    Where the curvature is not positive, multiples of the kinetic term's curvature are added until it is, so that
    the end of the search is a minimum, not a saddle.
    """
    path = path.copy()
    (value, scale), shift = action.value(path), 0.0
    least = 1e-8 * scale or 1.0  # the optimal path may have J = 0

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
        if norm <= tolerance and shift > 0:  # a saddle: leave it along the lowest mode
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
    action: PathAction, path: Array, value: float, step: Array, gradient: Array, scale: float
) -> tuple[Array, float, float] | None:
    """Shorten the step until J falls enough; where rounding hides the fall, its gradient has to halve."""
    slope, size = float(np.vdot(gradient, step)), 1.0
    if not np.all(np.isfinite(step)):
        return None
    while size > 1e-10:
        trial = path.copy()
        action.moving(trial)[...] += size * step
        lower, trial_scale = action.value(trial)
        if lower <= value + 1e-4 * size * slope:
            return trial, lower, trial_scale
        if size == 1.0 and max(lower - value, -slope) <= BLURRED * scale:
            after = action.moving(action.gradient(trial))
            if np.vdot(after, action.smoothed(after)) < 0.25 * np.vdot(gradient, action.smoothed(gradient)):
                return trial, lower, trial_scale
        size /= 2
    return None


def _leave_saddle(action: PathAction, path: Array, value: float, shifted: Array) -> tuple[Array, float, float] | None:
    """Step along the lowest mode of the curvature, by inverse iteration on the shifted matrix."""
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
        lower, scale = action.value(trial)
        if lower < value:
            return trial, lower, scale
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


@dataclass(frozen=True, eq=False)
class _Pair:
    """One step, the change of the gradient along it, their product, and the product in the kinetic metric."""

    step: Array
    change: Array
    product: float
    kinetic_product: float


def minimise_by_gradient(action: PathAction, path: Array, tolerance: float, n_iterations: int) -> Outcome:
    """Minimise `action` over the free points of `path` with its gradient alone."""
    path = path.copy()
    pairs: deque[_Pair] = deque(maxlen=MEMORY)
    (value, scale), gradient = action.value(path), action.moving(action.gradient(path))
    smooth = action.smoothed(gradient)
    least = 1e-8 * scale or 1.0  # the optimal path may have J = 0
    for iteration in range(n_iterations + 1):
        norm = np.sqrt(max(_dot(gradient, smooth), 0.0) / max(scale, least))
        if norm <= tolerance:
            return Outcome(path, value, True, iteration, norm)
        if iteration == n_iterations:
            break
        direction = _downhill(action, gradient, pairs)
        moved = _descend(action, path, value, gradient, direction)
        if moved is None and pairs:  # restart from the kinetic term alone
            pairs.clear()
            direction = -smooth
            moved = _descend(action, path, value, gradient, direction)
        if moved is None:
            return Outcome(path, value, False, iteration, norm)
        size, path, value, scale = moved
        before, smooth_before = gradient, smooth
        gradient = action.moving(action.gradient(path))
        smooth = action.smoothed(gradient)
        change, product = gradient - before, size * _dot(gradient - before, direction)
        if product > 0:
            pairs.append(_Pair(size * direction, change, product, _dot(change, smooth - smooth_before)))
    return Outcome(path, value, False, n_iterations, norm)


def _downhill(action: PathAction, gradient: Array, pairs: deque[_Pair]) -> Array:
    """Two-loop recursion around the inverse of the kinetic curvature."""
    vector, shares = -gradient, []
    for pair in reversed(pairs):
        shares.append(_dot(pair.step, vector) / pair.product)
        _add(vector, -shares[-1], pair.change)
    vector = np.ascontiguousarray(action.smoothed(vector))
    if pairs:
        vector *= pairs[-1].product / pairs[-1].kinetic_product
    for pair, share in zip(pairs, reversed(shares), strict=True):
        _add(vector, share - _dot(pair.change, vector) / pair.product, pair.step)
    return vector


def _dot(a: Array, b: Array) -> float:
    return float(np.vdot(a, b))


def _add(vector: Array, factor: float, other: Array) -> None:
    """Add a multiple of `other` to `vector` in place, without a temporary."""
    linalg.blas.daxpy(np.ascontiguousarray(other).ravel(), vector.reshape(-1), a=factor)


def _descend(
    action: PathAction, path: Array, value: float, gradient: Array, direction: Array
) -> tuple[float, Array, float, float] | None:
    """Shorten the step by quadratic interpolation until J falls enough."""
    slope, size = _dot(gradient, direction), 1.0
    if not slope < 0:
        return None
    for _ in range(40):
        trial = path.copy()
        action.moving(trial)[...] += size * direction
        lower, scale = action.value(trial)
        if lower <= value + 1e-4 * size * slope:
            return size, trial, lower, scale
        fitted = -slope * size**2 / (2 * (lower - value - slope * size)) if np.isfinite(lower) else 0.0
        size = float(np.clip(fitted, 0.1 * size, 0.5 * size))
    return None
