"""Gradients only, for paths of many parameters: L-BFGS preconditioned by the kinetic term (nocedal_2006, ch. 7).

The kinetic term's curvature is the only part of the problem that stiffens as the mesh is refined; measured in it,
the number of iterations does not depend on the mesh.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from plasticity.path import Outcome, PathAction

Array = NDArray[np.float64]
MEMORY = 8  # pairs of steps and gradient changes


def minimise_by_gradient(action: PathAction, path: Array, tolerance: float, n_iterations: int) -> Outcome:
    """Minimise `action` over the free points of `path` with its gradient alone."""
    path = path.copy()
    pairs: deque[tuple[Array, Array, float]] = deque(maxlen=MEMORY)
    (value, scale), gradient = action.value(path), action.moving(action.gradient(path))
    least = 1e-8 * scale or 1.0  # a path may cost nothing in the end
    for iteration in range(n_iterations + 1):
        norm = action.norm(gradient) / np.sqrt(max(scale, least))
        if norm <= tolerance:
            return Outcome(path, value, True, iteration, norm)
        if iteration == n_iterations:
            break
        direction = -_inverse_curvature(action, gradient, pairs)
        found = _descend(action, path, value, gradient, direction)
        if found is None and pairs:  # the memory misleads: start again from the kinetic term
            pairs.clear()
            direction = -action.smoothed(gradient)
            found = _descend(action, path, value, gradient, direction)
        if found is None:
            return Outcome(path, value, False, iteration, norm)
        size, path, value, scale = found
        before, gradient = gradient, action.moving(action.gradient(path))
        change = gradient - before
        product = size * float(np.vdot(change, direction))
        if product > 0:
            pairs.append((size * direction, change, product))
    return Outcome(path, value, False, n_iterations, norm)


def _inverse_curvature(action: PathAction, gradient: Array, pairs: deque) -> Array:
    """Two-loop recursion around the inverse of the kinetic curvature."""
    vector, shares = gradient.copy(), []
    for step, change, product in reversed(pairs):
        share = float(np.vdot(step, vector)) / product
        vector -= share * change
        shares.append(share)
    vector = action.smoothed(vector)
    if pairs:
        change, product = pairs[-1][1:]
        vector *= product / float(np.vdot(change, action.smoothed(change)))
    for (step, change, product), share in zip(pairs, reversed(shares), strict=True):
        vector += (share - float(np.vdot(change, vector)) / product) * step
    return vector


def _descend(
    action: PathAction, path: Array, value: float, gradient: Array, direction: Array
) -> tuple[float, Array, float, float] | None:
    """Shorten the step by quadratic interpolation until J falls enough."""
    slope, size = float(np.vdot(gradient, direction)), 1.0
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
