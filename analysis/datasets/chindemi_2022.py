"""Paired recordings of neocortical pyramidal and stellate cells, seven studies (in Chindemi et al. 2022)."""

from __future__ import annotations

import xarray as xr

from analysis.data.pairings import bursts
from analysis.data.record import make_spike_data
from plasticity.protocols import pairing_name

__all__ = ["chindemi_2022"]

STUDIES = {
    # connection, sweeps, time between sweeps [s]; rows: interval [ms], frequency in a sweep [Hz], pairs per sweep,
    # ratio of EPSPs after over before, sem, number of connections (0: only known to be between 3 and 7)
    "markram_1997": (
        ("L5-L5", 10, 4.0, (5, 2, 5, 0.9886, 0.04, 2)),
        ("L5-L5", 10, 4.0, (5, 5, 5, 1.0161, 0.0727, 5)),
        ("L5-L5", 10, 4.0, (5, 10, 5, 1.2038, 0.0644, 9)),
        ("L5-L5", 10, 4.0, (5, 20, 5, 1.3687, 0.0909, 11)),
        ("L5-L5", 10, 4.0, (5, 30, 5, 1.4239, 0.0745, 3)),
        ("L5-L5", 10, 4.0, (5, 40, 5, 1.5008, 0.12, 4)),
        ("L5-L5", 10, 4.0, (10, 10, 5, 1.2013, 0.0626, 6)),
        ("L5-L5", 10, 4.0, (-10, 10, 5, 0.7922, 0.0259, 6)),
    ),
    "egger_1999": (
        ("L2/3-L2/3", 10, 10.0, (10, 20, 5, 1.299, 0.082, 12)),
        ("L4-L4", 10, 10.0, (10, 1, 5, 0.816, 0.06, 4)),
        ("L4-L4", 10, 10.0, (10, 10, 5, 0.595, 0.06, 5)),
        ("L4-L4", 10, 10.0, (10, 20, 5, 0.672, 0.059, 21)),
        ("L4-L4", 10, 10.0, (10, 50, 5, 0.966, 0.066, 4)),
    ),
    "sjostrom_2001": (
        ("L5-L5", 50, 10.0, (10, 0.1, 1, 0.9639, 0.051, 7)),
        ("L5-L5", 15, 10.0, (10, 10, 5, 1.1523, 0.1021, 6)),
        ("L5-L5", 15, 10.0, (10, 20, 5, 1.3054, 0.1391, 3)),
        ("L5-L5", 15, 10.0, (10, 40, 5, 1.5395, 0.1127, 6)),
        ("L5-L5", 15, 10.0, (10, 50, 5, 1.5589, 0.2694, 6)),
        ("L5-L5", 50, 10.0, (-10, 0.1, 1, 0.68166, 0.07714, 7)),
        ("L5-L5", 15, 10.0, (-10, 10, 5, 0.56357, 0.10781, 3)),
        ("L5-L5", 15, 10.0, (-10, 20, 5, 0.63879, 0.09016, 4)),
        ("L5-L5", 15, 10.0, (-10, 40, 5, 1.50027, 0.30483, 5)),
        ("L5-L5", 15, 10.0, (-10, 50, 5, 1.69167, 0.185887, 10)),
        ("L5-L5", 50, 10.0, (0, 0.1, 1, 0.910125, 0.139103, 0)),
        ("L5-L5", 15, 10.0, (25, 20, 5, 0.6519, 0.18373, 0)),
        ("L5-L5", 15, 10.0, (0, 20, 5, 0.760771, 0.099366, 0)),
        ("L5-L5", 15, 10.0, (-25, 20, 5, 0.70462, 0.06994, 0)),
        ("L5-L5", 15, 10.0, (0, 40, 5, 0.928899, 0.0384392, 0)),
        ("L5-L5", 15, 10.0, (0, 50, 5, 0.92276, 0.03549, 0)),
        ("L5-L5", 15, 10.0, (0, 100, 5, 1.24456, 0.063635, 0)),
    ),
    "rodriguez_moreno_2008": (
        ("L4-L2/3, MK-801 pre", 100, 5.0, (10, 0.2, 1, 1.54, 0.05, 5)),
        ("L4-L2/3", 100, 5.0, (-15, 0.2, 1, 0.76, 0.06, 6)),
        ("L4-L2/3, MK-801 pre", 100, 5.0, (-15, 0.2, 1, 1.04, 0.06, 6)),
    ),
    "banerjee_2014": (
        ("L2/3-L2/3", 100, 5.0, (-15, 0.2, 1, 0.77, 0.07, 5)),
        ("L2/3-L2/3, MK-801 pre", 100, 5.0, (-15, 0.2, 1, 0.8, 0.06, 6)),
    ),
    "zilberter_2009": (
        ("L2/3-L2/3", 40, 5.0, (10, 0.2, 1, 0.64, 0.07, 6)),
        ("L2/3-L2/3", 40, 5.0, (-10, 0.2, 1, 0.56, 0.06, 4)),
        ("L2/3-L2/3", 40, 5.0, (10, 10, 5, 0.76, 0.07, 19)),
        ("L2/3-L2/3", 40, 5.0, (10, 20, 5, 1.07, 0.11, 6)),
        ("L2/3-L2/3", 40, 5.0, (-10, 20, 5, 0.93, 0.07, 5)),
    ),
    "sjostrom_2006": (
        ("L5-L5", 15, 10.0, (10, 50, 5, 1.4, 0.06, 34)),
        ("L2/3-L5", 15, 10.0, (10, 50, 5, 1.06, 0.09, 19)),
    ),
}


