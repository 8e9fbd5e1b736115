"""How measurements scatter about the prediction of a true model.

- ``known``: Gaussian with the printed standard errors.
- ``student``: the standard errors were estimated from n measurements each, so deviations in units of them follow
  Student's t with n − 1 degrees of freedom.
- ``between``: Gaussian, with a variance τ² between units (cells, or what follows a colon: ``between:animal``) beside
  the printed errors within them; τ is estimated.
- ``correlated``: Gaussian, neighbours of one series (cell, group, or what follows a colon) correlate by ρ, others by ρ
  to the power of their distance, an autoregression of order one; ρ is estimated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, optimize, special

from plasticity.errors import InputError, UnknownNameError

__all__ = ["NOISES", "Noise", "noise_of"]

NOISES = ("known", "student", "between", "correlated")
ESTIMATED = {"between": "tau", "correlated": "rho"}  # noises with a number that is estimated with the parameters
SERIES = ("cell", "group")  # coordinates that separate series, the first that is there
HIGHEST = 0.999  # correlation of neighbours
SINGULAR = 1e-8  # smallest relative singular value of a direction that the data determine
STEP = 1e-3  # of the second difference of the likelihood, relative to the range searched


@dataclass(frozen=True, eq=False)
class Noise:
    """Distribution of measurements about their prediction.

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

    def standardised(self, deviation: ArrayLike) -> NDArray[np.float64]:
        """Linear map of deviations (..., n) to independent ones whose information per unit is 1.

        Student's t with ν degrees of freedom has the information (ν+1)/(ν+3) of a Gaussian.
        """
        deviation = np.asarray(deviation, float)
        if self.estimated:
            flat = deviation.reshape(-1, self.sem.size)
            return linalg.solve_triangular(self._root, flat.T, lower=True, check_finite=False).T.reshape(
                deviation.shape
            )
        scaled = deviation / self.sem
        return scaled * np.sqrt(1 - 2 / (self.degrees + 3)) if self.name == "student" else scaled

    def residuals(self, deviation: ArrayLike) -> NDArray[np.float64]:
        """Residuals (..., n): their squares add up to −2 ln L but for a constant; Student: ±√((ν+1) ln(1+t²/ν))."""
        if self.name != "student":
            return self.standardised(deviation)
        t = np.asarray(deviation, float) / self.sem
        finite = np.isfinite(self.degrees)
        degrees = np.where(finite, self.degrees, 1.0)
        return np.where(finite, np.sign(t) * np.sqrt((degrees + 1) * np.log1p(t**2 / degrees)), t)

    def log_likelihood(self, deviation: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the joint density of deviations (..., n); (...)."""
        return -0.5 * np.sum(self.residuals(deviation) ** 2, axis=-1) - self.constant

    @cached_property
    def constant(self) -> float:
        """What the squares of the residuals leave out of −ln L."""
        if self.estimated:
            return float(np.log(np.diag(self._root)).sum() + 0.5 * self.sem.size * np.log(2 * np.pi))
        return float(-self._log_peak.sum())

    def log_density(self, deviation: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the density of each deviation alone; (..., n)."""
        if self.name == "student":
            return self._log_peak - 0.5 * self.residuals(deviation) ** 2
        variance = np.diag(self.covariance)
        return -0.5 * np.asarray(deviation) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)

    def draws(self, n_sets: int, random: np.random.Generator) -> NDArray[np.float64]:
        """Deviations of `n_sets` repetitions of the experiment; (n_sets, n)."""
        normal = random.standard_normal((n_sets, self.sem.size))
        if self.estimated:
            return normal @ self._root.T
        return self.sem * (student(normal, self.degrees, random) if self.name == "student" else normal)

    def part(self, rows: NDArray) -> Noise:
        """Noise of some of the measurements."""
        distance = self.distance[np.ix_(rows, rows)] if self.distance.size else self.distance
        return replace(self, sem=self.sem[rows], degrees=self.degrees[rows], distance=distance)

    def basis(self, slope: NDArray) -> NDArray[np.float64]:
        """Orthonormal basis of what the parameters can do to the predictions, in units of the noise; (n, rank).

        Derivatives `slope` (n, k) may have any units; directions that the data do not determine are left out.
        """
        design = self.standardised(slope.T).T
        norm = np.linalg.norm(design, axis=0)
        directions, size, _ = np.linalg.svd(design[:, norm > 0] / norm[norm > 0], full_matrices=False)
        return np.asarray(directions[:, size > SINGULAR * size.max(initial=0.0)], float)

    def estimate(self, deviation: NDArray, slope: NDArray) -> Noise:
        """Noise with its number and error by restricted maximum likelihood, for a model linear about its fit.

        Parameters
        ----------
        deviation : (n,) array
            value − prediction at the fit.
        slope : (n, k) array
            Derivatives of the predictions by the parameters that were fitted.
        """
        if not self.estimated:
            return self
        norm = np.linalg.norm(slope, axis=0)
        scaled = slope / np.where(norm > 0, norm, 1.0)
        high = HIGHEST if self.name == "correlated" else 3 * float(np.abs(deviation).max()) + float(self.sem.max())

        def cost(value: float) -> float:
            noise = replace(self, value=value)
            basis, target = noise.basis(scaled), noise.standardised(deviation)
            left = target - basis @ (basis.T @ target)
            information = np.linalg.svd(noise.standardised(scaled.T), compute_uv=False)[: basis.shape[1]]
            return noise.constant + 0.5 * float(left @ left) + float(np.log(information).sum())

        low = 1e-6 * high if np.any(self.sem == 0) else 0.0
        value = _smallest(cost, low, high)
        step = STEP * high
        if value - step <= low or value + step >= high:
            return replace(self, value=value, value_error=float("nan"))
        bend = (cost(value + step) - 2 * cost(value) + cost(value - step)) / step**2
        return replace(self, value=value, value_error=float(bend**-0.5) if bend > 0 else float("nan"))

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


