"""Terms of the action along a path: cost of change and cost of loss, by time and parameter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.cost import RunningCost, finite_discount, running_cost
from plasticity.optimal.linear_quadratic import quadratic_policy
from plasticity.optimal.policy import described, parameter_metric

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
TAILS = ("none", "rest", "optimal")


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


def explain(
    path: xr.Dataset, objective: Objective, landscape: Any, tail: str = "none", *, variable: str = "theta"
) -> xr.Dataset:
    """Split the action J of a path into its terms.

    ``J = Σ_i h_i e^{−γ s_i} (effort_i + loss_i) + tail`` with the midpoint rule on the recorded times; its error is
    of second order in their distance. Effort is ``(θ̇ − f)ᵀG(θ̇ − f)/2η``, loss is ``kL``. The effort of a path with
    white noise is infinite: its value then depends on the time between records.

    Parameters
    ----------
    path : Dataset
        With `variable` of dimensions (…, time, parameter) or (…, time). The last of records at one time is used.
    objective : Objective
        Discount, plasticity, loss weight, metric, drift, control.
    landscape : Landscape
        The loss.
    tail : {"none", "rest", "optimal"}
        Continuation of the path: none; rest at its end; the optimal policy (quadratic losses).
    variable : str
        Name of the path, ``"weight"`` for a synapse.

    Returns
    -------
    xarray.Dataset
        Over the middles of the intervals: ``effort`` (…, time, parameter), ``loss`` (…, time), ``weight`` (time)
        [s], the discounted length of each interval; totals ``effort_paid``, ``loss_paid``, ``tail_paid``, ``action``;
        with a control matrix ``out_of_reach`` (…, time), the speed along uncontrollable directions.

    Examples
    --------
    At speed 1 the cost of change is ½ per second:

    >>> from plasticity.landscapes import Quadratic
    >>> from plasticity.plan import plan
    >>> path = plan(Objective(0), Quadratic(0.0, [0.0]), [0.0], duration=2.0, end=[2.0], n_points=5)
    >>> explain(path, Objective(0), Quadratic(0.0, [0.0])).effort.values.ravel().round(12)
    array([0.5, 0.5, 0.5, 0.5])

    References
    ----------
    vastola_2025, eq. 1.
    """
    samples = sampled(path, variable)
    cost = path_cost(objective, landscape, samples.theta.shape[-1])
    discount = finite_discount(objective, "to evaluate a path")
    points, away = samples.middles, samples.velocities - cost.free_velocity(samples.middles)
    effort = away * cost.lowered(points, away) / (2 * cost.plasticity)
    loss = cost.loss(points)
    weight = _discounted_lengths(samples.times, discount)
    paid = {
        "effort_paid": effort.sum(axis=-1) @ weight,
        "loss_paid": loss @ weight,
        "tail_paid": _tail(tail, objective, landscape, cost, samples),
    }
    paid["action"] = paid["effort_paid"] + paid["loss_paid"] + paid["tail_paid"]
    lead = tuple(samples.leading)
    words = {"effort_paid": "paid for change", "loss_paid": "paid for loss", "tail_paid": "paid afterwards"}
    variables = {
        "effort": ((*lead, "time", "parameter"), effort, "loss/s", "cost of change, share of each parameter"),
        "loss": ((*lead, "time"), loss, "loss/s", "cost of loss"),
        "weight": ("time", weight, "s", "discounted length of the interval"),
        **{name: (lead, total, "loss", words.get(name, "action J")) for name, total in paid.items()},
    }
    if objective.control is not None:
        b = objective.control
        lost = away - away @ (b @ np.linalg.pinv(b)).T
        speed = np.linalg.norm(lost, axis=-1)
        variables["out_of_reach"] = ((*lead, "time"), speed, "1/s", "speed along uncontrollable directions")
    coordinates = {
        "time": ("time", 0.5 * (samples.times[1:] + samples.times[:-1]), "s", "middle of the interval"),
        "parameter": ("parameter", np.arange(effort.shape[-1]), "1", "index of the parameter"),
        **{name: (name, values, "1", name) for name, values in samples.leading.items()},
    }
    return make_dataset(
        variables,
        coordinates,
        title="terms of the action along a path",
        rule=str(path.attrs.get("rule", "")),
        scenario=str(path.attrs.get("scenario", "")),
        engine="midpoint rule",
        parameters=described(objective),
        references=("vastola_2025",),
        tail=tail,
    )


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


def _discounted_lengths(times: Array, discount: float) -> Array:
    """``∫ e^{−γt} dt`` over each interval [s]."""
    if discount == 0:
        return np.diff(times)
    return -np.exp(-discount * times[:-1]) * np.expm1(-discount * np.diff(times)) / discount


def _tail(tail: str, objective: Objective, landscape: Any, cost: RunningCost, samples: Samples) -> Array:
    """Cost after the end of the path, discounted to time 0."""
    if tail not in TAILS:
        raise InputError(f"tail must be one of {', '.join(TAILS)}, got {tail!r}")
    discount, end = finite_discount(objective, "to evaluate a path"), samples.theta[..., -1, :]
    if tail == "none":
        return np.zeros(end.shape[:-1])
    if tail == "optimal":
        return np.exp(-discount * samples.times[-1]) * quadratic_policy(objective, landscape).value(end)
    rate = cost.cost(end, np.zeros_like(end))
    if discount == 0:
        return np.where(np.abs(rate) > 1e-12, np.inf, 0.0)
    return np.exp(-discount * samples.times[-1]) * rate / discount
