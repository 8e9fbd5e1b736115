"""Controllability: how does a learner act when its weights also drift by themselves?

The same bowl and the same objective in four cases: all directions cost the same (plain), one direction is cheaper to
change than the other (metric), weights rotate by themselves (rotation), weights decay by themselves (decay). The
optimal learner takes the drift into account. So its rule need not follow the gradient of the loss in any metric, and it
may come to rest away from the optimum, where holding the weights there would cost more than it gains.

Expect: plain and metric end at the optimum (0, -0.5) with real rates, the metric path first along the cheap direction;
rotation spirals, with rest point (0, -0.0192) at the default values; decay goes straight to the same rest point. Only
rotation has a curl. The two cases with a drift pay for ever: their cost per unit time at rest is positive.

Result: `theta`(trial, time, parameter), one trial per `case`; `rest_point`, `eigenvalue_real`, `eigenvalue_imag` (of
the closed loop), `curl` (norm of the antisymmetric part of the metric times the Jacobian, 0 for a gradient rule),
`cost_rate` at rest, `loss` and `running_cost` along the paths, and the `velocity` field on a grid.

At discount 0 the action itself is infinite for the cases with a drift; the policy is its limit as the discount vanishes
(attribute `assumptions`).

Source: Vastola, Gershman & Rajan 2025 (vastola_2025), Fig. 3. Corrected against the code published with the figure: the
rest point marked under rotation lacks a factor there (it lies at (0, -0.00018), the path ends at (0, -0.0192)), and the
rate under decay j has j(j - discount), where j(j + discount) is right; at discount 0 the two agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.optimal.policy import Policy
from scenarios.running.parameters import parameter
from scenarios.support.plane import loss_map, pair

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Parameters:
    """The objective of the learner, the bowl, and what differs between the cases."""

    discount: float = parameter(0.0, "1/s", "temporal discounting; 1/discount is the horizon", low=0)
    plasticity: float = parameter(1.0, "1/s^2", "how cheap change is", low=1e-9)
    loss_weight: float = parameter(1.0, "1", "weight of the loss against the cost of change", low=1e-9)
    curvature: float = parameter(4.0, "1", "curvature of the loss, the same in both directions", low=1e-9)
    optimum: tuple[float, ...] = parameter((0.0, -0.5), "1", "parameters of least loss")
    start: tuple[float, ...] = parameter((1.5, 1.5), "1", "parameters at time 0")
    metric: tuple[float, ...] = parameter((0.02, 1.0), "1", "price of each direction in the case metric", low=1e-9)
    rotation: float = parameter(10.0, "1/s", "angular velocity in the case rotation; positive turns left")
    decay: float = parameter(10.0, "1/s", "rate at which weights decay to 0 in the case decay", low=0)
    duration: float = parameter(3.0, "s", "length of the run", low=1e-6)
    n_points: int = parameter(601, "1", "points of each path", low=2)
    n_grid: int = parameter(41, "1", "points of the velocity field per axis", low=2)


SMOKE = {"n_points": 241, "n_grid": 11}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, the paths, the velocity field."""
    points, grid = parameters.n_points, parameters.n_grid**2
    return 0.37 + 8e-6 * points + 3e-7 * grid, 72e6 + 300 * points + 160 * grid


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Solve the four cases and follow their policies; nothing is random, so `seed` is only recorded."""
    from plasticity.solve import solve

    p = parameters
    start, optimum = pair("start", p.start), pair("optimum", p.optimum)
    bowl = Quadratic(p.curvature, optimum)
    policies = {case: solve(objective, bowl) for case, objective in cases(p).items()}
    times = np.linspace(0.0, p.duration, p.n_points)
    paths = np.stack([policy.path(start, times) for policy in policies.values()])
    radius = np.linalg.norm(start - optimum)
    surface, surface_axes = loss_map(bowl, [optimum - radius, optimum + radius], p.n_grid, margin=0.0)
    grid = np.stack(np.meshgrid(*(axis[1] for axis in surface_axes.values())), axis=-1)
    notes = [f"{case}: {note}" for case, policy in policies.items() for note in policy.notes]

    def each(function: Callable[[Policy], Any]) -> NDArray[np.float64]:
        return np.stack([function(policy) for policy in policies.values()])

    running = [policy.running_cost(path) for policy, path in zip(policies.values(), paths, strict=True)]
    eigenvalues = each(lambda policy: policy.eigenvalues)
    field = ("trial", "grid_y", "grid_x", "parameter")
    return make_dataset(
        {
            "theta": (("trial", "time", "parameter"), paths, "1", "parameters"),
            "loss": (("trial", "time"), bowl.loss(paths), "1", "loss"),
            "running_cost": (("trial", "time"), np.stack(running), "1", "cost of change and of loss per unit time"),
            "rest_point": (("trial", "parameter"), each(lambda policy: policy.rest_point), "1", "where the rule rests"),
            "cost_rate": ("trial", each(lambda policy: policy.cost_rate), "1", "cost per unit time at rest"),
            "eigenvalue_real": (
                ("trial", "mode"),
                eigenvalues.real,
                "1/s",
                "real part of the closed loop's eigenvalue",
            ),
            "eigenvalue_imag": (("trial", "mode"), eigenvalues.imag, "rad/s", "imaginary part of the eigenvalue"),
            "curl": ("trial", each(lambda policy: policy.curl), "1/s", "antisymmetric part of metric times Jacobian"),
            "velocity": (field, each(lambda policy: policy.velocity(grid)), "1/s", "velocity of the parameters"),
            "optimum": ("parameter", optimum, "1", "parameters of least loss"),
            **surface,
        },
        {
            "trial": ("trial", np.arange(len(policies)), "1", "index of the case"),
            "case": ("trial", list(policies), "1", "what moves the weights besides the learner, or what it pays"),
            "time": ("time", times, "s", "time"),
            "parameter": ("parameter", np.arange(2), "1", "index of the parameter"),
            "mode": ("mode", np.arange(2), "1", "index of the eigenvalue, slowest decay first"),
            **surface_axes,
        },
        title="Optimal learning of weights that are not free to move",
        rule="optimal linear-quadratic policy",
        engine="matrix exponential",
        references=("vastola_2025",),
        label=f"discount {p.discount:g} s⁻¹",
        assumptions="\n".join(notes),
    )


def cases(p: Parameters) -> dict[str, Objective]:
    """Objective of each case."""
    common = (p.discount, p.plasticity, p.loss_weight)
    return {
        "plain": Objective(*common),
        "metric": Objective(*common, metric=pair("metric", p.metric)),
        "rotation": Objective(*common, drift=p.rotation * np.array([[0.0, -1.0], [1.0, 0.0]])),
        "decay": Objective(*common, drift=-p.decay),
    }
