"""Motor adaptation: does the optimal learner in trials explain more than the two-state model, and what can trials tell?

The derived learner (`plasticity.derive_trials`) and the sum of states are fitted to reaches under a rotated cursor
(data set `thart_reach`, medians over people). Simulated people with five numbers of their own (two time constants, two
ratios of noise variances, γ + R) then learn in the same protocol, with an end of clamped errors or of trials without
feedback, and each is fitted alone.

Expect: derived learner and two-state model tie exactly, at every horizon: errors that are seen or clamped show two
numbers per component, one fewer than the learner has. So the data are no evidence for or against the horizon, and a
learner that pays for its changes of output fits no better. In clamps the numbers of every person are flagged as not
determined; trials without feedback determine them as far as the noise of outputs allows.

Result: `prediction`(trial, model) [deg], `observed`(trial), `misfit`(model) [deg²], `n_free`(model);
`true_value`, `estimate`, `log_error`(end, person, number), `recovered` and `flagged`(end, number): people whose truth
lies within 1.96 standard errors, and people whose number is not determined to within a factor of e.

Source: Smith, Ghazizadeh & Shadmehr 2006 (smith_2006); 't Hart & Henriques, R package Reach (thart_reach); Vastola,
Gershman & Rajan 2025 (vastola_2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from plasticity.dataset import make_dataset
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

ENDS = {"clamped errors": 1, "no feedback": 2}
NUMBERS = ("fast time constant", "slow time constant", "fast ratio", "slow ratio", "γ + R")
USUAL = (-1 / np.log(0.8), -1 / np.log(0.99), 1.82, 0.0173)  # numbers of a typical person but γ + R
HORIZONS = (0.05, 1.0, 20.0)  # γ + R per trial of the derived learners that are fitted


@dataclass(frozen=True)
class Parameters:
    """The simulated people, and how they are measured."""

    n_people: int = parameter(20, "1", "people per experiment", low=1)
    output_noise: float = parameter(1.5, "1", "standard deviation of a reach [deg]", low=1e-3)
    horizon: float = parameter(0.3, "1", "median of γ + R per trial over people", low=1e-3)
    spread: float = parameter(0.3, "1", "standard deviation over people of the logarithm of every number", low=0.0)
    n_rotated: int = parameter(100, "1", "rotated trials", low=10)
    n_end: int = parameter(40, "1", "trials at the end, clamped or without feedback", low=1)


SMOKE = {"n_people": 1, "n_end": 20, "n_rotated": 40}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, five fits of the data, and two fits per person."""
    p = parameters
    return 15.0 + 1.5 * p.n_people * (44 + p.n_rotated + p.n_end) / 184, 300e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Fit the public data, then simulate and fit people."""
    p = parameters
    data, fits = _fits()
    shape = (len(ENDS), p.n_people, len(NUMBERS))
    truth, estimate, error = (np.empty(shape) for _ in range(3))
    inside, flagged = np.empty(shape, dtype=bool), np.empty(shape, dtype=bool)
    for e, kind in enumerate(ENDS.values()):
        for i in range(p.n_people):
            truth[e, i], person = _person(p, kind, np.random.default_rng([seed, i]))
            estimate[e, i], error[e, i] = person.values, person.log_errors
            inside[e, i], flagged[e, i] = person.covers(truth[e, i]), person.flagged
    each, counts = ("end", "person", "number"), ("end", "number")
    everyone = (inside | flagged).all(axis=2).sum(axis=1)
    return make_dataset(
        {
            "prediction": (
                ("trial", "model"),
                np.array([f.predictions for f in fits.values()]).T,
                "deg",
                "reach change",
            ),
            "observed": ("trial", data.value.values, "deg", "median over people of the reach change"),
            "misfit": ("model", [f.error for f in fits.values()], "deg**2", "mean squared error"),
            "n_free": ("model", [len(f.free) for f in fits.values()], "1", "fitted parameters"),
            "true_value": (each, truth, "1", "true value, times in trials"),
            "estimate": (each, estimate, "1", "maximum likelihood, times in trials"),
            "log_error": (each, error, "1", "standard error of its logarithm"),
            "recovered": (counts, (inside & ~flagged).sum(axis=1), "1", "people whose number is recovered"),
            "flagged": (counts, flagged.sum(axis=1), "1", "people whose number is flagged as not determined"),
            "all_recovered": ("end", everyone, "1", "people with every number recovered or flagged"),
        },
        {
            "model": ("model", list(fits), "1", "model"),
            "trial": ("trial", np.arange(data.sizes["protocol"]) + 1, "1", "trial"),
            "group": ("trial", data.group.values, "1", "block of trials"),
            "end": ("end", list(ENDS), "1", "last trials"),
            "person": ("person", np.arange(p.n_people), "1", "person"),
            "number": ("number", list(NUMBERS), "1", "number of a person"),
        },
        title="Motor adaptation: the derived learner, the two-state model, and what trials tell",
        rule="optimal learner in trials",
        engine="trials, least squares of innovations",
        references=("smith_2006", "thart_reach", "vastola_2025"),
    )


@cache
def _fits() -> tuple[xr.Dataset, dict[str, Any]]:
    """Medians of the data with equal weights, and the fits of the models to them."""
    from analysis import fit, state_space, trial_learner
    from analysis.datasets import load

    data = load("thart_reach")
    data = data.assign(
        value=("protocol", data["median"].values, data.value.attrs),
        sem=("protocol", np.ones(data.sizes["protocol"]), data.sem.attrs),
    )
    components = ["retention_1", "retention_2", "ratio_1", "ratio_2"]
    fits = {
        "one state": fit(state_space(1), data, ["retention_1", "drive_1"], n_starts=2),
        "two states": fit(state_space(2), data, ["retention_1", "retention_2", "drive_1", "drive_2"], n_starts=2),
    }
    for horizon in HORIZONS:
        model = trial_learner().with_parameters(horizon=horizon)
        fits[f"derived, γ + R = {horizon:g}"] = fit(model, data, components, n_starts=1)
    wide = {"ratio_1": (1e-3, 1e3), "ratio_2": (1e-6, 1e2), "plasticity": (1e-3, 1e6), "discount": (1e-3, 1e3)}
    patient = trial_learner(at_once=False).with_parameters(plasticity=30.0)
    fits["derived, with cost of change"] = fit(patient, data, [*components, "discount", "plasticity"], wide, n_starts=2)
    return data, fits


def _person(p: Parameters, kind: int, rng: np.random.Generator) -> tuple[np.ndarray, Any]:
    """True numbers of a person, and their fit from a typical person."""
    from analysis.trial_people import fit_person, learner_at

    usual = np.array([*USUAL, p.horizon])
    truth = usual * np.exp(p.spread * rng.standard_normal(usual.size))
    turns = np.repeat([0.0, 30.0, -30.0, 0.0], [32, p.n_rotated, 12, p.n_end])
    kinds = np.repeat([0, kind], [44 + p.n_rotated, p.n_end])
    done = learner_at(truth, p.output_noise).run(turns, kinds, rng=rng).output.values
    return truth, fit_person(done, turns, kinds, usual)
