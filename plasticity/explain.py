"""Terms of the action along a path, and its mechanics: momentum, energy, conserved quantities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.cost import finite_discount
from plasticity.optimal.mechanics import mechanics, noether
from plasticity.optimal.policy import described
from plasticity.optimal.running import RunningCost
from plasticity.optimal.terms import Samples, Terms, action_terms, path_cost, sampled
from plasticity.solve import solve
from plasticity.support.checks import checked

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
TAILS = ("none", "rest", "optimal")


@checked
def explain(
    path: xr.Dataset,
    objective: Objective,
    landscape: Any,
    tail: str = "none",
    *,
    variable: str = "theta",
    symmetry: Callable[[Array], Any] | None = None,
) -> xr.Dataset:
    """Split the action J of a path into its terms, and check the balance of its energy.

    ``J = Σ_i h_i e^{−γ s_i} (effort_i + loss_i) + tail`` with the midpoint rule on the recorded times; its error is
    of second order in their distance. Effort is ``(θ̇ − f)ᵀG(θ̇ − f)/2η``, loss is ``kL``. The effort of a path with
    white noise is infinite: its value then depends on the time between records.

    As a path of mechanics it has momentum p and energy H, with the potential ``−kL``,

        p = G(θ̇ − f)/η ,   H = (θ̇ − f)ᵀG(θ̇ − f)/2η + pᵀf − kL .

    On an optimal path ``dH/dt = γ pᵀθ̇``, and ``e^{−γt} pᵀξ`` is constant if θ → θ + εξ(θ) changes neither loss nor
    metric nor drift. Both hold within an error of second order in the distance of records, for a smooth path.

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
    symmetry : callable, optional
        ξ: maps θ (n,) to the direction (n,) in which a symmetry moves it, such as ``lambda w: [-w[1], w[0]]``.

    Returns
    -------
    xarray.Dataset
        Over the middles of the intervals: ``effort`` (…, time, parameter) and ``loss`` (…, time) [loss], ``weight``
        (time) [s], the discounted length of each interval; totals ``effort_paid``, ``loss_paid``, ``tail_paid``,
        ``action`` [loss·s]; with a control matrix ``out_of_reach`` (…, time), the speed along uncontrollable
        directions.

        ``momentum`` (…, time, parameter) [loss·s], ``energy`` H [loss], ``power`` γpᵀθ̇ [loss/s] and
        ``energy_residual`` [loss], ``H(t) − H(t_0) − ∫ γpᵀθ̇ dt``, each (…, time). A control matrix of less than full
        rank leaves momentum open across its range: then there are none of them, and the attribute ``left_out`` says so.
        With a symmetry, ``conserved`` [loss·s] and ``conserved_rate`` [loss], its rate of change on an optimal path.

    Raises
    ------
    InputError
        If the path is none, the loss changes in time, the discount is no number, there is a hazard, or sizes do not
        fit.

    Warns
    -----
    RuntimeWarning
        If `symmetry` is none of the running cost.

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
    if getattr(landscape, "loss", None) is None or hasattr(landscape, "at"):
        raise InputError(
            f"landscape must be one loss that does not change in time, got a {type(landscape).__name__}; "
            "explain each stretch of time with its own loss"
        )
    samples = sampled(path, variable)
    cost = path_cost(objective, landscape, samples.theta.shape[-1])
    discount = finite_discount(objective, "to evaluate a path")
    away, effort, loss, weight = terms = action_terms(samples, cost, discount)
    paid = {
        "effort_paid": terms.effort_paid,
        "loss_paid": terms.loss_paid,
        "tail_paid": _tail(tail, objective, landscape, cost, samples),
    }
    paid["action"] = paid["effort_paid"] + paid["loss_paid"] + paid["tail_paid"]
    lead = tuple(samples.leading)
    words = {"effort_paid": "paid for change", "loss_paid": "paid for loss", "tail_paid": "paid afterwards"}
    variables = {
        "effort": ((*lead, "time", "parameter"), effort, "loss", "cost of change, share of each parameter"),
        "loss": ((*lead, "time"), loss, "loss", "cost of loss"),
        "weight": ("time", weight, "s", "discounted length of the interval"),
        **{name: (lead, total, "loss*s", words.get(name, "action J")) for name, total in paid.items()},
    }
    if objective.control is not None:
        b = objective.control
        lost = away - away @ (b @ np.linalg.pinv(b)).T
        speed = np.linalg.norm(lost, axis=-1)
        variables["out_of_reach"] = ((*lead, "time"), speed, "1/s", "speed along uncontrollable directions")
    times = 0.5 * (samples.times[1:] + samples.times[:-1])
    moving, left_out = _mechanics(symmetry, objective, samples, terms, cost, discount, times)
    variables |= moving
    coordinates = {
        "time": ("time", times, "s", "middle of the interval"),
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
        **left_out,
    )


def _mechanics(
    symmetry: Callable[[Array], Any] | None,
    objective: Objective,
    samples: Samples,
    terms: Terms,
    cost: RunningCost,
    discount: float,
    times: Array,
) -> tuple[dict[str, tuple], dict[str, Any]]:
    """Variables of the mechanics, or the reason why they are left out as an attribute."""
    n = samples.theta.shape[-1]
    rank = n if objective.control is None else int(np.linalg.matrix_rank(objective.control))
    if rank < n:
        reason = f"a control matrix of rank {rank} < {n}: the velocity leaves momentum open across its range"
        if symmetry is not None:
            raise InputError(f"symmetry needs momentum, but there is {reason}; leave symmetry out")
        return {}, {"left_out": f"momentum and energy, for {reason}"}
    lead = tuple(samples.leading)
    along, (momentum, energy, power, residual) = (*lead, "time"), mechanics(samples, terms, cost, discount)
    variables = {
        "momentum": ((*along, "parameter"), momentum, "loss*s", "momentum p"),
        "energy": (along, energy, "loss", "energy H"),
        "power": (along, power, "loss/s", "discount times momentum times velocity, dH/dt of an optimal path"),
        "energy_residual": (along, residual, "loss", "change of energy that the power does not account for"),
    }
    if symmetry is not None:
        conserved, rate = noether(symmetry, samples, times, cost, discount)
        variables["conserved"] = (along, conserved, "loss*s", "discounted momentum along the symmetry")
        variables["conserved_rate"] = (along, rate, "loss", "its rate of change on an optimal path")
    return variables, {}


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
