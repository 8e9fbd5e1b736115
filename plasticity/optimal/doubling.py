"""Structured doubling: the value of windows of length 1, 2, 4, … without a terminal cost (chu_2005)."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Array = NDArray[np.float64]
EPS = float(np.finfo(float).eps)
MOST_DOUBLINGS = 64


def doubling(a: Array, s: Array, q: Array) -> tuple[Array, Array, bool]:
    """Structured doubling: windows of length 1, 2, 4, … with no terminal cost.

    Parameters
    ----------
    a, s, q : (n, n) arrays
        Coefficients of ``aᵀP + Pa − PsP + q = 0``.

    Returns
    -------
    P : (n, n) array
        Limit of the window's value matrix.
    dual : (n, n) array
        Limit of the dual matrix, the inverse of minus the antistabilising solution.
    settled : bool
        Whether the last doubling changed nothing and the start of the window is forgotten at its end.
    """
    if len(a) == 0:
        return np.zeros((0, 0)), np.zeros((0, 0)), True
    try:
        with np.errstate(all="ignore"):  # a window that diverges is answered by settled = False
            return _doubled(a, s, q)
    except np.linalg.LinAlgError:
        return np.full_like(a, np.nan), np.full_like(a, np.nan), False


def _doubled(a: Array, s: Array, q: Array) -> tuple[Array, Array, bool]:
    one = np.eye(len(a))
    pole = _pole(a, s, q)
    inverse = np.linalg.inv(a - pole * one)
    w = np.linalg.inv((a - pole * one).T + q @ inverse @ s)
    carry = one + 2 * pole * w.T
    dual = 2 * pole * inverse @ s @ w
    value = 2 * pole * w @ q @ inverse
    last = np.inf
    for _ in range(MOST_DOUBLINGS):
        middle = np.linalg.inv(one + dual @ value)
        step = carry.T @ (value @ middle) @ carry
        through = carry @ middle
        dual = symmetric(dual + through @ dual @ carry.T)
        value = symmetric(value + step)
        carry = through @ carry
        change = float(np.linalg.norm(step) / max(np.linalg.norm(value), np.finfo(float).tiny))
        if not np.isfinite(change):
            return value, dual, False
        if change <= EPS:
            break
        if last < 1e-6 and change > last:  # rounding has taken over, as at a double root
            break
        last = change
    return value, dual, bool(change < 1e-12 and np.linalg.norm(carry) < 0.5)


def _pole(a: Array, s: Array, q: Array) -> float:
    """Pole of the Cayley transform [1/s], at the scale of the closed loop and away from the spectrum of a."""
    own = np.linalg.norm(a, 2)
    scale = 1.5 * own + 1.2 * np.sqrt(np.linalg.norm(s, 2) * np.linalg.norm(q, 2))
    return float(scale) or 1.0


def balanced(a: Array, s: Array, q: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    """Coordinates θ = scale·z (powers of two) in which the Hamiltonian matrix [[a, s], [q, aᵀ]] is balanced.

    Returns `scale` (n,) and the coefficients in the new coordinates.
    """
    n = len(a)
    hamiltonian = np.abs(np.block([[a, s], [q, a.T]]))
    np.fill_diagonal(hamiltonian, 0.0)
    _, (factors, _) = linalg.matrix_balance(hamiltonian, separate=True, permute=False)
    scale = np.exp2(np.round(0.5 * (np.log2(factors[:n]) - np.log2(factors[n:]))))
    return scale, (a * scale / scale[:, None], s / np.outer(scale, scale), q * np.outer(scale, scale))


def refined(p: Array, a: Array, s: Array, q: Array) -> Array:
    """Newton steps on ``aᵀP + Pa − PsP + q = 0``, if `p` stabilises and as long as the residual shrinks."""
    flow, effort = a.T @ p, p @ s @ p
    floor = 1e-14 * (np.linalg.norm(flow) + np.linalg.norm(effort) + np.linalg.norm(q))
    error = flow + flow.T - effort + q
    for _ in range(3):
        if not floor < np.linalg.norm(error) < np.inf:
            break
        if np.linalg.eigvals(a - s @ p).real.max() >= 0:
            break
        step = lyapunov(a - s @ p, error)
        better = p + symmetric(step)
        left = a.T @ better + better @ a - better @ s @ better + q
        if not np.linalg.norm(left) < np.linalg.norm(error):
            break
        p, error = better, left
    return p


def lyapunov(a: Array, q: Array) -> Array:
    """Solve ``aᵀP + Pa + q = 0``; nearly singular equations are solved as well as they can be, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return linalg.solve_continuous_lyapunov(a.T, -q)  # type: ignore[return-value]  # SciPy's stub: float64 in, float64 out


def symmetric(matrix: Array) -> Array:
    """Symmetric part of a matrix."""
    return 0.5 * (matrix + matrix.T)
