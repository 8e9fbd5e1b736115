"""Linear motion of optimal learners on quadratic losses, for many at once: the same as that of `plasticity.solve`.

With ``S = ηk BG⁻¹Bᵀ = LLᵀ`` a learner with decay j and hazard λ moves on the curvature H by (vastola_2025)

    A_cl = −j − NH ,   N = L [γ'/2 + sqrt(γ'²/4 + LᵀHL)]⁻¹ Lᵀ ,   γ' = γ + 2j ;

with a drift ``f(θ) = Aθ`` of any slopes by ``A_cl = A − SP`` with the Riccati equation ``γP = H + AᵀP + PA − PSP``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MOST = 60  # Newton steps of a matrix sign
SETTLED = 1e-13  # relative change at which they end


def gain(root: Array, hessian: Array, shifted: Array) -> Array:
    """N (..., n, n) for L (..., n, m), curvatures of which none is negative, and γ/2 + j (...)."""
    values, modes = np.linalg.eigh(root.swapaxes(-1, -2) @ hessian @ root)
    lean = 1.0 / (shifted[..., None] + np.sqrt(shifted[..., None] ** 2 + np.maximum(values, 0.0)) + 1e-300)
    side = root @ modes
    return (side * lean[..., None, :]) @ side.swapaxes(-1, -2)


def velocity(
    n: Array, hessian: Array, theta: Array, gradient: Array, discount: Array, decay: Array, hazard: Array, prior: Array
) -> Array:
    """θ̇ (..., n) at θ with the gradient g and the curvature there, for N and rates (...); R = NH.

    ``−jθ − Ng + j(γ + j + R)⁻¹Rμ_0 + (λ − j)(γ + λ + j + R)⁻¹(Ng − R(θ − μ_0))``
    """
    pushed = np.einsum("...ij,...j->...i", n, gradient)
    result = -decay[..., None] * theta - pushed
    if not decay.any() and not hazard.any():
        return result
    relaxation, one = n @ hessian, np.eye(len(prior))
    d, j, h = (x[..., None, None] for x in (discount, decay, hazard))
    back = np.linalg.solve((d + j) * one + relaxation, j * relaxation @ prior[:, None])
    ahead = (h - j) * (pushed[..., None] - relaxation @ np.asarray(theta - prior)[..., None])
    return result + (back + np.linalg.solve((d + h + j) * one + relaxation, ahead))[..., 0]


def with_decay(
    root: Array, hessian: Array, slope: Array, discount: Array, decay: Array, hazard: Array, prior: Array
) -> tuple[Array, Array]:
    """A_cl (k, n, n) and the velocity (k, n) at θ = 0, for L (k, n, m), H (n, n), gradient at 0, μ_0, rates (k,)."""
    n = gain(root, hessian, 0.5 * discount + decay)
    closed = -decay[:, None, None] * np.eye(len(prior)) - n @ hessian
    return closed, velocity(n, hessian, np.zeros_like(prior), slope, discount, decay, hazard, prior)


def with_drift(root: Array, hessian: Array, optimum: Array, discount: Array, drift: Array) -> tuple[Array, Array]:
    """The same with a drift of slopes A (k, n, n): ``θ̇(μ) = Aμ − S(γ − A_clᵀ)⁻¹PAμ``."""
    reach, gamma = root @ root.swapaxes(-1, -2), discount[:, None, None] * np.eye(len(optimum))
    value = riccati(drift - 0.5 * gamma, reach, hessian)
    closed = drift - reach @ value
    carried = drift @ optimum[:, None]
    at_optimum = carried - reach @ np.linalg.solve(gamma - closed.swapaxes(-1, -2), value @ carried)
    return closed, (at_optimum - closed @ optimum[:, None])[..., 0]


def riccati(drift: Array, reach: Array, hessian: Array) -> Array:
    """Stabilising P (k, n, n) of ``0 = H + AᵀP + PA − PSP``, by the sign of the Hamiltonian matrix.

    Learners whose Hamiltonian has eigenvalues on the imaginary axis get NaN.

    Examples
    --------
    >>> riccati(np.zeros((1, 1, 1)), np.ones((1, 1, 1)), np.array([[4.0]])).round(9).tolist()
    [[[2.0]]]
    """
    k, n = len(drift), drift.shape[-1]
    if not hessian.any():
        return np.zeros((k, n, n))
    cost = np.broadcast_to(hessian, (k, n, n))
    sign = np.concatenate(
        [
            np.concatenate([drift, -reach], axis=2),
            np.concatenate([-cost, -drift.swapaxes(-1, -2)], axis=2),
        ],
        axis=1,
    )
    with np.errstate(all="ignore"):
        for _ in range(MOST):
            inverse = _inverse(sign)
            size = np.abs(np.linalg.det(sign)) ** (-0.5 / n)  # brings the eigenvalues near 1
            scale = np.where(np.isfinite(size) & (size > 0), size, 1.0)[:, None, None]
            new = 0.5 * (scale * sign + inverse / scale)
            change = np.abs(new - sign).max(initial=0.0)
            sign = new
            if not change > SETTLED * np.abs(sign).max(initial=0.0):
                break
        left = np.concatenate([sign[:, :n, n:], sign[:, n:, n:] + np.eye(n)], axis=1)
        right = np.concatenate([sign[:, :n, :n] + np.eye(n), sign[:, n:, :n]], axis=1)
        good = np.isfinite(left).all(axis=(1, 2)) & np.isfinite(right).all(axis=(1, 2))
        value: Array = np.full((k, n, n), np.nan)
        value[good] = -np.linalg.pinv(left[good]) @ right[good]
    return 0.5 * (value + value.swapaxes(-1, -2))


def _inverse(matrices: Array) -> Array:
    """Inverses, NaN where there is none."""
    try:
        return np.linalg.inv(matrices).astype(np.float64)
    except np.linalg.LinAlgError:
        result = np.full_like(matrices, np.nan)
        for i, matrix in enumerate(matrices):
            if np.isfinite(matrix).all() and np.linalg.matrix_rank(matrix) == len(matrix):
                result[i] = np.linalg.inv(matrix)
        return result
