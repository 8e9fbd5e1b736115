"""Spike timing, number and frequency of pairings at corticostriatal synapses, with drugs (Cui et al. 2016)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from analysis.data.record import make_spike_data
from plasticity.protocols import pairing, pairing_name

__all__ = ["cui_2016"]

ROWS = (
    # pairings, interval [ms], frequency [Hz], drug, EPSC in % of baseline, sem, cells, printed p (0.0001: below)
    (100, -15, 1, "", 156, 15, 19, 0.0015),
    (100, 15, 1, "", 76, 8, 11, 0.0051),
    (50, -15, 1, "", 101, 7, 13, 0.903),
    (10, -15, 1, "", 163, 12, 25, 0.0001),
    (10, 15, 1, "", 97, 11, 8, 0.3844),
    (5, -15, 1, "", 134, 13, 17, 0.019),
    (10, -15, 0.1, "", 133, 14, 10, 0.0386),
    (10, -50, 2.5, "", 161, 15, 23, 0.0004),
    (10, 25, 2.5, "", 130, 14, 12, 0.049),
    (10, -50, 4, "", 165, 14, 22, 0.0001),
    (10, 25, 4, "", 139, 13, 10, 0.015),
    (100, None, 1, "", 76, 9, 8, 0.0337),  # presynaptic stimulation alone
    (100, -15, 1, "D-AP5", 99, 3, 4, 0.7998),
    (100, -15, 1, "KN62", 88, 11, 6, 0.3324),
    (100, 15, 1, "AM251", 102, 7, 4, 0.8108),
    (10, -15, 1, "AM251", 88, 11, 5, 0.3073),
    (5, -15, 1, "JZL184", 182, 17, 6, 0.0048),
    (5, -15, 1, "JZL184 + AM251", 96, 8, 5, 0.6123),
    (50, -15, 1, "JZL184", 139, 15, 9, 0.0248),
    (50, -15, 1, "JZL184 + AM251", 93, 4, 5, 0.3365),
    (100, None, 1, "JZL184", 143, 17, 11, 0.0299),
    (100, None, 1, "JZL184 + AM251", 93, 4, 5, 0.1509),
    (100, 15, 1, "KT5720", 74, 10, 5, 0.02),
    (100, 15, 1, "cyclosporin A", 122, 18, 6, 0.256),
    (10, -15, 1, "cyclosporin A", 154, 17, 5, 0.0305),
    (10, -15, 1, "KT5720", 98, 2, 4, 0.3203),
    (10, -15, 1, "KT5720 in the cell", 137, 8, 5, 0.0108),
    (10, -15, 1, "PKI 6-22 in the cell", 163, 29, 7, 0.03249),
)


def cui_2016() -> xr.Dataset:
    """Weight change at synapses of cortex onto striatal neurons after 5 to 100 pairings.

    The polarity is anti-Hebbian at 1 Hz (post before pre potentiates), and 50 pairings do less than 10 or 100: what a
    pairing does depends on those before it.

    Returns
    -------
    xarray.Dataset
        28 protocols of kind ``spikes``, with the coordinates ``interval`` [s] (NaN: no post spikes), ``frequency``
        [Hz], ``n_pairs``, ``group``: ``control`` or the drug, and ``printed_p``.

    Examples
    --------
    >>> data = cui_2016()
    >>> control = data.isel(protocol=data.group.values == "control")
    >>> control.sizes["protocol"], round(float(control.value.sel(protocol="10x_-15ms_1Hz")), 2)
    (12, 0.63)

    References
    ----------
    cui_2016
    """
    n_pairs, interval_ms, frequency, drug, percent, sem, n, p = zip(*ROWS, strict=True)
    interval = [np.nan if ms is None else round(1e-3 * ms, 6) for ms in interval_ms]
    return make_spike_data(
        [_name(*row) for row in zip(n_pairs, interval, frequency, drug, strict=True)],
        [_trains(*row) for row in zip(n_pairs, interval, frequency, strict=True)],
        [round(p / 100 - 1, 6) for p in percent],
        [s / 100 for s in sem],
        n,
        coordinates={
            "interval": interval,
            "frequency": frequency,
            "group": [d or "control" for d in drug],
            "n_pairs": (n_pairs, "1", "number of pairings"),
            "printed_p": (p, "1", "printed p value of no change"),
        },
        name="cui_2016",
        title="Number, timing and frequency of pairings, corticostriatal (Cui et al. 2016)",
        references=("cui_2016",),
        citation="Cui Y, Prokin I, Xu H, Delord B, Genet S, Venance L, Berry H (2016) eLife 5:e13185",
        doi="10.7554/eLife.13185",
        figure="the text; figures 1, 5, 7 to 10 show the same values with standard deviations",
        rights="Published measurements quoted as facts with their source; the article is CC BY 4.0.",
        provenance="The article's own text, means ± s.e.m. of n cells 45 to 50 min after the pairings. That the ± is "
        "an s.e.m. is said in its methods; 21 of the 28 printed p values are those of a t test with it, one would need "
        "a standard deviation (10 pairings, pre before post).",
        protocol_convention="An interval is the middle of the range from which cells were pooled: -30 to 0 ms and 0 to "
        "30 ms at 1 Hz, -100 to 0 ms and 0 to 50 ms at 2.5 and 4 Hz; no range is stated at 0.1 Hz.",
        caveat="Cells at different intervals are pooled, so intervals are approximate, most of all those of -50 ms. "
        "Left out: puffs of 2-AG, drugs at 2.5 and 4 Hz together, and AM251 with presynaptic stimulation alone, whose "
        "printed numbers are those of another experiment.",
    )


def _name(n_pairs: int, interval: float, frequency: float, drug: str) -> str:
    what = f"pre_alone_{frequency:g}Hz" if np.isnan(interval) else pairing_name(interval, frequency)
    return f"{n_pairs}x_{what}{'_' if drug else ''}{drug.replace(' ', '_')}"


def _trains(n_pairs: int, interval: float, frequency: float) -> tuple[np.ndarray, np.ndarray]:
    """Pre and post spikes of one protocol [s]."""
    if np.isnan(interval):
        return pairing(0.0, frequency, n_pairs)[0], np.empty(0)
    return pairing(interval, frequency, n_pairs)
