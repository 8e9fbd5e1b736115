"""Fit of the derived learner to the trials of single people, with what their trials do not determine flagged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from plasticity.belief import OrnsteinUhlenbeck
from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.support.checks import require_finite
from plasticity.trial_system import expected_aims
from plasticity.trials import TrialLearner, derive_trials

__all__ = ["PersonFit", "fit_person", "learner_at"]

Array = NDArray[np.float64]
WIDEST = 1.0  # standard error of a logarithm above which a number is not determined by the trials
LIMIT = 12.0  # of the coordinates
STEP = 1e-4


@dataclass(frozen=True, eq=False)
class PersonFit:
    """Numbers of one person, by maximum likelihood.

    Parameters
    ----------
    values : (2m + 1,) array
        Time constants of the components in trials, ratios q/r, and γ + R per trial.
    log_errors : (2m + 1,) array
        Standard errors of their logarithms.
    output_noise : float
        Standard deviation of outputs around the aim.
    """

    values: Array
    log_errors: Array
    output_noise: float

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Which numbers the trials do not determine, to within a factor of e."""
        return ~(self.log_errors < WIDEST)

    def covers(self, truth: ArrayLike, width: float = 1.96) -> NDArray[np.bool_]:
        """Which true values lie within so many standard errors."""
        return np.abs(np.log(self.values) - np.log(truth)) < width * self.log_errors


def learner_at(values: ArrayLike, output_noise: float = 0.0) -> TrialLearner:
    """Learner with m time constants, m ratios q/r and γ + R, whose output is its target.

    Examples
    --------
    >>> round(learner_at([3.0, 300.0, 1.8, 0.02, 0.5]).tracking.decay, 6)
    0.5
    """
    numbers = np.asarray(values, dtype=float)
    m = numbers.size // 2
    tau, ratio, half = numbers[:m], numbers[m:-1], float(numbers[-1]) / 2
    belief = OrnsteinUhlenbeck(tau, np.sqrt(-ratio / np.expm1(-2 / tau)), 1.0)
    objective = Objective(half, plasticity=2 * half**2)
    return derive_trials(objective, belief, step="continuous", approach=1.0, output_noise=output_noise)


def fit_person(observed: ArrayLike, perturbation: ArrayLike, feedback: ArrayLike, start: ArrayLike) -> PersonFit:
    """Maximum likelihood of one person's outputs: least squares of innovations, since feedback counts as exact.

    Parameters
    ----------
    observed, perturbation, feedback : (n_trials,) arrays
        See `TrialLearner.run`.
    start : (2m + 1,) array
        First guess of `PersonFit.values`; components end in the order of their time constants.

    Raises
    ------
    InputError
        If there are no more trials than numbers.

    Examples
    --------
    >>> truth = [4.0, 100.0, 1.8, 0.02, 0.3]
    >>> turns, kinds = np.r_[np.full(60, 30.0), np.zeros(40)], np.r_[np.zeros(60), np.full(40, 2)]
    >>> y = learner_at(truth, 0.5).run(turns, kinds, rng=np.random.default_rng(1)).output
    >>> person = fit_person(y, turns, kinds, truth)
    >>> 0.3 < person.output_noise < 0.7
    True
    """
    y = require_finite("observed", observed)
    u = np.log(require_finite("start", start))
    if y.size <= u.size + 1:
        raise InputError(f"observed has {y.size} trials; {u.size + 1} numbers need more")
    trials = learner_at(np.exp(u)).trials(perturbation, feedback, 0.0)

    def innovations(v: Array) -> Array:
        return expected_aims(learner_at(np.exp(v)), trials, y) - y

    def jacobian(v: Array) -> Array:
        return np.stack([(innovations(v + e) - innovations(v - e)) / (2 * STEP) for e in STEP * np.eye(v.size)], axis=1)

    run = least_squares(innovations, u, jacobian, bounds=(u - LIMIT / 2, u + LIMIT / 2), x_scale=1.0, max_nfev=100)
    variance = 2 * run.cost / (y.size - u.size)
    order = np.argsort(run.x[: u.size // 2])
    order = np.r_[order, order + u.size // 2, u.size - 1]
    return PersonFit(np.exp(run.x)[order], _errors(run.jac, variance)[order], float(np.sqrt(variance)))


def _errors(slope: Array, variance: float) -> Array:
    """Standard errors; infinite for all that take part in a direction that leaves the outputs as they are."""
    _, size, directions = np.linalg.svd(slope, full_matrices=False)
    flat = size < 1e-5 * size[0]
    errors = np.sqrt(variance * np.sum((directions[~flat] / size[~flat, None]) ** 2, axis=0))
    errors[np.any(np.abs(directions[flat]) > 1e-3, axis=0)] = np.inf
    return errors
