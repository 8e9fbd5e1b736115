"""Least squares: bounded search from many starts, standard errors of the parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares, minimize

from plasticity.support.progress import progress

if TYPE_CHECKING:
    from analysis.fitting.problem import Problem

__all__ = ["MAX_EVALUATIONS", "REFIT_EVALUATIONS", "Minimum", "SearchSpace", "search"]

STEP = 1e-6  # of finite differences, relative to the scale of a coordinate
START_DECADES = 4.0  # a start for a parameter that may vanish lies within this many decades of its upper bound
UNREACHABLE = 1e6  # residual [sem] where a rule diverges
MAX_EVALUATIONS = 500  # of one descent
REFIT_EVALUATIONS = 100  # where a good start is known; rules with thresholds creep on long after that
SAME_MINIMUM = 0.01  # relative difference of the errors of starts that converged to the same minimum
SAME_LIKELIHOOD = 0.01  # the same of the log likelihoods by a density that a model states itself
FLOOR = 1e-6  # squared residual per measurement below which minima are the same anyway
CONFIRMED = 3  # starts that must find the best minimum, if there are as many
PATIENCE = 4  # times as many starts are tried until they do
PART = 0.1  # of a standard error over which a density is differentiated twice
CORNERS = ((1, 1), (1, -1), (-1, 1), (-1, -1))
SINGULAR = 1e-8  # smallest relative singular value at which parameters count as determined


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
        """Coordinates of `n` starts: the rule's own values, then draws, the same ones for any `n`; (n, n_free)."""
        problem, uniform = self.problem, np.random.default_rng(seed).random((n - 1, self.low.size))
        spread = self.low + uniform * (self.high - self.low)
        from_zero = problem.high * 10 ** (START_DECADES * (uniform - 1))
        drawn = np.where(problem.low == 0, from_zero, spread)
        return np.vstack([self.coordinates(problem.start), drawn])

    def residuals(self, x: NDArray) -> NDArray:
        """Residuals [sem] for rows of coordinates; large but finite where the rule diverges."""
        residuals = self.problem.residuals(self.values(x))
        return np.clip(np.nan_to_num(residuals, nan=UNREACHABLE), -UNREACHABLE, UNREACHABLE)

    def misfit(self, x: NDArray) -> NDArray:
        """−2 ln L but for a constant, for rows of coordinates; large where the rule diverges; (n_vectors,)."""
        if self.problem.own is None:
            return np.sum(self.residuals(x) ** 2, axis=1)
        worst = 2 * UNREACHABLE * self.problem.n_protocols
        return np.clip(np.nan_to_num(self.problem.misfit(self.values(x)), nan=worst), -worst, worst)

    def slope(self, values: NDArray) -> NDArray:
        """Derivatives of the predicted means by the free parameters; (n_protocols, n_free)."""
        by_coordinate = self._differences(self.coordinates(values), lambda x: self.problem.means(self.values(x)))
        return by_coordinate / self._stretch(values)

    def jacobian(self, x: NDArray) -> NDArray:
        """Derivatives of the residuals by the coordinates; (n_protocols, n_free)."""
        return self._differences(x, self.residuals)

    def information(self, x: NDArray) -> NDArray:
        """Matrix R at a fit whose ``Rᵀ R`` is the information about the coordinates; (n, n_free)."""
        return self.jacobian(x) if self.problem.own is None else self._root_of_curvature(x)

    def _root_of_curvature(self, x: NDArray) -> NDArray:
        """Root R = Rᵀ of the second derivatives of −ln L, by differences over a part of a standard error each."""
        scores = self._differences(x, lambda x: self.problem.predictions(self.values(x)))
        size = np.maximum(np.linalg.norm(scores, axis=0), 1 / (self.high - self.low))
        step = np.diag(np.minimum(PART / size, 0.5 * np.minimum(x - self.low, self.high - x) + STEP))
        points = np.array([x + a * i + b * j for i in step for j in step for a, b in CORNERS])
        cost = 0.5 * self.misfit(points).reshape(x.size, x.size, 4) @ [1, -1, -1, 1]
        bend, turned = np.linalg.eigh(cost / (4 * np.outer(np.diag(step), np.diag(step))))
        return (turned * np.sqrt(np.maximum(bend, 0.0))) @ turned.T

    def _stretch(self, values: NDArray) -> NDArray:
        """Derivatives of the values by the coordinates; (n_free,)."""
        return np.where(self.logarithmic, values, 1.0)

    def _differences(self, x: NDArray, function: Callable[[NDArray], NDArray]) -> NDArray:
        """Central differences (one-sided at a bound), all in one call; (n_protocols, n_free)."""
        step = STEP * np.maximum(np.abs(x), 1e-3 * (self.high - self.low))
        up, down = np.minimum(x + step, self.high), np.maximum(x - step, self.low)
        points = np.tile(x, (2, x.size, 1))
        axes = np.arange(x.size)
        points[0, axes, axes], points[1, axes, axes] = up, down
        above, below = function(points.reshape(-1, x.size)).reshape(2, x.size, -1)
        return ((above - below) / (up - down)[:, None]).T

    def descend(self, start: NDArray, max_evaluations: int = MAX_EVALUATIONS) -> OptimizeResult | None:
        """Bounded least squares from one start, or another search for a density; None if the rule diverges there."""
        if not np.all(np.isfinite(self.problem.misfit(self.values(start[None, :])))):
            return None
        if self.problem.own is not None:
            return self._descend_density(start, max_evaluations)
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

    def _descend_density(self, start: NDArray, max_evaluations: int) -> OptimizeResult:
        """Smallest −ln L within the bounds by L-BFGS-B, in coordinates from 0 to 1."""
        width = self.high - self.low

        def cost(u: NDArray) -> tuple[float, NDArray]:
            x = np.clip(self.low + u * width, self.low, self.high)
            slope = self._differences(x, lambda x: 0.5 * self.misfit(x)[:, None])[0]
            return 0.5 * float(self.misfit(x[None, :])[0]), slope * width

        first = np.clip((start - self.low) / width, 0.0, 1.0)
        options = {"maxiter": max_evaluations, "ftol": 1e-13, "gtol": 1e-7}
        run = minimize(cost, first, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * start.size, options=options)
        x = np.clip(self.low + run.x * width, self.low, self.high)
        return OptimizeResult(x=x, cost=float(run.fun), status=int(run.nit < max_evaluations))

    def is_same(self, cost: float, best: float) -> bool:
        """Whether two halves of a misfit belong to one minimum."""
        if self.problem.own is not None:
            return cost <= best + SAME_LIKELIHOOD
        return cost <= best * (1 + SAME_MINIMUM) + FLOOR * self.problem.n_protocols

    def snap(self, values: NDArray) -> tuple[NDArray, tuple[str, ...]]:
        """Move parameters onto a bound where that does not increase the error; values, and the names of those."""
        at_bound: list[str] = []
        for i, name in enumerate(self.problem.free):
            here = self._error(values)
            for bound in (self.problem.low[i], self.problem.high[i]):
                moved = values.copy()
                moved[i] = bound
                if self._error(moved) <= here + 1e-9 * abs(here):
                    values, at_bound = moved, [*at_bound, name]
                    break
        return values, tuple(at_bound)

    def standard_errors(self, values: NDArray, at_bound: tuple[str, ...]) -> dict[str, float]:
        """Roots of the diagonal of ``(Jᵀ J)⁻¹`` for parameters that are off their bounds, else NaN.

        J is the Jacobian of the predictions in units of the noise (`Noise.standardised`); of a density Jᵀ J is the
        curvature of −ln L. If J is singular, the parameters that take part in the degeneracy are not determined: NaN.
        """
        free = self.problem.free
        errors = dict.fromkeys(free, float("nan"))
        inside = [i for i, name in enumerate(free) if name not in at_bound]
        if not inside:
            return errors
        slope = self._standardised_slope(values)
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

    def _standardised_slope(self, values: NDArray) -> NDArray:
        """Matrix J whose ``Jᵀ J`` is the information about the free parameters; (n, n_free)."""
        if self.problem.own is not None:
            return self._root_of_curvature(self.coordinates(values)) / self._stretch(values)
        prediction = self.problem.predictions(values[None, :])[0]
        return self.problem.noise.standardised(self.slope(values).T, prediction).T

    def _residuals_at(self, x: NDArray) -> NDArray:
        """Residuals at one point (n_free,)."""
        return self.residuals(x[None, :])[0]

    def _error(self, values: NDArray) -> float:
        return float(self.problem.misfit(values[None, :])[0])