def chindemi_2022() -> xr.Dataset:
    """Weight change between single neurons of rodent neocortex: seven studies with their true sweeps of pairs.

    Returns
    -------
    xarray.Dataset
        42 protocols of kind ``spikes``, with the coordinates ``study``, ``group`` (the layers of the connection, and
        the drug), ``interval`` [s], ``frequency`` [Hz] within a sweep, ``n_sweeps`` and ``sweep_every`` [s].

    Examples
    --------
    >>> data = chindemi_2022()
    >>> stellate = data.isel(protocol=data.group.values == "L4-L4")
    >>> float(stellate.value.max()) < 0  # what strengthens pyramidal cells weakens these
    True

    References
    ----------
    chindemi_2022
    """
    rows = [(study, *cells, *row) for study, table in STUDIES.items() for *cells, row in table]
    study, group, sweeps, every, interval_ms, frequency, pairs, ratio, sem, n = zip(*rows, strict=True)
    interval = [round(1e-3 * ms, 6) for ms in interval_ms]
    return make_spike_data(
        [
            f"{s}_{g.split(',')[0]}{'_MK-801' if ',' in g else ''}_{pairing_name(i, f)}"
            for s, g, i, f in zip(study, group, interval, frequency, strict=True)
        ],
        [bursts(*numbers) for numbers in zip(interval, frequency, pairs, sweeps, every, strict=True)],
        [round(r - 1.0, 6) for r in ratio],
        sem,
        [number or float("nan") for number in n],
        coordinates={
            "interval": interval,
            "frequency": frequency,
            "group": group,
            "study": study,
            "n_sweeps": (sweeps, "1", "sweeps of pairs"),
            "sweep_every": (every, "s", "time from sweep to sweep"),
        },
        name="chindemi_2022",
        title="Paired recordings of neocortical cells, seven studies (in Chindemi et al. 2022)",
        references=("chindemi_2022", *STUDIES),
        citation="Markram et al. (1997), Egger et al. (1999), Sjostrom et al. (2001), Rodriguez-Moreno & Paulsen "
        "(2008), Banerjee et al. (2014), Zilberter et al. (2009), Sjostrom & Hausser (2006), as collected for Chindemi "
        "G et al. (2022) Nat Commun 13:3038",
        doi="10.1038/s41467-022-30214-w",
        figure="not recorded: values as tabulated in the public code of Chindemi et al. (2022)",
        rights="Published measurements quoted as facts with their source; the collection says that the rights in the "
        "values belong to the authors of the original articles.",
        provenance="Table paired_recordings.csv, folder biodata, of the repository BlueBrain/plastyfire, commit "
        "3d0cd30: most values were digitised there from figures, some are the authors' own. The articles were not "
        "consulted.",
        protocol_convention="sweeps of 1 or 5 pairs, repeated as often and as slowly as the table says; Markram et al. "
        "gave 10 to 15 sweeps at 10 Hz, ±10 ms, of which 10 are assumed",
        caveat="Ages, calcium, species and the measure of an EPSP differ among the studies, so one set of parameters "
        "for all of them is not to be expected. The values for layer 5 of 2001 are another digitisation of those in "
        "sjostrom_2001, which differs by up to 0.06: do not pool the two. Values at 0 ms are pooled over 40 and 50 Hz.",
    )
