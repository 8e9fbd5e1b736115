"""Poisson spike trains on a time grid, drawn beforehand, so that every engine and device sees the same spikes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.support.checks import checked, require_finite, require_number, require_whole
from plasticity.support.streams import stream


@checked
def poisson_trains(
    rates: ArrayLike, n: int, duration: float, dt: float = 1e-3, seed: int = 0, name: str = "inputs"
) -> tuple[NDArray[np.float64], ...]:
    """Spike times of `n` neurons that fire independently with probability ``rate·dt`` in every time step.

    The gaps between the spikes of one neuron after another are geometric: one random number per spike.

    Parameters
    ----------
    rates : float or (n,) array
        Rates [Hz]; different ones are thinned from the highest.
    n : int
    duration : float
        [s]
    dt : float
        Time step [s].
    seed : int
    name : str
        With `seed`, determines the spikes.

    Returns
    -------
    tuple of (n_spikes,) arrays [s]

    Raises
    ------
    InputError
        If a number is out of range, or a rate is too high for the time step.

    Examples
    --------
    >>> [t.size for t in poisson_trains(100.0, n=3, duration=1.0, seed=1)]
    [102, 107, 94]
    """
    n, seed = require_whole("n", n, low=0), require_whole("seed", seed, low=0)
    rates = require_finite("rates", rates)
    if rates.shape not in ((), (n,)):
        raise InputError(f"rates must be a number or ({n},), one per neuron, got shape {rates.shape}")
    rates = np.broadcast_to(rates, (n,))
    require_number("dt", dt, low=0, exclusive=True, unit="s")
    require_number("duration", duration, low=0, unit="s")
    if rates.min(initial=0) < 0:
        raise InputError(f"rates must be finite and >= 0 Hz, got {rates.min():g}")
    most = float(rates.max(initial=0))
    if most * dt > 0.5:
        raise InputError(f"rates must be at most {0.5 / dt:g} Hz for dt = {dt:g} s, got {most:g} Hz; use a smaller dt")
    steps = int(np.floor(duration / dt + 1e-9))
    random = stream(seed, name)
    if most == 0 or steps == 0:
        return tuple(np.empty(0) for _ in range(n))
    cells, probability = steps * n, most * dt
    count = int(cells * probability + 10 * np.sqrt(cells * probability) + 20)
    candidates = np.cumsum(random.geometric(probability, count)) - 1
    candidates = candidates[candidates < cells]
    spikes = (
        candidates[random.random(candidates.size) * most < rates[candidates // steps]] if np.ptp(rates) else candidates
    )
    bounds = np.searchsorted(spikes, np.arange(1, n) * steps)
    return tuple((part % steps).astype(float) * dt for part in np.split(spikes, bounds))


def repeated(
    pattern: tuple[NDArray[np.float64], ...], period: float, n_repeats: int
) -> tuple[NDArray[np.float64], ...]:
    """Spike trains of a pattern that is shown again and again, every `period` seconds.

    Raises
    ------
    InputError
        If a spike of the pattern lies outside its period.

    Examples
    --------
    >>> repeated((np.array([0.01]),), period=0.1, n_repeats=3)[0]
    array([0.01, 0.11, 0.21])
    """
    require_number("period", period, low=0, exclusive=True, unit="s")
    for neuron, train in enumerate(pattern):
        if np.size(train) and not 0 <= np.min(train) <= np.max(train) < period:
            raise InputError(f"pattern[{neuron}] has spikes outside 0 … {period:g} s, its period")
    onsets = np.arange(n_repeats) * period
    return tuple(np.round((onsets[:, None] + np.asarray(train)[None, :]).ravel(), 9) for train in pattern)
