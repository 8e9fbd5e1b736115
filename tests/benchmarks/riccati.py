"""Discounted Riccati equation: structured doubling against scipy's Schur method."""

import time

import numpy as np
from scipy.linalg import solve_continuous_are

from plasticity.optimal.riccati import riccati


def best_time(function, n_repeats):
    """Smallest of several wall times [s], and the last result."""
    times = []
    for _ in range(n_repeats):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return min(times), result


def residual(p, a, s, q):
    """Largest entry of the residual relative to the largest entry of P."""
    return np.abs(a.T @ p + p @ a - p @ s @ p + q).max() / np.abs(p).max()


def main():
    """Print times, ratios and residuals for growing problems, with a definite and a semidefinite loss."""
    rng = np.random.default_rng(0)
    print("discounted Riccati equation, discount 0.1, half as many controls as parameters")
    print(f"{'n':>4} {'loss':>12} {'doubling':>10} {'scipy':>10} {'ratio':>6} {'residual':>9} {'scipy':>9}")
    for n in (10, 50, 100, 200):
        a = rng.standard_normal((n, n)) / np.sqrt(n)
        b = rng.standard_normal((n, n // 2)) / np.sqrt(n)
        half = rng.standard_normal((n, n // 2)) / np.sqrt(n)
        shifted, s = a - 0.05 * np.eye(n), b @ b.T
        for name, q in (("definite", np.eye(n)), ("semidefinite", half @ half.T)):
            ours, p = best_time(lambda: riccati(a, s, q, 0.1), 5)  # noqa: B023
            theirs, oracle = best_time(lambda: solve_continuous_are(shifted, b, q, np.eye(n // 2)), 3)  # noqa: B023
            print(
                f"{n:4d} {name:>12} {ours * 1e3:7.1f} ms {theirs * 1e3:7.1f} ms {theirs / ours:6.1f} "
                f"{residual(p, shifted, s, q):9.1e} {residual(oracle, shifted, s, q):9.1e}"
            )


if __name__ == "__main__":
    main()
