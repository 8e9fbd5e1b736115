"""Time of the rate engine against NumPy with BLAS for the same recurrent network with Oja's rule on all N × N weights.

Run: python tests/benchmarks/rate.py. Prints the smallest of several interleaved times per step, and the ratio. The
work is bound by memory: every step reads and writes all weights once. Then, for a million synapses, what beliefs cost:
two of them on a clock of 100 ms (Adam), and one that follows the gradient at every step.
"""

from __future__ import annotations

import time

import numpy as np
import sympy as sp
from scipy.linalg.blas import dger

from circuits import load, run
from plasticity import Objective, derive, observe
from plasticity.belief import FadingMemory
from plasticity.rules.adam import adam
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.oja import oja
from plasticity.signals.exact_error import exact_error

TAU, DT, RATE = 0.01, 1e-4, 1.0
ROUNDS = 7
WIDE, SLOW = 1000, 1e-6
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


def beliefs() -> dict[str, float]:
    """Smallest times per step [s] of rules with a million synapses, dt = 1 ms."""
    random = np.random.default_rng(0)
    shown = {"patterns": random.standard_normal((50, WIDE)), "targets": 0.1 * random.standard_normal((50, WIDE))}
    short = Objective(discount=sp.oo, plasticity=SLOW)
    rules = {
        "no belief": gradient_descent(SLOW),
        "two beliefs on a clock of 100 ms": observe(adam(SLOW), exact_error()).with_parameters(clock_step=0.1),
        "one belief at every step": derive(short, gradient_belief=FadingMemory(time_constant=1.0)),
    }
    circuits = {
        n: load("feedforward_rate")((WIDE, WIDE), r, exact_error(), output="linear", **shown) for n, r in rules.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in rules}
    for _ in range(ROUNDS):
        for name, circuit in circuits.items():
            marks = [time.perf_counter()]
            for duration in (0.1, 0.8):
                run(circuit, duration, dt=1e-3, n_tracked=0)
                marks.append(time.perf_counter())
            taken[name].append((marks[2] - marks[1] - (marks[1] - marks[0])) / 700)
    return {name: min(times[1:]) for name, times in taken.items()}  # the first round compiles


def main() -> None:
    """Print one line per size."""
    print(f"recurrent network, Oja's rule: smallest of {ROUNDS} interleaved runs, one thread each if OMP_NUM_THREADS=1")
    for size in STEPS:
        engine, blas = contest(size)
        print(
            f"N = {size:5d}: rate engine {engine * 1e6:8.1f} µs, NumPy with BLAS {blas * 1e6:8.1f} µs per step, "
            f"ratio {blas / engine:.2f}"
        )
    costs = beliefs()
    for name, cost in costs.items():
        print(f"{WIDE**2} synapses, {name}: {cost * 1e6:.0f} µs per step, ratio {cost / costs['no belief']:.2f}")


if __name__ == "__main__":
    main()
