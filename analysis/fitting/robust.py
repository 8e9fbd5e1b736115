"""Noise of single cells with outliers: Student's t with four degrees of freedom and an estimated scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analysis.fitting.deviations import lowest

__all__ = ["DEGREES", "RobustNoise"]

DEGREES = 4.0  # recommended where they cannot be estimated, lange_1989


@dataclass(frozen=True, eq=False)
class RobustNoise:
    """Distribution of measurements: ``value = prediction + s t``, s² = sem² + τ², t of Student's law.

    Parameters
    ----------
    sem : (n,) array
        Printed standard errors; 0 where there is none.
    value, value_error : float
        τ in the unit of the data, estimated with the parameters, and its standard error.

    Examples
    --------
    >>> RobustNoise(np.array([0.0]), value=2.0).log_density([1.0], [1.0]).round(4)  # ln (3/8)/2
    array([-1.674])

    References
    ----------
    lange_1989
    """

    sem: NDArray[np.float64]
    stated: str = "robust"
    name: str = "robust"
    estimated: str = "tau"
    value: float = 0.0
    value_error: float = float("nan")

    @property
    def scale(self) -> NDArray[np.float64]:
        """Scale s of every measurement; (n,)."""
        return np.hypot(self.sem, self.value)

    def standardised(self, deviation: ArrayLike, prediction: ArrayLike = 0.0) -> NDArray[np.float64]:
        """Deviations (..., n) in units whose expected information is 1."""
        del prediction
        return np.asarray(deviation, float) / self.scale * np.sqrt((DEGREES + 1) / (DEGREES + 3))

    def residuals(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Residuals (..., n): ±√((ν+1) ln(1+t²/ν)), of the sign of prediction − value."""
        t = (np.asarray(prediction, float) - np.asarray(value, float)) / self.scale
        return np.asarray(np.sign(t) * np.sqrt((DEGREES + 1) * np.log1p(t**2 / DEGREES)))

    def log_likelihood(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the joint density of measurements (n,) by predictions (..., n); (...)."""
        return np.asarray(self.log_density(value, prediction).sum(axis=-1))

    def log_density(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the density of each measurement alone; (..., n)."""
        return self._log_peak() - 0.5 * self.residuals(value, prediction) ** 2

    def constant(self, value: ArrayLike) -> float:
        """What the squares of the residuals leave out of −ln L."""
        del value
        return -float(self._log_peak().sum())

    def draws(self, prediction: ArrayLike, n_sets: int, random: np.random.Generator) -> NDArray[np.float64]:
        """Measurements of `n_sets` repetitions of the experiment; (n_sets, n)."""
        return np.asarray(prediction, float) + self.scale * random.standard_t(DEGREES, (n_sets, self.sem.size))

    def error(self, value: ArrayLike, prediction: ArrayLike) -> float:
        """E, the mean squared deviation in standard errors, or in the estimated scale where there is none."""
        unit = np.where(self.sem > 0, self.sem, self.scale)
        return float(np.mean(((np.asarray(value, float) - np.asarray(prediction, float)) / unit) ** 2))

    def part(self, rows: NDArray) -> RobustNoise:
        """Noise of some of the measurements."""
        return replace(self, sem=self.sem[rows])

    def estimate(self, value: NDArray, prediction: NDArray, slope: NDArray) -> RobustNoise:
        """Noise with τ and its error by restricted maximum likelihood, see `DeviationNoise.estimate`."""
        norm = np.linalg.norm(slope, axis=0)
        scaled = slope[:, norm > 0] / norm[norm > 0]

        def cost(number: float) -> float:
            noise = replace(self, value=number)
            information = np.linalg.svd(noise.standardised(scaled.T), compute_uv=False)
            information = information[information > 1e-8 * information.max(initial=0.0)]
            return float(np.log(information).sum()) - float(noise.log_likelihood(value, prediction))

        high = 3 * float(np.abs(value - prediction).max()) + float(self.sem.max())
        low = 1e-6 * high if np.any(self.sem == 0) else 0.0
        tau, error = lowest(cost, low, high)
        return replace(self, value=tau, value_error=error)

    def exceedance(self, statistic: float, basis: NDArray, prediction: NDArray, seed: int = 0) -> float:
        """NaN: τ is estimated, so that nothing is left to test."""
        del statistic, basis, prediction, seed
        return float("nan")

    def _log_peak(self) -> NDArray[np.float64]:
        """Logarithm of the density at the prediction; (n,)."""
        return np.asarray(stats.t(DEGREES).logpdf(0.0) - np.log(self.scale))
