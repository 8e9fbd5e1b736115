"""Pairs, triplets and quadruplets in hippocampal culture, 60 repeats at 1 Hz (Wang et al. 2005)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_spike_data
from plasticity.protocols import (
    pairing,
    pairing_name,
    quadruplet,
    quadruplet_name,
    triplet,
    triplet_name,
)

__all__ = ["wang_2005"]

N_REPEATS = 60
FREQUENCY = 1.0  # Hz
UNKNOWN = float("nan")

PAIRS = (
    # interval [s], fractional weight change, sem: as tabulated by pfister_2006
    (0.010, 0.25, 0.05),
    (-0.010, -0.17, 0.05),
)
TRIPLETS = (
    # first and second interval [s], fractional weight change, sem: as tabulated by pfister_2006
    (0.005, -0.005, -0.01, 0.04),
    (0.010, -0.010, 0.03, 0.04),
    (0.015, -0.005, 0.01, 0.03),
    (0.005, -0.015, 0.24, 0.06),
    (-0.005, 0.005, 0.33, 0.04),
    (-0.010, 0.010, 0.34, 0.04),
    (-0.005, 0.015, 0.22, 0.08),
    (-0.015, 0.005, 0.29, 0.05),
)
QUADRUPLETS = (
    # interval within pairs and separation of pairs [s], weight change, sem: as tabulated by pfister_2006
    (0.005, -0.0885, -0.003, 0.03),
    (0.005, 0.0200, 0.21, 0.04),
    (0.005, 0.0837, 0.06, 0.04),
)


def wang_2005() -> xr.Dataset:
    """Weight change after pairs, triplets and quadruplets of spikes in hippocampal culture.

    Returns
    -------
    xarray.Dataset
        13 protocols of kind ``spikes``, with the coordinates ``interval`` [s] of the first pairing,
        ``second_interval`` [s] of the second, ``separation`` [s] of the two pairs of a quadruplet (NaN where
        there is none) and ``frequency`` [Hz] of the repetitions. The number of cells was not found: ``n`` is
        NaN.

    Examples
    --------
    >>> float(wang_2005().value.sel(protocol="pre_post_pre_+5ms_-15ms"))
    0.24

    References
    ----------
    wang_2005, pfister_2006
    """
    rows = [
        (pairing_name(i, FREQUENCY), pairing(i, FREQUENCY, N_REPEATS), i, UNKNOWN, UNKNOWN, value, sem)
        for i, value, sem in PAIRS
    ]
    rows += [
        (triplet_name(a, b), triplet(a, b, N_REPEATS, FREQUENCY), a, b, UNKNOWN, value, sem)
        for a, b, value, sem in TRIPLETS
    ]
    for i, separation, value, sem in QUADRUPLETS:
        first = i if separation < 0 else -i  # the pre-post pair comes first when the separation is negative
        repeated = quadruplet(i, separation, N_REPEATS, FREQUENCY)
        rows.append((quadruplet_name(i, separation), repeated, first, -first, separation, value, sem))
    names, trains, firsts, seconds, separations, values, sems = zip(*rows, strict=True)
    return make_spike_data(
        names,
        trains,
        values,
        sems,
        [UNKNOWN] * len(rows),
        name="wang_2005",
        title="Pairs, triplets and quadruplets in hippocampal culture (Wang et al. 2005)",
        coordinates={
            "interval": (firsts, "s", "t_post − t_pre of the first pairing"),
            "second_interval": (seconds, "s", "t_post − t_pre of the second pairing"),
            "separation": (separations, "s", "centre of the pre-post pair − centre of the post-pre pair"),
            "frequency": ([FREQUENCY] * len(rows), "Hz", "repetitions per second"),
        },
        references=("wang_2005", "pfister_2006"),
        citation="Wang HX, Gerkin RC, Nauen DW, Bi GQ (2005) Nat Neurosci 8:187-193, as tabulated by "
        "Pfister JP, Gerstner W (2006) J Neurosci 26:9673-9682, doi:10.1523/JNEUROSCI.1425-06.2006",
        doi="10.1038/nn1387",
        figure="not recorded: values as tabulated by Pfister & Gerstner (2006)",
        rights="Published measurements quoted as facts with their source; no figure or text is reproduced.",
        provenance="As tabulated in public code: all values and errors in one author's fitting scripts, the "
        "triplets and quadruplets also in a second, independent script.",
        protocol_convention="60 repeats at 1 Hz. Triplets: t_post − t_pre of the first and the second "
        "pairing. Quadruplets: two pairs of opposite order, 5 ms within each.",
        caveat="The number of cells was not found. The original article was not consulted: check values "
        "against it before citing them in print.",
    )
