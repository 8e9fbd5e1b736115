"""Optimal feedback policy of a linear-quadratic learner: its velocity, rates, rest point and cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective, constant_matrix
from plasticity.support.checks import require_number
from plasticity.support.late import call

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Policy:
    """Optimal policy ``θ̇ = A_cl (θ − μ) + offset``, made by `solve`.

    Parameters
    ----------
    objective : Objective
        The objective that it minimises.
    landscape : Quadratic
        The loss; μ is its optimum.
    closed_loop : (n, n) array
        A_cl = A − BK [1/s].
    gain : (m, n) array
        K: the control is ``u = −K (θ − μ) − feedforward``.
    feedforward : (m,) array
        Constant part of the control, against drift or for tasks to come.
    offset : (n,) array
        Velocity at the optimum of the loss [θ/s].
    value_quadratic : (n, n) array
        P; NaN where it is infinite.
    value_linear : (n,) array
        b of ``V = ½ eᵀPe + bᵀe + c``, e = θ − μ; NaN where it is infinite.
    value_constant : float
        c; inf if every path has an infinite cost at discount 0.
    notes : tuple of str
        Remarks, such as a limit that was taken.
    """

    objective: Objective
    landscape: Quadratic
    closed_loop: Array
    gain: Array
    feedforward: Array
    offset: Array
    value_quadratic: Array
    value_linear: Array
    value_constant: float
    notes: tuple[str, ...] = ()

    def _repr_markdown_(self) -> str:
        """Show the law of motion in a notebook."""
        return call("plasticity.pages.display:policy", self)

    @cached_property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """Eigenvalues (n,) of the closed loop [1/s], slowest decay first."""
        values = np.linalg.eigvals(self.closed_loop).astype(complex)
        return values[np.lexsort((values.imag, -values.real))]

    @property
    def rates(self) -> Array:
        """Decay rates (n,) [1/s] in the order of `eigenvalues`; negative for directions that grow."""
        return -self.eigenvalues.real

    @property
    def value_matrix(self) -> Array:
        """P (n, n) of the value function; an `InputError` if it is infinite, which is possible at discount 0."""
        if not np.all(np.isfinite(self.value_quadratic)):
            raise InputError(
                f"value_matrix is infinite at discount {self.objective.discount}: a costed direction is out "
                "of reach of the control; use a discount > 0, or gain and velocity, which are finite"
            )
        return self.value_quadratic

    @property
    def rest_point(self) -> Array:
        """Point (n,) at which the velocity vanishes; an `InputError` if there is none, or it depends on the start."""
        point, still = self._stationary()
        if still.shape[1]:
            direction = np.round(still[:, 0], 6).tolist()
            raise InputError(
                f"rest_point depends on the start: weights do not move along the direction {direction}; "
                "use trajectory(start, times), whose end is the rest point of that start"
            )
        return point

    @property
    def cost_rate(self) -> float:
        """Cost per unit time at the rest point, ``uᵀGu/2η + kL``; an `InputError` as for `rest_point`."""
        point, still = self._stationary()
        away = still.T @ self.landscape.hessian_matrix @ still
        effect = max(np.abs(self.gain @ still).max(initial=0), np.abs(away).max(initial=0))
        if effect > 1e-9 * max(np.abs(self.gain).max(), np.abs(self.landscape.hessian_matrix).max()):
            raise InputError(
                "cost_rate depends on the start, because the loss varies along a direction without motion; "
                "use trajectory(start, times)"
            )
        return float(self.running_cost(point))

    def control(self, theta: ArrayLike) -> Array:
        """Control u (..., m) at θ (..., n)."""
        return -(self._away(theta) @ self.gain.T) - self.feedforward

    def velocity(self, theta: ArrayLike) -> Array:
        """θ̇ (..., n) at θ (..., n) [θ/s]."""
        return self._away(theta) @ self.closed_loop.T + self.offset

    def running_cost(self, theta: ArrayLike) -> Array:
        """Undiscounted cost per unit time ``uᵀGu/2η + kL`` (...) at θ (..., n)."""
        u = self.control(theta)
        metric = constant_matrix("metric", self.objective.metric, u.shape[-1])
        short = getattr(self.objective.discount, "is_infinite", False)  # η = αγ/k → ∞: change is free
        plasticity = np.inf if short else self.objective.plasticity
        effort = np.einsum("...i,ij,...j->...", u, metric, u) / (2 * plasticity)
        return effort + self.objective.loss_weight * self.landscape.loss(theta)

    def value(self, theta: ArrayLike) -> Array:
        """V (...) at θ (..., n): the least action J from there on; inf where it is infinite."""
        away = self._away(theta)
        if not (np.all(np.isfinite(self.value_linear)) and np.isfinite(self.value_constant)):
            return np.full(away.shape[:-1], np.inf)
        if not np.all(np.isfinite(self.value_quadratic)):
            return np.full(away.shape[:-1], np.inf)
        quadratic = 0.5 * np.einsum("...i,ij,...j->...", away, self.value_quadratic, away)
        return quadratic + away @ self.value_linear + self.value_constant

    def change(self, theta: ArrayLike, duration: Any) -> Array:
        """Change Δθ (..., n) of a learner that observes at θ (..., n) and then acts for `duration` [s] on what it saw.

        ``Δθ = ∫ e^{A_cl s} ds θ̇``. For ``duration=sympy.oo`` it goes to the rest point: without drift that is Newton's
        step ``−H⁻¹∇L``, whatever the discount and the metric.

        Raises
        ------
        InputError
            If `duration` is not positive, or infinite where a direction does not decay.

        Examples
        --------
        >>> import sympy as sp
        >>> from plasticity import Objective, solve
        >>> policy = solve(Objective(1.0), Quadratic([[2.0, 1.0], [1.0, 2.0]], [0.5, 0.0]))
        >>> policy.change([1.0, 1.0], sp.oo).round(12)
        array([-0.5, -1. ])
        """
        velocity = self.velocity(theta)
        if getattr(duration, "is_infinite", False):
            if self.rates.min() <= 0:
                raise InputError("duration must be finite where a direction of the policy does not decay; got oo")
            return -velocity @ np.linalg.inv(self.closed_loop).T
        from scipy.linalg import expm

        time = require_number("duration", duration, low=0, exclusive=True, unit="s")
        n = len(self.offset)
        moving = np.hstack([self.closed_loop, np.eye(n)]) * time
        return velocity @ expm(np.vstack([moving, np.zeros((n, 2 * n))]))[:n, n:].T

    def path(self, start: ArrayLike, times: ArrayLike) -> Array:
        """Return θ (n_times, n), or (n_trials, n_times, n), of `trajectory` as an array."""
        start = np.asarray(start, dtype=float)
        n = len(self.offset)
        if start.ndim not in (1, 2) or start.shape[-1] != n or not np.all(np.isfinite(start)):
            raise InputError(f"start must be finite, of shape ({n},) or (n_trials, {n}), got {start.tolist()}")
        times = _checked_times(times)
        return self.landscape.optimum + _flow(self.closed_loop, self.offset, self._away(start), times)

    def trajectory(self, start: ArrayLike, times: ArrayLike) -> xr.Dataset:
        """Path of the optimal policy, exact at every time.

        Parameters
        ----------
        start : (n,) or (n_trials, n) array
            θ at time 0.
        times : (n_times,) array
            Increasing times ≥ 0 [s].

        Returns
        -------
        xarray.Dataset
            ``theta`` (time, parameter), or (trial, time, parameter) for several starts.
        """
        theta, times, n = self.path(start, times), np.atleast_1d(np.asarray(times, dtype=float)), len(self.offset)
        dims = ("trial", "time", "parameter")[3 - theta.ndim :]
        coordinates = {
            "time": ("time", times, "s", "time"),
            "parameter": ("parameter", np.arange(n), "1", "index of the parameter"),
        }
        if theta.ndim == 3:
            coordinates["trial"] = ("trial", np.arange(len(theta)), "1", "index of the start")
        return make_dataset(
            {"theta": (dims, theta, "1", "parameters θ")},
            coordinates,
            title="optimal path on a quadratic loss",
            rule="optimal linear-quadratic policy",
            engine="matrix exponential",
            parameters=described(self.objective),
            references=("vastola_2025",),
        )

    @property
    def curl(self) -> float:
        """Norm of the antisymmetric part of ``M ∂θ̇/∂θ``, 0 for a gradient rule in the metric M.

        M is the metric G, or with a control matrix the pseudo-inverse of ``B G⁻¹ Bᵀ``.
        """
        metric = parameter_metric(self.objective, len(self.offset))
        jacobian = metric @ self.closed_loop
        return float(np.linalg.norm(0.5 * (jacobian - jacobian.T)))

    def _away(self, theta: ArrayLike) -> Array:
        theta = np.asarray(theta, dtype=float)
        if theta.shape[-1:] != self.offset.shape:
            raise InputError(f"theta must have {len(self.offset)} parameters on its last axis, got {theta.shape}")
        return theta - self.landscape.optimum

    def _stationary(self) -> tuple[Array, Array]:
        """Stationary point (n,) nearest the optimum, and a basis (n, r) of directions without motion."""
        left, singular, right = np.linalg.svd(self.closed_loop)
        still = singular <= 10 * singular.size * np.finfo(float).eps * singular.max()
        pushed = left.T @ self.offset
        if np.any(np.abs(pushed[still]) > 1e-12 * max(float(np.linalg.norm(self.offset)), 1e-300)):
            direction = np.round(left[:, still][:, 0], 6).tolist()
            raise InputError(
                f"there is no rest_point: a constant drift along {direction} never ends; use trajectory(start, times)"
            )
        away = np.divide(-pushed, singular, out=np.zeros_like(pushed), where=~still)
        return self.landscape.optimum + away @ right, right[still].T


def parameter_metric(objective: Objective, n: int) -> Array:
    """Metric (n, n) of parameter space: G, or pinv(B G⁻¹ Bᵀ) if there is a control matrix."""
    if objective.control is None:
        return constant_matrix("metric", objective.metric, n)
    b = objective.control
    return np.linalg.pinv(b @ np.linalg.solve(constant_matrix("metric", objective.metric, b.shape[1]), b.T))


def _checked_times(times: ArrayLike) -> Array:
    times = np.atleast_1d(np.asarray(times, dtype=float))
    if times.ndim != 1 or not np.all(np.isfinite(times)) or times[0] < 0 or np.any(np.diff(times) <= 0):
        raise InputError("times must be finite, >= 0 s and increasing, in one dimension")
    return times


def _flow(closed_loop: Array, offset: Array, away: Array, times: Array) -> Array:
    """``e(t)`` of ė = A_cl e + offset by the exponential of the augmented matrix, which needs no inverse."""
    from scipy.linalg import expm

    n = len(offset)
    augmented = np.zeros((n + 1, n + 1))
    augmented[:n, :n], augmented[:n, n] = closed_loop, offset
    state = np.concatenate([away, np.ones((*away.shape[:-1], 1))], axis=-1)
    steps = np.diff(times, prepend=0.0)
    even = np.allclose(steps[1:], steps[1:].mean() if len(steps) > 1 else 0.0, rtol=1e-12, atol=1e-14 * times[-1])
    step = expm(augmented * (times[-1] - times[0]) / (len(times) - 1)).T if len(times) > 1 and even else None
    states = []
    for i, dt in enumerate(steps):
        state = state @ (expm(augmented * dt).T if i == 0 or step is None else step)
        states.append(state)
    return np.stack(states, axis=-2)[..., :n]


def described(objective: Objective) -> dict:
    """Fields of an objective for the attributes of a Dataset."""
    fields = ("discount", "plasticity", "loss_weight", "metric", "drift", "control", "hazard", "prior_mean")
    return {name: value for name in fields if (value := getattr(objective, name)) is not None}
