"""Spike trains, and events of a third factor, of a data set of kind ``spikes``."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from plasticity.support.units import seconds

__all__ = ["SIDES", "THIRD", "spike_trains", "third_factor", "trimmed"]

SIDES = ("pre", "post")
THIRD = "third_factor"


def spike_trains(data: xr.Dataset) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Pre and post spike times of each protocol [s], without the padding.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> pre, post = spike_trains(load("sjostrom_2001"))
    >>> len(pre), pre[0].size
    (10, 60)
    """
    pre, post = ([seconds(trimmed(row)) for row in data[f"{side}_time"].values] for side in SIDES)
    return pre, post


def third_factor(data: xr.Dataset) -> list[NDArray[np.float64]]:
    """Times of reward, dopamine or whatever else is the third factor in each protocol [s]; none where not stated."""
    if f"{THIRD}_time" not in data.variables:
        return [np.empty(0)] * data.sizes["protocol"]
    return [seconds(trimmed(row)) for row in data[f"{THIRD}_time"].values]


def trimmed(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spike times without the NaN at the end."""
    known = np.flatnonzero(~np.isnan(row))
    return row[: known[-1] + 1] if known.size else row[:0]
