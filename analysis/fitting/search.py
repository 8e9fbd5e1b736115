"""Least squares: scores of predictions, bounded search from many starts, standard errors of the parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import OptimizeResult, least_squares

from analysis.fitting.problem import Problem

__all__ = [
    "MAX_EVALUATIONS",
    "REFIT_EVALUATIONS",
    "SearchSpace",
    "akaike",
    "bayesian",
    "fitting_error",
    "log_density",
    "log_likelihood",
    "scores",
]

STEP = 1e-6  # of finite differences, relative to the scale of a coordinate
START_DECADES = 4.0  # a start for a parameter that may vanish lies within this many decades of its upper bound
UNREACHABLE = 1e6  # residual [sem] where a rule diverges
MAX_EVALUATIONS = 500  # of one descent
REFIT_EVALUATIONS = 100  # where a good start is known; rules with thresholds creep on long after that
SINGULAR = 1e-8  # smallest relative singular value at which parameters count as determined


def fitting_error(value: ArrayLike, prediction: ArrayLike, sem: ArrayLike) -> NDArray[np.float64]:
    """Mean squared deviation in units of the standard error: ``E = mean(((value − prediction)/sem)²)``.

    Its mean is 1 for a true model. It has been used for plasticity rules since pfister_2006.

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


def log_density(value: ArrayLike, prediction: ArrayLike, sem: ArrayLike) -> NDArray[np.float64]:
    """Log density of each measurement, ``−½ [((value − prediction)/sem)² + ln(2π sem²)]``; shapes as above."""
    sem = np.asarray(sem, float)
    deviation = (np.asarray(value) - np.asarray(prediction)) / sem
    return -0.5 * deviation**2 - 0.5 * np.log(2 * np.pi * sem**2)


def log_likelihood(value: ArrayLike, prediction: ArrayLike, sem: ArrayLike) -> NDArray[np.float64]:
    """Log density of independent Gaussian measurements, the sum of `log_density`.

    Changes expressed as a fraction have a density per unit fraction.

    Examples
    --------
    >>> round(float(log_likelihood([0.0], [0.0], [1.0])), 4)
    -0.9189
    """
    return np.sum(log_density(value, prediction, sem), axis=-1)


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


def scores(value: ArrayLike, prediction: ArrayLike, sem: ArrayLike, n_free: int) -> dict[str, float]:
    """All scores of one prediction (n_protocols,) by name: `error` (E), `log_likelihood`, `aic`, `bic`."""
    likelihood = float(log_likelihood(value, prediction, sem))
    return {
        "error": float(fitting_error(value, prediction, sem)),
        "log_likelihood": likelihood,
        "aic": akaike(likelihood, n_free),
        "bic": bayesian(likelihood, n_free, np.size(value)),
    }


