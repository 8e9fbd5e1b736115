"""Learning rate after a change: does an optimal learner with the right hazard learn as people do?

People report a hidden mean that is replaced, unannounced, with probability 0.1 per outcome (data set `foucault_2024`,
task magnitude). Learners see sequences of the same kind, and their rates, (update)/(error), are averaged as those of
the people. The derived learner (`plasticity.derive_trials` with a `SwitchingTask`) has a hazard and a noise that it
assumes, and a share of the way that it moves; it is fitted, and compared with itself at the true values, with a
constant rate (delta rule) and with a rate that follows the size of errors (Pearce and Hall).

Expect: a constant rate cannot rise after a change, and one that follows errors rises too little. The optimal learner
at the true values rises too much and falls too low. Fitted, it agrees with the people: it assumes about three times
as many changes and twice the noise. Its rates are means over few sequences, with sampling errors of about the size of
those of the people, so its numbers are rough; other pairs of hazard and noise come near.

Result: `rate`(outcome, model), `observed` and `sem`(outcome), `misfit`(model), the mean squared deviation in standard
errors; `n_free`(model); `value`(number) of the fitted learner.

Source: Foucault & Meyniel 2024 (foucault_2024); Adams & MacKay 2007 (adams_2007); Vastola, Gershman & Rajan 2025
(vastola_2025). Assumed: means are drawn uniformly from the range of the outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from plasticity.belief import SwitchingTask
from plasticity.dataset import make_dataset
from plasticity.objective import Objective
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

N_OUTCOMES = 75
RANGE = (-0.6, 1.3)  # rates outside were left out of the data
AT_ONCE = Objective(1e-3, plasticity=1e12)
NUMBERS = ("hazard", "noise", "approach")
STARTS = ((0.1, 0.2, 0.3), (0.0333, 0.05, 0.08), (0.9, 0.95, 1.0))


@dataclass(frozen=True)
class Parameters:
    """The sequences that learners see."""

    n_sequences: int = parameter(20, "1", "sequences of 75 outcomes", low=2)
    hazard: float = parameter(0.1, "1", "probability of a change per outcome", low=1e-3, high=0.9)
    noise: float = parameter(0.0333, "1", "standard deviation of outcomes [range]", low=1e-3)


SMOKE = {"n_sequences": 2}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, and about a hundred runs of the learner over all sequences."""
    return 5.0 + 2.5 * parameters.n_sequences, 300e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Draw sequences, fit the models to the observed rates."""
    from analysis import Model, fit
    from analysis.datasets import load
    from plasticity.rule import Parameter

    p = parameters
    data = load("foucault_2024")
    data = data.isel(protocol=data.group.values == "magnitude")
    since = data.outcomes_since_change.values.astype(int)
    seen, last = _sequences(p, np.random.default_rng(seed))

    def fitted(name: str, estimates: Any, numbers: tuple[Parameter, ...], free: tuple[str, ...]) -> Any:
        function = lambda values, protocol: _rates(seen, estimates(values, seen), last, since)  # noqa: E731
        return fit(Model(name, name, function, numbers), data, free, n_starts=1)

    optimal = (
        Parameter("hazard", p.hazard, positive=True, high=0.9),
        Parameter("noise", p.noise, positive=True, high=1.0),
        Parameter("approach", 1.0, positive=True, high=1.0),
    )
    sized = (Parameter("rate", 0.3, positive=True, high=1.0), Parameter("scale", 1.0, positive=True, high=20.0))

    def misfit(start: tuple[float, ...]) -> float:
        rates = _rates(seen, _optimal(dict(zip(NUMBERS, start, strict=True)), seen), last, since)
        return float(np.mean(((rates - data.value.values) / data.sem.values) ** 2))

    start = min(product(*STARTS), key=misfit)  # rates jump where one enters or leaves the range: search widely first
    near = tuple(replace(one, value=value) for one, value in zip(optimal, start, strict=True))
    fits = {
        "constant rate": fitted("constant rate", _constant, sized[:1], ("rate",)),
        "rate follows errors": fitted("rate follows errors", _following, sized, ("rate", "scale")),
        "optimal, true values": fitted("optimal, true values", _optimal, optimal, ()),
        "optimal, fitted": fitted("optimal, fitted", _optimal, near, NUMBERS),
    }
    best = fits["optimal, fitted"].parameters
    return make_dataset(
        {
            "rate": (("outcome", "model"), np.array([f.predictions for f in fits.values()]).T, "1", "learning rate"),
            "observed": ("outcome", data.value.values, "1", "mean learning rate of 96 people"),
            "sem": ("outcome", data.sem.values, "1", "its standard error"),
            "misfit": ("model", [f.error for f in fits.values()], "1", "mean squared deviation in standard errors"),
            "n_free": ("model", [len(f.free) for f in fits.values()], "1", "fitted parameters"),
            "value": ("number", [best[name] for name in NUMBERS], "1", "value of the fitted optimal learner"),
        },
        {
            "outcome": ("outcome", since, "1", "outcomes since a change, 1: the first after it"),
            "model": ("model", list(fits), "1", "model"),
            "number": ("number", list(NUMBERS), "1", "number of the optimal learner"),
        },
        title="Learning rates after unannounced changes",
        rule="optimal learner in trials",
        engine="trials",
        references=("foucault_2024", "adams_2007", "vastola_2025"),
    )


def _sequences(p: Parameters, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes (n_sequences, 75), and the outcome of the last change at each."""
    shape, places = (p.n_sequences, N_OUTCOMES), np.arange(N_OUTCOMES)
    last = np.maximum.accumulate(np.where((rng.random(shape) < p.hazard) | (places == 0), places, 0), axis=1)
    means = np.take_along_axis(rng.random(shape), last, axis=1)
    return means + p.noise * rng.standard_normal(shape), last


