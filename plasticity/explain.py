"""Terms of the action along a path: cost of change and cost of loss, by time and parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.cost import finite_discount
from plasticity.optimal.policy import described
from plasticity.optimal.running import RunningCost
from plasticity.optimal.terms import Samples, action_terms, path_cost, sampled
from plasticity.solve import solve
from plasticity.support.checks import checked

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
TAILS = ("none", "rest", "optimal")


@checked
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
    away, effort, loss, weight = terms = action_terms(samples, cost, finite_discount(objective, "to evaluate a path"))
    paid = {
        "effort_paid": terms.effort_paid,
        "loss_paid": terms.loss_paid,
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


def _tail(tail: str, objective: Objective, landscape: Any, cost: RunningCost, samples: Samples) -> Array:
    """Cost after the end of the path, discounted to time 0."""
    if tail not in TAILS:
        raise InputError(f"tail must be one of {', '.join(TAILS)}, got {tail!r}")
    discount, end = finite_discount(objective, "to evaluate a path"), samples.theta[..., -1, :]
    if tail == "none":
        return np.zeros(end.shape[:-1])
    if tail == "optimal":
        return np.exp(-discount * samples.times[-1]) * solve(objective, landscape).value(end)
    rate = cost.cost(end, np.zeros_like(end))
    if discount == 0:
        return np.where(np.abs(rate) > 1e-12, np.inf, 0.0)
    return np.exp(-discount * samples.times[-1]) * rate / discount
