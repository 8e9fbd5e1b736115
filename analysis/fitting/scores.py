"""Scores of predictions: E, likelihood, information criteria, and the probability of so large an E."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analysis.fitting.noise import Noise

__all__ = ["LEVEL", "akaike", "bayesian", "fitting_error", "p_value", "scores"]

LEVEL = 0.05  # a p value below it rejects the model
N_SETS = 20_000  # simulated sets for a p value: at 0.05 its standard error is 0.0015
ROUNDS = 12  # of reweighting in a fit with Student's t


def fitting_error(value: ArrayLike, prediction: ArrayLike, sem: ArrayLike) -> NDArray[np.float64]:
    """Mean squared deviation in units of the standard error: ``E = mean(((value − prediction)/sem)²)``.

    For a true model without fitted parameters its mean is 1 if the standard errors are known. If they were estimated
    from n measurements each, deviations follow Student's t and the mean is that of ``(n−1)/(n−3)``, without limit for
    n ≤ 3; a p value takes that into account (`p_value`). E has been used for plasticity rules since pfister_2006.

    Parameters
    ----------
    value, sem : (n_protocols,) arrays
        Measurements and their standard errors, in one unit.
    prediction : (..., n_protocols) array
        Predictions in the same unit.

    Returns
    -------
    (...) array [1]

    Examples
    --------
    >>> float(fitting_error([0.0, 1.0], [0.2, 1.0], [0.1, 0.1]))
    2.0
    """
    deviation = (np.asarray(value) - np.asarray(prediction)) / np.asarray(sem)
    return np.mean(deviation**2, axis=-1)


def akaike(log_likelihood: float, n_free: int) -> float:
    """Akaike information criterion, ``AIC = 2 n_free − 2 ln L``; smaller is better.

    Examples
    --------
    >>> akaike(-10.0, 3)
    26.0
    """
    return 2.0 * n_free - 2.0 * log_likelihood


def bayesian(log_likelihood: float, n_free: int, n_protocols: int) -> float:
    """Bayesian information criterion, ``BIC = n_free ln(n_protocols) − 2 ln L``; smaller is better.

    Examples
    --------
    >>> round(bayesian(-10.0, 3, 10), 3)
    26.908
    """
    return n_free * float(np.log(n_protocols)) - 2.0 * log_likelihood


def scores(noise: Noise, value: ArrayLike, prediction: ArrayLike, n_free: int) -> dict[str, float]:
    """All scores of one prediction (n_protocols,) by name: `error` (E), `log_likelihood`, `aic`, `bic`.

    A number of the noise that was estimated counts as one more free parameter in the criteria. Where a standard error
    is missing, E is relative to the estimated scatter.
    """
    deviation = np.asarray(value, float) - np.asarray(prediction, float)
    likelihood = float(noise.log_likelihood(deviation))
    n_free += bool(noise.estimated)
    sem = np.where(noise.sem > 0, noise.sem, np.sqrt(np.diag(noise.covariance)))
    return {
        "error": float(fitting_error(value, prediction, sem)),
        "log_likelihood": likelihood,
        "aic": akaike(likelihood, n_free),
        "bic": bayesian(likelihood, n_free, deviation.size),
    }


def p_value(noise: Noise, deviation: ArrayLike, slope: ArrayLike, seed: int = 0) -> float:
    """Probability that a true model would leave larger squared residuals than these, after its parameters were fitted.

    The model is taken as linear about its fit. With known standard errors the sum of squares follows χ² with n − k
    degrees of freedom. Where they were estimated from n measurements, 20,000 sets are drawn and fitted whose standard
    errors are estimated anew, so that deviations follow Student's t, whichever noise the fit assumed. Where the scatter
    between units is estimated, nothing is left to test: NaN, as for as many parameters as measurements.

    Parameters
    ----------
    noise : Noise
    deviation : (n,) array
        value − prediction.
    slope : (n, k) array
        Derivatives of the predictions by the fitted parameters; those that the data do not determine do not count.
    seed : int
        The same seed gives the same number.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> from analysis.fitting.noise import noise_of
    >>> noise = noise_of(load("wang_2005"))  # n is unknown there, so χ² with 13 degrees of freedom
    >>> round(p_value(noise, noise.sem * 22.36203**0.5 / 13**0.5, [[]] * 13), 4)
    0.05
    """
    if noise.name == "between":
        return float("nan")
    basis = noise.basis(np.asarray(slope, float).reshape(noise.sem.size, -1))
    left = noise.sem.size - basis.shape[1]
    if left <= 0:
        return float("nan")
    statistic = float(np.sum(noise.residuals(deviation) ** 2))
    if noise.name == "correlated" or not np.isfinite(noise.degrees).any():
        return float(stats.chi2.sf(statistic, left))
    random = np.random.default_rng(seed)
    shape = (N_SETS, noise.sem.size)
    return float((1 + np.sum(simulated(noise, basis, random, shape) >= statistic)) / (1 + N_SETS))


def simulated(noise: Noise, basis: NDArray, random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
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
    return np.sum(noise.residuals(left * noise.sem) ** 2, axis=1)
