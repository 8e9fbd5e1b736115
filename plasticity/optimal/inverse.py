"""Inverse optimal control of a linear rule: metrics, drifts, frictions and hazards for which it is optimal.

Everything follows from the Riccati equation of `plasticity.optimal.riccati` read backwards (η = k = 1): a rule
``ė = −Re`` on the curvature H is optimal for the drift A, the discount γ and ``S = BG⁻¹Bᵀ`` exactly if there is a
symmetric P with

    A = γ1 + P⁻¹RᵀP − P⁻¹H ,   S = (A + R)P⁻¹ ⪰ 0 .

Without drift that is ``S = γN + NHN`` with ``N = RH⁻¹``, symmetric exactly if N is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TOLERANCE = 1e-6  # of the constraint of the least drift, over the curvature: below it nothing is controlled
SAME = 1e-5  # relative error of slopes by finite differences, with a margin


def reach(relaxation: Array, hessian: Array, discount: float) -> Array:
    """``S = γN + NHN = (R² + γR)H⁻¹`` (n, n): the inverse metric for which R is optimal without drift.

    Examples
    --------
    >>> reach(np.array([[2.0]]), np.array([[4.0]]), discount=3.0)  # R(R + γ)/h
    array([[2.5]])
    """
    n = preconditioner(relaxation, hessian)
    return discount * n + n @ hessian @ n.T


def preconditioner(relaxation: Array, hessian: Array) -> Array:
    """``N = RH⁻¹``: the rule is ``θ̇ = −N∇L``."""
    return relaxation @ np.linalg.inv(hessian)


def antisymmetry(matrix: Array) -> float:
    """Norm of the antisymmetric part over the norm, from 0 (symmetric) to 1."""
    size = float(np.linalg.norm(matrix))
    return float(np.linalg.norm(matrix - matrix.T)) / (2 * size) if size else 0.0


def is_metric(matrix: Array) -> bool:
    """Whether a matrix is symmetric without negative eigenvalues, and does not vanish."""
    values = np.linalg.eigvalsh(0.5 * (matrix + matrix.T))
    return antisymmetry(matrix) < SAME and values[-1] > 0 and bool(values[0] > -SAME * values[-1])


def discount_across_levels(first: Array, second: Array, factor: float) -> float:
    """Discount at which one metric explains R_1 and, on `factor` times the loss, R_2; NaN if there is none.

    ``R² + γR ∝ H`` in one metric gives ``cR_1² − R_2² = γ(R_2 − cR_1)``.

    Examples
    --------
    Gradient descent is four times as fast on four times the loss, in one metric only for a short horizon:

    >>> one = np.array([[1.0]])
    >>> discount_across_levels(one, 4 * one, 4.0), discount_across_levels(one, 2 * one, 4.0)
    (inf, 0.0)
    """
    size = factor * float(np.linalg.norm(first)) or 1.0
    change, slowing = factor * first @ first - second @ second, second - factor * first
    if np.linalg.norm(slowing) <= SAME * size:
        return np.inf
    discount = float(np.vdot(slowing, change) / np.vdot(slowing, slowing))
    if np.linalg.norm(change - discount * slowing) > 10 * SAME * size**2 or discount < -SAME * size:
        return np.nan
    return discount if discount > SAME * size else 0.0


def least_drift(relaxation: Array, hessian: Array, discount: float) -> tuple[Array, Array]:
    """Smallest A (Frobenius norm) of a drift about the optimum that makes the rule optimal, and its S.

    Returns
    -------
    drift, reach : (n, n) arrays
        NaN if there is no S ⪰ 0, as for a rule that flees faster than the discount forgets; the whole motion is a
        drift, without control, where the discount forgets it.

    Examples
    --------
    Rotation at q = 3 beside a relaxation at 2:

    >>> drift, _ = least_drift(np.array([[2.0, 3.0], [-3.0, 2.0]]), np.eye(2), discount=0.7)
    >>> drift.round(6) + 0.0
    array([[ 0., -3.],
           [ 3.,  0.]])
    """
    from scipy.optimize import minimize

    n = len(relaxation)
    lower = np.tril_indices(n)

    def explained(x: Array) -> tuple[Array, Array, Array]:
        root = np.zeros((n, n))
        root[lower] = x
        p = root @ root.T + 1e-12 * np.eye(n)
        drift = discount * np.eye(n) + np.linalg.solve(p, relaxation.T @ p - hessian)
        need = discount * p - hessian + relaxation.T @ p + p @ relaxation
        return p, drift, need

    start = np.linalg.solve(discount * np.eye(n) + relaxation.T, hessian)
    values, vectors = np.linalg.eigh(0.5 * (start + start.T))
    start = (vectors * np.maximum(values, 1e-3 * np.abs(values).max())) @ vectors.T
    x = np.linalg.cholesky(start)[lower]
    scale, size = float(np.linalg.norm(hessian)), float(np.linalg.norm(relaxation))
    solution = minimize(
        lambda x: float(np.sum((explained(x)[1] / size) ** 2)),
        x,
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda x: np.linalg.eigvalsh(explained(x)[2]) / scale},
        options={"maxiter": 200, "ftol": 1e-13},
    )
    p, drift, need = explained(solution.x)
    values, vectors = np.linalg.eigh(need)
    if values[0] < -TOLERANCE * scale:
        forgets = np.all(np.linalg.eigvals(relaxation).real > -0.5 * discount)
        return (-relaxation, np.zeros((n, n))) if forgets else (np.full((n, n), np.nan), np.full((n, n), np.nan))
    root = np.linalg.solve(p, vectors * np.sqrt(np.where(values > TOLERANCE * scale, values, 0.0)))
    return drift, root @ root.T


def decay_of(relaxation: Array, rest: Array, discount: float) -> Array:
    """Decay J (n, n) with f = −Jθ that explains a rest point short of every optimum, ``rest = W μ``.

    ``J(J + γ) = R(R + γ)(1 − W)``, the law of a decay in one direction read as one of matrices that commute.
    """
    from scipy.linalg import sqrtm

    one = np.eye(len(rest))
    square = relaxation @ (relaxation + discount * one) @ (one - rest)
    return np.real(sqrtm(0.25 * discount**2 * one + square)) - 0.5 * discount * one


def hazard_of(relaxation: Array, rest: Array) -> tuple[float, float]:
    """Hazard λ and discount γ with ``W = (γ + R)/(γ + R + λ)``; NaN if no λ > 0, γ ≥ 0 explain the rest points.

    Examples
    --------
    >>> [round(x, 6) for x in hazard_of(np.diag([1.0, 2.0]), np.diag([1.7 / 2.2, 2.7 / 3.2]))]
    [0.5, 0.7]
    """
    one = np.eye(len(rest))
    left = relaxation @ (one - rest)
    columns = np.stack([rest.ravel(), (rest - one).ravel()], axis=1)
    if np.linalg.matrix_rank(columns, tol=SAME) < 2:  # one curvature: λ for every γ
        return (np.nan, np.nan)
    (hazard, discount), *_ = np.linalg.lstsq(columns, left.ravel(), rcond=None)
    misfit = np.linalg.norm(columns @ [hazard, discount] - left.ravel())
    size = float(np.linalg.norm(relaxation))
    if misfit > 10 * SAME * size or hazard <= SAME * size or discount < -SAME * size:
        return (np.nan, np.nan)
    return float(hazard), max(float(discount), 0.0)


def momentum_discount(stiffness: float, damping: float, friction: float) -> float:
    """Discount at which ``θ̈ = −Kθ − Cθ̇`` is the optimal acceleration of a parameter with friction c.

    From the Riccati equation of (θ, θ̇): ``γ = 2K/(C − c) − c − C``; negative where none is optimal.

    Examples
    --------
    Damping ratio 1/√2 is the long horizon:

    >>> momentum_discount(8.0, 4.0, 0.0)
    0.0
    """
    own = damping - friction
    return np.inf if own <= SAME * damping else 2 * stiffness / own - friction - damping
