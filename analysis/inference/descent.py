"""Maximum of a density whose slopes come from differences, and its curvature there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]
SMALLEST = 0.05  # curvature of −ln p per coordinate
SLOPE = 1e-4  # step of differences in the coordinates


def maximum(density: Callable[[Array], Array], start: Array, n_newton: int = 8) -> Array:
    """Maximum of a density near a start: BFGS with differences in one call, then Newton's method."""

    def value_and_slope(u: Array) -> tuple[float, Array]:
        points = np.concatenate([u[None], u + SLOPE * np.eye(u.size), u - SLOPE * np.eye(u.size)])
        f = -density(points)
        f = np.where(np.isfinite(f), f, 1e300)
        return float(f[0]), (f[1 : u.size + 1] - f[u.size + 1 :]) / (2 * SLOPE)

    u = minimize(value_and_slope, start, jac=True, method="BFGS", options={"maxiter": 200, "gtol": 1e-3}).x
    value = -value_and_slope(u)[0]
    for _ in range(n_newton):
        curvature = positive(hessian_of(density, u))
        step = -np.linalg.solve(curvature, value_and_slope(u)[1])
        trial = u + step * np.array([1.0, 0.5, 0.1, 0.01])[:, None]
        f = density(trial)
        if not f.max() > value:
            break
        gained, value, u = f.max() - value, f.max(), trial[np.argmax(f)]
        if gained < 1e-10:
            break
    return u


def hessian_of(density: Callable[[Array], Array], u: Array, n_passes: int = 3) -> Array:
    """Hessian (d, d) of −density by differences: first along the coordinates, then along its own axes and widths."""
    basis = 1e-3 * np.eye(u.size)
    for _ in range(n_passes):
        inner = _differences(density, u, basis)
        inverse = np.linalg.inv(basis)
        h = inverse.T @ inner @ inverse
        values, vectors = np.linalg.eigh(0.5 * (h + h.T))
        values = np.maximum(np.abs(values), SMALLEST)
        basis = 0.3 * vectors / np.sqrt(values)
    return 0.5 * (h + h.T)


def _differences(density: Callable[[Array], Array], u: Array, basis: Array) -> Array:
    """Second differences (d, d) of −density along the columns of `basis`, in one call."""
    d = u.size
    i, j = np.tril_indices(d, -1)
    e = basis.T
    points = np.concatenate([u[None], u + e, u - e, u + e[i] + e[j], u - e[i] - e[j]])
    f = -density(points)
    plus, minus = f[1 : d + 1], f[d + 1 : 2 * d + 1]
    both, neither = f[2 * d + 1 : 2 * d + 1 + i.size], f[2 * d + 1 + i.size :]
    with np.errstate(invalid="ignore"):  # outside the prior −ln p is infinite
        h = np.diag(plus + minus - 2 * f[0])
        h[i, j] = h[j, i] = 0.5 * (both + neither - plus[i] - plus[j] - minus[i] - minus[j] + 2 * f[0])
    return np.nan_to_num(h, nan=0.0, posinf=0.0, neginf=0.0)


def positive(matrix: Array) -> Array:
    """Symmetric matrix with the absolute eigenvalues, none below 0.05, the curvature of a very wide prior."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    return (vectors * np.maximum(np.abs(values), SMALLEST)) @ vectors.T
