"""Kalman–Bucy gain of a belief about an Ornstein–Uhlenbeck process (Kalman and Bucy, 1961)."""

import numpy as np
from scipy.linalg import expm


def kalman_bucy_gain(belief, times, variance=None):
    """Gain (n_times, m) [1/s] in continuous time, ``K(t) = S(t) 1/σ_o²``, ``dS/dt = −2S/τ + 2σ²/τ − S²/σ_o²``.

    The Riccati equation is linear in the pair (X, Y), S = X Y⁻¹, which is advanced by its matrix exponential.

    Parameters
    ----------
    belief : OrnsteinUhlenbeck
        With m components that add up; S is then (m, m) and K its row sums over σ_o².
    times : (n_times,) array
        Increasing times ≥ 0 [s].
    variance : (m, m) array or float, optional
        S at time 0; by default the stationary one, σ².

    >>> from plasticity import OrnsteinUhlenbeck
    >>> belief = OrnsteinUhlenbeck(time_constant=1.0, stationary_std=1.0, observation_noise=0.5)
    >>> kalman_bucy_gain(belief, [0.0, 100.0])[:, 0]  # from σ²/σ_o² to −1/τ + sqrt(1/τ² + 2σ²/(τσ_o²))
    array([4., 2.])
    """
    times = np.asarray(times, dtype=float)
    rate, std = 1 / np.atleast_1d(belief.time_constant), np.atleast_1d(belief.stationary_std)
    m, precision = rate.size, 1 / belief.observation_noise**2
    s = np.diag(std**2 * np.ones(m)) if variance is None else np.atleast_2d(np.asarray(variance, dtype=float))
    flow = np.block([[-np.diag(rate), np.diag(2 * std**2 * rate)], [precision * np.ones((m, m)), np.diag(rate)]])
    longest = 10 / np.abs(np.linalg.eigvals(flow)).max()  # e^{20} between growing and decaying solutions
    gains = np.empty((times.size, m))
    for i, span in enumerate(np.diff(times, prepend=0.0)):
        n_steps = max(1, int(np.ceil(span / longest)))
        step = expm(flow * span / n_steps)
        for _ in range(n_steps):
            pair = step @ np.vstack([s, np.eye(m)])
            s = np.linalg.solve(pair[m:].T, pair[:m].T)  # S is symmetric: (X Y⁻¹)ᵀ = X Y⁻¹
            s = 0.5 * (s + s.T)
        gains[i] = precision * s.sum(axis=1)
    return gains
