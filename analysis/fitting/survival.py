"""Noise of times to an event: log-normal about a predicted median; lower bounds where watching ended first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtr

from analysis.fitting.deviations import lowest

__all__ = ["SurvivalNoise"]

LEAST = 1e-3  # σ, and predictions relative to 1, below which nothing is distinguished


@dataclass(frozen=True, eq=False)
class SurvivalNoise:
    """Distribution of times: ``ln T = ln prediction + σ ε``, cut off where watching ended.

    Parameters
    ----------
    followed : (m,) array
        How long each was watched, infinite without a limit; a time that reaches it is a lower bound (right-censored).
    value, value_error : float
        σ, estimated with the parameters, and its standard error.

    Examples
    --------
    >>> noise = SurvivalNoise(np.array([np.inf, 2.0]), value=0.5)
    >>> np.exp(noise.log_density([1.0, 2.0], [1.0, 2.0])).round(4)  # 1/(0.5 √2π), and half of the times are longer
    array([0.7979, 0.5   ])
    """

    followed: NDArray[np.float64]
    stated: str = "survival"
    name: str = "survival"
    estimated: str = "sigma"
    value: float = 1.0
    value_error: float = float("nan")

    def standardised(self, deviation: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Deviations (..., m) in units whose expected information is 1, that of censored times being less."""
        p = np.maximum(np.asarray(prediction, float), LEAST**2)
        a = np.log(self.followed / p) / self.value
        density = np.exp(-0.5 * np.minimum(np.abs(a), 40.0) ** 2) / np.sqrt(2 * np.pi)
        hazard = density / np.maximum(ndtr(-a), 1e-300)
        information = ndtr(a) + density * np.where(np.isfinite(a), hazard - np.where(np.isfinite(a), a, 0.0), 0.0)
        return np.asarray(deviation, float) / (p * self.value) * np.sqrt(np.clip(information, 0.0, 1.0))

    def residuals(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Residuals (..., m): (ln prediction − ln T)/σ, and −√(−2 ln P(longer)) where the event did not come."""
        t, p = np.asarray(value, float), np.asarray(prediction, float)
        with np.errstate(invalid="ignore", divide="ignore"):  # predictions that are no times have no residual
            z = (np.log(p) - np.log(t)) / self.value
        return np.where(self._is_censored(t), -np.sqrt(-2 * log_ndtr(z)), z)

    def log_likelihood(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the joint density of times (m,) by predictions (..., m); (...)."""
        return np.asarray(self.log_density(value, prediction).sum(axis=-1))

    def log_density(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the density of each time, or of the probability that it is longer; (..., m)."""
        return -0.5 * self.residuals(value, prediction) ** 2 - self._constants(value)

    def constant(self, value: ArrayLike) -> float:
        """What the squares of the residuals leave out of −ln L."""
        return float(self._constants(value).sum())

    def draws(self, prediction: ArrayLike, n_sets: int, random: np.random.Generator) -> NDArray[np.float64]:
        """Times of `n_sets` repetitions of the experiment, watched as long; (n_sets, m)."""
        normal = random.standard_normal((n_sets, self.followed.size))
        return np.minimum(np.asarray(prediction, float) * np.exp(self.value * normal), self.followed)

    def error(self, value: ArrayLike, prediction: ArrayLike) -> float:
        """E: the mean squared residual, near 1 since σ is estimated."""
        return float(np.mean(self.residuals(value, prediction) ** 2))

    def part(self, rows: NDArray) -> SurvivalNoise:
        """Noise of some of the measurements."""
        return replace(self, followed=self.followed[rows])

    def estimate(self, value: NDArray, prediction: NDArray, slope: NDArray) -> SurvivalNoise:
        """Noise with σ and its error by restricted maximum likelihood, see `DeviationNoise.estimate`."""
        norm = np.linalg.norm(slope, axis=0)
        scaled = slope[:, norm > 0] / norm[norm > 0]

        def cost(sigma: float) -> float:
            noise = replace(self, value=sigma)
            information = np.linalg.svd(noise.standardised(scaled.T, prediction), compute_uv=False)
            if not np.all(information > 0):
                return float("inf")  # so small a σ that no time would have been seen
            return float(np.log(information).sum()) - float(noise.log_likelihood(value, prediction))

        high = max(3 * float(np.abs(np.log(prediction / value)).max()), 1.0)
        sigma, error = lowest(cost, LEAST * high, high)
        return replace(self, value=sigma, value_error=error)

    def exceedance(self, statistic: float, basis: NDArray, prediction: NDArray, seed: int = 0) -> float:
        """NaN: σ is estimated, so that nothing is left to test."""
        del statistic, basis, prediction, seed
        return float("nan")

    def _constants(self, value: ArrayLike) -> NDArray[np.float64]:
        t = np.asarray(value, float)
        return np.where(self._is_censored(t), 0.0, np.log(t * self.value * np.sqrt(2 * np.pi)))

    def _is_censored(self, value: NDArray) -> NDArray[np.bool_]:
        return np.asarray(value >= self.followed)
