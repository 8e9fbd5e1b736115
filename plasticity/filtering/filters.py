"""Beliefs in numbers: the Kalman filter of any linear-Gaussian model, and the fading memory.

A record of `plasticity.belief` says what is assumed; here is the posterior, exact for sampled observations. Continuous
time is in `plasticity.filtering.kalman_bucy`, behavioural trials in `plasticity.filtering.trials`, switched tasks in
`plasticity.filtering.switching`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.belief import GaussianWeight, OrnsteinUhlenbeck
from plasticity.errors import InputError, require_number

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearGaussian:
    """Hidden state seen through noise: ``x' = rest + A (x − rest) + N(0, Q)``, ``y = C x + N(0, R)``.

    Parameters
    ----------
    transition, process_covariance : (n, n) array
        A and Q, from one observation to the next.
    observation : (m, n) array
        C.
    observation_covariance : (m, m) array
        R, positive definite.
    mean, covariance : (n,), (n, n) array
        Of the state at the first observation, before it is seen.
    rest : (n,) array
        What the state returns to.

    Raises
    ------
    InputError
        If shapes do not fit.
    """

    transition: Array
    process_covariance: Array
    observation: Array
    observation_covariance: Array
    mean: Array
    covariance: Array
    rest: Array

    def __post_init__(self) -> None:
        """Check the shapes."""
        m, n = np.shape(self.observation)
        shapes = {
            "transition": (n, n),
            "process_covariance": (n, n),
            "observation_covariance": (m, m),
            "mean": (n,),
            "covariance": (n, n),
            "rest": (n,),
        }
        for name, shape in shapes.items():
            if np.shape(getattr(self, name)) != shape:
                raise InputError(f"{name} must have shape {shape}, got {np.shape(getattr(self, name))}")


@dataclass(frozen=True, eq=False)
class Filtered:
    """Posterior after each observation.

    Parameters
    ----------
    mean : (n_times, n) array
    covariance : (n_times, n, n) array
    gain : (n_times, n, m) array
        Kalman gain with which each observation was believed; 0 where there was none.
    """

    mean: Array
    covariance: Array
    gain: Array


def kalman_filter(model: LinearGaussian, observations: ArrayLike) -> Filtered:
    """Posterior of the hidden state after each observation, by the Kalman filter.

    ``K = PCᵀ(CPCᵀ + R)⁻¹``, ``m ← m + K(y − Cm)``, ``P ← (1 − KC)P(1 − KC)ᵀ + KRKᵀ``, then the transition.

    Parameters
    ----------
    model : LinearGaussian
    observations : (n_times, m) array
        A row of NaN is a time without observation.

    Returns
    -------
    Filtered

    Raises
    ------
    InputError
        If the observations do not fit the model.

    Examples
    --------
    A constant with prior N(0, 1), seen with noise of variance 1: the posterior mean is Σy/(n + 1).

    >>> one, none = np.ones((1, 1)), np.zeros((1, 1))
    >>> model = LinearGaussian(one, none, one, one, np.zeros(1), one, np.zeros(1))
    >>> kalman_filter(model, [[1.0], [5.0]]).mean[:, 0]
    array([0.5, 2. ])

    References
    ----------
    kalman_1960.
    """
    c, r = np.asarray(model.observation), np.asarray(model.observation_covariance)
    m, n = c.shape
    y = np.asarray(observations, dtype=float)
    if y.ndim != 2 or y.shape[1] != m:
        raise InputError(f"observations must have shape (n_times, {m}), got {y.shape}")
    mean, p = np.array(model.mean, dtype=float), np.array(model.covariance, dtype=float)
    out = Filtered(np.empty((len(y), n)), np.empty((len(y), n, n)), np.zeros((len(y), n, m)))
    for t, seen in enumerate(y):
        if not np.all(np.isnan(seen)):
            gain = _gain(p, c, r)
            mean = mean + gain @ (seen - c @ mean)
            left = np.eye(n) - gain @ c
            p = left @ p @ left.T + gain @ r @ gain.T
            out.gain[t] = gain
        out.mean[t], out.covariance[t] = mean, p
        mean = model.rest + model.transition @ (mean - model.rest)
        p = model.transition @ p @ np.transpose(model.transition) + model.process_covariance
    return out


def steady_gain(model: LinearGaussian) -> Array:
    """Kalman gain (n, m) after many observations, from the algebraic Riccati equation.

    Examples
    --------
    >>> walk = weight_model(GaussianWeight(1.0, process_noise=0.5), observation_noise=1.0, dt=1.0)
    >>> steady_gain(walk).round(6)  # q/r = ½
    array([[0.5]])
    """
    from scipy.linalg import solve_discrete_are

    c, r = np.asarray(model.observation), np.asarray(model.observation_covariance)
    p = solve_discrete_are(np.transpose(model.transition), c.T, model.process_covariance, r)
    return _gain(p, c, r)  # type: ignore[arg-type]  # SciPy's stub: float64 in, float64 out


def ornstein_uhlenbeck_model(belief: OrnsteinUhlenbeck, dt: float) -> LinearGaussian:
    """Exact discrete form of an Ornstein–Uhlenbeck belief whose sum of components is sampled every `dt` [s].

    ``a = e^{−dt/τ}``, ``q = σ²(1 − a²)``; one sample has the noise that white noise of intensity σ_o² leaves in an
    average over `dt`, ``r = σ_o²/dt``. It starts in the stationary state.

    Raises
    ------
    InputError
        If `dt` is not positive.

    Examples
    --------
    >>> model = ornstein_uhlenbeck_model(OrnsteinUhlenbeck(1.0, 2.0, 0.5), dt=0.25)
    >>> model.observation_covariance, model.covariance
    (array([[1.]]), array([[4.]]))
    """
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    tau, std = np.atleast_1d(belief.time_constant), np.atleast_1d(belief.stationary_std)
    rest = np.broadcast_to(np.atleast_1d(belief.mean), tau.shape).astype(float)
    return LinearGaussian(
        transition=np.diag(np.exp(-dt / tau)),
        process_covariance=np.diag(-(std**2) * np.expm1(-2 * dt / tau)),
        observation=np.ones((1, tau.size)),
        observation_covariance=np.array([[belief.observation_noise**2 / dt]]),
        mean=rest,
        covariance=np.diag(std**2 * np.ones(tau.size)),
        rest=rest,
    )


def weight_model(belief: GaussianWeight, observation_noise: float, dt: float, mean: float = 0.0) -> LinearGaussian:
    """Belief of one synapse about its best weight, which is sampled every `dt` with noise of intensity σ_o².

    A random walk: ``a = 1``, ``q = process_noise·dt``, ``r = σ_o²/dt``. In continuous time the gain is s²/σ_o² and
    ``d(s²)/dt = process_noise − s⁴/σ_o²``: uncertain synapses learn faster.

    Raises
    ------
    InputError
        If `dt` or `observation_noise` is not positive.

    Examples
    --------
    >>> weight_model(GaussianWeight(1.0, process_noise=0.5), observation_noise=2.0, dt=0.1).observation_covariance
    array([[40.]])

    References
    ----------
    aitchison_2021.
    """
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    noise = require_number("observation_noise", observation_noise, low=0, exclusive=True)
    one, start = np.ones((1, 1)), np.array([float(mean)])
    return LinearGaussian(
        one, one * belief.process_noise * dt, one, one * noise**2 / dt, start, one * belief.variance, start
    )


def fading_memory(observations: ArrayLike, decay: float) -> tuple[Array, Array]:
    """Posterior mean of a constant under a fading memory, from a diffuse start, and the gain at each step.

    A Kalman filter whose prior variance is inflated by 1/β before each observation. In units of the observation noise
    its precision is ``J ← βJ + 1``, the gain is 1/J, and the mean is the bias-corrected moving average.

    Parameters
    ----------
    observations : (n_times, …) array
    decay : float
        β in (0, 1).

    Returns
    -------
    mean : (n_times, …) array
    gain : (n_times,) array

    Raises
    ------
    InputError
        If `decay` is out of range.

    Examples
    --------
    >>> fading_memory([1.0, 4.0], 0.5)[0]  # (½·1 + 4)/(½ + 1)
    array([1., 3.])

    References
    ----------
    kingma_2015, section 3.
    """
    y = np.asarray(observations, dtype=float)
    if not 0 < require_number("decay", decay) < 1:
        raise InputError(f"decay must lie strictly between 0 and 1, got {decay}")
    mean, gain = np.empty_like(y), np.empty(len(y))
    believed, precision = np.zeros(y.shape[1:]), 0.0
    for t, seen in enumerate(y):
        precision = decay * precision + 1.0
        gain[t] = 1.0 / precision
        believed = believed + gain[t] * (seen - believed)
        mean[t] = believed
    return mean, gain


def _gain(p: Array, c: Array, r: Array) -> Array:
    return np.linalg.solve(c @ p @ c.T + r, c @ p).T  # type: ignore[return-value]  # NumPy's stub: float64 in, float64 out
