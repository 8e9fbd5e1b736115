"""States of views on a quadratic loss: a path is linear in its start, its cost quadratic, so that few paths serve all.

With the start (x, y) the path is ``x·a(t) + y·b(t) + c(t)``. The engine follows the starts (0, 0), (1, 0) and (0, 1),
from which a, b and c follow; the action J is the quadratic form through its values at six starts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.explorer.view import moments, rounded, stored
from plasticity.landscapes import Quadratic
from plasticity.objective import constant_matrix
from plasticity.optimal.policy import Policy
from plasticity.optimality import excess

Array = NDArray[np.float64]
SIX = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [1, 1]], dtype=float)
SETTLED = 6.0  # time constants of the slowest direction that moves, for which a path is followed
LONGEST = 60.0  # s


def path_of(policy: Policy, metric: Array | None = None) -> dict[str, Any]:
    """Duration, basis of the path and basis of the control of a policy of two weights (and their velocities).

    The control is scaled so that half its squared length is the cost of change under the metric over plasticity
    `metric`; None where change is free.
    """
    rates = policy.rates[policy.rates > 1e-9]
    duration = float(min(SETTLED / rates.min(), LONGEST)) if len(rates) else 1.0
    starts = np.pad(SIX[:3], ((0, 0), (0, len(policy.offset) - 2)))
    paths = policy.path(starts, moments(duration))
    state = {"duration": rounded(duration)[0], "basis": stored(basis(paths[..., :2]))}
    if metric is not None:
        effort = policy.control(paths) @ np.linalg.cholesky(metric)
        state |= {"control": stored(basis(effort)), "controls": effort.shape[-1]}
    return state


def price(policy: Policy) -> Array | None:
    """Metric over plasticity, the price of control; None in the limit of a short horizon, where change is free."""
    objective = policy.objective
    if getattr(objective.discount, "is_infinite", False):
        return None
    return constant_matrix("metric", objective.metric, len(policy.gain)) / objective.plasticity


def common(policy: Policy) -> dict[str, Any]:
    """What all states have: path, control and, unless change is free, the action J (None where it is infinite)."""
    paid = price(policy)
    state = path_of(policy, paid)
    if paid is None:
        return state
    starts = np.pad(SIX, ((0, 0), (0, len(policy.offset) - 2)))
    return {**state, "action": quadratic_form(policy.value(starts))}


def action_of_flow(policy: Policy, flow: Policy, landscape: Quadratic) -> list[float] | None:
    """Coefficients of J, under the objective of `policy`, of another law that rests at the optimum."""
    least, away = policy.value(SIX), SIX - landscape.optimum
    if not np.all(np.isfinite(least)):
        return None
    gap = excess(flow, policy.objective, landscape).gap
    return quadratic_form(least + 0.5 * np.einsum("ki,ij,kj->k", away, gap, away))


def quadratic_form(values: Array) -> list[float] | None:
    """Coefficients of (x², xy, y², x, y, 1) of the quadratic form with these values at the six starts.

    Examples
    --------
    >>> quadratic_form(np.array([x * x - x * y + 2 for x, y in SIX]))
    [1.0, -1.0, 0.0, 0.0, 0.0, 2.0]
    """
    if not np.all(np.isfinite(values)):
        return None
    x, y = SIX.T
    return rounded(np.round(np.linalg.solve(np.stack([x * x, x * y, y * y, x, y, 1 + 0 * x], axis=1), values), 9))


def basis(paths: Array) -> Array:
    """Per time and coordinate the parts of x, of y and of neither (n_times, n, 3), from the first three starts."""
    origin, x, y = paths
    return np.stack([x - origin, y - origin, origin], axis=-1)
