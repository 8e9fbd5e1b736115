"""Discounted Riccati equation: structured doubling against the Schur method, definite and semidefinite loss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from _table import Row
from _timing import interleaved, named
from scipy.linalg import solve_continuous_are

from plasticity.optimal.riccati import decomposed_riccati, value_matrix

DISCOUNT = 0.1


def rows(quick: bool) -> Iterator[Row]:
    """One row per size and kind of loss; half as many controls as parameters."""
    random = np.random.default_rng(0)
    for n in (10, 50, 100) if quick else (10, 50, 100, 200):
        a = random.standard_normal((n, n)) / np.sqrt(n)
        b = random.standard_normal((n, n // 2)) / np.sqrt(n)
        half = random.standard_normal((n, n // 2)) / np.sqrt(n)
        for name, loss in (("definite", np.eye(n)), ("semidefinite", half @ half.T)):
            yield contest(f"Riccati equation, n = {n}, {name} loss", a, b, loss, 20 if n <= 50 else 2 if quick else 5)


def contest(what: str, a: np.ndarray, b: np.ndarray, loss: np.ndarray, rounds: int) -> Row:
    """Times and residuals of both."""
    shifted, s = a - DISCOUNT / 2 * np.eye(len(a)), b @ b.T

    def ours() -> np.ndarray:
        return value_matrix(decomposed_riccati(a, b, loss, DISCOUNT))

    def theirs() -> np.ndarray:
        return solve_continuous_are(shifted, b, loss, np.eye(b.shape[1]))

    residuals = [residual(p, shifted, s, loss) for p in (ours(), theirs())]
    best = interleaved({"ours": ours, "theirs": theirs}, rounds)
    proof = f"relative residuals {residuals[0]:.0e} and {residuals[1]:.0e}"
    times = (1e3 * best["ours"], 1e3 * best["theirs"])
    return Row(what, f"{named('scipy', 'SciPy')} solve_continuous_are", *times, "CPU ms", proof=proof)


def residual(p: np.ndarray, a: np.ndarray, s: np.ndarray, loss: np.ndarray) -> float:
    """Largest entry of the residual relative to the largest entry of P."""
    return float(np.abs(a.T @ p + p @ a - p @ s @ p + loss).max() / np.abs(p).max())
