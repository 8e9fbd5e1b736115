"""Time of `simulate` against a numba loop written by hand for the same rule: 10,000 trajectories, n = 10.

Run: python tests/benchmarks/simulate.py. Prints the smallest of several interleaved times and their ratio.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit

from plasticity import Objective, derive, simulate
from plasticity.landscapes import Quadratic

N_TRIALS, N, N_STEPS, DT, DISCOUNT = 10_000, 10, 100, 0.01, 0.3
ROUNDS = 7


@njit(cache=True)
def by_hand(start, hessian, optimum, gain, dt, n_steps, every, noise, random):
    """θ ← θ − dt·gain·(H(θ − μ) + noise), recorded with its loss; gain holds the root, taken once."""
    n_trials, n = start.shape
    path = np.empty((n_trials, n_steps // every + 1, n))
    losses = np.empty((n_trials, n_steps // every + 1))
    x = np.empty(n)
    slope = np.empty(n)
    for trial in range(n_trials):
        x[:] = start[trial]
        for step in range(n_steps + 1):
            slope[:] = 0.0
            for j in range(n):
                away = x[j] - optimum[j]
                for i in range(n):
                    slope[i] += hessian[j, i] * away
            if step % every == 0:
                loss = 0.0
                for i in range(n):
                    path[trial, step // every, i] = x[i]
                    loss += slope[i] * (x[i] - optimum[i])
                losses[trial, step // every] = 0.5 * loss
            for i in range(n):
                if noise > 0.0:
                    slope[i] += noise * random.standard_normal()
                x[i] -= dt * gain[i] * slope[i]
    return path, losses


def problem() -> tuple:
    """Rule, landscape and starts, the same for both."""
    random = np.random.default_rng(0)
    root = random.standard_normal((N, N))
    landscape = Quadratic(root @ root.T / N + np.eye(N), random.standard_normal(N))
    return derive(Objective(discount=DISCOUNT)), landscape, random.standard_normal((N_TRIALS, N))


def compare(noise: float, every: int) -> tuple[float, float]:
    """Smallest times [s] of simulate and of the loop by hand; checks that both do the same without noise."""
    rule, landscape, start = problem()
    h = np.diagonal(landscape.hessian_matrix)
    gain = 1.0 / (DISCOUNT / 2 + np.sqrt(DISCOUNT**2 / 4 + h))

    def ours() -> np.ndarray:
        ds = simulate(rule, landscape, start, N_STEPS, DT, noise, n_trials=N_TRIALS, record_every=every)
        return ds.theta.values

    def theirs() -> np.ndarray:
        random = np.random.default_rng(0)
        return by_hand(
            start, landscape.hessian_matrix, landscape.optimum, gain, DT, N_STEPS, every, noise, random
        )[0]

    if noise == 0.0:
        np.testing.assert_allclose(ours(), theirs(), rtol=1e-10, atol=1e-12)
    times = {ours: [], theirs: []}
    ours(), theirs()
    for _ in range(ROUNDS):
        for run, taken in times.items():
            begun = time.perf_counter()
            run()
            taken.append(time.perf_counter() - begun)
    return min(times[ours]), min(times[theirs])


def main() -> None:
    """Print one line per case."""
    print(f"{N_TRIALS} trajectories, n = {N}, {N_STEPS} steps: smallest of {ROUNDS} interleaved runs")
    for noise in (0.0, 0.1):
        for every in (1, N_STEPS):
            mine, hand = compare(noise, every)
            steps = N_TRIALS * N_STEPS
            print(
                f"noise {noise:g}, record_every {every:3d}: simulate {mine / steps * 1e9:6.1f} ns, by hand "
                f"{hand / steps * 1e9:6.1f} ns per trajectory-step, ratio {mine / hand:.2f}"
            )


if __name__ == "__main__":
    main()
