"""Double well: when does a learner climb out of a local minimum?

A learner starts in the shallow valley of a loss with two minima. Gradient flow can only slide into the near one. A
learner that plans ahead pays for climbing (the kinetic cost of change, and a higher loss on the ridge) if the time that
it will spend in the deeper valley is worth it: with a long horizon 1/discount it crosses, with a short one it stays.
The discount at which the two are equal, for a start at rest in the shallow minimum and an endless window, is the
critical discount of the pair of minima.

Expect: the optimal path crosses at the default discount of 0.1 per second and stays at 2 per second. The critical
discount is 0.539031 per second; the default start is nearer to the ridge than the minimum, and crosses up to a somewhat
higher one. Gradient flow stays at any discount.

Result: `theta`(trial, time, parameter) of the optimal path, of gradient flow from the same start, and of the optimal
paths at the discounts that are compared (`trial_discount`); their `kinetic` and `potential` cost; `action`, the
discounted sum of both; `rival_action`, the least action of a planned path that ends in the other valley (NaN if there
is none); `critical_discount`.

The end is free: the plan is the best of many that begin at different first guesses (rest, gradient flow, a quick or
slow walk to either minimum), so the escape is not an assumption. Times many horizons ahead have no weight, and there
the path stays as in the first guess.

Source: Vastola, Gershman & Rajan 2025 (vastola_2025), eq. 1 and Fig. 1; the critical discount is the speed of a front
(muratov_2008). Corrected against the code published with the figure: its gradient flow uses 2x(x² − 1) where the loss
has 4x(x² − 1) − 1/2, so that it stops beside the minimum; and it pins the end of the optimal path in the deep valley.
That path is still here: `--set end=1.0625,0 --set duration=4 --set n_points=50 --set quadrature=left` gives its mean
action, 0.169571.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.landscapes import DoubleWell
from plasticity.objective import Objective
from scenarios.running.parameters import parameter
from scenarios.support.plane import loss_map, pair

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Parameters:
    """The objective of the learner, the double well, and the window of planning."""

    discount: float = parameter(0.1, "1/s", "temporal discounting; 1/discount is the horizon", low=0)
    compared: tuple[float, ...] = parameter(
        (2.0,), "1/s", "discounts of the learners that are compared", low=0, may_be_empty=True
    )
    plasticity: float = parameter(1.0, "1/s^2", "how cheap change is", low=1e-9)
    loss_weight: float = parameter(1.0, "1", "weight of the loss against the cost of change", low=1e-9)
    barrier: float = parameter(1.0, "1", "height of the ridge without tilt", low=1e-9)
    tilt: float = parameter(0.5, "1", "how much deeper the right valley is")
    stiffness: float = parameter(1.0, "1", "half the curvature across the valleys", low=1e-9)
    start: tuple[float, ...] = parameter((-0.6, 0.55), "1", "parameters x,y at time 0")
    end: tuple[float, ...] | None = parameter(None, "1", "parameters x,y at the end of the window; none is free")
    duration: float = parameter(10.0, "s", "length of the window of planning", low=1e-6)
    n_points: int = parameter(401, "1", "points of each path", low=3)
    quadrature: str = parameter("midpoint", "1", "where in a step its cost is taken", choices=("midpoint", "left"))
    learning_rate: float = parameter(1.0, "1/s", "speed of the gradient flow that is compared", low=1e-9)


SMOKE = {"n_points": 101, "duration": 4.0}

ARRIVALS = (1.0, 1 / 3, 1 / 9, 1 / 27)  # when first guesses reach a minimum, in windows
CURVATURE_STEP = 0.02  # step of gradient flow, in units of the fastest time constant
TIE = 1e-9  # relative difference of actions that is negligible


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, Newton from every guess, gradient flow in steps of its fastest time."""
    p = parameters
    steepest = max(8 * p.barrier, 2 * p.stiffness)  # curvature of a well without tilt, along and across
    flow = p.duration * p.learning_rate * steepest / CURVATURE_STEP
    return 1.5 + 7e-5 * p.n_points * (1 + len(p.compared)) + 2.9e-5 * flow, 205e6 + 700 * p.n_points


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Plan, let the gradient flow, and weigh both; nothing is random, so `seed` is only recorded."""
    p = parameters
    start = pair("start", p.start)
    end = None if p.end is None else pair("end", p.end)
    objective = Objective(p.discount, p.plasticity, p.loss_weight)
    well = DoubleWell(p.barrier, p.tilt, p.stiffness)
    flow = gradient_flow(well, start, p)
    best, rival_action, n_plans = best_plan(objective, well, start, end, flow, p)
    others = [replace(objective, discount=discount) for discount in p.compared]
    compared = [best_plan(other, well, start, end, flow, p)[0].theta.values for other in others]
    paths = np.stack([best.theta.values, flow, *compared])
    discounts = np.array([p.discount, p.discount, *p.compared])
    costs, cost_axis = _costs(objective, well, paths, discounts, p)
    ends = [point for point in (start, end) if point is not None]
    surface, surface_axes = loss_map(well, [*ends, *well.minima])
    nearest = [_nearest(well, path[-1]) for path in paths]
    return _dataset(
        p,
        {
            "theta": (("trial", "time", "parameter"), paths, "1", "parameters"),
            "loss": (("trial", "time"), well.loss(paths), "1", "loss"),
            **costs,
            "rival_action": ((), rival_action, "s", "least action of a plan that ends in the other valley"),
            "critical_discount": ((), _critical(objective, well), "1/s", "discount below which it pays to leave"),
            "minimum": (("well", "parameter"), well.minima, "1", "minima of the loss, from left to right"),
            "saddle": ("parameter", well.saddle, "1", "saddle between the minima; NaN where there is one minimum"),
            "end_well": ("trial", nearest, "1", "index of the minimum nearest to the end of the path"),
            **surface,
        },
        {
            "time": ("time", best.time.values, "s", "time"),
            "parameter": ("parameter", ["x", "y"], "1", "parameter"),
            "trial": ("trial", np.arange(len(paths)), "1", "index of the path"),
            "path": ("trial", ["optimal path", "gradient flow", *["optimal path"] * len(others)], "1", "what made it"),
            "trial_discount": ("trial", discounts, "1/s", "discount by which the path is weighed"),
            **cost_axis,
            **surface_axes,
        },
        n_plans=n_plans,
        gradient_norm=best.attrs["gradient_norm"],
        escapes=int(nearest[0] != nearest[1]),
    )


def gradient_flow(well: DoubleWell, start: NDArray[np.float64], p: Parameters) -> NDArray[np.float64]:
    """Path (n_points, 2) of ``θ̇ = −learning_rate ∂L/∂θ``, in steps well below the fastest time constant."""
    from plasticity.rules import load
    from plasticity.simulate import simulate as descend

    step = p.duration / (p.n_points - 1)
    steepest = np.abs(np.linalg.eigvalsh(well.hessian([start, *well.minima]))).max()
    finer = int(np.ceil(step * p.learning_rate * steepest / CURVATURE_STEP))
    rule = load("gradient_descent")(learning_rate=p.learning_rate)
    n_steps = finer * (p.n_points - 1)
    return descend(rule, well, start, n_steps, step / finer, record_every=finer).theta.values[0]


def best_plan(
    objective: Objective,
    well: DoubleWell,
    start: NDArray[np.float64],
    end: NDArray[np.float64] | None,
    flow: NDArray[np.float64],
    p: Parameters,
) -> tuple[xr.Dataset, float, int]:
    """Best of the plans from many first guesses, the best action that ends in another valley, how many converged."""
    import warnings

    from plasticity.plan import plan

    plans = []
    for guess in _guesses(start, end, well.minima, flow, p.n_points):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # guesses without convergence are left out
            path = plan(objective, well, start, p.duration, end, p.n_points, guess, quadrature=p.quadrature)
        if path.attrs["converged"]:
            plans.append(path)
    if not plans:
        raise InputError(f"no plan has converged with n_points={p.n_points}; use more points or a shorter duration")
    least = min(path.attrs["action"] for path in plans)
    best = next(path for path in plans if path.attrs["action"] <= least + TIE * abs(least))
    valley = _nearest(well, best.theta.values[-1])
    rivals = [path.attrs["action"] for path in plans if _nearest(well, path.theta.values[-1]) != valley]
    return best, min(rivals, default=np.nan), len(plans)


def _guesses(
    start: NDArray[np.float64],
    end: NDArray[np.float64] | None,
    minima: NDArray[np.float64],
    flow: NDArray[np.float64],
    n_points: int,
) -> list[NDArray[np.float64]]:
    """First paths: at rest, gradient flow, and straight walks to a minimum (or the end) that arrive sooner or later."""
    share = np.linspace(0.0, 1.0, n_points)[:, None]
    goals = minima if end is None else [end]
    walks = [start + np.minimum(share / arrival, 1.0) * (goal - start) for goal in goals for arrival in ARRIVALS]
    return [np.broadcast_to(start, (n_points, 2)), flow, *walks]


def _costs(
    objective: Objective, well: DoubleWell, paths: NDArray[np.float64], discounts: NDArray[np.float64], p: Parameters
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Kinetic and potential cost per unit time where the action takes them, their weights, and their sum."""
    from plasticity.optimal.cost import running_cost
    from plasticity.optimal.window import QUADRATURES

    cost = running_cost(objective, well, 2)
    middle = QUADRATURES[p.quadrature]
    step = p.duration / (p.n_points - 1)
    points = (1 - middle) * paths[:, :-1] + middle * paths[:, 1:]
    kinetic, potential = cost.effort(points, np.diff(paths, axis=1) / step), cost.loss(points)
    times = step * (np.arange(p.n_points - 1) + middle)
    weight = step * np.exp(-discounts[:, None] * times)
    action = ((kinetic + potential) * weight).sum(axis=1)
    variables = {
        "kinetic": (("trial", "sample"), kinetic, "1", "cost of change per unit time"),
        "potential": (("trial", "sample"), potential, "1", "weighted loss per unit time"),
        "sample_weight": (("trial", "sample"), weight, "s", "discounted length of each step"),
        "action": ("trial", action, "s", "discounted cost of the path"),
        "mean_action": ("trial", action / p.duration, "1", "action per length of the window"),
    }
    return variables, {"sample": ("sample", times, "s", "time at which the cost is taken")}


def _critical(objective: Objective, well: DoubleWell) -> float:
    """Critical discount from the shallow minimum to the deep one; NaN unless there are two of different depth."""
    from plasticity.critical_discount import critical_discount

    if len(well.minima) < 2 or well.tilt == 0:
        return np.nan
    shallow, deep = well.minima if well.tilt > 0 else well.minima[::-1]
    return critical_discount(objective, well, shallow, deep)


def _nearest(well: DoubleWell, point: NDArray[np.float64]) -> int:

    return int(np.argmin(np.linalg.norm(well.minima - point, axis=1)))


def _dataset(p: Parameters, variables: dict, coordinates: dict, **attributes: Any) -> xr.Dataset:

    return make_dataset(
        variables,
        coordinates,
        title="Optimal path and gradient flow in a double well",
        rule="optimal plan",
        engine="direct transcription, newton",
        references=("vastola_2025", "muratov_2008"),
        label=f"discount {p.discount:g} s⁻¹",
        discount=p.discount,
        learning_rate=p.learning_rate,
        **attributes,
    )
