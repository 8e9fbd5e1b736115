"""Benchmarks of paired cells: connections in layer 5 of two areas, and corticostriatal ones."""

from __future__ import annotations

from functools import partial

import numpy as np
import xarray as xr

from analysis import datasets
from analysis.candidates import Benchmark, Candidate

__all__ = ["OF_PAIRED_CELLS"]

EVERY, NEAREST = {"interaction": "all_to_all"}, {"interaction": "nearest_spike"}
BCM_BOUNDS = {"learning_rate": (1e-8, 1e-2), "threshold": (0.0, 500.0)}
PAIR_BOUNDS = BCM_BOUNDS | {"pair": (0.0, 500.0)}
SPIKES = (
    Candidate("pair, all spikes", "pair_stdp", ("A_plus", "A_minus"), EVERY),
    Candidate("triplet, all spikes", "triplet_stdp", ("A3_plus", "A2_minus", "tau_y"), EVERY),
    Candidate("triplet, nearest spikes", "triplet_stdp", ("A3_plus", "A2_minus", "tau_y"), NEAREST),
    Candidate("derived BCM, fixed threshold", "derived_bcm", ("learning_rate", "threshold", "tau_y"), {}, BCM_BOUNDS),
    Candidate(
        "derived BCM + pair objective",
        "derived_bcm",
        ("learning_rate", "threshold", "pair", "tau_y"),
        {"pair": 10.0},
        PAIR_BOUNDS,
    ),
)


def _of(name: str, **chosen: str) -> xr.Dataset:
    """The protocols of a data set whose coordinates have these values."""
    data = datasets.load(name)
    inside = np.all([data[label].values == value for label, value in chosen.items()], axis=0)
    return data.isel(protocol=np.flatnonzero(inside))


OF_PAIRED_CELLS = (
    Benchmark(
        "chindemi_2022_L5",
        "Frequency and timing, layer 5 of two areas, true sweeps",
        partial(_of, "chindemi_2022", group="L5-L5"),
        SPIKES,
        note="Three studies of pairs of layer 5 cells with one set of parameters; ages and calcium differ.",
    ),
    Benchmark(
        "cui_2016",
        "Number, timing and frequency of pairings, corticostriatal",
        partial(_of, "cui_2016", group="control"),
        SPIKES,
        note="Without drugs. Intervals are middles of the ranges from which cells were pooled.",
        interpretation="The polarity is anti-Hebbian, and 50 pairings do less than 10 or 100: no rule here has a "
        "memory across pairings at 1 Hz.",
    ),
)
