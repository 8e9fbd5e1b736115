"""Bounds of stochastic tests: a correct program exceeds one of them in one run out of a million."""

import numpy as np
from scipy import stats

FALSE_ALARMS = 1e-6


def z(n: int = 1, degrees: float = np.inf) -> float:
    """Standard errors within which `n` means lie, all of them: 4.89 for one.

    `degrees` of freedom are those of standard errors that are estimated from the same samples (Student's t).
    """
    return float(stats.t.isf(FALSE_ALARMS / (2 * n), degrees))


def variance_error(degrees: float, n: int = 1) -> float:
    """Largest relative error of `n` variances of Gaussian samples with so many `degrees` of freedom (χ²)."""
    return float(stats.chi2.isf(FALSE_ALARMS / (2 * n), degrees) / degrees - 1)


def counts(n: int, chance: float, comparisons: int = 1) -> tuple[float, float]:
    """Smallest and largest number of successes in `n` trials (binomial), for each of so many `comparisons`."""
    tail = FALSE_ALARMS / (2 * comparisons)
    return float(stats.binom.ppf(tail, n, chance)), float(stats.binom.isf(tail, n, chance))
