"""Spike-timing window of hippocampal culture: 42 single cells, 60 pairs at 1 Hz (Bi & Poo 1998)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_spike_data
from plasticity.protocols import pairing

__all__ = ["bi_poo_1998"]

N_PAIRS = 60
FREQUENCY = 1.0  # Hz
UNKNOWN = float("nan")

POINTS = (
    # t_post − t_pre [ms], fractional change of the EPSC; one cell each, digitised from the figure of bi_poo_1998
    (-99.8, -0.0173), (-77.4, -0.1468), (-72.8, 0.0301), (-65.4, 0.0068), (-61.6, -0.0804), (-61.4, -0.0073),
    (-42.4, -0.1377), (-23.4, -0.0928), (-23.2, -0.151), (-18.4, -0.2365), (-17.2, -0.1377), (-14.0, -0.0463),
    (-12.7, -0.3204), (-8.2, -0.2564), (-5.1, -0.3577), (-4.9, -0.219), (-4.5, -0.1327), (-4.4, -0.4366),
    (-3.8, 0.7625), (-2.7, 0.0027), (-2.7, -0.1593), (-2.6, 0.2319), (1.8, 0.907), (4.2, 0.3008),
    (5.2, 1.0324), (6.3, 0.2136), (7.0, 0.3348), (7.3, 0.9626), (7.4, 0.848), (7.8, 0.4926),
    (7.9, 0.0193), (8.0, 0.7334), (8.1, 0.1945), (16.7, 0.3564), (16.8, 0.4386), (25.2, 0.1463),
    (26.0, 0.0259), (35.0, 0.1804), (55.9, -0.1111), (76.5, 0.098), (85.1, -0.0447), (94.5, 0.0284),
)  # fmt: skip


def bi_poo_1998() -> xr.Dataset:
    """Change of the synaptic current of single cell pairs in hippocampal culture against spike timing.

    Every point is one cell, so there is no standard error: ``sem`` is NaN. `analysis.data.record` pools the
    scatter of each side of the window.

    Returns
    -------
    xarray.Dataset
        42 protocols of kind ``spikes``, with the coordinates ``interval`` [s], ``frequency`` [Hz] and ``group``
        (``pre_first`` or ``post_first``).

    Examples
    --------
    >>> float(bi_poo_1998().value.max())
    1.0324

    References
    ----------
    bi_poo_1998
    """
    interval = [round(1e-3 * dt, 7) for dt, _ in POINTS]
    return make_spike_data(
        [f"cell_{i + 1}_{dt:+.1f}ms" for i, (dt, _) in enumerate(POINTS)],
        [pairing(i, FREQUENCY, N_PAIRS) for i in interval],
        [value for _, value in POINTS],
        [UNKNOWN] * len(POINTS),
        [1] * len(POINTS),
        name="bi_poo_1998",
        title="Spike-timing window of hippocampal culture (Bi & Poo 1998)",
        coordinates={
            "interval": (interval, "s", "t_post − t_pre"),
            "frequency": ([FREQUENCY] * len(POINTS), "Hz", "pairs per second"),
            "group": ["pre_first" if i > 0 else "post_first" for i in interval],
        },
        references=("bi_poo_1998",),
        citation="Bi GQ, Poo MM (1998) J Neurosci 18:10464-10472",
        doi="10.1523/JNEUROSCI.18-24-10464.1998",
        figure="the figure of EPSC change against spike timing; its number was not recorded",
        rights="Published measurements quoted as facts with their source; no figure or text is reproduced.",
        provenance="Digitised points as tabulated in public code (a script of learning rules). The figure has more "
        "points than these 42.",
        sem_missing="every point is one cell",
        protocol_convention="60 pairs at 1 Hz; the change was measured about 20 minutes later.",
        caveat="Two points at small negative intervals (−3.8 ms: +0.76, −2.6 ms: +0.23) go against the window: fit "
        "with and without them. The original article was not consulted.",
    )
