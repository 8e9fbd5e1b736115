"""Sizes of synapses: what do spread, changes and turnover tell about the metric, and about the share of learning?

A weight rests at its optimum and fluctuates. In a metric G = w^(−2b) distances are measured in the flat coordinate
φ, dφ = √G dw; the loss is quadratic in φ and the noise is constant in it. Then the derived rule of a short horizon is
an Ornstein–Uhlenbeck process of φ, whatever b is, and b shows in how much large synapses change.

Four facts are simulated beside their formulas. (1) sd(Δw | w) ∝ w^b over a day. (2) The share of sizes that change by
more than half within T days, for log-normal sizes (b = 1) as wide as those of spine heads (`dorkenwald_2022`).
(3) A learner that compensates fluctuations of its weight, seen through noise, never moves more than they do: over a
window T the ratio of the variances is 1 − (1 − e^(−RT))/(RT) < 1, whatever the noise of the feedback. (4) Spines that
vanish below a size (−1 sd), beside those that vanish at a constant rate.

Expect: slopes near b; at most 64 % of sizes change by more than half, even after years, where more than 70 % were seen
within 20 days (quoted in raman_2021): one log-normal with one rate is not enough. A share of fluctuation below one
half would reject a learner that only compensates; all published shares are at or above it. A survival of
78 % after two days and 61 % after four tells a rate, and nothing about how spines vanish.

Result: `slope`(exponent); `changed`, `changed_formula`(lag); `compensated`, `bound`(noise, window);
`survival`, `constant_rate`, `measured`(day); `least_share`(window), of fluctuation in all change.

Source: Vastola, Gershman & Rajan 2025 (vastola_2025); Raman & O'Leary 2021 (raman_2021); Dorkenwald et al. 2022
(dorkenwald_2022); Pfeiffer et al. 2018 (pfeiffer_2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
STEPS_PER_DAY = 50
MEASURED_DAYS = (2.0, 4.0)
N_BINS = 20  # of sizes, for the slope


@dataclass(frozen=True)
class Parameters:
    """A population of synapses at rest."""

    exponents: tuple[float, ...] = parameter((0.0, 0.5, 1.0), "1", "b of the metric w^(−2b)", low=0, high=1)
    rate: float = parameter(0.05, "1/day", "rate at which φ returns to its optimum", low=1e-3, high=2)
    spread: float = parameter(0.3, "1", "standard deviation of φ, for the slopes", low=1e-3, high=0.3)
    lags: tuple[int, ...] = parameter((1, 5, 20, 60), "day", "times between two looks", low=1)
    windows: tuple[float, ...] = parameter(
        (1.0, 3.0), "1/R", "windows of compensation, in times of the learner", low=0.1
    )
    noises: tuple[float, ...] = parameter((0.3, 3.0), "1", "noise of the feedback over that of the weight", low=1e-3)
    vanishing_rate: float = parameter(0.2, "1/day", "rate of φ for spines that vanish below −1 sd", low=1e-3, high=2)
    days: tuple[float, ...] = parameter((0.0, 2.0, 4.0, 14.0), "day", "days at which spines are counted", low=0)
    n_synapses: int = parameter(10_000, "1", "synapses", low=100)


SMOKE = {"lags": (1, 5), "days": (0.0, 2.0, 4.0), "n_synapses": 500}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, and steps of all synapses over the longest time."""
    n_steps = STEPS_PER_DAY * (max(parameters.lags) + max(parameters.days))
    return 3.0 + 4e-8 * n_steps * parameters.n_synapses, 200e6 + 16.0 * n_steps * parameters.n_synapses


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Run the population in its flat coordinate; sizes follow from the metric."""
    p = parameters
    daily = flat_path(p.rate, max(p.lags), p.n_synapses, seed, STEPS_PER_DAY)
    wide = spread_of_heads()
    changes = [changed(wide * daily[0], wide * daily[lag]) for lag in p.lags]
    compensated = [[compensation(noise, window, p.n_synapses, seed) for window in p.windows] for noise in p.noises]
    bound = np.array([compensation_bound(window) for window in p.windows])
    counted = flat_path(p.vanishing_rate, max(p.days) or 1.0, p.n_synapses, seed + 1)
    alive = np.logical_and.accumulate(counted >= -1.0, axis=0)[:, counted[0] >= -1.0].mean(axis=1)
    survival = np.array([alive[round(day * STEPS_PER_DAY)] for day in p.days])
    value, sem = measured_survival(p.days)
    return make_dataset(
        {
            "slope": (
                "exponent",
                [slope_of_changes(b, p.spread * daily[0], p.spread * daily[1]) for b in p.exponents],
                "1",
                "slope of ln sd(Δw) on ln w over a day",
            ),
            "changed": ("lag", changes, "1", "share of sizes that changed by more than half"),
            "changed_formula": ("lag", changed_formula(wide, p.rate, np.array(p.lags)), "1", "the same by formula"),
            "compensated": (("noise", "window"), compensated, "1", "Var(compensation)/Var(fluctuation)"),
            "bound": ("window", bound, "1", "the same by formula"),
            "least_share": ("window", 1 / (1 + bound), "1", "share of fluctuation in all change"),
            "survival": ("day", survival, "1", "share of spines that are still there"),
            "constant_rate": (
                "day",
                at_constant_rate(np.array(p.days)),
                "1",
                "survival at the measured rate of 2 days",
            ),
            "measured": ("day", value, "1", "measured survival (NaN: not measured)"),
            "measured_sem": ("day", sem, "1", "its standard error"),
        },
        {
            "exponent": ("exponent", list(p.exponents), "1", "b of the metric w^(−2b)"),
            "lag": ("lag", list(p.lags), "day", "time between two looks"),
            "noise": ("noise", list(p.noises), "1", "noise of the feedback over that of the weight"),
            "window": ("window", list(p.windows), "1/R", "window of compensation"),
            "day": ("day", list(p.days), "day", "days since the first count"),
        },
        title="Sizes, changes and turnover of synapses",
        rule="gradient_descent",
        engine="simulate",
        references=("vastola_2025", "raman_2021", "dorkenwald_2022", "pfeiffer_2018"),
    )


def flat_path(rate: float, days: float, n: int, seed: int, every: int = 1) -> Array:
    """φ of `n` synapses at rest, in units of its standard deviation, at `every` so many steps; (n_records, n)."""
    import sympy as sp

    from plasticity.derive import derive
    from plasticity.landscapes import Quadratic
    from plasticity.objective import Objective
    from plasticity.simulate import simulate as follow

    dt = 1 / STEPS_PER_DAY
    start = np.random.default_rng(seed).standard_normal((n, 1))
    noise = np.sqrt(2 * rate * (1 - rate * dt / 2) / dt)  # σ² = 2r sd², for Euler's steps
    rule = derive(Objective(sp.oo, 1.0 / rate)).with_parameters(learning_rate=1.0)
    run = follow(
        rule, Quadratic([rate], [0.0]), start, round(days * STEPS_PER_DAY), dt, noise, seed, n, record_every=every
    )
    return np.asarray(run.theta.values)[:, :, 0].T


def size(exponent: float, flat: Array) -> Array:
    """Size whose flat coordinate lies `flat` from that of size 1: φ = ∫ w^(−b) dw."""
    if exponent == 1:
        return np.exp(flat)
    left = 1 - exponent
    return np.maximum(1 + left * flat, 0.0) ** (1 / left)


def slope_of_changes(exponent: float, before: Array, after: Array) -> float:
    """Slope of ln sd(Δw) on ln w, over bins of equally many synapses."""
    first, second = size(exponent, before), size(exponent, after)
    bins = np.array_split(np.argsort(first)[first.size // 50 :], N_BINS)  # sizes near 0 have no logarithm
    middles = [np.log(first[b]).mean() for b in bins]
    return float(np.polyfit(middles, [np.log((second - first)[b].std()) for b in bins], 1)[0])


def changed(before: Array, after: Array) -> float:
    """Share of log sizes whose size changed by more than half of what it was."""
    ratio = np.exp(after - before)
    return float(np.mean((ratio > 1.5) | (ratio < 0.5)))


def changed_formula(spread: float, rate: float, lags: Array) -> Array:
    """That share for an Ornstein–Uhlenbeck process: ln w changes by N(0, 2sd²(1 − e^(−rT)))."""
    from scipy.stats import norm

    width = spread * np.sqrt(-2 * np.expm1(-rate * lags))
    return np.asarray(norm.sf(np.log(1.5) / width) + norm.cdf(np.log(0.5) / width))


def spread_of_heads() -> float:
    """Standard deviation of ln(volume) of all spine heads, both components together."""
    from analysis.datasets import load

    data = load("dorkenwald_2022")
    both = data.isel(protocol=data.group.values == "all")
    mean = float((both.mixture_weight * both.value).sum())
    square = float((both.mixture_weight * (both.sd_log**2 + both.value**2)).sum())
    return float(np.sqrt(square - mean**2) * np.log(10))


def measured_survival(days: tuple[float, ...]) -> tuple[Array, Array]:
    """Survival of spines and its standard error (pfeiffer_2018); NaN on other days."""
    from analysis.datasets import load

    data = load("pfeiffer_2018")
    value, sem = np.full((2, len(days)), np.nan)
    for k, day in enumerate(days):
        if day in MEASURED_DAYS:
            row = data.sel(protocol=f"survival_fraction_day_0_to_{day:g}")
            value[k], sem[k] = float(row.value) / 100, float(row["sem"]) / 100
    return value, sem


def at_constant_rate(days: Array) -> Array:
    """Survival where spines vanish at the rate that was measured over the first two days."""
    (value,), _ = measured_survival((2.0,))
    return np.asarray(value ** (days / 2))


def compensation(noise: float, window: float, n: int, seed: int) -> float:
    """Var(∫u dt)/Var(∫σdW) of an optimal learner: dθ = u dt + dW seen with noise, u = −θ̂, R = 1.

    The belief is the steady Kalman–Bucy filter, dθ̂ = u dt + (dy − θ̂ dt)/noise.
    """
    dt, rng = 0.01, np.random.default_rng((seed, int(1e6 * noise), int(1e6 * window)))
    settle, n_steps = round(8 * max(1.0, noise) / dt), round(window / dt)
    theta, belief, moved, drawn = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    for step in range(settle + n_steps):
        fluctuation, seen = np.sqrt(dt) * rng.standard_normal((2, n))
        u = -belief * dt
        belief = belief + u + ((theta - belief) * dt + noise * seen) / noise
        theta = theta + u + fluctuation
        if step >= settle:
            moved, drawn = moved + u, drawn + fluctuation
    return float(moved.var() / drawn.var())


def compensation_bound(window: float) -> float:
    """1 − (1 − e^(−RT))/(RT), for a window RT."""
    return float(1 + np.expm1(-window) / window)
