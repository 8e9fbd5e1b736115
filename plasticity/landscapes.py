"""Loss landscapes: anything with ``loss(θ)``, ``gradient(θ)``, ``hessian(θ)``, batched over leading axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError


@dataclass(frozen=True, eq=False)
class Quadratic:
    """Quadratic loss ``L = ½ (θ − μ)ᵀ H (θ − μ)``.

    Parameters
    ----------
    hessian : (n, n) array, (n,) array or float
        H [loss/θ²], symmetric; (n,) is a diagonal, a number h is h·1.
    optimum : (n,) array or float
        μ, where the loss is stationary.

    Raises
    ------
    InputError
        If H is not symmetric, or shapes do not fit.

    Examples
    --------
    >>> Quadratic([[2.0, 0.0], [0.0, 1.0]], [1.0, 0.0]).loss([0.0, 0.0])
    np.float64(1.0)
    """

    hessian_matrix: NDArray[np.float64]
    optimum: NDArray[np.float64]

    def __init__(self, hessian: ArrayLike, optimum: ArrayLike):
        optimum = np.atleast_1d(np.array(optimum, dtype=float))
        h = np.array(hessian, dtype=float)
        n = optimum.size
        matrix = h * np.eye(n) if h.ndim == 0 else np.diag(h) if h.ndim == 1 else h
        if optimum.ndim != 1 or matrix.shape != (n, n):
            raise InputError(f"hessian has shape {h.shape}, which does not fit the optimum of size {n}")
        if not (np.all(np.isfinite(matrix)) and np.all(np.isfinite(optimum))):
            raise InputError("hessian and optimum must be finite")
        if not np.allclose(matrix, matrix.T, rtol=1e-10, atol=1e-14 * np.abs(matrix).max(initial=0)):
            raise InputError(f"hessian must be symmetric, got {matrix.tolist()}; use (H + H.T)/2")
        object.__setattr__(self, "hessian_matrix", matrix)
        object.__setattr__(self, "optimum", optimum)

    @property
    def n(self) -> int:
        """Number of parameters."""
        return self.optimum.size

    def loss(self, theta: ArrayLike) -> NDArray[np.float64]:
        """L at θ (..., n) [loss], shape (...)."""
        away = np.asarray(theta, dtype=float) - self.optimum
        return 0.5 * np.einsum("...i,ij,...j->...", away, self.hessian_matrix, away)

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂L/∂θ at θ (..., n), shape (..., n)."""
        return (np.asarray(theta, dtype=float) - self.optimum) @ self.hessian_matrix

    def hessian(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂²L/∂θ² at θ (..., n), shape (..., n, n)."""
        lead = np.shape(theta)[:-1]
        return np.broadcast_to(self.hessian_matrix, (*lead, self.n, self.n))
