"""View of two minima: from which horizon on does it pay to leave the shallow one?"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.explorer.view import N_TIMES, Slider, View, contours, rounded, stored
from plasticity.critical_discount import critical_discount
from plasticity.explain import explain
from plasticity.landscapes import DoubleWell
from plasticity.objective import Objective
from plasticity.optimality import follow
from plasticity.policy import LandscapePolicy, policy

Array = NDArray[np.float64]
SLIDERS = (
    Slider("discount", "discount γ", "/s", ("0.1", "0.3", "0.5", "0.6", "0.8", "1.5"), 2),
    Slider("tilt", "how much deeper the right valley is (tilt)", "loss", ("0.2", "0.5", "0.8"), 1),
)
ACROSS, UP = (-1.5, -0.93, -0.5, -0.15, 0.3, 1.06, 1.5), (0.0, 0.5, 1.0)
PROGRAM = """\
import steersman as sm

well = sm.DoubleWell(tilt={tilt})
critical = sm.critical_discount(sm.Objective(0), well, *well.minima)
policy = sm.policy(sm.Objective({discount}), well)
path = policy.path([{x}, {y}])
print("critical discount γ_c [1/s]:", critical)
print("J:", path.attrs["value"])
"""


def minima(sliders: tuple[Slider, Slider] = SLIDERS) -> View:
    """Paths over the barrier and into the nearer valley, from a grid of starts."""
    starts = [(x, y) for x in ACROSS for y in UP]
    wells = [DoubleWell(tilt=float(text)) for text in sliders[1].values]
    critical = [critical_discount(Objective(0), well, *well.minima) for well in wells]
    flows = [[_flow(well, start) for start in starts] for well in wells]
    states = [
        _state(policy(Objective(float(text)), well), flow, starts, limit)
        for text in sliders[0].values
        for well, flow, limit in zip(wells, flows, critical, strict=True)
    ]
    return View(
        name="minima",
        title="Two minima",
        question="When does it pay to climb out of a shallow valley into a deeper one?",
        sliders=sliders,
        frame=2.0,
        start=(-0.93, 0.5),
        optimum=[well.minima.tolist() for well in wells],
        contours=[contours(well.loss, 2.0, 6.0) for well in wells],
        contours_by=1,
        python=[PROGRAM],
        states=states,
        starts=[list(start) for start in starts],
        how="Paths begin at the nearest stored start (blue dot), or its mirror image: the loss is the same above and "
        "below. They are minimisations of J along the value function of the engine, over every pass.",
        others=[
            {"paths": [_record(flow, Objective(1.0), well) for flow in group]}
            for group, well in zip(flows, wells, strict=True)
        ],
    )


def _flow(well: DoubleWell, start: tuple[float, float]) -> xr.Dataset:
    """Gradient flow ``θ̇ = −∇L``, which settles in the valley of the start."""
    return follow(lambda theta: -well.gradient(theta), start, np.linspace(0.0, 10.0, 1001))


def _state(best: LandscapePolicy, flows: list[xr.Dataset], starts: list, critical: float) -> dict[str, Any]:
    objective, well = best.objective, best.landscape
    leaves = float(objective.discount) < critical
    note = (
        "γ < γ_c: from the shallow minimum the learner climbs over the pass. The local rule of this horizon "
        "(multi_step) would stay: it takes the valley for the world."
        if leaves
        else "γ > γ_c: from the shallow minimum the learner does not leave: the way costs more than it saves."
    )
    paths = [best.path(start) for start in starts]
    return {
        "name": "feedback on the value function, −ηG⁻¹∇V, by numbers only",
        "note": note,
        "facts": [["critical discount γ_c [1/s]", rounded(critical)]],
        "paths": [_record(path, objective, well) for path in paths],
        "actions": rounded([path.attrs["value"] for path in paths]),
        "otherActions": rounded([float(explain(flow, objective, well, tail="rest").action) for flow in flows]),
    }


def _record(path: xr.Dataset, objective: Objective, well: DoubleWell) -> dict[str, Any]:
    """Times and points of a path, and its costs per second there, at even steps of time and length together."""
    times, theta = path.time.values, path.theta.values
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(theta, axis=0), axis=1))])
    along = times / times[-1] + length / max(length[-1], 1e-9)
    chosen = np.interp(np.linspace(0.0, along[-1], N_TIMES), along, times)
    points = np.stack([np.interp(chosen, times, column) for column in theta.T], axis=-1)
    account = explain(path, objective, well)
    costs = {"effort": account.effort.sum("parameter").values, "loss": account.loss.values}
    at = {name: stored(np.interp(chosen, account.time.values, values)) for name, values in costs.items()}
    return {"times": stored(chosen), "points": stored(points), **at}
