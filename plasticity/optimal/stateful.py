"""A rule with states near the optimum of a loss: where it rests, and the linear system that it is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from plasticity.errors import InputError
from plasticity.landscapes import Quadratic, curvature_of
from plasticity.optimal.running import difference
from plasticity.rule import CURVATURE, GRADIENT, Rule, flows

Array = NDArray[np.float64]
SETTLING = 1e6  # time in which the states must have come to rest, in units of the slowest parameter [1/s]


def linear_system(rule: Rule, landscape: Quadratic) -> tuple[Array, Array, Array]:
    """Jacobian (N, N) of the weights (first n) and all states of a rule at its rest, the rest (N,), and the start.

    The start (N, n) is where everything begins per unit of a weight: beliefs where they settle at that weight, all
    other states at rest. The weights rest at the optimum of the loss, states where they settle there: a belief at what
    is true, its variance in its steady state.

    Raises
    ------
    InputError
        If a parameter has no value, or the states do not come to rest.
    """
    from scipy.integrate import solve_ivp
    from scipy.optimize import root

    n, optimum = landscape.n, landscape.optimum
    field = joint_field(rule, landscape)
    initial = np.repeat([state.initial for state in rule.states], n).astype(float)

    def of_states(states: Array) -> Array:
        return field(np.concatenate([optimum, states]))[n:]

    settled = initial
    if np.any(of_states(initial)):
        path = solve_ivp(lambda _, s: of_states(s), (0.0, SETTLING), initial, method="LSODA", rtol=1e-8, atol=1e-10)
        settled = root(of_states, path.y[:, -1], tol=1e-13).x
    rest = np.concatenate([optimum, settled])
    jacobian = difference(field, rest)
    left = np.abs(field(rest)).max()
    if not np.isfinite(left) or left > 1e-7 * (np.abs(jacobian).max() * (1 + np.abs(rest).max())):
        raise InputError(
            f"rule {rule.name!r} does not rest at the optimum of the loss; run it by `simulate` and use `path_excess`"
        )
    return jacobian, rest, _start(rule, jacobian, n)


def _start(rule: Rule, jacobian: Array, n: int) -> Array:
    begin = np.vstack([np.eye(n), np.zeros((len(jacobian) - n, n))])
    believed = np.flatnonzero(np.repeat([False, *(s.estimates is not None for s in rule.states)], n))
    if believed.size:
        among = jacobian[np.ix_(believed, believed)]
        begin[believed] = np.linalg.lstsq(among, -jacobian[believed][:, :n], rcond=None)[0]
    return begin


def joint_field(rule: Rule, landscape: Quadratic) -> Any:
    """Rate of change (..., N) of weights and states at (..., N), weights first, then each state for every synapse."""
    missing = [name for name, value in rule.values.items() if value is None]
    if missing:
        raise InputError(f"rule {rule.name!r} has no value for {', '.join(missing)}; use with_parameters")
    every = flows(rule)
    names = [*every, GRADIENT, CURVATURE, *(p.symbol for p in rule.parameters)]
    functions = [sp.lambdify(names, flow, "numpy") for flow in every.values()]
    values = list(rule.values.values())

    def field(point: Array) -> Array:
        parts = np.split(np.asarray(point, dtype=float), len(every), axis=-1)
        seen = landscape.gradient(parts[0]), curvature_of(landscape, parts[0])
        rates = [np.broadcast_to(f(*parts, *seen, *values), parts[0].shape) for f in functions]
        return np.concatenate(rates, axis=-1)

    return field
