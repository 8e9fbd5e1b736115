"""Optimal path over a window: the action J minimised over the points of a path, on any smooth loss."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError, UnknownNameError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.optimal.cost import finite_discount, running_cost
from plasticity.optimal.path import Outcome
from plasticity.optimal.policy import described
from plasticity.optimal.window import METHODS, ORDERS, Window, resampled
from plasticity.support.checks import checked, require_number, require_whole

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
NEWTON_LIMIT = 64  # parameters: the banded factor costs n_points · n³
COARSE = 1e-2  # relative error of J that draws a warning
LOCAL = "local: near the initial path"


@checked
def plan(
    objective: Objective,
    landscape: Any,
    start: ArrayLike,
    duration: float,
    end: ArrayLike | None = None,
    n_points: int | None = None,
    initial_path: ArrayLike | xr.Dataset | None = None,
    *,
    search: bool = True,
    quadrature: str = "gauss",
    method: str | None = None,
    tolerance: float | None = None,
    n_iterations: int = 500,
) -> xr.Dataset:
    """Path that minimises the discounted action over a window.

    ``J = Σ_i W_i { (v_i − f)ᵀG(v_i − f)/2η + kL(m_i) }`` with ``v_i = (θ_{i+1} − θ_i)/h`` and m_i in the i-th
    interval, of which W_i is the discounted length.

    A landscape may have many minima, and a minimisation ends in the best path near its first one. With a free end
    several families of first paths are compared: rest, the way down, straight lines to every minimum near the start,
    paths over every pass between the minima, and seeded bends. That is a search, no proof; in one to three dimensions
    `policy` has the proof.

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
    n_points : int, optional
        Points of the path, both ends included; by default as many as make the error of J less than 1e-4.
    initial_path : (k, n) array or Dataset, optional
        Initial guess, spread evenly over the window; the result is a local minimum near it. Without a search it is a
        straight line to `end`, or rest at `start`.
    search : bool
        Compare families of first paths, if the end is free, there is no `initial_path`, and the loss has a Hessian
        (up to 64 parameters) and is not a `Quadratic`.
    quadrature : {"gauss", "midpoint", "left"}
        Where in an interval its cost is taken: at the mean of its time with the weight ``e^{−γt}`` (second order,
        also where γh is large), in the middle (second order), or at its left end (first order; the rule of the
        paper's figure).
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
        ``theta`` (time, parameter); attributes action, mean_action (action/duration), error (of the action,
        relative, estimated from twice the step), converged (1 or 0), iterations, gradient_norm (relative, as above);
        scope ("best of N searched families", or "local: near the initial path"), family (the one that was best) and
        passes_searched.

    Warns
    -----
    RuntimeWarning
        Without convergence, or if the mesh is so coarse that the error exceeds 1 %.

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
    if quadrature not in ORDERS:
        raise UnknownNameError("quadrature", quadrature, ORDERS)
    require_whole("n_iterations", n_iterations, low=0)
    if n_points is not None:
        n_points = require_whole("n_points", n_points, low=3)
    start, end, line = _paths(start, end, initial_path)
    gradient_only = start.size > NEWTON_LIMIT or getattr(landscape, "hessian", None) is None
    if method is None:
        method = "gradient" if gradient_only else "newton"
    if method not in METHODS:
        raise InputError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if tolerance is None:
        tolerance = 1e-8 if method == "newton" else 1e-5
    window = Window(
        running_cost(objective, landscape, start.size),
        finite_discount(objective, "for `plan`"),
        require_number("duration", duration, low=0, exclusive=True, unit="s"),
        quadrature,
        end is None,
        method,
        require_number("tolerance", tolerance, low=0, exclusive=True),
        n_iterations,
    )
    first = resampled(line, n_points or window.first_mesh(line[[0, -1]]) + 1)
    if not np.isfinite(window.action(len(first) - 1).value(first)[0]):
        raise InputError("the loss is not finite along the initial path; use another initial_path")
    family, scope, n_passes = "initial path", LOCAL, 0
    if search and end is None and initial_path is None and not gradient_only and not isinstance(landscape, Quadratic):
        family, first, n_families, n_passes = window.search(start, n_points)
        scope = f"best of {n_families} searched families"
    outcome, error = window.refine(first) if n_points is None else (window.minimise(first), None)
    error = window.estimate(outcome) if error is None else error
    _warn(outcome, error, window.tolerance)
    facts = {"scope": scope, "family": family, "passes_searched": n_passes, "error": float(error)}
    return _as_dataset(objective, outcome, window, facts)


def _warn(outcome: Outcome, error: float, tolerance: float) -> None:
    if not outcome.converged:
        warnings.warn(
            f"plan has not converged after {outcome.iterations} iterations: relative gradient norm "
            f"{outcome.gradient_norm:.3g} > {tolerance:g}; use more n_iterations or another initial_path",
            RuntimeWarning,
            stacklevel=3,
        )
    elif error > COARSE:
        warnings.warn(
            f"the mesh of plan is coarse: with {len(outcome.path)} points the action has an error of about "
            f"{error:.1%}; use more n_points, or none for a mesh by accuracy",
            RuntimeWarning,
            stacklevel=3,
        )


def _as_dataset(objective: Objective, outcome: Outcome, window: Window, facts: dict[str, Any]) -> xr.Dataset:
    n_points, n = outcome.path.shape
    duration = window.duration
    return make_dataset(
        {"theta": (("time", "parameter"), outcome.path, "1", "parameters θ")},
        {
            "time": ("time", np.linspace(0.0, duration, n_points), "s", "time"),
            "parameter": ("parameter", np.arange(n), "1", "index of the parameter"),
        },
        title="planned path",
        rule="optimal plan",
        engine=f"direct transcription, {window.method}",
        parameters=described(objective),
        references=("vastola_2025",),
        action=outcome.action,
        mean_action=outcome.action / duration,
        converged=int(outcome.converged),
        iterations=outcome.iterations,
        gradient_norm=float(outcome.gradient_norm),
        **facts,
    )


def _paths(start: ArrayLike, end: ArrayLike | None, initial_path: Any) -> tuple[Array, Array | None, Array]:
    """Ends and first path (k, n), checked."""
    start = _point("start", start, None)
    end = None if end is None else _point("end", end, start.size)
    line = np.stack([start, start if end is None else end])
    if initial_path is not None:
        line = np.array(getattr(initial_path, "theta", initial_path), dtype=float)
        if line.ndim != 2 or line.shape[1] != start.size or len(line) < 2 or not np.all(np.isfinite(line)):
            raise InputError(f"initial_path must be finite, of shape (k, {start.size}), got shape {line.shape}")
        line[0] = start
        if end is not None:
            line[-1] = end
    return start, end, line


def _point(name: str, value: ArrayLike, n: int | None) -> Array:
    point = np.array(value, dtype=float)
    if point.ndim != 1 or (n is not None and point.size != n) or not np.all(np.isfinite(point)):
        size = "n" if n is None else n
        raise InputError(f"{name} must be finite numbers of shape ({size},), got {np.asarray(value).tolist()}")
    return point
