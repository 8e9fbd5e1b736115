"""Synthetic data: what would have been measured if a rule were true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.fit import Fit
from analysis.fitting.problem import Problem, make_problem

__all__ = ["problem_of", "synthetic_values"]


def problem_of(fitted: Fit) -> Problem:
    """The problem that a fit solved, compiled once for many refits."""
    return make_problem(fitted.rule, fitted.data, fitted.free, fitted.bounds)


def synthetic_values(fitted: Fit, n_sets: int, seed: int) -> NDArray[np.float64]:
    """Values that repetitions of the experiment would give: prediction + sem · standard normal noise.

    Returns
    -------
    (n_sets, n_protocols) array

    Examples
    --------
    >>> from analysis.fit import fit
    >>> synthetic_values(fit("pair_stdp", "sjostrom_2001"), n_sets=3, seed=0).shape
    (3, 10)
    """
    noise = np.random.default_rng(seed).standard_normal((n_sets, fitted.n_protocols))
    return fitted.predictions + fitted.data.sem.values * noise