class SearchSpace:
    """Coordinates of the search: logarithms of parameters that must be positive, the others as they are."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self.logarithmic = problem.low > 0
        self.low, self.high = self.coordinates(problem.low), self.coordinates(problem.high)

    def coordinates(self, values: NDArray) -> NDArray:
        """Coordinates of values of the free parameters, (..., n_free)."""
        return np.where(self.logarithmic, np.log(np.where(self.logarithmic, values, 1.0)), values)

    def values(self, x: NDArray) -> NDArray:
        """Values of the free parameters at coordinates, (..., n_free)."""
        values = np.where(self.logarithmic, np.exp(np.where(self.logarithmic, x, 0.0)), x)
        return np.clip(values, self.problem.low, self.problem.high)

    def starts(self, n: int, seed: int) -> NDArray:
        """Coordinates of `n` starts: the rule's own values, then draws; (n, n_free)."""
        problem, uniform = self.problem, np.random.default_rng(seed).random((n - 1, self.low.size))
        spread = self.low + uniform * (self.high - self.low)
        from_zero = problem.high * 10 ** (START_DECADES * (uniform - 1))
        drawn = np.where(problem.low == 0, from_zero, spread)
        return np.vstack([self.coordinates(problem.start), drawn])

    def residuals(self, x: NDArray) -> NDArray:
        """Residuals [sem] for rows of coordinates; large but finite where the rule diverges."""
        residuals = self.problem.residuals(self.values(x))
        return np.clip(np.nan_to_num(residuals, nan=UNREACHABLE), -UNREACHABLE, UNREACHABLE)

    def jacobian(self, x: NDArray) -> NDArray:
        """Central differences (one-sided at a bound), all in one call; (n_protocols, n_free)."""
        step = STEP * np.maximum(np.abs(x), 1e-3 * (self.high - self.low))
        up, down = np.minimum(x + step, self.high), np.maximum(x - step, self.low)
        points = np.tile(x, (2, x.size, 1))
        axes = np.arange(x.size)
        points[0, axes, axes], points[1, axes, axes] = up, down
        above, below = self.residuals(points.reshape(-1, x.size)).reshape(2, x.size, -1)
        return ((above - below) / (up - down)[:, None]).T

    def descend(self, start: NDArray, max_evaluations: int = MAX_EVALUATIONS) -> OptimizeResult | None:
        """Bounded least squares from one start; None if the rule diverges there."""
        if not np.all(np.isfinite(self.problem.residuals(self.values(start[None, :])))):
            return None
        return least_squares(
            self._residuals_at,
            np.clip(start, self.low, self.high),
            self.jacobian,
            bounds=(self.low, self.high),
            x_scale="jac",
            xtol=1e-10,
            ftol=1e-10,
            gtol=1e-10,
            max_nfev=max_evaluations,
        )

    def snap(self, values: NDArray) -> tuple[NDArray, tuple[str, ...]]:
        """Move parameters onto a bound where that does not increase the error; values, and the names of those."""
        at_bound: list[str] = []
        for i, name in enumerate(self.problem.free):
            here = self._error(values)
            for bound in (self.problem.low[i], self.problem.high[i]):
                moved = values.copy()
                moved[i] = bound
                if self._error(moved) <= here * (1 + 1e-9):
                    values, at_bound = moved, [*at_bound, name]
                    break
        return values, tuple(at_bound)

    def standard_errors(self, values: NDArray, at_bound: tuple[str, ...]) -> dict[str, float]:
        """Roots of the diagonal of ``(Jᵀ J)⁻¹`` for parameters that are off their bounds, else NaN.

        J is the Jacobian of the residuals [sem]; the residuals of a true model have variance 1. If J is singular,
        the parameters that take part in the degeneracy are not determined: NaN.
        """
        free = self.problem.free
        errors = dict.fromkeys(free, float("nan"))
        inside = [i for i, name in enumerate(free) if name not in at_bound]
        if not inside:
            return errors
        slope = self.jacobian(self.coordinates(values)) / np.where(self.logarithmic, values, 1.0)
        scale = np.linalg.norm(slope, axis=0)
        inside = [i for i in inside if scale[i] > 0]
        if not inside:
            return errors
        _, size, directions = np.linalg.svd(slope[:, inside] / scale[inside], full_matrices=False)
        degenerate = size < SINGULAR * size[0]
        spread = np.sqrt(np.sum((directions[~degenerate] / size[~degenerate, None]) ** 2, axis=0))
        involved = np.any(np.abs(directions[degenerate]) > SINGULAR**0.5, axis=0)
        for column, i in enumerate(inside):
            if not involved[column]:
                errors[free[i]] = float(spread[column] / scale[i])
        return errors

    def _residuals_at(self, x: NDArray) -> NDArray:
        """Residuals at one point (n_free,)."""
        return self.residuals(x[None, :])[0]

    def _error(self, values: NDArray) -> float:
        return float(np.mean(self.problem.residuals(values[None, :]) ** 2))
