"""Optimal feedback on any landscape: the value function V and the velocity that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.cost import finite_discount, running_cost
from plasticity.optimal.families import Surroundings, surroundings
from plasticity.optimal.grid import CELLS, Grid, value_on_grid
from plasticity.optimal.passes import StationaryPoint
from plasticity.optimal.window import ACCURACY, motion_rates
from plasticity.plan import plan
from plasticity.support.checks import checked
from plasticity.support.late import call

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
MARGIN = 1.0  # of the extent of the stationary points, around them, and at least this many units of θ
SETTLING = 40.0  # decay exponents of the excess cost in a window
NEAR = 0.1  # distance from the last plan, relative to its extent, within which the next one begins with it


@dataclass(frozen=True, eq=False)
class LandscapePolicy:
    """Optimal feedback policy on a landscape, made by `policy`.

    Parameters
    ----------
    objective : Objective
    landscape : Landscape
    duration : float
        Length of the window of its plans [s]; later the learner rests.
    around : Surroundings
        Stationary points and passes of the search.
    grid : Grid or None
        Value function on a grid; None in more than three dimensions.
    """

    objective: Objective
    landscape: Any
    duration: float
    around: Surroundings
    grid: Grid | None
    _last: list[xr.Dataset] = field(default_factory=list, repr=False)

    def _repr_markdown_(self) -> str:
        """Show minima, saddles and error in a notebook."""
        return call("plasticity.pages.display:landscape_policy", self)

    @property
    def minima(self) -> tuple[StationaryPoint, ...]:
        """Minima of the loss in reach of the search, the lowest first."""
        return self.around.minima

    @property
    def saddles(self) -> tuple[StationaryPoint, ...]:
        """Saddles of the loss in reach of the search, the lowest first."""
        return self.around.saddles

    @property
    def error(self) -> float:
        """Relative error of V: of the grid by halving its step (before extrapolation), or of the mesh of the plans."""
        return ACCURACY if self.grid is None else self.grid.error

    def value(self, theta: ArrayLike) -> Array:
        """V (...) at θ (..., n): the least action J from there on."""
        if self.grid is not None:
            return np.reshape(self.grid.value(theta), np.shape(theta)[:-1])
        return self._each(theta, lambda start: self.path(start).attrs["value"])

    def velocity(self, theta: ArrayLike) -> Array:
        """Optimal θ̇ (..., n) at θ (..., n) [θ/s]; without a grid each point is planned anew (receding horizon)."""
        if self.grid is not None:
            return np.reshape(self.grid.velocity(theta), np.shape(theta))
        return self._each(theta, lambda start: _first_velocity(self.path(start)))

    def path(self, start: ArrayLike) -> xr.Dataset:
        """Optimal path from a start, as `plan` returns it, with the attribute value: J with the rest at its end.

        The grid chooses the passes, a minimisation along its path does the rest. Without a grid `plan` searches, but
        begins with its last path if that leads past the start.
        """
        start = np.asarray(start, dtype=float)
        if self.grid is not None and not self.grid.inside(start):
            raise InputError(
                f"start must lie in the box {self.grid.box.tolist()}, got {start.tolist()}; use a larger box"
            )
        first = self._grid_path(start) if self.grid is not None else self._last_path(start)
        path = plan(self.objective, self.landscape, start, self.duration, initial_path=first)
        if self.grid is not None:
            path.attrs["scope"] = "global: the passes are those of the grid"
        self._last[:] = [path]
        discount = float(self.objective.discount)
        end = path.theta.values[-1]
        rest = float(running_cost(self.objective, self.landscape, start.size).cost(end, np.zeros_like(end))) / discount
        path.attrs["value"] = path.attrs["action"] + np.exp(-discount * self.duration) * rest
        return path

    def _grid_path(self, start: Array) -> Array:
        """Path (k, n) of the grid's velocity from a start, at even times."""
        from scipy.integrate import solve_ivp

        grid = self.grid
        assert grid is not None
        low, high = grid.box
        flow = solve_ivp(
            lambda _, theta: grid.velocity(np.clip(theta, low, high)),
            (0.0, self.duration),
            start,
            t_eval=np.linspace(0.0, self.duration, 501),
            rtol=1e-4,
            atol=1e-6,
        )
        return flow.y.T

    def _last_path(self, start: Array) -> Array | None:
        """Rest of the last path from its point next to a start; None if there is no such path."""
        for path in self._last:
            points = path.theta.values
            distance = np.linalg.norm(points - start, axis=1)
            nearest = int(np.argmin(distance))
            if distance[nearest] < NEAR * np.ptp(points, axis=0).max():
                return np.vstack([points[nearest:], np.repeat(points[-1:], nearest, axis=0)])
        return None

    def _each(self, theta: ArrayLike, function: Any) -> Array:
        theta = np.asarray(theta, dtype=float)
        values = np.array([function(start) for start in theta.reshape(-1, theta.shape[-1])])
        return values.reshape((*theta.shape[:-1], *values.shape[1:]))


