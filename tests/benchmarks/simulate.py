"""`simulate` on NumPy arrays against numba loops written by hand for the same rules: 10,000 trajectories, n = 10."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from _table import Row
from _timing import interleaved, named
from numba import njit

from plasticity import Objective, derive, simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.adam import adam

N_TRIALS, N, N_STEPS, DT, DISCOUNT = 10_000, 10, 100, 0.01, 0.3
RATE, KEEP, KEEP_SQUARE, EPSILON = 1e-3, 0.9, 0.999, 1e-8


@njit(cache=True)
def observe(x, hessian, optimum, slope, path, losses, trial, step, every, noise, random):
    """Gradient at x, recorded with the loss, then noisy."""
    n = x.size
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
    if noise > 0.0:
        for i in range(n):
            slope[i] += noise * random.standard_normal()


@njit(cache=True)
def multi_step_by_hand(start, hessian, optimum, gain, every, noise, random):
    """θ ← θ − dt·gain·(H(θ − μ) + noise); gain holds the root, taken once."""
    n_trials, n = start.shape
    path, losses = np.empty((n_trials, N_STEPS // every + 1, n)), np.empty((n_trials, N_STEPS // every + 1))
    x, slope = np.empty(n), np.empty(n)
    for trial in range(n_trials):
        x[:] = start[trial]
        for step in range(N_STEPS + 1):
            observe(x, hessian, optimum, slope, path, losses, trial, step, every, noise, random)
            for i in range(n):
                x[i] -= DT * gain[i] * slope[i]
    return path, losses


@njit(cache=True)
def adam_by_hand(start, hessian, optimum, gain, every, noise, random):
    """Adam with bias correction, once per step."""
    n_trials, n = start.shape
    path, losses = np.empty((n_trials, N_STEPS // every + 1, n)), np.empty((n_trials, N_STEPS // every + 1))
    x, slope, mean, square = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for trial in range(n_trials):
        x[:] = start[trial]
        mean[:] = 0.0
        square[:] = 0.0
        power, power_square = 1.0, 1.0
        for step in range(N_STEPS + 1):
            observe(x, hessian, optimum, slope, path, losses, trial, step, every, noise, random)
            power *= KEEP
            power_square *= KEEP_SQUARE
            for i in range(n):
                mean[i] = KEEP * mean[i] + (1 - KEEP) * slope[i]
                square[i] = KEEP_SQUARE * square[i] + (1 - KEEP_SQUARE) * slope[i] ** 2
                x[i] -= RATE * mean[i] / (1 - power) / (np.sqrt(square[i] / (1 - power_square)) + EPSILON)
    return path, losses


def rows(quick: bool) -> Iterator[Row]:
    """One row for each rule, with and without noise, with a record of all steps or of the ends."""
    rules = {
        "multi-step": (derive(Objective(DISCOUNT)), multi_step_by_hand),
        "Adam": (adam(RATE, KEEP, KEEP_SQUARE, EPSILON), adam_by_hand),
    }
    for name, (rule, by_hand) in rules.items():
        for noise in (0.0, 0.1):
            for every in (1, N_STEPS):
                what = f"simulate, {name}, noise {noise:g}, every {every} recorded"
                yield contest(what, rule, by_hand, noise, every, 3 if quick else 7)


def contest(what: str, rule: object, by_hand: Callable, noise: float, every: int, rounds: int) -> Row:
    """Times of simulate and of the loop by hand; without noise both do the same."""
    random = np.random.default_rng(0)
    root = random.standard_normal((N, N))
    landscape = Quadratic(root @ root.T / N + np.eye(N), random.standard_normal(N))
    start = random.standard_normal((N_TRIALS, N))
    gain = 1.0 / (DISCOUNT / 2 + np.sqrt(DISCOUNT**2 / 4 + np.diagonal(landscape.hessian_matrix)))

    def ours() -> np.ndarray:
        ds = simulate(rule, landscape, start, N_STEPS, DT, noise, n_trials=N_TRIALS, record_every=every)
        return ds.theta.values

    def theirs() -> np.ndarray:
        numbers = np.random.default_rng(0)
        return by_hand(start, landscape.hessian_matrix, landscape.optimum, gain, every, noise, numbers)[0]

    first = ours(), theirs()
    if noise == 0.0:
        np.testing.assert_allclose(*first, rtol=1e-10, atol=1e-10)
        proof = f"paths differ by {np.abs(first[0] - first[1]).max():.0e}"
    else:
        ends = [found[:, -1].mean() for found in first]
        proof = f"mean parameter at the end {ends[0]:.4f} and {ends[1]:.4f}"
    best = interleaved({"ours": ours, "theirs": theirs}, rounds)
    times = (best[name] / (N_TRIALS * N_STEPS) * 1e9 for name in ("ours", "theirs"))
    return Row(what, f"{named('numba')} by hand", *times, "CPU ns", (0.35, float("inf")), proof)
