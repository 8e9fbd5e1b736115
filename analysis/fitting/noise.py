"""How measurements scatter about the prediction of a true model.

- ``known``: Gaussian with the printed standard errors.
- ``student``: the standard errors were estimated from n measurements each, so deviations in units of them follow
  Student's t with n − 1 degrees of freedom.
- ``between``: Gaussian, with a variance τ² between units (cells, or what follows a colon: ``between:animal``) beside
  the printed errors within them; τ is estimated.
- ``robust``: Student's t with 4 degrees of freedom, so that outliers weigh little; a scale τ beside the printed errors
  is estimated.
- ``correlated``: Gaussian, neighbours of one series (cell, group, or what follows a colon) correlate by ρ, others by ρ
  to the power of their distance, an autoregression of order one; ρ is estimated.
- ``model``: what a model states itself, by the ``log_density`` of its predictions.
- ``binomial``: k of n successes, or single choices, with the predicted probability.
- ``beta-binomial``: k of n successes that differ more between repetitions than binomial ones do: attempts of one
  measurement correlate by ρ; ρ is estimated.
- ``survival``: times to an event are log-normal about the predicted median, with an estimated σ; where watching ended
  first (coordinate ``followed``), the time is a lower bound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from analysis.data.kinds import KINDS
from analysis.fitting.binomial import BinomialNoise
from analysis.fitting.deviations import ESTIMATED, DeviationNoise
from analysis.fitting.overdispersed import BetaBinomialNoise
from analysis.fitting.robust import RobustNoise
from analysis.fitting.survival import SurvivalNoise
from plasticity.errors import InputError, UnknownNameError

__all__ = ["NOISES", "Noise", "needs_errors", "noise_name", "noise_of", "with_number"]

DEVIATIONS = ("known", "student", "between", "robust", "correlated")
COUNTS = ("binomial", "beta-binomial")
NOISES = (*DEVIATIONS, *COUNTS, "survival")
SERIES = ("cell", "group")  # coordinates that separate series, the first that is there


class Noise(Protocol):
    """Distribution of measurements (n,) about their predictions (..., n)."""

    @property
    def stated(self) -> str:
        """The noise as it was asked for, with the name of the unit."""

    @property
    def estimated(self) -> str:
        """Name of the number that is estimated with the parameters; empty if there is none."""

    @property
    def value(self) -> float:
        """That number; 0 until it is estimated."""

    @property
    def value_error(self) -> float:
        """Its standard error, or NaN."""

    def standardised(self, deviation: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Linear map of small changes (..., n) of predictions to independent ones whose information is 1."""

    def residuals(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Residuals (..., n), of the sign of prediction − value; their squares add up to −2 ln L but for a constant."""

    def constant(self, value: ArrayLike) -> float:
        """What the squares of the residuals leave out of −ln L."""

    def log_likelihood(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the joint density of measurements (n,) by predictions (..., n); (...)."""

    def log_density(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the density of each measurement alone; (..., n)."""

    def draws(self, prediction: ArrayLike, n_sets: int, random: np.random.Generator) -> NDArray[np.float64]:
        """Measurements of `n_sets` repetitions of the experiment; (n_sets, n)."""

    def error(self, value: ArrayLike, prediction: ArrayLike) -> float:
        """E: mean of the squared residuals, of deviations in standard errors."""

    def part(self, rows: NDArray) -> Noise:
        """Noise of some of the measurements."""

    def estimate(self, value: NDArray, prediction: NDArray, slope: NDArray) -> Noise:
        """Noise with its number and error, for a model linear about its fit with derivatives `slope` (n, k)."""

    def exceedance(self, statistic: float, basis: NDArray, prediction: NDArray, seed: int = 0) -> float:
        """Probability that a true model leaves a larger sum of squared residuals; see `DeviationNoise`."""


def with_number(noise: Noise, other: Noise) -> Noise:
    """A noise with the number that was estimated for another one of its kind."""
    return replace(noise, value=other.value) if noise.estimated else noise  # type: ignore[type-var]


def noise_name(data: xr.Dataset, noise: str | None) -> str:
    """A noise by its name, or that of the kind of data, ``known`` for most."""
    return KINDS[data.attrs["kind"]].noise if noise is None else noise


def needs_errors(noise: str) -> bool:
    """Whether a noise needs a standard error of every measurement."""
    return noise.partition(":")[0] in ("known", "student", "correlated")


def noise_of(data: xr.Dataset, noise: str | None = None) -> Noise:
    """Noise of a data set by its name, such as ``"student"`` or ``"between:animal"``; by default that of its kind.

    A standard error counts as estimated from n measurements where n is 2 or more, and as known where n is 1, unknown,
    or the error was pooled.

    Raises
    ------
    UnknownNameError
        If there is no such noise, or no such coordinate.
    InputError
        If Student's t has no n to take its degrees of freedom from, or the kind of data has another noise.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> noise_of(load("sjostrom_2001"), "student").degrees[:3].tolist()
    [6.0, 5.0, 2.0]
    """
    noise = noise_name(data, noise)
    name, _, along = noise.partition(":")
    if name not in NOISES:
        raise UnknownNameError("noise", name, (*NOISES, "model"))
    own = KINDS[data.attrs["kind"]].noise
    allowed = next((group for group in (DEVIATIONS, COUNTS) if own in group), (own,))
    if name not in allowed:
        raise InputError(f"noise must be {' or '.join(allowed)} for data of kind {data.attrs['kind']!r}, got {name!r}")
    if along and name not in ESTIMATED:
        raise InputError(f"noise {noise!r}: {name} has no units; leave out {along!r}")
    if name in COUNTS:
        return _of_counts(name, data.n.values.astype(float))
    if name == "survival":
        limit = (
            data.followed.values.astype(float) if "followed" in data.coords else np.full(data.sizes["protocol"], np.nan)
        )
        return SurvivalNoise(np.where(np.isnan(limit), np.inf, limit), value=max(float(np.log(data.value).std()), 0.1))
    n = data.n.values.astype(float)
    pooled = np.full(n.size, bool(data.attrs.get("sem_pooled")))
    degrees = np.where((n >= 2) & ~pooled, n - 1, np.inf)
    if name == "student" and not np.isfinite(degrees).any():
        raise InputError("noise 'student' needs the numbers of measurements n, which are unknown; use noise 'known'")
    sem = data.sem.values.astype(float)
    if name in ("between", "robust"):
        sem = np.nan_to_num(sem, nan=0.0)
    labels = [str(c) for c in data.coords if data[c].dims == ("protocol",)]
    if along and along not in labels:
        raise UnknownNameError("coordinate of the protocols", along, labels)
    first = float(data.value.std()) if np.any(sem == 0) else 0.0  # of τ: without errors there is no noise without it
    if name == "robust":
        return RobustNoise(sem, value=first)
    return DeviationNoise(name, sem, degrees, _distance(data, name, along), noise, first)


def _of_counts(name: str, n: NDArray) -> Noise:
    if name == "binomial":
        return BinomialNoise(n)
    if np.all(n == 1):
        raise InputError("noise 'beta-binomial' needs measurements of two attempts or more; use noise 'binomial'")
    return BetaBinomialNoise(n)


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