@checked
def policy(objective: Objective, landscape: Any, box: ArrayLike | None = None, seed: int = 0) -> LandscapePolicy:
    """Optimal feedback on a landscape with any number of minima.

    In one to three dimensions V is the solution of the Hamilton–Jacobi–Bellman equation on a grid, over every pass;
    with a metric that depends on θ, or in more dimensions, each velocity begins a plan of a long window, warm-started
    from the last one.

    Parameters
    ----------
    objective : Objective
        With a discount > 0.
    landscape : Landscape
        With loss, gradient, hessian, and its number of parameters n.
    box : (2, n) array, optional
        Lower and upper corner of the grid; by default around every stationary point in reach of a search from the
        origin. Paths that leave it are not seen.
    seed : int
        Of the search for stationary points.

    Returns
    -------
    LandscapePolicy

    Raises
    ------
    InputError
        If the discount is 0 or not finite, or no minimum is in reach and there is no box.

    Examples
    --------
    A patient learner in the shallow well moves off to the deep one, at 1.06; an impatient one stays:

    >>> from plasticity.landscapes import DoubleWell
    >>> shallow = DoubleWell().minima[0]
    >>> [bool(policy(Objective(g), DoubleWell()).path(shallow).theta[-1, 0] > 1) for g in (0.4, 0.7)]
    [True, False]

    References
    ----------
    vastola_2025; barles_1991; howard_1960.
    """
    discount = finite_discount(objective, "for `policy`")
    if discount <= 0:
        raise InputError("discount must be > 0 for `policy`, where V is finite, got 0; use a small one, or `plan`")
    n = landscape.n
    origin = np.zeros((1, n)) if box is None else np.asarray(box, dtype=float)
    around = surroundings(landscape, origin, seed)
    if not around.minima:
        raise InputError("no minimum of the loss is in reach of the search; give the box that holds it")
    cost = running_cost(objective, landscape, n)
    slowest = min(motion_rates(cost, discount, np.array(point.position, float)).min() for point in around.minima)
    duration = SETTLING / (discount + 2 * slowest)
    grid = None
    if n in CELLS and not callable(cost.metric):
        grid = value_on_grid(objective, landscape, _box(around) if box is None else box)
    return LandscapePolicy(objective, landscape, float(duration), around, grid)


def _box(around: Surroundings) -> Array:
    """Corners (2, n) around the stationary points."""
    points = np.array([point.position for point in around.points])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * max(float((high - low).max()), 2.0)
    return np.stack([low - margin, high + margin])


def _first_velocity(path: xr.Dataset) -> Array:
    """θ̇ at the start of a path, of second order in its step."""
    first, second, third = path.theta.values[:3]
    return (4 * second - 3 * first - third) / (2 * float(path.time[1]))
