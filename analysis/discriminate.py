"""Experimental design: the feasible pairing protocol that best discriminates two rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import logsumexp

from analysis.fit import Fit
from analysis.fitted_run import parameter_draws
from analysis.posterior import posterior
from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.protocols import pairing, pairing_name
from plasticity.replay import final_weights
from plasticity.support.checks import checked, require_number, require_whole

__all__ = ["discriminate", "expected_log_bayes_factor"]

INTERVALS = (-0.04, -0.02, -0.01, -0.005, 0.005, 0.01, 0.02, 0.04)  # s
FREQUENCIES = (0.1, 1.0, 5.0, 10.0, 20.0, 40.0, 50.0)  # Hz
LONGEST = 3600.0  # s; a patch clamp recording that lasts longer is rare
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)  # exact for the quadratic log ratio of two Gaussians


@checked
def discriminate(
    first: Fit,
    second: Fit,
    intervals: Sequence[float] = INTERVALS,
    frequencies: Sequence[float] = FREQUENCIES,
    n_pairs: int = 60,
    noise: float | None = None,
    n_draws: int = 200,
    max_steps: int = 3000,
    seed: int = 0,
) -> xr.Dataset:
    """Expected log Bayes factor of one more experiment at every interval and frequency of a grid.

    Parameters are averaged over their posterior, so that a protocol is informative only where the rules disagree
    whatever their parameters. The two rules are equally likely a priori, and the factor is in favour of the true one:
    ``½ Σ_M E[ln p(y|M)/p(y|other) | M]``, 0 where they predict the same.

    Parameters
    ----------
    first, second : Fit
        Two rules fitted to the data so far; a rule without free parameters is known exactly.
    intervals : sequence of float
        t_post − t_pre [s].
    frequencies : sequence of float
        Pairs per second [Hz].
    n_pairs : int
        Pairs of each experiment.
    noise : float, optional
        Standard error of the new measurement [1]; by default the median of those in the data of `first`.
    n_draws : int
        Draws of the parameters of each rule.
    max_steps, seed : int
        See `analysis.posterior.posterior`.

    Returns
    -------
    xarray.Dataset
        ``expected_log_bayes_factor(interval, frequency)`` [nats] (NaN: not feasible, as the interval exceeds half a
        period or the experiment an hour), ``first_prediction`` and ``second_prediction`` (means) and
        ``share_of_variance(axis)``: how much of its variation the interval or the frequency explains alone. The
        attributes ``best`` and ``most_informative`` name the best protocol and the axis that matters more.

    Raises
    ------
    InputError
        If a number is out of range, no protocol is feasible, or emcee is missing and something is free.

    Examples
    --------
    >>> from analysis.fit import fit
    >>> pair, triplet = (fit(name, "sjostrom_2001") for name in ("pair_stdp", "triplet_stdp"))
    >>> discriminate(pair, triplet, intervals=[0.01], frequencies=[1, 40]).attrs["best"]
    '+10ms_40Hz'

    References
    ----------
    lindley_1956; cavagnaro_2010
    """
    noise = float(np.median(first.data.sem)) if noise is None else noise
    require_number("noise", noise, low=0, exclusive=True)
    n_draws, max_steps = require_whole("n_draws", n_draws, low=1), require_whole("max_steps", max_steps, low=1)
    if 0 in intervals:
        raise InputError("intervals must not hold 0, where no spike of a pair comes first; leave it out")
    grid = [(i, f) for i in intervals for f in frequencies]
    feasible = np.array([_feasible(i, f, n_pairs) for i, f in grid])
    if not feasible.any():
        raise InputError(
            "no protocol of the grid is feasible: intervals must stay below half a period, an hour is longest"
        )
    trains = [pairing(*protocol, n_pairs) for protocol, possible in zip(grid, feasible, strict=True) if possible]
    warnings: list[str] = []
    predicted = []
    for offset, fitted in enumerate((first, second)):
        samples = posterior(fitted, max_steps=max_steps, seed=seed) if fitted.free else None
        warnings += [f"{fitted.rule.name}: {w}" for w in (samples.attrs["warnings"].splitlines() if samples else [])]
        predicted.append(_predictions(fitted, parameter_draws(fitted, samples, n_draws, seed + offset), trains))
    gain, means = np.full(len(grid), np.nan), np.full((2, len(grid)), np.nan)
    gain[feasible] = [expected_log_bayes_factor(a, b, noise) for a, b in zip(*(p.T for p in predicted), strict=True)]
    means[:, feasible] = [p.mean(axis=0) for p in predicted]
    shape = (len(intervals), len(frequencies))
    row, column = divmod(int(np.nanargmax(gain)), len(frequencies))
    shares, axes = _shares(gain.reshape(shape)), ("interval", "frequency")
    return make_dataset(
        {
            "expected_log_bayes_factor": (
                axes,
                gain.reshape(shape),
                "nats",
                "expected log Bayes factor per experiment",
            ),
            "first_prediction": (
                axes,
                means[0].reshape(shape),
                "1",
                f"mean weight change predicted by {first.rule.name}",
            ),
            "second_prediction": (
                axes,
                means[1].reshape(shape),
                "1",
                f"mean weight change predicted by {second.rule.name}",
            ),
            "share_of_variance": ("axis", shares, "1", "share of its variation that an axis explains alone"),
        },
        {
            "interval": ("interval", np.asarray(intervals, float), "s", "t_post − t_pre"),
            "frequency": ("frequency", np.asarray(frequencies, float), "Hz", "pairing frequency"),
            "axis": ("axis", list(axes), "1", "what the experimenter chooses"),
        },
        title=f"Protocols that tell {first.rule.title} from {second.rule.title}",
        engine="replay",
        seed=seed,
        parameters={"n_pairs": n_pairs, "noise": noise, "n_draws": n_draws},
        references=("lindley_1956", "cavagnaro_2010"),
        data=first.data.attrs["data"],
        best=pairing_name(intervals[row], frequencies[column]),
        most_informative=axes[int(np.argmax(shares))],
        warnings="\n".join(warnings),
    )


def expected_log_bayes_factor(first: NDArray, second: NDArray, noise: float) -> float:
    """Log Bayes factor in favour of the true one of two rules that one measurement is expected to give [nats].

    ``p(y|M) = mean_i N(y; prediction_i, noise²)`` over draws of the parameters. For rules that are known exactly it
    is ``(first − second)²/(2 noise²)``.

    Parameters
    ----------
    first, second : (n_draws,) arrays
        Predictions of the two rules, one per draw.
    noise : float
        Standard error of the measurement.

    Examples
    --------
    >>> expected_log_bayes_factor(np.array([0.3]), np.array([0.1]), noise=0.1)
    2.0
    """
    total = 0.0
    for true, other in ((first, second), (second, first)):
        outcome = (true[:, None] + noise * NODES).ravel()
        ratio = _log_density(outcome, true, noise) - _log_density(outcome, other, noise)
        total += float(ratio.reshape(true.size, -1).mean(axis=0) @ WEIGHTS / WEIGHTS.sum())
    return round(0.5 * total, 12)


def _log_density(outcome: NDArray, predictions: NDArray, noise: float) -> NDArray:
    """Log density of outcomes under the mixture of all draws, up to a constant that the rules share."""
    return logsumexp(-0.5 * ((outcome[:, None] - predictions) / noise) ** 2, axis=1) - np.log(predictions.size)


def _feasible(interval: float, frequency: float, n_pairs: int) -> bool:
    return abs(interval) <= 0.5 / frequency * (1 + 1e-9) and n_pairs / frequency <= LONGEST


def _predictions(fitted: Fit, draws: NDArray, trains: list) -> NDArray:
    """Weight changes (n_draws, n_protocols), without draws for which the rule diverges."""
    vectors = np.tile([p.value for p in fitted.rule.parameters], (len(draws), 1)).astype(float)
    names = [p.name for p in fitted.rule.parameters]
    vectors[:, [names.index(name) for name in fitted.free]] = draws
    pre, post = zip(*trains, strict=True)
    changes = final_weights(fitted.rule, pre, post, vectors) - 1.0
    return changes[np.all(np.isfinite(changes), axis=1)]


def _shares(gain: NDArray) -> NDArray:
    """Part of the variance of `gain` over feasible protocols that the means along each axis explain."""
    known = np.isfinite(gain)
    total = np.nanvar(gain)
    shares = []
    for axis in (0, 1):
        counts = known.sum(axis=1 - axis)
        means = np.nansum(gain, axis=1 - axis)[counts > 0] / counts[counts > 0]
        between = np.average((means - np.nanmean(gain)) ** 2, weights=counts[counts > 0])
        shares.append(between / total if total > 0 else 0.0)
    return np.array(shares)
