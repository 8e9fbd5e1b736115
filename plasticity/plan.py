"""Optimal path over a window: the action J minimised over the points of a path, on any smooth loss."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError, UnknownNameError, require_number, require_whole
from plasticity.objective import Objective
from plasticity.optimal.cost import finite_discount, running_cost
from plasticity.optimal.minimise import minimise_by_gradient, minimise_by_newton
from plasticity.optimal.path import Outcome, PathAction
from plasticity.optimal.policy import described

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
METHODS = {"newton": minimise_by_newton, "gradient": minimise_by_gradient}
QUADRATURES = {"midpoint": 0.5, "left": 0.0}  # where in its interval a cost is taken
NEWTON_LIMIT = 64  # parameters: the banded factor costs n_points · n³


def plan(
    objective: Objective,
    landscape: Any,
    start: ArrayLike,
    duration: float,
    end: ArrayLike | None = None,
    n_points: int = 200,
    initial_path: ArrayLike | None = None,
    *,
    quadrature: str = "midpoint",
    method: str | None = None,
    tolerance: float | None = None,
    n_iterations: int = 500,
) -> xr.Dataset:
    """Path that minimises the discounted action over a window.

    ``J = Σ_i h e^{−γ s_i} { (v_i − f)ᵀG(v_i − f)/2η + kL(m_i) }`` with ``v_i = (θ_{i+1} − θ_i)/h``, and m_i, s_i
    taken in the middle of each interval, or at its left end (first order; the rule of the paper's figure).

    Parameters
    ----------
    objective : Objective
        Discount, plasticity, loss weight, metric and drift (constant or functions of θ), invertible control.
    landscape : Landscape
        Anything with loss, gradient and, for Newton steps, hessian.
    start : (n,) array
        θ at time 0.
    duration : float
        Length of the window [s].
    end : (n,) array, optional
        θ at the end of the window; free by default.
    n_points : int
        Points of the path, both ends included.
    initial_path : (k, n) array or Dataset, optional
        Initial guess, spread evenly over the window; by default a straight line to `end`, or rest at `start`. The
        result is a local minimum near it.
    quadrature : {"midpoint", "left"}
        Where in an interval its cost is taken; midpoint is of second order.
    method : {"newton", "gradient"}, optional
        Newton steps on the block-banded system, or L-BFGS preconditioned by the kinetic term. By default Newton up
        to 64 parameters.
    tolerance : float, optional
        Converged when the gradient, in the norm of the kinetic term and relative to the root of the action's
        terms, is below it; by default 1e-8 (newton) or 1e-5 (gradient).
    n_iterations : int
        Upper limit.

    Returns
    -------
    xarray.Dataset
        ``theta`` (time, parameter); attributes action, mean_action (action/duration), converged (1 or 0),
        iterations, gradient_norm (relative, as above).

    Warns
    -----
    RuntimeWarning
        Without convergence.

    Examples
    --------
    A straight line is optimal where there is no loss, at ``|θ_T − θ_0|²/2ηT``:

    >>> from plasticity.landscapes import Quadratic
    >>> path = plan(Objective(0), Quadratic(0.0, [0.0]), [0.0], duration=2.0, end=[2.0], n_points=11)
    >>> round(path.attrs["action"], 12), path.attrs["converged"]
    (1.0, 1)

    References
    ----------
    vastola_2025, eq. 1 and Fig. 1.
    """
    if quadrature not in QUADRATURES:
        raise UnknownNameError("quadrature", quadrature, QUADRATURES)
    start, end, first = _paths(start, end, n_points, initial_path)
    duration = require_number("duration", duration, low=0, exclusive=True, unit="s")
    action = PathAction(
        running_cost(objective, landscape, start.size),
        finite_discount(objective, "for `plan`"),
        duration / (n_points - 1),
        QUADRATURES[quadrature],
        free_end=end is None,
    )
    if not np.isfinite(action.value(first)[0]):
        raise InputError("the loss is not finite along the initial path; use another initial_path")
    if method is None:
        gradient_only = start.size > NEWTON_LIMIT or getattr(landscape, "hessian", None) is None
        method = "gradient" if gradient_only else "newton"
    if method not in METHODS:
        raise InputError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if tolerance is None:
        tolerance = 1e-8 if method == "newton" else 1e-5
    tolerance = require_number("tolerance", tolerance, low=0, exclusive=True)
    outcome = METHODS[method](action, first, tolerance, n_iterations)
    if not outcome.converged:
        warnings.warn(
            f"plan has not converged after {outcome.iterations} iterations: relative gradient norm "
            f"{outcome.gradient_norm:.3g} > {tolerance:g}; use more n_iterations or another initial_path",
            RuntimeWarning,
            stacklevel=2,
        )
    return _as_dataset(objective, outcome, duration, method)


def _as_dataset(objective: Objective, outcome: Outcome, duration: float, method: str) -> xr.Dataset:
    n_points, n = outcome.path.shape
    return make_dataset(
        {"theta": (("time", "parameter"), outcome.path, "1", "parameters θ")},
        {
            "time": ("time", np.linspace(0.0, duration, n_points), "s", "time"),
            "parameter": ("parameter", np.arange(n), "1", "index of the parameter"),
        },
        title="planned path",
        rule="optimal plan",
        engine=f"direct transcription, {method}",
        parameters=described(objective),
        references=("vastola_2025",),
        action=outcome.action,
        mean_action=outcome.action / duration,
        converged=int(outcome.converged),
        iterations=outcome.iterations,
        gradient_norm=float(outcome.gradient_norm),
    )


def _paths(
    start: ArrayLike, end: ArrayLike | None, n_points: int, initial_path: Any
) -> tuple[Array, Array | None, Array]:
    """Ends and first path, checked."""
    start = _point("start", start, None)
    end = None if end is None else _point("end", end, start.size)
    n_points = require_whole("n_points", n_points, low=3)
    share = np.linspace(0.0, 1.0, n_points)
    if initial_path is None:
        path = start + share[:, None] * ((start if end is None else end) - start)
    else:
        guess = np.asarray(getattr(initial_path, "theta", initial_path), dtype=float)
        if guess.ndim != 2 or guess.shape[1] != start.size or len(guess) < 2 or not np.all(np.isfinite(guess)):
            raise InputError(f"initial_path must be finite, of shape (k, {start.size}), got shape {guess.shape}")
        even = np.linspace(0.0, 1.0, len(guess))
        path = np.stack([np.interp(share, even, column) for column in guess.T], axis=1)
    path[0] = start
    if end is not None:
        path[-1] = end
    return start, end, path


def _point(name: str, value: ArrayLike, n: int | None) -> Array:
    point = np.array(value, dtype=float)
    if point.ndim != 1 or (n is not None and point.size != n) or not np.all(np.isfinite(point)):
        size = "n" if n is None else n
        raise InputError(f"{name} must be finite numbers of shape ({size},), got {np.asarray(value).tolist()}")
    return point
