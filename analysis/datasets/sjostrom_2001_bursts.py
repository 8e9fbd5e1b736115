"""Frequency and timing in visual cortex with the protocols of the experiment: 15 bursts, or 50 lone pairs."""

from __future__ import annotations

import numpy as np
import xarray as xr

from analysis.data.record import make_spike_data
from analysis.datasets.sjostrom_2001 import ROWS, sjostrom_2001
from plasticity.protocols import pairing, pairing_name

__all__ = ["sjostrom_2001_bursts"]

N_BURSTS, PAIRS_PER_BURST, BETWEEN_BURSTS = 15, 5, 10.0  # bursts of 5 pairs, every 10 s
LONE_FREQUENCY, LONE_PAIRS = 0.1, 50  # Hz; there the pairs came one by one


def sjostrom_2001_bursts() -> xr.Dataset:
    """The measurements of `sjostrom_2001` with 15 bursts of 5 pairs every 10 s; at 0.1 Hz with 50 lone pairs.

    Published fits to these values replaced the bursts by 60 pairs in one unbroken train. The order of rules depends on
    which of the two is fitted.

    Returns
    -------
    xarray.Dataset
        10 protocols of kind ``spikes``, with the coordinates ``interval`` [s] and ``frequency`` [Hz].

    Examples
    --------
    >>> data = sjostrom_2001_bursts()
    >>> data.pre_time.sel(protocol="+10ms_50Hz")[4:6].values.tolist()  # the end of a burst, the start of the next
    [0.08, 10.0]

    References
    ----------
    sjostrom_2001, pfister_2006
    """
    interval, frequency, value, sem, n = zip(*ROWS, strict=True)
    attrs = sjostrom_2001().attrs
    return make_spike_data(
        [pairing_name(i, f) for i, f in zip(interval, frequency, strict=True)],
        [_trains(i, f) for i, f in zip(interval, frequency, strict=True)],
        value,
        sem,
        n,
        name="sjostrom_2001_bursts",
        title="Pairing frequency and timing in visual cortex, true bursts (Sjöström et al. 2001)",
        coordinates={"interval": interval, "frequency": frequency},
        references=("sjostrom_2001", "pfister_2006"),
        protocol_convention="as in the experiment: 15 bursts of 5 pairs, one every 10 s, and 50 single pairs at 0.1 Hz",
        **{name: attrs[name] for name in ("citation", "doi", "figure", "rights", "provenance", "caveat")},
    )


def _trains(interval: float, frequency: float) -> tuple[np.ndarray, np.ndarray]:
    """Pre and post spikes of one protocol [s]."""
    if frequency == LONE_FREQUENCY:
        return pairing(interval, frequency, LONE_PAIRS)
    onsets = BETWEEN_BURSTS * np.arange(N_BURSTS)[:, None]
    pre, post = (np.round((onsets + train).ravel(), 9) for train in pairing(interval, frequency, PAIRS_PER_BURST))
    return pre, post
