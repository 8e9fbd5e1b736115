"""Frequency curve of visual cortex, light- and dark-reared: 0.1 to 100 Hz (Kirkwood et al. 1996)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["kirkwood_1996"]

UNKNOWN = float("nan")

ROWS = (
    # rearing, frequency [Hz], change of the field response [%], sem [%]: one digitisation of kirkwood_1996
    ("light", 0.1, -0.1, UNKNOWN),
    ("light", 1.0, -15.9, 3.4),
    ("light", 10.0, 4.9, 3.8),
    ("light", 20.0, 8.3, 2.5),
    ("light", 100.0, 20.9, 2.1),
    ("dark", 0.1, -0.1, UNKNOWN),
    ("dark", 1.0, -6.0, 2.3),
    ("dark", 2.0, -2.9, 4.5),
    ("dark", 10.0, 15.5, 5.5),
    ("dark", 20.0, 17.7, 3.0),
    ("dark", 100.0, 19.8, UNKNOWN),
)


def kirkwood_1996() -> xr.Dataset:
    """Change of the layer 3 field response after stimulation of layer 4, against its frequency.

    Visual experience moves the frequency at which depression turns into potentiation: the sliding threshold.

    Returns
    -------
    xarray.Dataset
        11 protocols of kind ``frequency``, with the coordinates ``frequency`` [Hz] and ``group`` (``light`` or
        ``dark``: how the animals were reared). Values are fractions.

    Examples
    --------
    >>> float(kirkwood_1996().value.sel(protocol="light_1Hz"))
    -0.159

    References
    ----------
    kirkwood_1996
    """
    group, frequency, value, sem = zip(*ROWS, strict=True)
    return make_data(
        "frequency",
        [f"{g}_{f:g}Hz" for g, f in zip(group, frequency, strict=True)],
        [round(v / 100, 6) for v in value],
        [round(s / 100, 6) for s in sem],
        [UNKNOWN] * len(ROWS),
        {"frequency": frequency, "group": group},
        name="kirkwood_1996",
        title="Frequency curve of visual cortex, light- and dark-reared (Kirkwood et al. 1996)",
        references=("kirkwood_1996",),
        citation="Kirkwood A, Rioult MG, Bear MF (1996) Nature 381:526-528",
        doi="10.1038/381526a0",
        figure="the figure of change against stimulation frequency; its number was not recorded",
        rights="Published measurements quoted as facts with their source; no figure or text is reproduced.",
        provenance="Digitised values as tabulated in public code (a plotting script): one digitisation. Errors of "
        "0.0 there are taken as unknown.",
        sem_missing="no error was digitised: 0.1 Hz is the baseline to which all is compared, the dark-reared point at "
        "100 Hz has none in the source",
        protocol_convention="Stimulation at one frequency; the usual protocol is 900 pulses. 0.1 Hz is the baseline.",
        caveat="n was not given. The original article was not consulted: check values against it before citing them "
        "in print.",
    )
