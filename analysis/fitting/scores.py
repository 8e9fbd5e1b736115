"""Scores of predictions: E, likelihood, information criteria, and the probability of so large an E."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.fitting.deviations import orthonormal
from analysis.fitting.noise import Noise
from analysis.fitting.own_density import OwnDensity

__all__ = ["LEVEL", "akaike", "bayesian", "fitting_error", "p_value", "scores"]

LEVEL = 0.05  # a p value below it rejects the model


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

    A number of the noise that was estimated counts as one more free parameter in the criteria. E is that of the noise:
    the mean squared deviation in standard errors, or the mean deviance of successes and times.
    """
    likelihood = float(noise.log_likelihood(value, prediction))
    n_free += bool(noise.estimated)
    return {
        "error": noise.error(value, prediction),
        "log_likelihood": likelihood,
        "aic": akaike(likelihood, n_free),
        "bic": bayesian(likelihood, n_free, np.size(prediction)),
    }


def p_value(noise: Noise, value: ArrayLike, prediction: ArrayLike, slope: ArrayLike, seed: int = 0) -> float:
    """Probability that a true model would leave larger squared residuals than these, after its parameters were fitted.

    The model is taken as linear about its fit. With known standard errors the sum of squares follows χ² with n − k
    degrees of freedom. Where they were estimated from n measurements, 20,000 sets are drawn and fitted whose standard
    errors are estimated anew, so that deviations follow Student's t, whichever noise the fit assumed. The deviance of
    successes is compared with that of simulated sets, fitted in the log odds; single choices (n = 1) show by it
    whether probabilities are too extreme or too timid, and little else. Where the scatter between units or of
    times is estimated, it takes up any misfit, and nothing is left to test: NaN, as for as many parameters as
    measurements, and for a model that states its own density. Left-out scores still compare such models.

    Parameters
    ----------
    noise : Noise
    value, prediction : (n,) arrays
    slope : (n, k) array
        Derivatives of the predictions by the fitted parameters; those that the data do not determine do not count.
    seed : int
        The same seed gives the same number.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> from analysis.fitting.noise import noise_of
    >>> noise = noise_of(load("wang_2005"))  # n is unknown there, so χ² with 13 degrees of freedom
    >>> round(p_value(noise, noise.sem * 22.36203**0.5 / 13**0.5, 0.0, [[]] * 13), 4)
    0.05
    """
    if isinstance(noise, OwnDensity):
        return float("nan")
    value = np.asarray(value, float)
    prediction = np.broadcast_to(np.asarray(prediction, float), value.shape)
    basis = orthonormal(noise.standardised(np.asarray(slope, float).reshape(value.size, -1).T, prediction).T)
    if basis.shape[1] >= value.size:
        return float("nan")
    return noise.exceedance(float(np.sum(noise.residuals(value, prediction) ** 2)), basis, prediction, seed)
