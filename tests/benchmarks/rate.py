"""Time of the rate engine against NumPy with BLAS for the same recurrent network with Oja's rule on all N × N weights.

Run: python tests/benchmarks/rate.py. Prints the smallest of several interleaved times per step, and the ratio. The
work is bound by memory: every step reads and writes all weights once.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.linalg.blas import dger

from circuits import load, run
from plasticity.rules.oja import oja

TAU, DT, RATE = 0.01, 1e-4, 1.0
ROUNDS = 7
STEPS = {100: 4000, 500: 400, 2000: 30}


def by_blas(w: np.ndarray, bias: np.ndarray, n_steps: int) -> np.ndarray:
    """The same Euler steps by matrix-vector products and rank-one updates in place."""
    w, r = np.asfortranarray(w), np.zeros(len(w))
    for _ in range(n_steps):
        following = r + DT / TAU * (np.tanh(w @ r + bias) - r)
        w *= (1 - DT * RATE * r * r)[:, None]
        w = dger(DT * RATE, r, r, a=w, overwrite_a=1)
        r = following
    return w


def contest(size: int) -> tuple[float, float]:
    """Smallest times per step [s] of the engine and of BLAS; checks that both do the same."""
    random = np.random.default_rng(0)
    w, bias = random.standard_normal((size, size)) / np.sqrt(size), 0.2 * random.standard_normal(size)
    circuit = load("recurrent_rate")(size, oja(RATE), tau=TAU, bias=bias, weight=w)
    n_steps = STEPS[size]

    def ours(n: int) -> np.ndarray:
        return run(circuit, n * DT, dt=DT, n_tracked=0).final["recurrent"][0]

    def theirs(n: int) -> np.ndarray:
        return by_blas(w, bias, n)

    np.testing.assert_allclose(ours(20), theirs(20), rtol=1e-9, atol=1e-12)
    times: dict = {ours: [], theirs: []}
    for _ in range(ROUNDS):
        for function, taken in times.items():
            marks = [time.perf_counter()]
            for n in (1, n_steps + 1):  # the difference is without building and copying
                function(n)
                marks.append(time.perf_counter())
            taken.append((marks[2] - marks[1] - (marks[1] - marks[0])) / n_steps)
    return min(times[ours]), min(times[theirs])


def main() -> None:
    """Print one line per size."""
    print(f"recurrent network, Oja's rule: smallest of {ROUNDS} interleaved runs, one thread each if OMP_NUM_THREADS=1")
    for size in STEPS:
        engine, blas = contest(size)
        print(
            f"N = {size:5d}: rate engine {engine * 1e6:8.1f} µs, NumPy with BLAS {blas * 1e6:8.1f} µs per step, "
            f"ratio {blas / engine:.2f}"
        )


if __name__ == "__main__":
    main()
