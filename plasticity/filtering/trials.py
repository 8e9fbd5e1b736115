"""Behavioural trials: a learner that tracks a perturbation with several time constants and steers to its future."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError, require_number
from plasticity.filtering.filters import LinearGaussian, steady_gain

Array = NDArray[np.float64]


def trial_model(retention: ArrayLike, process_variance: ArrayLike, observation_variance: float) -> LinearGaussian:
    """Perturbation in behavioural trials, a sum of parts with their own memory: ``p_i ← a_i p_i + N(0, q_i)``.

    Parameters
    ----------
    retention : (m,) array
        a_i in [0, 1) per trial.
    process_variance : (m,) array
        q_i > 0.
    observation_variance : float
        r > 0, of the error seen in one trial.

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    >>> trial_model([0.5], [0.75], 1.0).covariance  # stationary: q/(1 − a²)
    array([[1.]])
    """
    a, q = np.atleast_1d(np.asarray(retention, dtype=float)), np.atleast_1d(np.asarray(process_variance, dtype=float))
    if a.ndim != 1 or a.shape != q.shape:
        raise InputError(f"retention and process_variance must have one shape (m,), got {a.shape} and {q.shape}")
    if not np.all((a >= 0) & (a < 1)):
        raise InputError(f"retention must be >= 0 and < 1 per trial, got {a.tolist()}")
    if not np.all(q > 0):
        raise InputError(f"process_variance must be > 0, got {q.tolist()}")
    r = require_number("observation_variance", observation_variance, low=0, exclusive=True)
    none = np.zeros(a.size)
    start = np.diag(q / (1 - a**2))
    return LinearGaussian(np.diag(a), np.diag(q), np.ones((1, a.size)), np.array([[r]]), none, start, none)


def track(
    model: LinearGaussian,
    perturbation: ArrayLike,
    weights: ArrayLike | None = None,
    clamped: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Output and estimates of an optimal tracker in a sequence of trials, with steady gains.

    In each trial ``x = Σ w_i p̂_i``, the error is ``e = p − x``, the surprise ``e + x − Σ p̂_i``; then
    ``p̂_i ← a_i (p̂_i + K_i·surprise)``. With all weights 1 this is the two-state model of smith_2006, with retention
    a_i and learning rates a_i K_i.

    Parameters
    ----------
    model : LinearGaussian
        From `trial_model`.
    perturbation : (n_trials,) array
        p with the noise of the observation; NaN is a trial without feedback.
    weights : (m,) array, optional
        w_i, as from `future_weights`; by default 1.
    clamped : (n_trials,) array of bool, optional
        Trials in which the error is held at 0 whatever the learner does (error clamp).

    Returns
    -------
    output : (n_trials,) array
        x.
    estimates : (n_trials, m) array
        p̂_i before the trial.

    Raises
    ------
    InputError
        If shapes do not fit.

    Examples
    --------
    >>> model = trial_model([0.708, 0.9994], [1.82, 0.0173], 1.0)
    >>> track(model, [1.0, 1.0])[0].round(5)  # second trial: Σ a_i K_i = 0.44046 + 0.07133
    array([0.     , 0.51179])

    References
    ----------
    smith_2006; vastola_2025, section on partial observability.
    """
    p = np.asarray(perturbation, dtype=float)
    gain, a = steady_gain(model)[:, 0], np.asarray(model.transition)
    w = np.ones(gain.size) if weights is None else np.asarray(weights, dtype=float)
    held = np.zeros(p.shape, dtype=bool) if clamped is None else np.asarray(clamped, dtype=bool)
    if p.ndim != 1 or held.shape != p.shape or w.shape != gain.shape:
        raise InputError(
            f"perturbation and clamped must have shape (n_trials,), weights ({gain.size},); "
            f"got {p.shape}, {held.shape} and {w.shape}"
        )
    output, estimates = np.empty(p.size), np.empty((p.size, gain.size))
    believed = np.array(model.mean, dtype=float)
    for trial in range(p.size):
        x = w @ believed
        output[trial], estimates[trial] = x, believed
        error = 0.0 if held[trial] else p[trial] - x
        if not np.isnan(error):
            believed = believed + gain * (error + x - believed.sum())
        believed = model.rest + a @ (believed - model.rest)
    return output, estimates


def future_weights(discount: float, rate: ArrayLike, time_constants: ArrayLike) -> Array:
    """Weights of the parts of a wandering optimum in the target of an optimal learner: fleeting ones count less.

    The target is the discounted expected future optimum, ``θ* = (γ + R) ∫ e^{−(γ+R)s} E[μ(s)] ds``; a part that decays
    as ``e^{−s/τ_i}`` enters with ``w_i = (γ + R)(γ + R + 1/τ_i)⁻¹``.

    Parameters
    ----------
    discount : float
        γ ≥ 0 [1/s, or 1/trial].
    rate : float or (n, n) array
        R, the rate at which the learner approaches its target (minus the closed loop of `solve`).
    time_constants : (m,) array
        τ_i > 0, in the same unit of time; infinite for what stays. A retention a per trial is τ = −1/ln a.

    Returns
    -------
    (m,) or (m, n, n) array

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    >>> future_weights(0.5, 1.5, [0.5, np.inf])
    array([0.5, 1. ])

    References
    ----------
    vastola_2025, section on partial observability.
    """
    gamma = require_number("discount", discount, low=0, unit="1/s")
    tau = np.atleast_1d(np.asarray(time_constants, dtype=float))
    r = np.asarray(rate, dtype=float)
    if tau.ndim != 1 or not np.all(tau > 0):
        raise InputError(f"time_constants must be > 0, in one dimension, got {tau.tolist()}")
    if r.ndim not in (0, 2) or not np.all(np.isfinite(r)):
        raise InputError(f"rate must be a finite number or (n, n) matrix, got {r.tolist()}")
    matrix = np.atleast_2d(r) + gamma * np.eye(len(np.atleast_2d(r)))
    forgetting = (1 / tau)[:, None, None] * np.eye(len(matrix))
    weights = np.linalg.solve(matrix + forgetting, np.broadcast_to(matrix, forgetting.shape))
    return weights[:, 0, 0] if r.ndim == 0 else weights  # type: ignore[return-value]  # NumPy's stub: float64 in, float64 out