def _optimal(values: dict[str, float], seen: np.ndarray) -> np.ndarray:
    """Reports before and after every outcome of a derived learner; (n_sequences, 76)."""
    from plasticity.trials import derive_trials

    task = SwitchingTask(-np.log1p(-values["hazard"]), 0.5, 1 / 12, values["noise"])  # moments of a uniform draw
    learner = derive_trials(AT_ONCE, task, reports=True, approach=values["approach"])
    return np.array([learner.run([*row, 0.5]).aim.values for row in seen])


def _constant(values: dict[str, float], seen: np.ndarray) -> np.ndarray:
    return _following({**values, "scale": 0.0}, seen)


def _following(values: dict[str, float], seen: np.ndarray) -> np.ndarray:
    """Estimates with the rate ``min(1, rate + scale·|error|)``."""
    estimates = np.full((len(seen), seen.shape[1] + 1), 0.5)
    for k in range(seen.shape[1]):
        error = seen[:, k] - estimates[:, k]
        share = np.minimum(1.0, values["rate"] + values["scale"] * np.abs(error))
        estimates[:, k + 1] = estimates[:, k] + share * error
    return estimates


def _rates(seen: np.ndarray, estimates: np.ndarray, last: np.ndarray, since: np.ndarray) -> np.ndarray:
    """Mean of update over error by the number of outcomes since a change; 0 and −1 are those before one."""
    places = np.arange(N_OUTCOMES)
    count = places - last + 1
    to_next = np.full(last.shape, N_OUTCOMES)
    for k in range(N_OUTCOMES - 2, -1, -1):
        to_next[:, k] = np.where(last[:, k + 1] == k + 1, 1, to_next[:, k + 1] + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.diff(estimates, axis=1) / (seen - estimates[:, :-1])
    usable = (rate > RANGE[0]) & (rate < RANGE[1]) & (last > 0)  # after the first change
    groups = [(count == s) if s > 0 else (to_next == 1 - s) & (count > 2) for s in since]
    return np.array([rate[g & usable].mean() if (g & usable).any() else 0.0 for g in groups])
