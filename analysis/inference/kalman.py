"""Exact likelihood of linear Gaussian paths by Kalman innovations, for many candidate learners at once.

Between records ``dθ = (A(θ − μ) + c) dt + dW`` with noise of covariance D per second is exact:
``θ_{k+1} = Fθ_k + d + w``, with F, d and the covariance of w from series over a short step that is doubled. Records
carry white noise of variance s²; the prior of every start is flat, so the first record of a trial counts as the start
and the others are predicted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plasticity.compile.jit import njit

Array = NDArray[np.float64]
TERMS = 14  # of the series: at a norm of ½ the next term is below 1e-15


@njit(cache=True, error_model="numpy")
def multiplied(a, b, result):  # type: ignore[no-untyped-def]  # pragma: no cover
    """``a b`` into result; for matrices so small that a call of BLAS takes longer."""
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            s = 0.0
            for e in range(n):
                s += a[i, e] * b[e, j]
            result[i, j] = s


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
    product, moved = np.zeros((n, n)), np.zeros(n)
    for k in range(1, TERMS):
        multiplied(a, power, product)
        for i in range(n):
            for j in range(n):
                power[i, j] = product[i, j] * (h / k)
                f[i, j] += power[i, j]
        multiplied(a, term, product)
        for i in range(n):
            moved[i] = 0.0
            for j in range(n):
                term[i, j] = (product[i, j] + product[j, i]) * (h / (k + 1))
                q[i, j] += term[i, j]
                moved[i] += a[i, j] * push[j]
        for i in range(n):
            push[i] = moved[i] * (h / (k + 1))
            shift[i] += push[i]
    for _ in range(halvings):
        multiplied(f, q, product)
        for i in range(n):
            moved[i] = 0.0
            for j in range(n):
                moved[i] += f[i, j] * shift[j]
                for e in range(n):
                    q[i, j] += product[i, e] * f[j, e]
        for i in range(n):
            shift[i] += moved[i]
        multiplied(f, f, product)
        f[:] = product
    return f, shift, q


@njit(cache=True, error_model="numpy")
def factorised(p, variance, root, gain):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Logarithm of det L with ``LLᵀ = P + s²``, which goes into root, and ``PL⁻ᵀ`` into gain; NaN if not positive."""
    n = p.shape[0]
    log_root = 0.0
    for i in range(n):
        for j in range(i + 1):
            s = p[i, j] + (variance if i == j else 0.0)
            for e in range(j):
                s -= root[i, e] * root[j, e]
            if i == j:
                if not s > 0.0:
                    return np.nan
                root[i, i] = np.sqrt(s)
                log_root += np.log(root[i, i])
            else:
                root[i, j] = s / root[j, j]
    for i in range(n):  # rows solve L g = p
        for j in range(n):
            s = p[i, j]
            for e in range(j):
                s -= gain[i, e] * root[j, e]
            gain[i, j] = s / root[j, j]
    return log_root


@njit(cache=True, error_model="numpy")
def corrected(record, predicted, root, gain, z, mean):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Squared size of the standardised innovation, which goes into z; the corrected mean goes into mean."""
    n, size = record.size, 0.0
    for i in range(n):
        s = record[i] - predicted[i]
        for j in range(i):
            s -= root[i, j] * z[j]
        z[i] = s / root[i, i]
        size += z[i] * z[i]
    for i in range(n):
        s = predicted[i]
        for j in range(n):
            s += gain[i, j] * z[j]
        mean[i] = s
    return size


@njit(cache=True, error_model="numpy")
def task_innovations(f, shift, q, variance, which, data, z):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Log-likelihood of trials (n_trials, n_times, n) of one task; standardised innovations go into z."""
    n_trials, n_times, n = data.shape
    p = np.eye(n) * variance
    mean = data[:, 0].copy()
    total = 0.0
    constant = 0.5 * n * np.log(2 * np.pi)
    root, gain, predicted = np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    for k in range(1, n_times):
        step = which[k - 1]
        p = f[step] @ p @ f[step].T + q[step]
        log_root = factorised(p, variance, root, gain)
        if np.isnan(log_root):
            return -np.inf
        for trial in range(n_trials):
            for i in range(n):
                s = shift[step, i]
                for j in range(n):
                    s += f[step, i, j] * mean[trial, j]
                predicted[i] = s
            total -= 0.5 * corrected(data[trial, k], predicted, root, gain, z[trial, k - 1], mean[trial])
        total -= n_trials * (log_root + constant)
        p = p - gain @ gain.T
    return total


@njit(cache=True, error_model="numpy")
def varying_innovations(f, ahead, q, variance, data, z):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Log-likelihoods (k,) of trials (n_trials, n_times, n) with moves of their own; innovations of the last into z.

    From record y a candidate moves to ``ahead``, and from x near it to ``ahead + f(x − y)``; `f` and `q` are
    (k, n_trials, n_times − 1, n, n), `ahead` without the last axis.
    """
    n_trials, n_times, n = data.shape
    result = np.zeros(f.shape[0])
    root, gain, predicted, mean = np.zeros((n, n)), np.zeros((n, n)), np.zeros(n), np.zeros(n)
    for c in range(f.shape[0]):
        total = -0.5 * n_trials * (n_times - 1) * n * np.log(2 * np.pi)
        for trial in range(n_trials):
            p = np.eye(n) * variance[c]
            mean[:] = data[trial, 0]
            for k in range(n_times - 1):
                move = f[c, trial, k]
                p = move @ p @ move.T + q[c, trial, k]
                for i in range(n):
                    s = ahead[c, trial, k, i]
                    for j in range(n):
                        s += move[i, j] * (mean[j] - data[trial, k, j])
                    predicted[i] = s
                total -= factorised(p, variance[c], root, gain)
                total -= 0.5 * corrected(data[trial, k + 1], predicted, root, gain, z[trial, k], mean)
                p = p - gain @ gain.T
        result[c] = total if np.isfinite(total) else -np.inf
    return result


@njit(cache=True, error_model="numpy")
def transitions(a, c, d, dt):  # type: ignore[no-untyped-def]  # pragma: no cover
    """`transition` of many: a (k, m, n, n), c (k, m, n), d (k, n, n), dt (m,)."""
    f, shift, q = np.zeros(a.shape), np.zeros(c.shape), np.zeros(a.shape)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            f[i, j], shift[i, j], q[i, j] = transition(a[i, j], c[i, j], d[i], dt[j])
    return f, shift, q


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
