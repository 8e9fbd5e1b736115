"""A rule near its rest point: slopes of its velocity, and how its rest follows the optimum of the loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.landscapes import Quadratic, curvature_of
from plasticity.optimal.policy import Policy
from plasticity.optimal.running import difference
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule
from plasticity.support.checks import require_finite

Array = NDArray[np.float64]
Field = Callable[[Array, Array], Array]  # acceleration or velocity at θ and θ̇
FACTOR = 4.0  # by which the loss is raised to see whether a metric is fixed


@dataclass(frozen=True, eq=False)
class Linearised:
    """Linear motion about a rest point: ``ė = −Re``, or ``ë = −Ke − Cė`` of a rule with momentum.

    Parameters
    ----------
    rest : (n,) array
        Where the rule rests.
    slope : (n, n) array
        R [1/s] or, with momentum, K [1/s²]; per tick for a rule that acts at ticks.
    damping : (n, n) array or None
        C [1/s] of a rule with momentum.
    hessian : (n, n) array
        H at the rest point.
    optimum : (n,) array
        Optimum of the quadratic loss with that gradient and curvature.
    """

    rest: Array
    slope: Array
    damping: Array | None
    hessian: Array
    optimum: Array


@dataclass(frozen=True, eq=False)
class Raised:
    """A landscape times a factor, moved by an offset."""

    landscape: Any
    factor: float = 1.0
    offset: Any = 0.0

    def loss(self, theta: ArrayLike) -> Array:
        """L at θ (..., n)."""
        return self.factor * self.landscape.loss(np.asarray(theta) - self.offset)

    def gradient(self, theta: ArrayLike) -> Array:
        """∂L/∂θ at θ (..., n)."""
        return self.factor * self.landscape.gradient(np.asarray(theta) - self.offset)

    def hessian(self, theta: ArrayLike) -> Array:
        """∂²L/∂θ² at θ (..., n)."""
        return self.factor * self.landscape.hessian(np.asarray(theta) - self.offset)


def linearised(field: Field, landscape: Any, near: Array, second_order: bool) -> Linearised:
    """Rest point nearest `near`, and the slopes there; without a landscape the one that is reached from `near`.

    Raises
    ------
    InputError
        If there is no rest point near, nothing moves there, or the loss is flat or concave there.
    """
    from scipy.optimize import root

    still = np.zeros_like(near)
    rate = max(float(np.abs(np.asarray(field(near + 1e-3, still))).max()), 1e-300) / 1e-3
    if landscape is None:
        near = _settled(field, near, rate)
    solution = root(lambda w: np.asarray(field(w, still)) / rate, near, tol=1e-13)
    if not np.abs(solution.fun).max() < 1e-7 * (1 + np.abs(near).max()):
        raise InputError(f"the rule has no rest point near {near.tolist()}; name a point closer to it as `near`")
    rest = solution.x
    slope = -difference(lambda w: _batched(field, w, np.broadcast_to(still, np.shape(w))), rest)
    if not np.any(slope):
        raise InputError(
            f"the rule does not move near {np.round(rest, 6).tolist()}; it must depend on the weights there"
        )
    damping = (
        -difference(lambda v: _batched(field, np.broadcast_to(rest, np.shape(v)), v), still) if second_order else None
    )
    if landscape is None:
        values = np.linalg.eigvals(slope).real
        if values.min() <= 1e-6 * np.abs(values).max():
            raise InputError(
                f"the rule does not return to {np.round(rest, 6).tolist()}, where it rests (rates "
                f"{np.sort(values)} 1/s); name another start as `near`, other `patterns`, or the landscape"
            )
        return Linearised(rest, slope, damping, own_curvature(slope), rest)
    hessian = np.asarray(landscape.hessian(rest), dtype=float)
    values, vectors = np.linalg.eigh(hessian)
    if values[0] <= 1e-10 * max(values[-1], 1e-300):
        raise InputError(
            f"the loss has curvature {values[0]:.3g} along {np.round(vectors[:, 0], 6).tolist()} where the rule rests; "
            "its assumptions can be read only at a minimum with positive curvature in every direction"
        )
    return Linearised(rest, slope, damping, hessian, rest - np.linalg.solve(hessian, landscape.gradient(rest)))


def own_curvature(slope: Array) -> Array:
    """Curvature of the loss that ``ė = −Re`` descends, in the metric of its modes; else the symmetric part of R.

    With ``R = VΛV⁻¹``, Λ real and positive, ``H = V⁻ᵀΛV⁻¹`` and ``N = VVᵀ``; H = R if R is symmetric.

    Examples
    --------
    >>> own_curvature(np.diag([1.0, 2.0])).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    values, modes = np.linalg.eig(slope)
    real = np.abs(values.imag).max() <= 1e-9 * np.abs(values).max() and np.linalg.cond(modes) < 1e6
    if not real or np.linalg.norm(slope - slope.T) < 1e-9 * np.linalg.norm(slope):
        return 0.5 * (slope + slope.T)
    inverse = np.linalg.inv(modes.real)
    return inverse.T @ np.diag(values.real) @ inverse


def _settled(field: Field, near: Array, rate: float) -> Array:
    """Where the velocity field carries `near`."""
    from scipy.integrate import solve_ivp

    still = np.zeros_like(near)
    run = solve_ivp(lambda _, w: np.asarray(field(w, still)) / rate, (0.0, 1e4), near, method="LSODA", rtol=1e-9)
    if not run.success or not np.all(np.isfinite(run.y)):
        raise InputError(f"the rule does not come to rest from {near.tolist()}; name another start as `near`")
    return run.y[:, -1]


