"""Which rule when: which learning rule costs least beside the exact learner, by horizon, noise, curvature and hazard?

Two weights with curvatures √κ and 1/√κ follow optima that wander and are forgotten at the hazard λ; gradients are
noisy; change costs its squared speed (`plasticity.contest`). The numbers of every rule are set from the assumptions
(untuned), or one factor of its steps is tuned for each cell of the map. The excess J − J* over the exact learner, a
Kalman filter with a Riccati feedback, is exact for linear rules; that of Adam is simulated, on the noise of the exact
learner.

What came out (defaults, seed 0): untuned, the Kalman filter of the gradient has the least excess in 39 of 81 cells,
Adam in 15, the Bayesian step in 12, soft reset in 10; its median excess is 11 % of the cost of the exact learner, that
of Adam 38 %, of the Bayesian step 47 %, of soft reset 63 %, of gradient descent 82 %. Rules that know curvature but not
noise are the worst untuned (173 %, more than no learning at all, 120 %) and among the best tuned (17 %; soft reset 9 %,
redrawn reset 8 %): noise, not the horizon, is what their steps lack. Adam gains little by tuning (32 %).

Cautions: directions are the axes of the weights, which suits rules with a rate per weight, Adam among them; five rules
know the curvature; optima wander without jumps, so no filter of switches is among the rules. The Bayesian step is IVON
(shen_2024) with the curvature known and without the noise of sampled weights, which flatters it.

Result: `excess`, `excess_error`, `regret` (untuned minus tuned), `factor`; `best_cost`; `best_rule`.
Source: Vastola, Gershman & Rajan 2025 (vastola_2025) for the objective, Kalman & Bucy 1961 (kalman_1961).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

AXES = ("hazard", "condition", "noise", "horizon")
TUNING = ("untuned", "tuned")
TIE = 1e-6  # of the excess: rules that are one, as both resets are for one curvature, count for the first


@dataclass(frozen=True)
class Parameters:
    """The axes of the map and the length of the simulation."""

    horizons: tuple[float, ...] = parameter((0.3, 3.0, 30.0), "s", "horizons 1/discount", low=1e-3)
    noises: tuple[float, ...] = parameter((0.1, 0.5, 2.5), "s^0.5", "noise of a gradient observed for 1 s", low=1e-6)
    conditions: tuple[float, ...] = parameter((1.0, 10.0, 100.0), "1", "ratios of the two curvatures", low=1.0)
    hazards: tuple[float, ...] = parameter((0.02, 0.2, 2.0), "1/s", "rates at which the optimum is forgotten", low=1e-6)
    step: float = parameter(0.1, "s", "time between gradients", low=1e-3)
    n_trials: int = parameter(200, "1", "trials of Adam in a cell", low=2)


SMOKE = {"horizons": (0.3, 3.0), "noises": (0.1, 2.5), "conditions": (1.0, 100.0), "hazards": (0.2,), "n_trials": 40}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes."""
    p = parameters
    n_cells = len(p.noises) * len(p.conditions) * len(p.hazards)
    n_steps = sum(6 * horizon / p.step + 1 for horizon in p.horizons)
    return 1.0 + n_cells * (0.25 * len(p.horizons) + n_steps * (1.2e-4 + 4e-7 * p.n_trials)), 130e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Costs of every rule in every cell of the map; runs on NumPy whatever the `device`."""
    from plasticity.contest import Contest, best_cost, compare

    p = parameters
    axes = {"hazard": p.hazards, "condition": p.conditions, "noise": p.noises, "horizon": p.horizons}
    for name, values in axes.items():
        if len(set(values)) < len(values) or not values:
            raise InputError(f"{name}s must be different numbers, got {values}")
    shape = tuple(map(len, axes.values()))
    contests = [
        Contest(1 / horizon, noise, condition, hazard, step=p.step)
        for hazard, condition, noise, horizon in product(*axes.values())
    ]
    cells = [compare(contest, p.n_trials, seed) for contest in contests]

    def table(*names: str) -> np.ndarray:
        values = [[[getattr(row, name) for name in names] for row in cell] for cell in cells]
        return np.array(values, dtype=float).reshape(*shape, len(cells[0]), len(names))

    excess, error, factor = table(*TUNING), table("untuned_error", "tuned_error"), table("factor")[..., 0]
    least = np.array([best_cost(contest) for contest in contests]).reshape(shape)
    titles = [row.title for row in cells[0]]
    best = (excess <= excess.min(-2, keepdims=True) * (1 + TIE)).argmax(-2)
    with np.errstate(invalid="ignore"):
        regret = excess[..., 0] - excess[..., 1]
    return make_dataset(
        {
            "excess": ((*AXES, "rule", "tuning"), excess, "1/s", "cost beyond the exact learner's"),
            "excess_error": ((*AXES, "rule", "tuning"), error, "1/s", "standard error; 0 where the cost is exact"),
            "regret": ((*AXES, "rule"), regret, "1/s", "excess untuned minus excess tuned"),
            "factor": ((*AXES, "rule"), factor, "1", "factor of all steps after tuning"),
            "best_cost": (AXES, least, "1/s", "cost of the exact learner"),
            "best_rule": ((*AXES, "tuning"), best, "1", "index of the rule with the least excess"),
        },
        {
            **{
                name: (name, np.array(values), unit, meaning)
                for (name, values), (unit, meaning) in zip(
                    axes.items(),
                    (
                        ("1/s", "hazard"),
                        ("1", "condition number"),
                        ("s^0.5", "noise of the gradient"),
                        ("s", "horizon"),
                    ),
                    strict=True,
                )
            },
            "rule": ("rule", [row.name for row in cells[0]], "1", "learning rule"),
            "rule_title": ("rule", titles, "1", "learning rule in words"),
            "tuning": ("tuning", list(TUNING), "1", "numbers from the assumptions, or one factor tuned"),
        },
        title="Which rule when",
        rule=" ".join(row.name for row in cells[0]),
        engine="discrete Riccati and Lyapunov equations, simulation of Adam",
        references=("vastola_2025", "kalman_1961", "kingma_2015", "shen_2024"),
        n_trials=p.n_trials,
        verdict=_verdict(titles, excess / least[..., None, None], best),
    )


def _verdict(titles: list[str], relative: np.ndarray, best: np.ndarray) -> str:
    """How often each rule wins, and the median excess of each in per cent of the cost of the exact learner."""
    sentences = []
    for column, tuning in enumerate(TUNING):
        counts = np.bincount(best[..., column].ravel(), minlength=len(titles))
        order = [i for i in np.argsort(-counts, kind="stable") if counts[i]]
        wins = ", ".join(f"{titles[i]} {counts[i]}" for i in order)
        sentences.append(f"{tuning}, least excess in so many of {counts.sum()} cells: {wins}")
    middle = 100 * np.median(relative.reshape(-1, *relative.shape[-2:]), axis=0)
    each = ", ".join(f"{title} {a:.3g} and {b:.3g}" for title, (a, b) in zip(titles, middle, strict=True))
    return "; ".join([*sentences, f"median excess over the exact learner, untuned and tuned, in per cent: {each}"])
