"""Likelihood of linear paths with process and measurement noise, as one would first write it: joint law, or a filter.

Both take one candidate: A_cl (n, n), the velocity at 0 (n,), the covariance of the noise per second, the standard
deviation of the records, their times, and paths (n_trials, n_times, n) under one loss. The start has a flat prior, so
the first record is its mean.
"""

import numpy as np
from scipy import linalg, stats


def joint_log_likelihood(closed, offset, diffusion, noise, times, paths):
    """By the joint Gaussian law of all records after the first."""
    n, total = len(offset), 0.0
    rest = np.linalg.solve(closed, -offset)
    stationary = linalg.solve_continuous_lyapunov(closed, -diffusion)

    def flow(t):
        return linalg.expm(closed * t)

    lags = times[1:] - times[0]
    blocks = [[None] * len(lags) for _ in lags]
    for i, s in enumerate(lags):
        for j, t in enumerate(lags):
            early = min(s, t)
            own = stationary - flow(early) @ stationary @ flow(early).T
            started = noise**2 * flow(s) @ flow(t).T
            blocks[i][j] = started + (flow(s - early) @ own @ flow(t - early).T) + noise**2 * (i == j) * np.eye(n)
    covariance = np.block(blocks)
    for path in paths:
        mean = np.concatenate([rest + flow(t) @ (path[0] - rest) for t in lags])
        total += stats.multivariate_normal(mean, covariance).logpdf(path[1:].ravel())
    return total


def transitions(closed, offset, diffusion, times):
    """F, shift and covariance between successive records, once for equal times between them (Van Loan)."""
    steps, which = np.unique(np.round(np.diff(times), 12), return_inverse=True)
    moves = [_transition(closed, offset, diffusion, dt) for dt in steps]
    return [moves[i] for i in which]


def _transition(closed, offset, diffusion, dt):
    n = len(offset)
    block = np.block([[-closed, diffusion], [np.zeros((n, n)), closed.T]])
    flow = linalg.expm(dt * block)
    f = flow[n:, n:].T
    moved = linalg.expm(dt * np.block([[closed, offset[:, None]], [np.zeros((1, n + 1))]]))
    return f, moved[:n, n], f @ flow[:n, n:]


def filter_log_likelihood(closed, offset, diffusion, noise, times, paths):
    """By a Kalman filter, one record of one trial after the other."""
    n, total = len(offset), 0.0
    measured = noise**2 * np.eye(n)
    moves = transitions(closed, offset, diffusion, times)
    for path in paths:
        mean, p = path[0], measured
        for record, (f, shift, q) in zip(path[1:], moves, strict=True):
            mean, p = f @ mean + shift, f @ p @ f.T + q
            s, error = p + measured, record - mean
            solved = np.linalg.solve(s, error)
            total -= 0.5 * (error @ solved + np.linalg.slogdet(s)[1] + n * np.log(2 * np.pi))
            mean, p = mean + p @ solved, p - p @ np.linalg.solve(s, p)
    return total
