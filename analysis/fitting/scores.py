"""How well predictions agree with measurements of known uncertainty: error E, likelihood, AIC, BIC."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["akaike", "bayesian", "fitting_error", "log_likelihood"]


def fitting_error(value: ArrayLike, prediction: ArrayLike, sem: ArrayLike) -> NDArray[np.float64]:
    """Mean squared deviation in units of the standard error: ``E = mean(((value − prediction)/sem)²)``.

    1 is what a true model leaves on average. The error has been used for plasticity rules since pfister_2006.

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


def log_likelihood(value: ArrayLike, prediction: ArrayLike, sem: ArrayLike) -> NDArray[np.float64]:
    """Log density of independent Gaussian measurements: ``−½ Σ [((value − prediction)/sem)² + ln(2π sem²)]``.

    Shapes are those of `fitting_error`. For changes given as a fraction the density is per unit fraction.

    Examples
    --------
    >>> round(float(log_likelihood([0.0], [0.0], [1.0])), 4)
    -0.9189
    """
    sem = np.asarray(sem, float)
    return -0.5 * (sem.size * fitting_error(value, prediction, sem) + np.sum(np.log(2 * np.pi * sem**2)))


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