def _batched(field: Field, theta: Array, velocity: Array) -> Array:
    flat = np.reshape(theta, (-1, theta.shape[-1]))
    rows = [field(w, v) for w, v in zip(flat, np.reshape(velocity, flat.shape), strict=True)]
    return np.reshape(rows, theta.shape)


def field_of(subject: Any, patterns: Array | None) -> tuple[Callable[[Any], Field], bool, bool]:
    """Motion of a rule, policy, velocity field or matrix, as a function of the landscape.

    Returns
    -------
    on : function of a landscape
        Returns the velocity (or acceleration) at θ (n,) and θ̇ (n,).
    second_order : bool
        Whether it is an acceleration.
    sees_loss : bool
        Whether the motion changes with the landscape.
    """
    if isinstance(subject, Rule):
        return _rule_field(subject, patterns)
    if isinstance(subject, Policy):
        return lambda _: lambda w, v: subject.velocity(w), False, False
    if callable(subject) and not isinstance(subject, type):
        return lambda _: lambda w, v: np.asarray(subject(w), dtype=float), False, False
    matrix = require_finite("rule", subject)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.all(np.isfinite(matrix)):
        raise InputError(f"rule must be a Rule, a Policy, a velocity field or a gain (n, n), got {subject!r}")
    return lambda loss: lambda w, v: -matrix @ (w - loss.optimum), False, False


def _rule_field(rule: Rule, patterns: Array | None) -> tuple[Callable[[Any], Field], bool, bool]:
    from plasticity.compile.mean_field import on_rates

    missing = [name for name, value in rule.values.items() if value is None]
    if missing:
        raise InputError(f"rule {rule.name!r} has no value for {', '.join(missing)}; use with_parameters")
    rule = on_rates(rule)
    flow, states = _without_beliefs(rule)
    momentum = next((s for s in states if flow == s.symbol), None)
    if momentum is not None:
        flow, states = momentum.flow, tuple(s for s in states if s is not momentum)
    constants = {p.symbol: float(p.value) for p in rule.parameters if np.ndim(p.value) == 0}
    rates = {s.name: s for s in rule.inputs if s not in (GRADIENT, CURVATURE)}
    if rates and (patterns is None or set(rates) - {"pre_rate", "post_rate"}):
        raise InputError(
            f"rule {rule.name!r} reads {', '.join(sorted(rates))}; give `patterns` (k, n), the rates of its inputs, "
            "and it is averaged over them in a linear neuron"
        )
    speed = momentum.symbol if momentum is not None else sp.Symbol("no_speed")
    symbols = [WEIGHT, GRADIENT, CURVATURE, speed, *rates.values(), *(s.symbol for s in states)]
    function = sp.lambdify(symbols, flow.subs(constants), "numpy", cse=True)
    steady = _steady_states(states, constants, list(rates.values()))
    reads = {GRADIENT, CURVATURE} & flow.free_symbols

    def on(landscape: Any) -> Field:
        def motion(w: Array, v: Array) -> Array:
            gradient = landscape.gradient(w) if reads else 0.0
            curvature = curvature_of(landscape, w) if CURVATURE in reads else 0.0
            if not rates:
                return np.broadcast_to(function(w, gradient, curvature, v), np.shape(w))
            assert patterns is not None
            by_name = {"pre_rate": patterns, "post_rate": (patterns @ w)[:, None]}
            local = [by_name[name] for name in rates]
            values = [np.mean(np.broadcast_to(f(*local), (len(patterns), 1))) for f in steady]
            return np.mean(
                np.broadcast_to(function(w, gradient, curvature, v, *local, *values), patterns.shape), axis=0
            )

        return motion

    return on, momentum is not None, bool(reads)


def _without_beliefs(rule: Rule) -> tuple[sp.Expr, tuple]:
    """Velocity, or change per tick, once beliefs about gradient and curvature have reached what they estimate."""
    known = {"gradient": GRADIENT, "curvature": CURVATURE}
    settled = {s.symbol: known[s.estimates] for s in rule.states if s.estimates in known}
    if "clock" in rule.events:
        change = next((u.expression - WEIGHT for u in rule.events["clock"] if u.target == WEIGHT.name), sp.S.Zero)
        flow = (change + rule.weight_flow).subs(settled)
    else:
        flow = rule.weight_flow.subs(settled)
    states = tuple(replace(s, flow=s.flow.subs(settled)) for s in rule.states if s.symbol not in settled)
    used = flow.free_symbols.union(*(s.flow.free_symbols for s in states if s.symbol in flow.free_symbols))
    return flow, tuple(s for s in states if s.symbol in used)


def _steady_states(states: tuple, constants: dict, rates: list) -> list[Callable]:
    """Steady value of every state, linear in itself, as a function of the rates of one pattern."""
    functions = []
    for state in states:
        slope = sp.diff(state.flow, state.symbol).subs(constants)
        others = (state.flow.subs(constants) / -slope + state.symbol).simplify()
        if not slope.is_number or others.free_symbols - set(rates):
            raise InputError(f"state {state.name!r} has no steady value that follows from the rates alone")
        functions.append(sp.lambdify(rates, others, "numpy"))
    return functions


def minimum_near(landscape: Any, near: ArrayLike | None) -> Array:
    """Point from which the rest point is sought."""
    if isinstance(landscape, Quadratic) and near is None:
        return landscape.optimum.copy()
    if near is None:
        raise InputError("near, a point close to the minimum, is needed unless the loss is quadratic; got None")
    return np.atleast_1d(np.asarray(near, dtype=float))
