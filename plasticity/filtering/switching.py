"""A task that is switched without announcement: the exact posterior of its optimum.

The past before the last switch says nothing about the present, so the posterior is a mixture over the time of the last
switch, with one Gaussian each. The mixture grows by one part per observation; parts that are improbable are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.belief import SwitchingTask
from plasticity.errors import InputError, require_number
from plasticity.objective import constant_matrix

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SwitchingPosterior:
    """Posterior of the present optimum after each observation.

    Parameters
    ----------
    mean : (n_times, n) array
    covariance : (n_times, n, n) array
    just_switched : (n_times,) array
        Probability that the task was replaced since the observation before; 1 at the first.
    n_parts : (n_times,) array
        Parts of the mixture that were kept.
    dropped : float
        Largest probability that was dropped after one observation.
    """

    mean: Array
    covariance: Array
    just_switched: Array
    n_parts: NDArray[np.int64]
    dropped: float


def switching_filter(
    task: SwitchingTask, observations: ArrayLike, dt: float, tolerance: float = 1e-12
) -> SwitchingPosterior:
    """Posterior of an optimum that is replaced at rate λ, sampled every `dt`.

    Between two observations the task is replaced with probability ``1 − e^{−λ dt}``. Each part of the mixture, one per
    time of the last switch, is a Gaussian that starts from the prior N(μ_0, Σ_0) and is updated by every observation
    since; its probability is multiplied by how well it foresaw the observation.

    Parameters
    ----------
    task : SwitchingTask
    observations : (n_times, n) array
        Optimum plus noise of variance σ_o²/dt; a row of NaN is a time without observation. The first belongs to a
        fresh task.
    dt : float
        Time between observations [s].
    tolerance : float
        Parts with a smaller probability are dropped; 0 keeps all.

    Returns
    -------
    SwitchingPosterior

    Raises
    ------
    InputError
        If shapes do not fit, or a value is out of range.

    Examples
    --------
    A surprise sets the belief back towards the prior mean 0:

    >>> task = SwitchingTask(hazard=0.05, prior_mean=0.0, prior_covariance=4.0, observation_noise=0.5)
    >>> switching_filter(task, [[3.0]] * 5 + [[0.5]], dt=1.0).mean[[4, 5], 0].round(2)
    array([2.96, 0.48])

    References
    ----------
    adams_2007; vastola_2025, section on continual learning.
    """
    y = np.asarray(observations, dtype=float)
    if y.ndim != 2:
        raise InputError(f"observations must have shape (n_times, n), got {y.shape}")
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    tolerance = require_number("tolerance", tolerance, low=0, high=0.5)
    n = y.shape[1]
    prior, spread = _prior(task, n)
    noise = np.eye(n) * task.observation_noise**2 / dt
    switch = -np.expm1(-task.hazard * dt)
    means, covariances, probability = prior[None], spread[None], np.ones(1)
    mean, covariance = np.empty((len(y), n)), np.empty((len(y), n, n))
    just_switched, n_parts = np.empty(len(y)), np.empty(len(y), dtype=np.int64)
    dropped = 0.0
    for t, seen in enumerate(y):
        if t > 0 and switch > 0:
            probability = np.append((1 - switch) * probability, switch)
            means = np.concatenate([means, prior[None]])
            covariances = np.concatenate([covariances, spread[None]])
        fresh = switch > 0 or t == 0
        if not np.all(np.isnan(seen)):
            means, covariances, evidence = _observed(means, covariances, seen, noise)
            with np.errstate(divide="ignore"):
                log = np.log(probability) + evidence
            probability = np.exp(log - log.max())
            probability /= probability.sum()
        just_switched[t] = probability[-1] if fresh else 0.0
        mean[t], covariance[t] = _moments(means, covariances, probability)
        kept = probability >= min(tolerance, probability.max())
        dropped = max(dropped, float(probability[~kept].sum()))
        means, covariances, probability = means[kept], covariances[kept], probability[kept] / probability[kept].sum()
        n_parts[t] = probability.size
    return SwitchingPosterior(mean, covariance, just_switched, n_parts, dropped)


def _prior(task: SwitchingTask, n: int) -> tuple[Array, Array]:
    mean = np.asarray(task.prior_mean, dtype=float)
    if mean.shape not in ((), (n,)):
        raise InputError(f"prior_mean must be a number or have shape ({n},), got {mean.shape}")
    return np.broadcast_to(mean, (n,)).copy(), constant_matrix("prior_covariance", task.prior_covariance, n)


def _observed(means: Array, covariances: Array, seen: Array, noise: Array) -> tuple[Array, Array, Array]:
    """Every part after one observation, and the logarithm of how probable the observation was to it."""
    total = covariances + noise
    surprise = seen - means
    solved = np.linalg.solve(total, surprise[..., None])[..., 0]
    gain = np.linalg.solve(total, covariances)  # Kᵀ = (P + R)⁻¹ P
    left = np.eye(len(seen)) - np.swapaxes(gain, -1, -2)
    after = left @ covariances @ np.swapaxes(left, -1, -2) + np.swapaxes(gain, -1, -2) @ noise @ gain
    evidence = -0.5 * (np.sum(surprise * solved, axis=-1) + np.linalg.slogdet(2 * np.pi * total)[1])
    return means + np.einsum("kij,kj->ki", covariances, solved), after, evidence


def _moments(means: Array, covariances: Array, probability: Array) -> tuple[Array, Array]:
    mean = probability @ means
    away = means - mean
    covariance = np.einsum("k,kij->ij", probability, covariances) + np.einsum("k,ki,kj->ij", probability, away, away)
    return mean, covariance
