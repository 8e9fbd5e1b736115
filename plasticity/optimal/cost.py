"""The running cost of an objective on a landscape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.objective import Objective, constant_matrix, numeric_discount
from plasticity.optimal.running import RunningCost

Array = NDArray[np.float64]


def running_cost(objective: Objective, landscape: Any, n: int) -> RunningCost:
    """Running cost of `objective` on `landscape` for `n` parameters.

    A control matrix must be square and invertible: then it only changes the metric, to ``B⁻ᵀGB⁻¹``.
    """
    metric, drift = objective.metric, objective.drift
    if callable(metric):
        metric = _Pointwise(lambda theta: constant_matrix("metric", objective.metric(theta), n), (n, n), n)
    elif metric is None or np.ndim(metric) == 0:
        metric = np.full(n, 1.0 if metric is None else float(metric))
    elif np.shape(metric)[0] != n:
        raise InputError(f"metric must have size {n}, one per parameter, got shape {np.shape(metric)}")
    if callable(drift):
        drift = _Pointwise(drift, (n,), n)
    elif drift is None or np.ndim(drift) == 0:
        drift = 0.0 if drift is None else float(drift)
    elif np.shape(drift) != (n, n):
        raise InputError(f"drift must have shape ({n}, {n}), got {np.shape(drift)}")
    if objective.control is not None:
        metric = _through_control(metric, objective.control, n)
    return RunningCost(landscape, objective.plasticity, objective.loss_weight, metric, drift)


@dataclass(frozen=True, eq=False)
class _Pointwise:
    """A user's function of θ (n,), vectorised over θ (..., n)."""

    function: Callable[[Array], ArrayLike]
    shape: tuple[int, ...]
    n: int

    def __call__(self, theta: Array) -> Array:
        flat = theta.reshape(-1, self.n)
        values = self._at_once(flat)
        if values is None:
            values = np.array([np.asarray(self.function(row), dtype=float) for row in flat])
        if values.shape[1:] != self.shape:
            raise InputError(
                f"drift or metric as a function of θ must return shape {self.shape}, got {values.shape[1:]}"
            )
        return values.reshape(*theta.shape[:-1], *self.shape)

    def _at_once(self, flat: Array) -> Array | None:
        """All rows in one call, if the function is vectorised, which is checked against single rows."""
        if len(flat) < 8:
            return None
        try:
            values = np.asarray(self.function(flat), dtype=float)
        except (ValueError, TypeError, IndexError, InputError):
            return None
        if values.shape != (len(flat), *self.shape):
            return None
        for row in (0, len(flat) // 3, len(flat) - 1):
            single = np.asarray(self.function(flat[row]), dtype=float)
            if single.shape != self.shape or not np.allclose(single, values[row], rtol=1e-12, atol=1e-14):
                return None
        return values


def _through_control(metric: Any, control: Array, n: int) -> Any:
    if control.shape != (n, n) or np.linalg.matrix_rank(control) < n:
        raise InputError(
            f"control must be a square invertible matrix for a path on a general loss, got shape {control.shape}; "
            "use `solve` on a quadratic loss, or leave control out"
        )
    inverse = np.linalg.inv(control)
    if callable(metric):
        return lambda theta: inverse.T @ metric(theta) @ inverse
    return inverse.T @ (np.diag(metric) if np.ndim(metric) == 1 else metric) @ inverse


def finite_discount(objective: Objective, purpose: str) -> float:
    """γ as a number; an `InputError` that names `purpose` if it is symbolic or ``oo``, or if there is a hazard.

    Examples
    --------
    >>> finite_discount(Objective(discount=0.5), "for `plan`")
    0.5
    """
    discount = numeric_discount(objective, purpose)
    if objective.hazard > 0:
        raise InputError(
            f"hazard must be 0 {purpose}, which takes one loss, got {objective.hazard:g}; use `solve`, or average over "
            "simulated tasks"
        )
    return discount
