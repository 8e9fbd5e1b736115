"""Models of sizes of synapses and of their turnover, for `analysis.fit`, and the moments to which they are fitted.

The derived law: with a loss quadratic in the flat coordinate φ of the metric ``G = w^(−2b)``, dφ = w^(−b) dw, and noise
that is constant in it, φ is an Ornstein–Uhlenbeck process whatever b is. At rest it is Gaussian, so that b = 1 makes
sizes log-normal; a spine that vanishes when φ falls below a threshold has a hazard that depends on its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import linalg, special

from analysis import datasets
from analysis.data.record import make_data
from analysis.model import Model
from plasticity.rule import Parameter

__all__ = [
    "absorbed_sizes",
    "constant_hazard",
    "flat_sizes",
    "gamma_sizes",
    "moments",
    "size_moments",
    "surviving",
    "two_pools",
]

Array = NDArray[np.float64]
MOMENTS = ("mean", "sd", "skewness", "excess_kurtosis")
N_SETS = 2000  # simulated sets for standard errors of moments
HIGHEST, N_CELLS = 5.0, 120  # of the grid of φ, in standard deviations
NODES = np.linspace(-8, 8, 2001)  # of a standard normal
TURNOVER = (
    *("survival_fraction_day_0_to_2", "survival_fraction_day_0_to_4", "fraction_lost_day_0_to_2"),
    *("fraction_lost_day_2_to_4", "fraction_new_day_0_to_2", "fraction_new_day_2_to_4"),
)


def moments(x: Array, weight: Array) -> Array:
    """Mean, standard deviation, skewness and excess kurtosis of values with weights along the last axis; (..., 4).

    Examples
    --------
    >>> moments(np.array([-1.0, 1.0]), np.array([0.5, 0.5])).tolist()
    [0.0, 1.0, 0.0, -2.0]
    """
    share = weight / weight.sum(axis=-1, keepdims=True)
    mean = np.sum(share * x, axis=-1, keepdims=True)
    second, third, fourth = (np.sum(share * (x - mean) ** k, axis=-1) for k in (2, 3, 4))
    return np.stack([mean[..., 0], np.sqrt(second), third / second**1.5, fourth / second**2 - 3], axis=-1)


@cache
def size_moments() -> xr.Dataset:
    """Moments of log10 volume of the 1,960 spine heads of `dorkenwald_2022`, with their standard errors.

    The article printed a mixture of two log-normals that fits the volumes; these are its moments, and their scatter in
    sets of 1,960 volumes drawn from it.

    Examples
    --------
    >>> size_moments().value.values.round(2).tolist()
    [-1.27, 0.36, 0.49, -0.25]
    """
    heads = datasets.load("dorkenwald_2022")
    heads = heads.isel(protocol=heads.group.values == "all")
    mean, sd, share = (heads[name].values for name in ("value", "sd_log", "mixture_weight"))
    n, random = int(heads.n.values[0]), np.random.default_rng(0)
    grid = (mean[:, None] + sd[:, None] * NODES).ravel()
    exact = moments(grid, (share[:, None] * np.exp(-(NODES**2) / 2)).ravel())
    which = random.random((N_SETS, n)) < share[0]
    drawn = np.where(which, mean[0], mean[1]) + np.where(which, sd[0], sd[1]) * random.standard_normal((N_SETS, n))
    return make_data(
        "quantities",
        MOMENTS,
        exact,
        moments(drawn, np.ones(n)).std(axis=0),
        [n] * len(MOMENTS),
        {"unit": ["log10 µm³", "log10 µm³", "1", "1"]},
        title="Moments of log10 spine head volume (Dorkenwald et al. 2022)",
        **{k: heads.attrs[k] for k in ("citation", "doi", "figure", "rights", "references")},
        name="dorkenwald_2022",
        provenance="Moments of the mixture of two log-normals in table 2; standard errors from sets drawn from it.",
        caveat="Moments of a fitted mixture, not of the volumes themselves; their errors are correlated.",
    )


def flat_sizes(exponent: float | None = None) -> Model:
    """Law of log10 sizes at rest whose flat coordinate is Gaussian, ``φ = (w^(1−b) − 1)/(1 − b)``; b = 1: ln w.

    Parameters ``middle`` (log10 of the size at φ = 0), ``spread`` (sd of φ) and ``exponent`` b.

    Examples
    --------
    >>> log_normal = flat_sizes(1.0)
    >>> log_normal({"middle": -1.0, "spread": np.log(10)}, size_moments()).mean[:2].round(6).tolist()
    [-1.0, 1.0]
    """

    def predict(values: Mapping[str, float], protocol: xr.Dataset) -> Array:
        left, flat = 1 - values["exponent"], values["spread"] * NODES
        inside = 1 + left * flat
        allowed = inside > 1e-6
        log_size = flat if abs(left) < 1e-9 else np.log(np.where(allowed, inside, 1.0)) / left
        of = moments(log_size / np.log(10), np.where(allowed, np.exp(-(NODES**2) / 2), 0.0))
        return of + np.array([values["middle"], 0, 0, 0])

    return Model(
        "flat_sizes",
        "sizes whose flat coordinate is Gaussian",
        predict,
        (
            Parameter("middle", -1.3, meaning="log10 of the size at the optimum", low=-np.inf),
            Parameter("spread", 0.5, meaning="standard deviation of the flat coordinate", positive=True),
            Parameter("exponent", 1.0 if exponent is None else exponent, meaning="b of the metric w^(−2b)"),
        ),
        ("The loss is quadratic in the flat coordinate of the metric w^(−2b), in which the noise is constant.",),
        ("vastola_2025", "raman_2021"),
    )


def gamma_sizes() -> Model:
    """Gamma law of sizes: moments of its logarithm are polygamma functions. Parameters ``shape``, ``middle``."""

    def predict(values: Mapping[str, float], protocol: xr.Dataset) -> Array:
        k = values["shape"]
        second, third, fourth = (float(special.polygamma(order, k)) for order in (1, 2, 3))
        return np.array([values["middle"], np.sqrt(second) / np.log(10), third / second**1.5, fourth / second**2])

    shape = Parameter("shape", 2.0, meaning="shape of the gamma law", positive=True)
    middle = Parameter("middle", -1.3, meaning="mean of log10 size", low=-np.inf)
    return Model("gamma_sizes", "gamma law of sizes", predict, (shape, middle))


def constant_hazard() -> Model:
    """Turnover of spines that vanish at one ``rate`` [1/day], whatever their age and size, while the density stays."""

    def predict(values: Mapping[str, float], protocol: xr.Dataset) -> Array:
        return _turnover(np.exp(-values["rate"] * np.array([2.0, 4.0])))

    return Model("constant_hazard", "constant rate of loss", predict, (Parameter("rate", 0.1, positive=True),))


def two_pools() -> Model:
    """Turnover of two kinds of spines: a ``share`` that vanishes at a ``rate`` [1/day], the others stay."""

    def predict(values: Mapping[str, float], protocol: xr.Dataset) -> Array:
        return _turnover(1 + values["share"] * np.expm1(-values["rate"] * np.array([2.0, 4.0])))

    share = Parameter("share", 0.5, meaning="share of spines that can vanish", positive=True, high=1.0)
    return Model("two_pools", "lasting and transient spines", predict, (share, Parameter("rate", 0.3, positive=True)))


def absorbed_sizes() -> Model:
    """Turnover of spines that vanish where their flat coordinate falls to ``threshold`` [sd]; φ relaxes at ``rate``."""

    def predict(values: Mapping[str, float], protocol: xr.Dataset) -> Array:
        return _turnover(surviving(values["rate"], values["threshold"], (2.0, 4.0)))

    return Model(
        "absorbed_sizes",
        "optimal learner whose spines vanish below a size",
        predict,
        (
            Parameter("rate", 0.2, meaning="rate R of the flat coordinate per day", positive=True),
            Parameter("threshold", -1.0, meaning="flat coordinate at which a spine vanishes, in its sd", low=-4.0),
        ),
        ("Sizes rest with a Gaussian flat coordinate; a vanished spine is replaced by an average one.",),
        ("vastola_2025",),
    )


def surviving(rate: float, threshold: float, days: tuple[float, ...]) -> Array:
    """Share of spines left after so many days: an Ornstein–Uhlenbeck process of unit variance absorbed at a threshold.

    Starts from the Gaussian above the threshold; the generator on a grid, its exponential exact.

    Examples
    --------
    >>> surviving(0.2, -1.0, (2.0, 4.0)).round(2).tolist()
    [0.75, 0.62]
    """
    step = (HIGHEST - threshold) / N_CELLS
    phi = threshold + step * np.arange(1, N_CELLS + 1)
    up = rate / step**2 * np.exp(-step * (phi + step / 2) / 2)  # detailed balance with exp(−φ²/2)
    down = rate / step**2 * np.exp(step * (phi - step / 2) / 2)
    up[-1] = 0.0
    balance, edge = np.exp(-(phi**2) / 4), 0.5 * np.exp(-(threshold**2) / 2)  # half a cell is at the threshold
    value, vector = linalg.eigh_tridiagonal(-(up + down), np.sqrt(up[:-1] * down[1:]))
    start = balance**2 / (np.sum(balance**2) + edge)
    amplitude = (vector.T @ (start / balance)) * (vector.T @ balance)
    return np.array([float(np.sum(amplitude * np.exp(value * t))) for t in days])


def _turnover(survival: Array) -> Array:
    """Per cent in the order of `TURNOVER`, for a density and a distribution of sizes that stay."""
    after_2, after_4 = survival
    return 100 * np.array([after_2, after_4, *[1 - after_2] * 4])
