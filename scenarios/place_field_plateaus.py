"""Place fields by plateaus: does a plateau potential elsewhere move a place field, and how wide is it at which speed?

An animal runs around a track; every input of a CA1 cell is active once a lap, where its place is. Plateau potentials at
one place on a few laps make a place field, then plateaus at another place move it. Two rules change the inputs: the
two-trace rule of Milstein et al., with the values of their figure 5, and the one that follows, at a short horizon, from
a delta rule: an input near the plateau should drive the cell, another of the same episode should not.

Expect: a field near the first plateau, then one near the second, as inputs there grow while those of the first field
shrink, although the cell is depolarised there: what changes depends on the weight and on the time from the plateau, in
seconds, so that a field is the wider in space the faster the animal ran when it was made. Inputs seconds before the
plateau change more than those as long after it.

What came out (defaults): both rules put the peak where the plateaus are, and move it. At the first place the ramp falls
from 5.3 to 3.3 mV (12.5 cm/s) and 4.0 mV (25 cm/s) by the published rule, from 10.0 to 4.1 and 9.8 to 3.5 mV by the
derived one. Fields are 80 and 156 cm wide by the former, 32 and 59 cm by the latter. So with inputs and plateaus that
are points in time the published values make fields that are wide and flat; ramps of silent cells rose by 7.6 mV in the
measurements (data set milstein_2021).

Result: `weight`(rule, speed, stage, place), in mV of the ramp that an input evokes at its place; `field_place` and
`field_width` at half height (rule, speed, stage), NaN without a field.

Source: Milstein et al. 2021 (milstein_2021) for the rule, the track and the number of inputs; Bittner et al. 2017
(bittner_2017) for the speed. Inputs and plateaus are points in time here; places, speeds and numbers of plateaus are
our choice.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError, UnitWarning
from scenarios.running.parameters import parameter
from scenarios.support.wiring import in_groups

if TYPE_CHECKING:
    import xarray as xr

    from circuits.network.circuit import Circuit
    from plasticity.rule import Rule

RULES = ("published", "derived")
STAGES = ("before", "first", "second")
REST = 10.0  # s after the last lap of a stage, in which traces decay


@dataclass(frozen=True)
class Parameters:
    """Track, speeds and plateaus."""

    rules: tuple[str, ...] = parameter(RULES, "1", "rules to compare", choices=RULES)
    speeds: tuple[float, ...] = parameter((12.5, 25.0), "cm/s", "running speeds", low=1.0)
    track: float = parameter(187.0, "cm", "length of the circular track", low=1.0)
    n_inputs: int = parameter(200, "1", "inputs, at even distances", low=2)
    first: float = parameter(50.0, "cm", "place of the first plateaus", low=0)
    second: float = parameter(110.0, "cm", "place of the second plateaus", low=0)
    n_laps: int = parameter(3, "1", "laps with a plateau at either place", low=1)
    dt: float = parameter(0.02, "s", "time step", low=1e-4, high=0.05)


SMOKE = {"rules": ("derived",), "n_inputs": 20, "n_laps": 1, "speeds": (25.0,), "dt": 0.05}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes; the published rule flows all the time, and is compiled for many steps."""
    from circuits.running.devices import is_short

    p = parameters
    n_synapses, n_steps = p.n_inputs * len(p.speeds), 2 * stage_duration(p) / p.dt
    by_events = 1.2 + 4e-4 * n_synapses
    by_steps = by_events if is_short(n_steps, n_synapses) else 4.8e-8 * n_steps * n_synapses
    return 1.8 + sum(by_steps if rule == "published" else by_events for rule in p.rules), 200e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Make a place field and move it, by every rule at every speed; nothing is random."""
    from circuits import Phase, run

    p = parameters
    for name in ("first", "second"):
        if getattr(p, name) >= p.track:
            raise InputError(f"{name} is {getattr(p, name):g} cm; it must lie on the track, below {p.track:g} cm")
    shape = len(p.speeds), p.n_inputs
    paths, engines = [], []
    for name in p.rules:
        stages = [Phase(stage_duration(p)), Phase(stage_duration(p))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitWarning)  # seconds between spikes are meant
            runs = run(network(p, learning_rule(name)), stages, p.dt, device, seed=seed, third_factor=plateaus(p))
        engines.append(runs[0].engine)
        paths.append(np.stack([np.zeros(shape), *(each.final["synapses"].reshape(shape) for each in runs)], axis=1))
    weights = np.array(paths)  # (rule, speed, stage, place)
    place, width = _fields(p, weights)
    lead = ("rule", "speed", "stage")
    return make_dataset(
        {
            "weight": ((*lead, "place"), weights, "mV", "ramp that an input evokes"),
            "field_place": (lead, place, "cm", "place of the largest ramp"),
            "field_width": (lead, width, "cm", "width of the ramp at half its height"),
        },
        {
            "rule": ("rule", list(p.rules), "1", "learning rule"),
            "speed": ("speed", np.array(p.speeds), "cm/s", "running speed"),
            "stage": ("stage", list(STAGES), "1", "before, after the first and after the second plateaus"),
            "place": ("place", places(p), "cm", "place of an input on the track"),
        },
        title="Place fields by plateau potentials",
        rule=" ".join(learning_rule(name).name for name in p.rules),
        engine=engines[0],
        references=("milstein_2021", "bittner_2017", "vastola_2025"),
        plateaus=f"{p.first:g} {p.second:g}",
    )


def learning_rule(name: str) -> Rule:
    """Rule of the catalogue."""
    from plasticity.rules.btsp_two_trace import btsp_two_trace
    from plasticity.rules.derived_plateau import derived_plateau

    return btsp_two_trace() if name == "published" else derived_plateau()


def places(p: Parameters) -> NDArray[np.float64]:
    """Places of the inputs [cm]."""
    return (np.arange(p.n_inputs) + 0.5) * p.track / p.n_inputs


def stage_duration(p: Parameters) -> float:
    """Time [s] of the laps of the slowest animal and a rest, on the grid of steps."""
    return float(np.ceil((p.n_laps * p.track / min(p.speeds) + REST) / p.dt)) * p.dt


def passages(p: Parameters, place: float, speed: float, stages: tuple[int, ...] = (0, 1)) -> NDArray[np.float64]:
    """Times [s] at which an animal passes a place, in every lap of the stages, on the grid of steps."""
    laps = np.arange(p.n_laps) * p.track + place
    times = np.concatenate([stage * stage_duration(p) + laps / speed for stage in stages])
    return np.round(times / p.dt) * p.dt


def plateaus(p: Parameters) -> list[NDArray[np.float64]]:
    """Times [s] of the plateaus of the cell of every speed."""
    return [
        np.concatenate([passages(p, place, speed, (stage,)) for stage, place in enumerate((p.first, p.second))])
        for speed in p.speeds
    ]


def network(p: Parameters, rule: Rule) -> Circuit:
    """A cell for every speed, each with inputs of its own."""
    from circuits import Circuit, Population, Projection

    trains = [passages(p, place, speed) for speed in p.speeds for place in places(p)]
    inputs = Population("inputs", tuple(trains))
    cells = Population("cells", (np.empty(0),) * len(p.speeds))
    wiring = in_groups(np.arange(len(trains)), len(p.speeds))
    synapses = Projection("synapses", "inputs", "cells", rule, weight=0.0, **wiring)
    return Circuit("place_field_plateaus", (inputs, cells), (synapses,))


def _fields(p: Parameters, weights: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place of the largest ramp and its width at half height, along the last axis; NaN where there is none."""
    top = weights.max(-1)
    place = places(p)[weights.argmax(-1)]
    width = (weights > top[..., None] / 2).sum(-1) * p.track / p.n_inputs
    return np.where(top > 0, place, np.nan), np.where(top > 0, width, np.nan)
