"""Gradients only, for paths of many parameters: L-BFGS preconditioned by the kinetic term (nocedal_2006, ch. 7).

The kinetic term's curvature is the only part of the problem that stiffens as the mesh is refined; measured in it,
the number of iterations does not depend on the mesh.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

from plasticity.optimal.path import Outcome, PathAction

Array = NDArray[np.float64]
MEMORY = 8  # pairs of steps and gradient changes


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
    least = 1e-8 * scale or 1.0  # a path may cost nothing in the end
    for iteration in range(n_iterations + 1):
        norm = np.sqrt(max(_dot(gradient, smooth), 0.0) / max(scale, least))
        if norm <= tolerance:
            return Outcome(path, value, True, iteration, norm)
        if iteration == n_iterations:
            break
        direction = _downhill(action, gradient, pairs)
        found = _descend(action, path, value, gradient, direction)
        if found is None and pairs:  # the memory misleads: start again from the kinetic term
            pairs.clear()
            direction = -smooth
            found = _descend(action, path, value, gradient, direction)
        if found is None:
            return Outcome(path, value, False, iteration, norm)
        size, path, value, scale = found
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
    blas.daxpy(np.ascontiguousarray(other).ravel(), vector.reshape(-1), a=factor)


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
        found, scale = action.value(trial)
        if found <= value + 1e-4 * size * slope:
            return size, trial, found, scale
        fitted = -slope * size**2 / (2 * (found - value - slope * size)) if np.isfinite(found) else 0.0
        size = float(np.clip(fitted, 0.1 * size, 0.5 * size))
    return None
