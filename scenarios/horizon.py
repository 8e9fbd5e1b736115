"""Horizon: how does the planning horizon change the path down a valley?

On a quadratic loss with one flat and one steep direction, a learner with a short horizon 1/discount follows the
gradient, in the metric that is fixed here: its rate of approach along each direction is proportional to the
curvature, so the flat direction lags. A learner with a long horizon approaches along each at a rate proportional to
the square root of the curvature, so the valley troubles it less, and it needs no inverse of the curvature for that.

Expect: with a fourfold curvature, rates in the ratio 2 at discount 0, and in a ratio that tends to 4 as the discount
grows. At the same plasticity a shorter horizon also is slower, because change pays less.

Result: `theta`(time, parameter) of the optimal policy; `loss`(time); `distance`(time, direction) from the optimum along
the two principal directions of the loss; `rate`(direction), measured on those distances; `rate_ratio`; `ratio_curve`,
the ratio at other discounts from the eigenvalues of their policies, for comparison. `compared_theta`(time,
compared_discount, parameter), `compared_loss`, `compared_distance` and `compared_rate_ratio` are those of learners with
other discounts, which the figure shows beside the run; several runs in one figure by `analysis.figures.draw(*runs)`.

Source: Vastola, Gershman & Rajan 2025 (vastola_2025), eqs. 6-9 and Fig. 2a-d. Unlike in the code published with the
figure, the policy is solved for at every discount, and the rates are measured on its path.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.support.exponential import fit_exponential
from scenarios.running.parameters import parameter
from scenarios.support.plane import loss_map, pair

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Parameters:
    """The objective of the learner and the valley."""

    discount: float = parameter(1.0, "1/s", "temporal discounting; 1/discount is the horizon", low=0)
    compared: tuple[float, ...] = parameter(
        (0.0, 10.0), "1/s", "discounts of the learners that are compared", low=0, may_be_empty=True
    )
    plasticity: float = parameter(1.0, "1/s^2", "how cheap change is", low=1e-9)
    loss_weight: float = parameter(1.0, "1", "weight of the loss against the cost of change", low=1e-9)
    curvature: float = parameter(1.0, "1", "curvature of the loss along the flat direction", low=1e-9)
    curvature_ratio: float = parameter(4.0, "1", "curvature of the steep direction over the flat one", low=1.0)
    angle: float = parameter(0.0, "1", "angle of the flat direction against the first parameter, in rad")
    start: tuple[float, ...] = parameter((1.0, 1.0), "1", "parameters at time 0")
    optimum: tuple[float, ...] = parameter((0.0, 0.0), "1", "parameters of least loss")
    duration: float = parameter(20.0, "s", "length of the run", low=1e-6)
    n_points: int = parameter(401, "1", "points of the path", low=3)


SMOKE = {"n_points": 101}

ROUNDING = 1e-10  # distances below this share of the first are not trusted
CURVE = (0.01, 100.0, 33)  # discounts of the curve: lowest, highest (in units of √(ηk·curvature)), how many


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports and the path."""
    return 0.4 + 2e-6 * parameters.n_points, 73e6 + 250 * parameters.n_points


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Solve for the policy, follow it and measure; nothing is random, so `seed` is only recorded."""
    from plasticity.solve import solve

    p = parameters
    start, optimum = pair("start", p.start), pair("optimum", p.optimum)
    axes = np.array([[np.cos(p.angle), np.sin(p.angle)], [-np.sin(p.angle), np.cos(p.angle)]])
    curvatures = p.curvature * np.array([1.0, p.curvature_ratio])
    valley = Quadratic(axes.T @ np.diag(curvatures) @ axes, optimum)
    objective = Objective(p.discount, p.plasticity, p.loss_weight)
    policy = solve(objective, valley)
    times = np.linspace(0.0, p.duration, p.n_points)
    theta = policy.path(start, times)
    distance = (theta - optimum) @ axes.T
    rate = measured_rates(times, distance)
    discounts, curve = _ratio_curve(objective, valley, np.sqrt(p.plasticity * p.loss_weight * p.curvature))
    others = [solve(replace(objective, discount=discount), valley) for discount in p.compared]
    paths = np.array([other.path(start, times) for other in others]).reshape(-1, times.size, 2).swapaxes(0, 1)
    surface, surface_axes = loss_map(valley, [start, optimum])
    return make_dataset(
        {
            "theta": (("time", "parameter"), theta, "1", "parameters"),
            "loss": ("time", valley.loss(theta), "1", "loss"),
            "distance": (("time", "direction"), distance, "1", "distance from the optimum along the direction"),
            "rate": ("direction", rate, "1/s", "rate of approach measured on the path"),
            "rate_ratio": ((), rate[1] / rate[0], "1", "rate of the steep direction over that of the flat one"),
            "ratio_curve": ("curve_discount", curve, "1", "ratio of the eigenvalues of the policy at other discounts"),
            **_compared(valley, paths, (paths - optimum) @ axes.T, [other.rates for other in others]),
            "action": ((), policy.value(start), "s", "discounted cost from the start on"),
            "optimum": ("parameter", optimum, "1", "parameters of least loss"),
            "axis": (("direction", "parameter"), axes, "1", "unit vector of the direction"),
            **surface,
        },
        {
            "time": ("time", times, "s", "time"),
            "parameter": ("parameter", np.arange(2), "1", "index of the parameter"),
            "direction": ("direction", ["flat", "steep"], "1", "principal direction of the loss"),
            "curvature": ("direction", curvatures, "1", "curvature of the loss"),
            "curve_discount": ("curve_discount", discounts, "1/s", "discount"),
            "compared_discount": ("compared_discount", np.array(p.compared), "1/s", "discount of the compared learner"),
            **surface_axes,
        },
        title="Optimal learning in a valley",
        rule="optimal linear-quadratic policy",
        engine="matrix exponential",
        references=("vastola_2025",),
        label=f"discount {p.discount:g} s⁻¹",
        discount=p.discount,
        curvature_ratio=p.curvature_ratio,
    )


def measured_rates(times: NDArray[np.float64], distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rate (k,) [1/s] at which each distance (n_times, k) vanishes exponentially.

    Raises
    ------
    InputError
        If a distance vanishes from the start or after one step, so that it has no rate.
    """
    for name, away in zip(("flat", "steep"), np.abs(distance).T, strict=True):
        if away[0] <= ROUNDING * np.abs(distance[0]).max():
            raise InputError(f"start must differ from the optimum along both directions; it does not along the {name}")
        if np.sum(away > ROUNDING * away[0]) < 2:
            raise InputError(f"n_points is too small: the {name} direction is at rest after one step; use more points")
    return fit_exponential(times, distance, rest=0.0).rate


