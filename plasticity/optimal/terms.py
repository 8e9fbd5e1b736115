"""Terms of the action along a recorded path, by the midpoint rule on the recorded times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.cost import running_cost
from plasticity.optimal.policy import parameter_metric
from plasticity.optimal.running import RunningCost

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Samples:
    """A recorded path: `times` (k,) [s], `theta` (..., k, n) and the coordinates of the leading dimensions."""

    times: Array
    theta: Array
    leading: dict[str, Array]

    @property
    def steps(self) -> Array:
        """Time between samples (k − 1,) [s]."""
        return np.diff(self.times)

    @property
    def middles(self) -> Array:
        """Points in the middle of each interval (..., k − 1, n)."""
        return 0.5 * (self.theta[..., 1:, :] + self.theta[..., :-1, :])

    @property
    def velocities(self) -> Array:
        """Mean velocity in each interval (..., k − 1, n)."""
        return np.diff(self.theta, axis=-2) / self.steps[:, None]


class Terms(NamedTuple):
    """Terms of the action in the intervals between records.

    Parameters
    ----------
    away : (..., k − 1, n) array
        θ̇ − f [1/s].
    effort : (..., k − 1, n) array
        Share of each parameter in (θ̇ − f)ᵀG(θ̇ − f)/2η [loss].
    loss : (..., k − 1) array
        kL [loss].
    weight : (k − 1,) array
        Discounted length of each interval [s].
    """

    away: Array
    effort: Array
    loss: Array
    weight: Array

    @property
    def effort_paid(self) -> Array:
        """Discounted cost of change (...)."""
        return self.effort.sum(axis=-1) @ self.weight

    @property
    def loss_paid(self) -> Array:
        """Discounted cost of loss (...)."""
        return self.loss @ self.weight


def action_terms(samples: Samples, cost: RunningCost, discount: float) -> Terms:
    """Terms of the action of a recorded path."""
    away = samples.velocities - cost.free_velocity(samples.middles)
    effort = away * cost.lowered(samples.middles, away) / (2 * cost.plasticity)
    return Terms(away, effort, cost.loss(samples.middles), discounted_lengths(samples.times, discount))


def sampled(path: Any, variable: str = "theta") -> Samples:
    """Times and points of a path in a Dataset; of records at one time the last is used."""
    if variable not in path:
        raise InputError(f"path has no variable {variable!r}, only {', '.join(map(str, path.data_vars))}")
    recorded = path[variable]
    dims = recorded.dims
    if "time" not in dims or len(dims) - dims.index("time") > 2:
        raise InputError(f"{variable} must have dimensions (..., time, parameter) or (..., time), got {dims}")
    theta = np.asarray(recorded.values, dtype=float)
    if dims[-1] == "time":
        theta = theta[..., None]
    times = np.asarray(path["time"].values, dtype=float)
    ordered = bool(np.all(np.diff(times) >= 0))
    last = np.append(np.diff(times) > 0, True)
    times, theta = times[last], theta[..., last, :]
    if len(times) < 2 or not ordered or not np.all(np.isfinite(theta)):
        raise InputError(f"the path {variable} must be finite and recorded at two or more increasing times")
    lead = dims[: dims.index("time")]
    leading = {str(d): np.asarray(path[d].values if d in path.coords else range(path.sizes[d])) for d in lead}
    return Samples(times, theta, leading)


def path_cost(objective: Objective, landscape: Any, n: int) -> RunningCost:
    """Running cost in terms of θ̇ alone, also with uncontrollable directions."""
    if objective.control is None:
        return running_cost(objective, landscape, n)
    metric = parameter_metric(objective, n)
    return replace(running_cost(replace(objective, control=None, metric=None), landscape, n), metric=metric)


def discounted_lengths(times: Array, discount: float) -> Array:
    """``∫ e^{−γt} dt`` over each interval [s]."""
    if discount == 0:
        return np.diff(times)
    return -np.exp(-discount * times[:-1]) * np.expm1(-discount * np.diff(times)) / discount
