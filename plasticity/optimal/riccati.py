"""Algebraic Riccati equation of a linear-quadratic learner, solved for the minimal cost.

The value ``½ θᵀPθ`` of steering θ̇ = Aθ + Bu under a discounted quadratic cost obeys (vastola_2025; theory of
linear-quadratic control)

    ÃᵀP + PÃ − PSP + Q = 0 ,   Ã = A − (γ/2)1 ,   S = ηBG⁻¹Bᵀ ,   Q = kH .

Among its solutions the optimum is the limit of ever longer windows without a terminal cost, which is what
`doubling` computes. Directions without cost and uncontrollable directions are split off first, so that the rest has one
stabilising solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from plasticity.optimal.doubling import EPS, balanced, doubling, lyapunov, refined, symmetric

Array = NDArray[np.float64]
HUGE = 1e100  # larger solutions count as divergent
NEUTRAL = 1e-6  # relative rate below which a mode neither grows nor decays: a chain of three is off by EPS**(1/3)


@dataclass(frozen=True, eq=False)
class RiccatiSolution:
    """Solution on an orthonormal basis of (movable and costed | fixed and costed | free of cost) directions.

    Parameters
    ----------
    basis : (n, n) array
        Columns: `n_core` movable costed directions, `n_fixed` costed ones out of reach, then the free.
    n_core, n_fixed : int
        Sizes of the first two groups.
    core : (n_core, n_core) array
        P on the movable directions.
    cross : (n_core, n_fixed) array
        P between movable and fixed directions.
    fixed : (n_fixed, n_fixed) array or None
        P on the fixed directions; None where it is infinite.
    scale : (n,) array
        Powers of two by which the coordinates were divided before the basis was taken.
    """

    basis: Array
    n_core: int
    n_fixed: int
    core: Array
    cross: Array
    fixed: Array | None
    scale: Array


class NoFiniteOptimum(ArithmeticError):
    """The Riccati equation has no solution that is the limit of longer windows."""


class FixedModeGrows(NoFiniteOptimum):
    """An uncontrollable mode with a cost grows faster than the discount.

    `eigenvalue` [1/s] is that of A; `combination` (n,) is the sum of parameters that grows with it.
    """

    def __init__(self, eigenvalue: complex, combination: Array):
        super().__init__(f"uncontrollable costed mode {eigenvalue:g}")
        self.eigenvalue = eigenvalue
        self.combination = combination


def decomposed_riccati(drift: Array, control: Array, cost: Array, discount: float) -> RiccatiSolution:
    """Solve ``γP = Q + AᵀP + PA − PSP`` for the P of the optimal value, with S = control·controlᵀ.

    The cost Q may be indefinite as long as the optimum is finite. At γ = 0 the blocks are the limits γ → 0⁺; the one
    on fixed directions is None where it is infinite.

    Raises
    ------
    NoFiniteOptimum
        If the cost has no finite minimum.

    Examples
    --------
    A growing direction without cost is not controlled, although P = 1.5 solves the equation, too:

    >>> value_matrix(decomposed_riccati(np.eye(1), np.eye(1), np.zeros((1, 1)), discount=0.5))
    array([[0.]])

    References
    ----------
    chu_2005; vastola_2025.
    """
    n = len(drift)
    scale, (a, s, q) = balanced(drift - 0.5 * discount * np.eye(n), control @ control.T, cost)
    b = control / scale[:, None]
    free_last, n_costed, _ = (np.eye(n), n, 1.0) if _definite(q) else reachable_basis(a.T, q)
    costed = free_last[:, :n_costed]
    ac, sc, qc = (costed.T @ m @ costed for m in (a, s, q))
    fixed_last, n_core, _ = reachable_basis(ac, costed.T @ b, (_norm(a), _norm(b)), 10 * EPS)
    ac, sc, qc = (fixed_last.T @ m @ fixed_last for m in (ac, sc, qc))
    basis = np.hstack([costed @ fixed_last, free_last[:, n_costed:]])
    i, u = slice(0, n_core), slice(n_core, n_costed)
    if n_core < n_costed:
        _check_fixed_modes(ac[u, u], _norm(a), discount, basis[:, u] / scale[:, None])
    core, dual, _ = doubling(ac[i, i], sc[i, i], qc[i, i])
    if n_core and np.abs(core).max() < HUGE:
        core = refined(core, ac[i, i], sc[i, i], qc[i, i])
    _check_core(core, dual, ac[i, i], sc[i, i], qc[i, i])
    closed = ac[i, i] - sc[i, i] @ core
    source = core @ ac[i, u] + qc[i, u]
    cross: Array = source
    if source.size:
        cross = linalg.solve_sylvester(closed.T, ac[u, u], -source)  # type: ignore[assignment]  # SciPy's stub: float64 in, float64 out
    load = qc[u, u] + ac[i, u].T @ cross + cross.T @ ac[i, u] - cross.T @ sc[i, i] @ cross
    fixed = _fixed_block(ac[u, u], load, _norm(a), discount)
    return RiccatiSolution(basis, n_core, n_costed - n_core, core, cross, fixed, scale)


def value_matrix(solution: RiccatiSolution) -> Array:
    """P (n, n) in the original coordinates; entries on fixed directions are NaN where P is infinite."""
    size = solution.n_core + solution.n_fixed
    fixed = solution.fixed
    if fixed is None:
        fixed = np.full((solution.n_fixed, solution.n_fixed), np.nan)
    p = np.block([[solution.core, solution.cross], [solution.cross.T, fixed]])
    costed = solution.basis[:, :size] / solution.scale[:, None]
    return costed @ p @ costed.T if size else np.zeros_like(solution.basis)


def gain_rows(solution: RiccatiSolution) -> Array:
    """ΠP (n, n) with Π the projector on movable directions: finite even where P is not.

    Bᵀ P = Bᵀ (ΠP) because B has no component along fixed directions; free directions have P = 0.
    """
    c, size = solution.n_core, solution.n_core + solution.n_fixed
    left = solution.basis[:, :c] / solution.scale[:, None]
    costed = solution.basis[:, :size] / solution.scale[:, None]
    return left @ np.hstack([solution.core, solution.cross]) @ costed.T


def linear_term(
    solution: RiccatiSolution, drift: Array, reach: Array, offset: Array, rate: float
) -> tuple[Array, Array]:
    """Solve ``(rate·1 − A_clᵀ) b = P offset`` for the linear part ``bᵀθ`` of the value.

    Parameters
    ----------
    solution : RiccatiSolution
    drift, reach : (n, n) arrays
        A and S.
    offset : (n,) array
        Constant part of the drift.
    rate : float
        γ, plus the decay rate of the constant drift [1/s].

    Returns
    -------
    movable : (n,) array
        The part of b that the control depends on; always finite.
    b : (n,) array
        All of it; NaN where it is infinite.
    """
    c, size = solution.n_core, solution.n_core + solution.n_fixed
    basis, scale = solution.basis[:, :size], solution.scale
    a = basis.T @ (drift * scale / scale[:, None]) @ basis
    s = basis.T @ (reach / np.outer(scale, scale)) @ basis
    d = basis.T @ (offset / scale)
    rows = np.hstack([solution.core, solution.cross])
    closed = a[:c] - s[:c, :c] @ rows
    b_core = np.linalg.solve(rate * np.eye(c) - closed[:, :c].T, rows @ d)
    movable = basis[:, :c] @ b_core / scale
    if solution.n_fixed == 0:
        return movable, movable
    if solution.fixed is None:
        return movable, np.full_like(movable, np.nan)
    source = solution.cross.T @ d[:c] + solution.fixed @ d[c:] + closed[:, c:].T @ b_core
    b_fixed = np.linalg.solve(rate * np.eye(size - c) - a[c:, c:].T, source)
    return movable, movable + basis[:, c:] @ b_fixed / scale


def reachable_basis(
    a: Array, b: Array, sizes: tuple[float, float] | None = None, rounding: float = EPS
) -> tuple[Array, int, float]:
    """Orthonormal basis of what `b`, `a b`, `a² b`, … reach, and of the rest.

    Parameters
    ----------
    a : (n, n) array
    b : (n, m) array
    sizes : (float, float), optional
        Norms of a and b against which rounding is measured.
    rounding : float
        Relative error of a and b.

    Returns
    -------
    basis : (n, n) array
        Its first `rank` columns are reached.
    rank : int
    weakest : float
        Relative strength with which the last of them is reached. Directions carry their strength on, so that
        the error of a weakly reached direction stays at the level of rounding.
    """
    n = len(a)
    size_a, size_b = sizes or (_norm(a), _norm(b))
    floor = 10 * n * rounding
    basis, weakest = np.zeros((n, 0)), 1.0
    block = b / (size_b or 1.0)
    while basis.shape[1] < n:
        for _ in range(2):  # twice, so that the new block is orthogonal to rounding
            block = block - basis @ (basis.T @ block)
        left, strength, _ = np.linalg.svd(block, full_matrices=False)
        new = left[:, strength > floor]
        if new.shape[1] == 0:
            break
        strength = np.minimum(strength[: new.shape[1]], 1.0)
        weakest = min(weakest, strength[-1])
        new = np.linalg.qr(new - basis @ (basis.T @ new))[0]  # weak directions had lost their right angle
        basis = np.hstack([basis, new])
        block = a @ (new * strength) / (size_a or 1.0)
    rank = basis.shape[1]
    rest = np.linalg.qr(basis, mode="complete")[0][:, rank:] if rank else np.eye(n)
    return np.hstack([basis, rest]), rank, float(weakest)


def _check_fixed_modes(a: Array, size: float, discount: float, basis: Array) -> None:
    values, vectors = np.linalg.eig(a.T)
    margin = (1e-12 if discount > 0 else NEUTRAL) * max(size, discount)
    worst = int(np.argmax(values.real))
    # at γ = 0 a mode that keeps its size is the limit γ → 0⁺, in which the gain is finite
    if values[worst].real > margin or (discount > 0 and values[worst].real > -margin):
        raise FixedModeGrows(values[worst] + 0.5 * discount, basis @ vectors[:, worst].real)


def _check_core(p: Array, dual: Array, a: Array, s: Array, q: Array) -> None:
    """Refuse a solution that is none, or that longer windows do not approach without diverging in between."""
    if not p.size:
        return
    if not (np.abs(p).max() < HUGE and np.abs(dual).max() < HUGE):
        raise NoFiniteOptimum("the doubling left the finite numbers")
    size = np.linalg.norm(p)
    residual = np.linalg.norm(a.T @ p + p @ a - p @ s @ p + q)
    terms = np.linalg.norm(q) + 2 * np.linalg.norm(a) * size + np.linalg.norm(s) * size**2
    smallest = np.linalg.eigvalsh(dual)[0]
    if residual > 1e-9 * terms or smallest < -1e-9 * np.linalg.norm(dual):
        raise NoFiniteOptimum("the cost has no lower bound")


def _fixed_block(a: Array, load: Array, size: float, discount: float) -> Array | None:
    """P on fixed directions, from ``aᵀP + Pa + load = 0``; None if a mode neither grows nor decays."""
    if not a.size:
        return np.zeros_like(a)
    if discount == 0 and np.linalg.eigvals(a).real.max() >= -NEUTRAL * size:
        return None
    return symmetric(lyapunov(a, load))


def _norm(matrix: Array) -> float:
    """Largest singular value, 0 if there is none."""
    return float(np.linalg.norm(matrix, 2)) if matrix.size else 0.0


def _definite(matrix: Array) -> bool:
    """Whether the symmetric matrix is clearly positive definite."""
    floor = 10 * len(matrix) * EPS * np.linalg.norm(matrix)
    try:
        np.linalg.cholesky(matrix - floor * np.eye(len(matrix)))
    except np.linalg.LinAlgError:
        return False
    return True
