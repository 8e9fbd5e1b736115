"""Exact likelihood of linear Gaussian paths by Kalman innovations, for many candidate learners at once.

Between records ``dθ = (A(θ − μ) + c) dt + dW`` with noise of covariance D per second is exact:
``θ_{k+1} = Fθ_k + d + w``, with F, d and the covariance of w from series over a short step that is doubled. Records
carry white noise of variance s²; the prior of every start is flat, so the first record of a trial counts as the start
and the others are predicted.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
TERMS = 14  # of the series: at a norm of ½ the next term is below 1e-15


@njit(cache=True, error_model="numpy")
def transition(a, c, d, dt):  # type: ignore[no-untyped-def]  # pragma: no cover
    """F (n, n), shift (n,) and covariance (n, n) over a time dt."""
    n = a.shape[0]
    size = 0.0
    for i in range(n):
        row = 0.0
        for j in range(n):
            row += abs(a[i, j])
        size = max(size, row)
    halvings, h = 0, dt
    while size * h > 0.25 and halvings < 60:
        h *= 0.5
        halvings += 1
    f, q, shift = np.eye(n), d * h, c * h
    power, term, push = np.eye(n), d * h, c * h
    for k in range(1, TERMS):
        power = a @ power * (h / k)
        f = f + power
        moved = a @ term
        term = (moved + moved.T) * (h / (k + 1))
        q = q + term
        push = a @ push * (h / (k + 1))
        shift = shift + push
    for _ in range(halvings):
        q = f @ q @ f.T + q
        shift = f @ shift + shift
        f = f @ f
    return f, shift, q


@njit(cache=True, error_model="numpy")
def task_innovations(f, shift, q, variance, which, data, z):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Log-likelihood of trials (n_trials, n_times, n) of one task; standardised innovations go into z."""
    n_trials, n_times, n = data.shape
    p = np.eye(n) * variance
    mean = data[:, 0].copy()
    total = 0.0
    constant = 0.5 * n * np.log(2 * np.pi)
    root, gain, old, new = np.zeros((n, n)), np.zeros((n, n)), np.zeros(n), np.zeros(n)
    for k in range(1, n_times):
        step = which[k - 1]
        p = f[step] @ p @ f[step].T + q[step]
        log_root = 0.0
        for i in range(n):
            for j in range(i + 1):
                s = p[i, j] + (variance if i == j else 0.0)
                for e in range(j):
                    s -= root[i, e] * root[j, e]
                if i == j:
                    if not s > 0.0:
                        return -np.inf
                    root[i, i] = np.sqrt(s)
                    log_root += np.log(root[i, i])
                else:
                    root[i, j] = s / root[j, j]
        for i in range(n):  # gain P L⁻ᵀ: rows solve L g = p
            for j in range(n):
                s = p[i, j]
                for e in range(j):
                    s -= gain[i, e] * root[j, e]
                gain[i, j] = s / root[j, j]
        for trial in range(n_trials):
            for i in range(n):
                s = shift[step, i]
                for j in range(n):
                    s += f[step, i, j] * mean[trial, j]
                old[i] = s
            for i in range(n):
                s = data[trial, k, i] - old[i]
                for j in range(i):
                    s -= root[i, j] * new[j]
                new[i] = s / root[i, i]
                z[trial, k - 1, i] = new[i]
                total -= 0.5 * new[i] * new[i]
            for i in range(n):
                s = old[i]
                for j in range(n):
                    s += gain[i, j] * new[j]
                mean[trial, i] = s
        total -= n_trials * (log_root + constant)
        p = p - gain @ gain.T
    return total


@njit(cache=True, error_model="numpy")
def log_likelihoods(closed, offset, diffusion, variance, steps, which, data, task, z):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Log-likelihoods (n_candidates,) of data (n_trials, n_times, n), sorted by task; z holds the last innovations.

    `closed` (n_candidates, n_tasks, n, n), `offset` (n_candidates, n_tasks, n), `diffusion` (n_candidates, n, n),
    `variance` (n_candidates,), `steps` distinct times between records, `which` their index per interval, `task`
    first trial of every task and the number of trials.
    """
    n = data.shape[2]
    result = np.zeros(closed.shape[0])
    f, q = np.zeros((steps.size, n, n)), np.zeros((steps.size, n, n))
    shift = np.zeros((steps.size, n))
    for candidate in range(closed.shape[0]):
        for t in range(closed.shape[1]):
            for i in range(steps.size):
                f[i], shift[i], q[i] = transition(
                    closed[candidate, t], offset[candidate, t], diffusion[candidate], steps[i]
                )
            trials = slice(task[t], task[t + 1])
            result[candidate] += task_innovations(f, shift, q, variance[candidate], which, data[trials], z[trials])
        if not np.isfinite(result[candidate]):
            result[candidate] = -np.inf
    return result
