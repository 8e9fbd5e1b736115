"""Optimality of a rule or a path: action, gap to the optimum, angle to the gradient, curl.

The rule need not be derived: any motion of parameters on a landscape can be evaluated under any objective.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import DivergedError, InputError
from plasticity.landscapes import Quadratic, curvature_of
from plasticity.objective import Objective
from plasticity.optimal.cost import finite_discount
from plasticity.optimal.policy import Policy
from plasticity.optimal.riccati import reachable_basis
from plasticity.optimal.running import RunningCost, difference
from plasticity.optimal.stateful import linear_system
from plasticity.optimal.terms import Samples, action_terms, path_cost, sampled
from plasticity.plan import plan
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule
from plasticity.solve import solve
from plasticity.support.checks import checked

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Field = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Optimality:
    """Cost of a path or rule relative to the optimum, made by `optimality`; arrays over trials, if there are any.

    Parameters
    ----------
    action : float or array
        J of the path and its tail [loss·s].
    optimum : float or array
        Least J from the same start [loss·s]; on a loss that is not quadratic the least one of a search.
    gap : float or array
        Excess cost of the path, ≥ 0 up to the sampling error [loss·s].
    angle : float or array
        Mean angle between θ̇ and −G⁻¹∇L along the path [rad]; NaN where nothing moves.
    curl : float
        Mean norm of the antisymmetric part of ``∂(Gθ̇)/∂θ`` along the path [1/s]; NaN for a recorded path, which has
        no velocity field.
    notes : tuple of str
        Remarks.
    """

    action: Any
    optimum: Any
    gap: Any
    angle: Any
    curl: float
    notes: tuple[str, ...] = ()


@checked
def optimality(
    subject: xr.Dataset | Rule | Policy | Field,
    objective: Objective,
    landscape: Any,
    start: ArrayLike | None = None,
    times: ArrayLike | None = None,
    *,
    variable: str = "theta",
) -> Optimality:
    """Optimality of a path, a rule or a velocity field under an objective.

    On a quadratic loss the path is continued by the optimal policy, and the gap is the cost of its control u beyond
    the optimal one at the same point: ``∫ e^{−γt} (u − u*)ᵀG(u − u*)/2η dt``, which is J − V(θ_0) without
    cancellation. On another loss the optimum is the best plan from the same start over the same window, with a free
    end: of one near the path and those of a search over passes (`plan`). That is an upper bound of the least J, and
    the gap a lower bound.

    Parameters
    ----------
    subject : Dataset, Rule, Policy or callable
        A recorded path, or a velocity field: (..., n) at θ (..., n). Rules with states or events have no such
        field: `simulate` or `replay` them and evaluate the path.
    objective : Objective
    landscape : Landscape
    start : (n,) array
        Initial θ, unless `subject` is a path.
    times : (k,) array
        Times of the records [s], unless `subject` is a path; the sampling error is of second order.
    variable : str
        Name of the path in a Dataset, ``"weight"`` for a synapse.

    Examples
    --------
    Gradient descent at the learning rate ηk/γ against the optimum of a horizon of one second:

    >>> loss = Quadratic([1.0, 4.0], [0.0, 0.0])
    >>> report = optimality(lambda w: -loss.gradient(w), Objective(1.0), loss, [1.0, 1.0], np.linspace(0, 9, 901))
    >>> round(report.gap / report.optimum, 3)
    0.325

    References
    ----------
    vastola_2025.
    """
    field = None
    if isinstance(subject, Rule | Policy) or callable(subject):
        field = velocity_field(subject, landscape)
        path = follow(field, start, times)
    else:
        path = subject
    samples = sampled(path, variable)
    angle = _mean(angle_to_gradient(samples.velocities, samples.middles, objective, landscape), samples)
    curl = np.nan if field is None else float(np.mean(curl_of(field, samples.middles, objective)))
    compare = _against_policy if isinstance(landscape, Quadratic) else _against_plan
    cost = path_cost(objective, landscape, samples.theta.shape[-1])
    action, best, gap, notes = compare(samples, cost, objective, landscape)
    return Optimality(_plain(action), _plain(best), _plain(gap), _plain(angle), curl, notes)


@dataclass(frozen=True, eq=False)
class Excess:
    """Cost of a linear policy beyond the optimal one near the optimum of a quadratic loss, made by `excess`.

    From a start x away from the optimum the gap is ``J − J* = ½ xᵀXx`` and the least cost ``J* = ½ xᵀPx``.

    Parameters
    ----------
    gap : (n, n) array
        X [loss·s]; infinite if the rule diverges faster than the discount forgets.
    optimum : (n, n) array
        P [loss·s].
    """

    gap: Array
    optimum: Array

    @property
    def relative(self) -> float:
        """``tr X/tr P``: relative excess of the mean cost over starts without a preferred direction."""
        return float(np.trace(self.gap) / np.trace(self.optimum))

    @property
    def worst(self) -> float:
        """Largest (J − J*)/J* over all starts, the top eigenvalue of ``P⁻¹X``."""
        from scipy.linalg import eigh

        return float(eigh(self.gap, self.optimum, eigvals_only=True)[-1]) if np.all(np.isfinite(self.gap)) else np.inf

    def start(self, offset: ArrayLike) -> Array:
        """(J − J*)/J* (...) from starts θ − μ (..., n)."""
        x = np.asarray(offset, dtype=float)
        paid, least = (np.einsum("...i,ij,...j->...", x, matrix, x) for matrix in (self.gap, self.optimum))
        return paid / least if np.all(np.isfinite(self.gap)) else np.full(x.shape[:-1], np.inf)


@checked
def excess(rule: Rule | Policy | Field, objective: Objective, landscape: Quadratic) -> Excess:
    """Excess cost of a rule over the optimum on a quadratic loss: what being local or diagonal, or a memory, costs.

    With the rule's Jacobian ``A = ∂θ̇/∂θ`` at the optimum, that of the optimal policy A* (`solve`) and
    ``D = A − A*``, the gap X solves the Lyapunov equation

        γX = DᵀGD/η + AᵀX + XA .

    It is exact where the rule is linear in θ and vanishes at the optimum. States (momentum, memories, beliefs) count
    as further coordinates without cost of their own; a belief starts where it settles at the first weights, everything
    else where it rests at the optimum.

    Parameters
    ----------
    rule : Rule, Policy or callable
        A rule that flows, with or without states, or a velocity field as for `optimality`. What moves at clock ticks
        is run by `simulate` and judged by `path_excess`.
    objective : Objective
        Discount γ, plasticity η, metric G, drift.
    landscape : Quadratic
        Its Hessian positive definite.

    Raises
    ------
    InputError
        If the loss is not quadratic with one optimum, or the rule or the optimal policy does not rest at it.

    Examples
    --------
    A synapse that sees its own curvature only, on a loss that couples three of them:

    >>> from plasticity import derive
    >>> loss = Quadratic(0.1 * np.eye(3) + 0.9, np.zeros(3))
    >>> round(excess(derive(Objective(discount=0)), Objective(discount=0), loss).relative, 3)
    0.301

    References
    ----------
    vastola_2025, eqs. 6-9.
    """
    from scipy.linalg import solve_continuous_lyapunov

    if not isinstance(landscape, Quadratic) or np.linalg.eigvalsh(landscape.hessian_matrix)[0] <= 0:
        raise InputError("landscape must be a Quadratic with a positive definite Hessian to evaluate an excess")
    discount, n = finite_discount(objective, "to evaluate an excess"), landscape.n
    best = solve(objective, landscape)
    own, rest, begin = _system(rule, landscape)
    optimal = difference(best.velocity, rest[:n])
    if np.abs(best.velocity(rest[:n])).max() > 1e-9 * np.abs(optimal).max() * (1 + np.abs(rest[:n]).max()):
        raise InputError("the rule and the optimal policy must rest at the optimum of the loss to evaluate an excess")
    seen, rank, _ = reachable_basis(own, begin, rounding=1e-9)  # what never moves with the weights is left out
    seen = seen[:, :rank]
    steering = own[:n] - np.hstack([optimal, np.zeros((n, len(own) - n))])
    own, away, begin = seen.T @ own @ seen, steering @ seen, seen.T @ begin
    shifted = own - 0.5 * discount * np.eye(len(own))
    if np.linalg.eigvals(shifted).real.max() >= 0:
        return Excess(np.full((n, n), np.inf), best.value_quadratic)
    metric = path_cost(objective, landscape, n).metric_matrix(rest[:n])
    gap = begin.T @ solve_continuous_lyapunov(shifted.T, -away.T @ metric @ away / objective.plasticity) @ begin
    return Excess(0.5 * (gap + gap.T), best.value_quadratic)


def _system(rule: Rule | Policy | Field, landscape: Quadratic) -> tuple[Array, Array, Array]:
    """Jacobian of everything that moves under a rule, weights first; where it rests; its start (N, n)."""
    if isinstance(rule, Rule) and rule.states and not rule.events:
        return linear_system(rule, landscape)
    field, rest = velocity_field(rule, landscape), landscape.optimum
    own = difference(field, rest)
    if np.abs(np.asarray(field(rest))).max() > 1e-9 * np.abs(own).max() * (1 + np.abs(rest).max()):
        raise InputError("the rule and the optimal policy must rest at the optimum of the loss to evaluate an excess")
    return own, rest, np.eye(len(rest))


@checked
def path_excess(run: xr.Dataset, objective: Objective, landscape: Quadratic) -> Array:
    """Excess cost (J − J*)/J* of every recorded run of a learner that moves in steps, on a quadratic loss.

    Between two records the weights move evenly, and after the last by the optimal policy: ``J − J*`` is
    ``∫ e^{−γt} (θ̇ − π)ᵀG(θ̇ − π)/2η dt`` with the optimal velocity π (`solve`), so that no cost is a difference of large
    numbers, and noise in the steps is paid for.

    Parameters
    ----------
    run : Dataset
        ``theta(trial, time, parameter)`` as from `simulate`, every step recorded.
    objective : Objective
        Without a control matrix.
    landscape : Quadratic

    Returns
    -------
    (n_trials,) array

    Examples
    --------
    Newton's step, taken in one second, where the optimum approaches at a rate of 1/s:

    >>> import sympy as sp
    >>> from plasticity import derive, simulate
    >>> loss = Quadratic(1.0, [0.0])
    >>> run = simulate(derive(Objective(1.0), duration=sp.oo), loss, [1.0], n_steps=3, dt=1.0)
    >>> path_excess(run, Objective(0.0), loss).round(6)
    array([0.333333])

    References
    ----------
    vastola_2025, eq. 1.
    """
    discount, best = finite_discount(objective, "to evaluate an excess"), solve(objective, landscape)
    samples = sampled(run, "theta")
    cost = path_cost(objective, landscape, landscape.n)
    theta, times = samples.theta.reshape(-1, *samples.theta.shape[-2:]), samples.times
    steps, total = np.diff(times), np.zeros(len(theta))
    velocity = np.diff(theta, axis=1) / steps[:, None]
    nodes, weights = np.polynomial.legendre.leggauss(5)
    for node, weight in zip(0.5 * (nodes + 1), 0.5 * weights, strict=True):
        at = theta[:, :-1] + node * np.diff(theta, axis=1)
        away = velocity - best.velocity(at)
        paid = np.einsum("...i,...i->...", away, cost.lowered(at, away)) / (2 * objective.plasticity)
        total += paid @ (weight * steps * np.exp(-discount * (times[:-1] + node * steps)))
    return total / best.value(theta[:, 0])


def velocity_field(subject: Rule | Policy | Field, landscape: Any) -> Field:
    """Velocity (..., n) at θ (..., n) of a policy, a callable, or a rule without states and events.

    Raises
    ------
    InputError
        If the rule has states or events, or lacks the value of a parameter.
    """
    if isinstance(subject, Policy):
        return subject.velocity
    if not isinstance(subject, Rule):
        return subject
    if subject.states or subject.events:
        raise InputError(
            f"rule {subject.name!r} has states or events, so that its velocity is no function of the weights alone; "
            "run it by `simulate` or `replay` and evaluate the path (`optimality`, `path_excess`)"
        )
    missing = [name for name, value in subject.values.items() if value is None]
    if missing:
        raise InputError(f"rule {subject.name!r} has no value for {', '.join(missing)}; use with_parameters")
    names = [parameter.symbol for parameter in subject.parameters]
    function = sp.lambdify([WEIGHT, GRADIENT, CURVATURE, *names], subject.weight_flow, "numpy")
    inputs = subject.inputs

    def velocity(theta: Array) -> Array:
        gradient = landscape.gradient(theta) if GRADIENT in inputs else np.nan
        curvature = curvature_of(landscape, theta) if CURVATURE in inputs else np.nan
        return np.broadcast_to(function(theta, gradient, curvature, *subject.values.values()), theta.shape)

    return velocity


def follow(field: Field, start: ArrayLike | None, times: ArrayLike | None) -> xr.Dataset:
    """Path of a velocity field, integrated to a relative error of 1e-10 (Runge–Kutta of order 8)."""
    from scipy.integrate import solve_ivp

    if start is None or times is None:
        raise InputError("start and times are needed to evaluate a rule or velocity field; got None")
    start, times = np.asarray(start, dtype=float), np.asarray(times, dtype=float)
    if start.ndim != 1 or not np.all(np.isfinite(start)):
        raise InputError(f"start must be finite numbers of shape (n,), got {start.tolist()}")
    if times.ndim != 1 or len(times) < 2 or np.any(np.diff(times) <= 0) or not np.all(np.isfinite(times)):
        raise InputError("times must be two or more increasing numbers [s]")
    solution = solve_ivp(
        lambda _, theta: np.asarray(field(theta), dtype=float),
        (times[0], times[-1]),
        start,
        method="DOP853",
        t_eval=times,
        rtol=1e-10,
        atol=1e-12,
    )
    if not solution.success or not np.all(np.isfinite(solution.y)):
        raise DivergedError("theta", float(solution.t[-1]) if len(solution.t) else 0.0, "the rule is unstable here")
    return make_dataset(
        {"theta": (("time", "parameter"), solution.y.T, "1", "parameters θ")},
        {
            "time": ("time", times, "s", "time"),
            "parameter": ("parameter", np.arange(start.size), "1", "index of the parameter"),
        },
        title="path of a velocity field",
        engine="DOP853",
    )


def angle_to_gradient(velocity: ArrayLike, theta: ArrayLike, objective: Objective, landscape: Any) -> Array:
    """Angle (...) between θ̇ and the steepest descent −G⁻¹∇L, measured in G [rad].

    ``cos = −θ̇ · ∇L / (|θ̇|_G |∇L|_{G⁻¹})``; NaN where either vanishes.

    Examples
    --------
    >>> loss = Quadratic(1.0, [0.0, 0.0])
    >>> float(angle_to_gradient([0.0, 1.0], [1.0, 0.0], Objective(1.0), loss).round(6))
    1.570796
    """
    velocity, theta = np.asarray(velocity, dtype=float), np.asarray(theta, dtype=float)
    cost = path_cost(objective, landscape, theta.shape[-1])
    slope = landscape.gradient(theta)
    if np.ndim(cost.metric) == 1 and not callable(cost.metric):
        raised = slope / cost.metric
    else:
        raised = np.einsum("...ij,...j->...i", np.linalg.pinv(cost.metric_matrix(theta), hermitian=True), slope)
    speed = np.einsum("...i,...i->...", velocity, cost.lowered(theta, velocity))
    steepness = np.einsum("...i,...i->...", slope, raised)
    size = np.sqrt(np.maximum(speed * steepness, 0.0))
    descent = -np.einsum("...i,...i->...", velocity, slope)
    cosine = np.divide(descent, size, out=np.full_like(size, np.nan), where=size > 0)
    return np.arccos(np.clip(cosine, -1.0, 1.0))


def curl_of(field: Field, theta: ArrayLike, objective: Objective) -> Array:
    """Frobenius norm (...) of the antisymmetric part of ``∂(Gθ̇)/∂θ`` at θ (..., n); 0 for a gradient rule.

    Examples
    --------
    >>> turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    >>> curl_of(lambda w: w @ turn.T, [1.0, 0.0], Objective(1.0)).round(6)
    np.float64(2.828427)
    """
    theta = np.asarray(theta, dtype=float)
    cost = path_cost(objective, None, theta.shape[-1])
    jacobian = difference(lambda at: cost.lowered(at, np.asarray(field(at), dtype=float)), theta)
    antisymmetric = 0.5 * (jacobian - np.swapaxes(jacobian, -1, -2))
    return np.linalg.norm(antisymmetric, axis=(-2, -1))


def _against_policy(samples: Samples, cost: RunningCost, objective: Objective, landscape: Quadratic) -> tuple:
    """Action with optimal tail, value, gap as the discounted square of the excess control, notes."""
    policy, discount = solve(objective, landscape), finite_discount(objective, "to evaluate a path")
    terms = action_terms(samples, cost, discount)
    action = terms.effort_paid + terms.loss_paid
    excess = samples.velocities - policy.velocity(samples.middles)
    paid = np.einsum("...i,...i->...", excess, cost.lowered(samples.middles, excess)) / (2 * cost.plasticity)
    gap = paid @ terms.weight
    best = policy.value(samples.theta[..., 0, :])
    if not np.all(np.isfinite(best)):
        return action, best, gap, (*policy.notes, "action: of the window alone")
    tail = np.exp(-discount * samples.times[-1]) * policy.value(samples.theta[..., -1, :])
    return action + tail, best, gap, ("the path is continued by the optimal policy",)


def _against_plan(samples: Samples, cost: RunningCost, objective: Objective, landscape: Any) -> tuple:
    """Action of the window, of the best plan over the same window, their difference, notes."""
    discount = finite_discount(objective, "to evaluate a path")
    terms = action_terms(samples, cost, discount)
    action = terms.effort_paid + terms.loss_paid
    duration = samples.times[-1] - samples.times[0]
    even = np.linspace(samples.times[0], samples.times[-1], max(len(samples.times), 201))
    searched: dict[bytes, xr.Dataset] = {}
    best = []
    for trial in samples.theta.reshape(-1, *samples.theta.shape[-2:]):
        start = trial[0]
        if start.tobytes() not in searched:
            searched[start.tobytes()] = plan(objective, landscape, start, duration)
        near = np.stack([np.interp(even, samples.times, column) for column in trial.T], axis=1)
        plans = [
            plan(objective, landscape, start, duration, n_points=len(even), initial_path=first)
            for first in (near, searched[start.tobytes()])
        ]
        paths = Samples(even, np.stack([path.theta.values for path in plans]), {})
        on_mesh = action_terms(paths, cost, discount)
        best.append(np.min(on_mesh.effort_paid + on_mesh.loss_paid))
    scopes = sorted({path.attrs["scope"] for path in searched.values()})
    notes = (
        f"the optimum is the best plan over the same window, its end free, of one near the path and another "
        f"({'; '.join(scopes)}): an upper bound, so that the gap is at least this",
    )
    optimum = np.reshape(best, action.shape)
    return action, optimum, action - optimum, notes


def _mean(values: Array, samples: Samples) -> Array:
    """Mean over time, without NaN."""
    finite = np.isfinite(values)
    weight = finite * samples.steps
    total = weight.sum(axis=-1)
    mean = (np.where(finite, values, 0.0) * weight).sum(axis=-1)
    return np.divide(mean, total, out=np.full_like(total, np.nan), where=total > 0)


def _plain(value: Any) -> Any:
    """Float for a single path, array over trials."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)