def noise_of(data: xr.Dataset, noise: str = "known") -> Noise:
    """Noise of a data set by its name, such as ``"student"`` or ``"between:animal"``.

    A standard error counts as estimated from n measurements where n is 2 or more, and as known where n is 1, unknown,
    or the error was pooled.

    Raises
    ------
    UnknownNameError
        If there is no such noise, or no such coordinate.
    InputError
        If Student's t has no n to take its degrees of freedom from.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> noise_of(load("sjostrom_2001"), "student").degrees[:3].tolist()
    [6.0, 5.0, 2.0]
    """
    name, _, along = noise.partition(":")
    if name not in NOISES:
        raise UnknownNameError("noise", name, NOISES)
    n = data.n.values.astype(float)
    pooled = np.full(n.size, bool(data.attrs.get("sem_pooled")))
    degrees = np.where((n >= 2) & ~pooled, n - 1, np.inf)
    if name == "student" and not np.isfinite(degrees).any():
        raise InputError("noise 'student' needs the numbers of measurements n, which are unknown; use noise 'known'")
    sem = data.sem.values.astype(float)
    if name == "between":
        sem = np.nan_to_num(sem, nan=0.0)
    if along and name not in ESTIMATED:
        raise InputError(f"noise {noise!r}: {name} has no units; leave out {along!r}")
    labels = [str(c) for c in data.coords if data[c].dims == ("protocol",)]
    if along and along not in labels:
        raise UnknownNameError("coordinate of the protocols", along, labels)
    first = float(data.value.std()) if np.any(sem == 0) else 0.0  # of τ: without errors there is no noise without it
    return Noise(name, sem, degrees, _distance(data, name, along), noise, first)


def _distance(data: xr.Dataset, name: str, along: str) -> NDArray[np.float64]:
    """Distance of measurements, 0 within one unit or counted in steps along a series; see `Noise`."""
    n = data.sizes["protocol"]
    if name == "between":
        units = data[along or ("cell" if "cell" in data.coords else "protocol")].values.astype(str)
        return np.where(units[:, None] == units, 0.0, np.inf)
    if name != "correlated":
        return np.empty((0, 0))
    along = along or next((c for c in SERIES if c in data.coords), "")
    series = data[along].values.astype(str) if along else np.full(n, "")
    numeric = (c for c in data.coords if data[c].dims == ("protocol",) and data[c].dtype.kind == "f")
    axis = next(numeric, None)
    place = np.arange(n, dtype=float) if axis is None else data[axis].values
    apart = np.abs(place[:, None] - place)
    same = series[:, None] == series
    steps = apart[same & (apart > 0)]
    if np.any(same & (apart == 0) & ~np.eye(n, dtype=bool)):
        raise InputError(
            f"noise 'correlated': two measurements of a series have the same {axis}; name it, as in correlated:cell"
        )
    return np.where(same, apart / steps.min() if steps.size else apart, np.inf)


def _smallest(cost: Callable[[float], float], low: float, high: float) -> float:
    """Where a function of one number is smallest between two bounds, the bounds included."""
    grid = np.linspace(low, high, 31)
    costs = [cost(float(x)) for x in grid]
    i = int(np.argmin(costs))
    inside = optimize.minimize_scalar(
        cost, bounds=(grid[max(i - 1, 0)], grid[min(i + 1, 30)]), method="bounded", options={"xatol": 1e-6 * high}
    )
    return float(inside.x) if inside.fun < costs[i] else float(grid[i])
