"""The Kalman–Bucy gain of a belief about an Ornstein–Uhlenbeck process: transient and steady, in continuous time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.belief import OrnsteinUhlenbeck
from plasticity.errors import InputError

Array = NDArray[np.float64]


def kalman_bucy_gain(belief: OrnsteinUhlenbeck, times: ArrayLike, variance: ArrayLike | None = None) -> Array:
    """Gain in continuous time, ``K(t) = S(t) 1/σ_o²`` with ``dS/dt = −2S/τ + 2σ²/τ − S²/σ_o²``.

    The Riccati equation is a linear one for the pair (X, Y), S = X Y⁻¹, which is advanced by its matrix exponential:
    exact at every time.

    Parameters
    ----------
    belief : OrnsteinUhlenbeck
        With m components that add up; S is then (m, m) and K its row sums over σ_o².
    times : (n_times,) array
        Increasing times ≥ 0 [s].
    variance : (m, m) array or float, optional
        S at time 0; by default the stationary one, σ² (nothing seen yet).

    Returns
    -------
    (n_times, m) array [1/s]

    Raises
    ------
    InputError
        If the times do not increase from 0, or `variance` has the wrong shape.

    Examples
    --------
    >>> belief = OrnsteinUhlenbeck(time_constant=1.0, stationary_std=1.0, observation_noise=0.5)
    >>> kalman_bucy_gain(belief, [0.0, 100.0])[:, 0]  # from σ²/σ_o² to −1/τ + sqrt(1/τ² + 2σ²/(τσ_o²))
    array([4., 2.])

    References
    ----------
    kalman_1961.
    """
    from scipy.linalg import expm

    times = np.atleast_1d(np.asarray(times, dtype=float))
    if times.ndim != 1 or not times[0] >= 0 or not np.all(np.diff(times) > 0) or not np.all(np.isfinite(times)):
        raise InputError(f"times must be increasing and >= 0 s, got {times.tolist()}")
    hamiltonian, s = _riccati(belief, variance)
    m = len(s)
    longest = 10 / np.abs(np.linalg.eigvals(hamiltonian)).max()  # e^{20} between growing and decaying solutions
    gains = np.empty((times.size, m))
    now = 0.0
    for i, time in enumerate(times):
        n_steps = max(1, int(np.ceil((time - now) / longest)))
        step = expm(hamiltonian * (time - now) / n_steps)
        for _ in range(n_steps):
            pair = step @ np.vstack([s, np.eye(m)])
            s = np.linalg.solve(pair[m:].T, pair[:m].T)  # S is symmetric: (X Y⁻¹)ᵀ = X Y⁻¹
            s = 0.5 * (s + s.T)
        now = time
        gains[i] = s.sum(axis=1) / belief.observation_noise**2
    return gains


def _riccati(belief: OrnsteinUhlenbeck, variance: ArrayLike | None) -> tuple[Array, Array]:
    """Matrix of d(X, Y)/dt for S = X Y⁻¹, and S at time 0."""
    rate, std = 1 / np.atleast_1d(belief.time_constant), np.atleast_1d(belief.stationary_std)
    m = rate.size
    seen = np.ones((m, m)) / belief.observation_noise**2
    hamiltonian = np.block([[-np.diag(rate), np.diag(2 * std**2 * rate)], [seen, np.diag(rate)]])
    s = np.diag(std**2 * np.ones(m)) if variance is None else np.atleast_2d(np.asarray(variance, dtype=float))
    if s.shape != (m, m):
        raise InputError(f"variance must have shape ({m}, {m}), got {s.shape}")
    return hamiltonian, s
