"""Noise of deviations, value − prediction: Gaussian with known errors, Student's t, or a scatter that is estimated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, optimize, special, stats

__all__ = ["N_SETS", "DeviationNoise", "orthonormal"]

ESTIMATED = {"between": "tau", "correlated": "rho"}  # noises with a number that is estimated with the parameters
HIGHEST = 0.999  # correlation of neighbours
STEP = 1e-3  # of the second difference of the likelihood, relative to the range searched
N_SETS = 20_000  # simulated sets for a p value: at 0.05 its standard error is 0.0015
SINGULAR = 1e-8  # smallest relative singular value of a direction that the data determine
ROUNDS = 12  # of reweighting in a fit with Student's t


@dataclass(frozen=True, eq=False)
class DeviationNoise:
    """Distribution of measurements about their prediction by their difference.

    Parameters
    ----------
    name : {"known", "student", "between", "correlated"}
    sem : (n,) array
        Printed standard errors; 0 where there is none and all scatter is estimated.
    degrees : (n,) array
        Degrees of freedom of the standard errors, n − 1; infinite where they count as known.
    distance : (n, n) array
        0 between measurements of one unit (``between``), steps between those of one series (``correlated``), else
        infinite.
    stated : str
        The noise as it was asked for, with the name of the unit.
    value, value_error : float
        τ in the unit of the data or ρ [1], and its standard error; 0 and NaN until it is estimated.
    """

    name: str
    sem: NDArray[np.float64]
    degrees: NDArray[np.float64]
    distance: NDArray[np.float64]
    stated: str = "known"
    value: float = 0.0
    value_error: float = float("nan")

    @property
    def estimated(self) -> str:
        """Name of the number that is estimated; empty if there is none."""
        return ESTIMATED.get(self.name, "")

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Covariance of Gaussian measurements; (n, n)."""
        own = np.diag(self.sem**2)
        if self.name == "between":
            return own + self.value**2 * (self.distance == 0)
        if self.name == "correlated":
            return np.outer(self.sem, self.sem) * np.power(
                self.value, self.distance, where=self.distance > 0, out=np.ones_like(self.distance)
            )
        return own

    def standardised(self, deviation: ArrayLike, prediction: ArrayLike = 0.0) -> NDArray[np.float64]:
        """Linear map of deviations (..., n) to independent ones whose information per unit is 1.

        Student's t with ν degrees of freedom has the information (ν+1)/(ν+3) of a Gaussian.
        """
        del prediction
        deviation = np.asarray(deviation, float)
        if self.estimated:
            flat = deviation.reshape(-1, self.sem.size)
            return linalg.solve_triangular(self._root, flat.T, lower=True, check_finite=False).T.reshape(
                deviation.shape
            )
        scaled = deviation / self.sem
        return scaled * np.sqrt(1 - 2 / (self.degrees + 3)) if self.name == "student" else scaled

    def residuals(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Residuals (..., n), prediction − value: their squares add up to −2 ln L but for a constant.

        Those of Student's t are ±√((ν+1) ln(1+t²/ν)).
        """
        deviation = np.asarray(prediction, float) - np.asarray(value, float)
        if self.name != "student":
            return self.standardised(deviation)
        t = deviation / self.sem
        finite = np.isfinite(self.degrees)
        degrees = np.where(finite, self.degrees, 1.0)
        return np.where(finite, np.sign(t) * np.sqrt((degrees + 1) * np.log1p(t**2 / degrees)), t)

    def log_likelihood(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the joint density of measurements (n,) by predictions (..., n); (...)."""
        return -0.5 * np.sum(self.residuals(value, prediction) ** 2, axis=-1) - self.constant(value)

    def constant(self, value: ArrayLike) -> float:
        """What the squares of the residuals leave out of −ln L."""
        del value
        if self.estimated:
            return float(np.log(np.diag(self._root)).sum() + 0.5 * self.sem.size * np.log(2 * np.pi))
        return float(-self._log_peak.sum())

    def log_density(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the density of each measurement alone; (..., n)."""
        if self.name == "student":
            return self._log_peak - 0.5 * self.residuals(value, prediction) ** 2
        variance = np.diag(self.covariance)
        deviation = np.asarray(value, float) - np.asarray(prediction, float)
        return -0.5 * deviation**2 / variance - 0.5 * np.log(2 * np.pi * variance)

    def draws(self, prediction: ArrayLike, n_sets: int, random: np.random.Generator) -> NDArray[np.float64]:
        """Measurements of `n_sets` repetitions of the experiment about predictions (n,) or (n_sets, n)."""
        normal, middle = random.standard_normal((n_sets, self.sem.size)), np.asarray(prediction, float)
        if self.estimated:
            return np.asarray(middle + normal @ self._root.T)
        return middle + self.sem * (student(normal, self.degrees, random) if self.name == "student" else normal)

    def error(self, value: ArrayLike, prediction: ArrayLike) -> float:
        """E, the mean squared deviation in standard errors, or in the estimated scatter where there is none."""
        sem = np.where(self.sem > 0, self.sem, np.sqrt(np.diag(self.covariance)))
        return float(np.mean(((np.asarray(value, float) - np.asarray(prediction, float)) / sem) ** 2))

    def part(self, rows: NDArray) -> DeviationNoise:
        """Noise of some of the measurements."""
        distance = self.distance[np.ix_(rows, rows)] if self.distance.size else self.distance
        return replace(self, sem=self.sem[rows], degrees=self.degrees[rows], distance=distance)

    def estimate(self, value: NDArray, prediction: NDArray, slope: NDArray) -> DeviationNoise:
        """Noise with its number and error by restricted maximum likelihood, for a model linear about its fit.

        Parameters
        ----------
        value, prediction : (n,) arrays
            Measurements, and the fit.
        slope : (n, k) array
            Derivatives of the predictions by the parameters that were fitted.
        """
        if not self.estimated:
            return self
        deviation, norm = value - prediction, np.linalg.norm(slope, axis=0)
        scaled = slope / np.where(norm > 0, norm, 1.0)
        high = HIGHEST if self.name == "correlated" else 3 * float(np.abs(deviation).max()) + float(self.sem.max())

        def cost(number: float) -> float:
            noise = replace(self, value=number)
            basis, target = orthonormal(noise.standardised(scaled.T).T), noise.standardised(deviation)
            left = target - basis @ (basis.T @ target)
            information = np.linalg.svd(noise.standardised(scaled.T), compute_uv=False)[: basis.shape[1]]
            return noise.constant(value) + 0.5 * float(left @ left) + float(np.log(information).sum())

        low = 1e-6 * high if np.any(self.sem == 0) else 0.0
        best, error = lowest(cost, low, high)
        return replace(self, value=best, value_error=error)

    def exceedance(self, statistic: float, basis: NDArray, prediction: NDArray, seed: int = 0) -> float:
        """Probability that a true model leaves larger squared residuals, see `analysis.fitting.scores.p_value`.

        Parameters
        ----------
        statistic : float
            Sum of squared residuals.
        basis : (n, k) array
            What the parameters can do to the predictions, orthonormal in units of the noise.
        prediction : (n,) array
        seed : int
            Of the simulated sets.
        """
        del prediction
        if self.name == "between":
            return float("nan")
        if self.name == "correlated" or not np.isfinite(self.degrees).any():
            return float(stats.chi2.sf(statistic, self.sem.size - basis.shape[1]))
        random, shape = np.random.default_rng(seed), (N_SETS, self.sem.size)
        return float((1 + np.sum(_simulated(self, basis, random, shape) >= statistic)) / (1 + N_SETS))

    @cached_property
    def _root(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.cholesky(self.covariance), float)

    @cached_property
    def _log_peak(self) -> NDArray[np.float64]:
        """Logarithm of the density of each measurement at its prediction."""
        gaussian = -0.5 * np.log(2 * np.pi * self.sem**2)
        if self.name != "student":
            return gaussian
        degrees = np.where(np.isfinite(self.degrees), self.degrees, 1.0)
        peak = special.gammaln((degrees + 1) / 2) - special.gammaln(degrees / 2) - 0.5 * np.log(degrees * np.pi)
        return np.where(np.isfinite(self.degrees), peak - np.log(self.sem), gaussian)


def student(normal: NDArray, degrees: NDArray, random: np.random.Generator) -> NDArray[np.float64]:
    """Student's t (n_sets, n) from standard normal draws; those with infinite degrees of freedom stay as they are."""
    finite = np.isfinite(degrees)
    scale = random.chisquare(np.where(finite, degrees, 1.0), normal.shape)
    return np.where(finite, normal / np.sqrt(scale / np.where(finite, degrees, 1.0)), normal)


def lowest(cost: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Where −ln L of one number is smallest between two bounds, the bounds included, and its standard error, or NaN."""
    grid = np.linspace(low, high, 31)
    costs = [cost(float(x)) for x in grid]
    i = int(np.argmin(costs))
    inside = optimize.minimize_scalar(
        cost, bounds=(grid[max(i - 1, 0)], grid[min(i + 1, 30)]), method="bounded", options={"xatol": 1e-6 * high}
    )
    best, step = float(inside.x) if inside.fun < costs[i] else float(grid[i]), STEP * high
    if best - step <= low or best + step >= high:
        return best, float("nan")
    bend = (cost(best + step) - 2 * cost(best) + cost(best - step)) / step**2
    return best, float(bend**-0.5) if bend > 0 else float("nan")


def _simulated(
    noise: DeviationNoise, basis: NDArray, random: np.random.Generator, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Sums of squared residuals of a true model that is fitted to simulated sets, whose errors are estimated anew.

    Parameters
    ----------
    noise : Noise
        The printed standard errors stand for the true ones, of which every set has its own estimates.
    basis : (n, k) array
        Derivatives of the predictions in units of the noise.
    random : numpy.random.Generator
    shape : (n_sets, n)
    """
    finite = np.isfinite(noise.degrees)
    degrees = np.where(finite, noise.degrees, 1.0)
    normal = random.standard_normal(shape)
    error = np.where(finite, np.sqrt(random.chisquare(degrees, shape) / degrees), 1.0)  # estimated over true
    is_student = noise.name == "student"
    design = basis / np.sqrt(1 - 2 / (degrees + 3))[:, None] if is_student else basis
    left = t = normal / error
    for _ in range((ROUNDS if is_student else 1) if basis.shape[1] else 0):
        weight = np.where(finite, (degrees + 1) / (degrees + left**2), 1.0) if is_student else np.ones(shape)
        square = np.einsum("sn,nk,nl->skl", weight / error**2, design, design, optimize=True)
        moment = np.einsum("sn,nk->sk", weight * t / error, design, optimize=True)
        left = t - (np.linalg.solve(square, moment[:, :, None])[:, :, 0] @ design.T) / error
    return np.sum(noise.residuals(left * noise.sem, 0.0) ** 2, axis=1)


def orthonormal(design: NDArray) -> NDArray[np.float64]:
    """Orthonormal basis (n, rank) of the columns of `design` (n, k), which may have any units.

    Directions that the data do not determine are left out.

    Examples
    --------
    >>> orthonormal(np.array([[1.0, 1e-9], [0.0, 0.0], [0.0, 0.0]])).shape  # the columns are parallel
    (3, 1)
    """
    norm = np.linalg.norm(design, axis=0)
    directions, size, _ = np.linalg.svd(design[:, norm > 0] / norm[norm > 0], full_matrices=False)
    return np.asarray(directions[:, size > SINGULAR * size.max(initial=0.0)], float)