def _compared(
    valley: Quadratic, paths: NDArray[np.float64], distances: NDArray[np.float64], rates: list[NDArray[np.float64]]
) -> dict[str, Any]:
    """Variables of the learners with other discounts; the ratios of their rates are those of the eigenvalues."""
    axis, ratios = ("time", "compared_discount"), [rate[1] / rate[0] for rate in rates]
    return {
        "compared_theta": ((*axis, "parameter"), paths, "1", "parameters of the compared learner"),
        "compared_loss": (axis, valley.loss(paths), "1", "loss of the compared learner"),
        "compared_distance": (
            (*axis, "direction"),
            distances,
            "1",
            "distance from the optimum of the compared learner",
        ),
        "compared_rate_ratio": (
            "compared_discount",
            ratios,
            "1",
            "rate of the steep direction over that of the flat one",
        ),
    }


def _ratio_curve(
    objective: Objective, valley: Quadratic, natural_rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Discounts from 0 on, and the ratio of the two rates of the policy that is optimal at each."""
    from plasticity.solve import solve

    discounts = np.concatenate([[0.0], natural_rate * np.geomspace(*CURVE)])
    rates = np.array([solve(replace(objective, discount=discount), valley).rates for discount in discounts])
    return discounts, rates[:, 1] / rates[:, 0]