@dataclass(frozen=True)
class Minimum:
    """Best minimum of a search: coordinates (n_free,), half the sum of squares, and how many starts reached it."""

    x: NDArray[np.float64]
    cost: float
    n_reached: int
    n_starts: int
    converged: bool

    @property
    def confirmed(self) -> bool:
        """Whether as many starts reached it as a search asks for."""
        return self.n_reached >= min(CONFIRMED, self.n_starts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Limits of the validity of the minimum, in words."""
        stopped = () if self.converged else ("the search stopped before it converged",)
        if self.confirmed:
            return stopped
        lone = f"only {self.n_reached} of {self.n_starts} starts found the best fit"
        return (*stopped, f"{lone}; a larger n_starts, or another seed, may find a better one")


def search(
    space: SearchSpace,
    n_starts: int,
    seed: int,
    first: NDArray | None = None,
    max_evaluations: int = MAX_EVALUATIONS,
    label: str = "fit",
) -> Minimum | None:
    """Descend from `n_starts` starts, and from up to four times as many until three have found the best minimum.

    Parameters
    ----------
    space : SearchSpace
    n_starts, seed : int
        A search from one or two starts asks for no more than these.
    first : (n_free,) array, optional
        Coordinates that replace the first start.
    max_evaluations : int
        Of each descent.
    label : str
        Of the progress bar.

    Returns
    -------
    Minimum or None
        None if the rule diverges at every start.
    """
    starts = space.starts(PATIENCE * n_starts, seed)
    if first is not None:
        starts[0] = first
    runs: list[OptimizeResult] = []
    minimum = None
    for i, start in enumerate(progress(starts, label), 1):
        if run := space.descend(start, max_evaluations):
            runs.append(run)
        if i >= n_starts and runs:
            best = min(runs, key=lambda run: run.cost)
            n_reached = sum(space.is_same(run.cost, best.cost) for run in runs)
            minimum = Minimum(best.x, float(best.cost), n_reached, i, best.status > 0)
            if n_reached >= min(CONFIRMED, n_starts):
                break
    return minimum
