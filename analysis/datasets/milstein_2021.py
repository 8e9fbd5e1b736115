"""Plasticity on the time scale of behaviour: place cells of CA1 after plateau potentials (Milstein et al. 2021)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["milstein_2021"]

# mV: middle of each class; the last one is open, and taken as 6 to 9 mV
INITIAL_RAMP = {"silent": 0.0, "0_to_1_mV": 0.5, "1_to_3_mV": 2.0, "3_to_6_mV": 4.5, "above_6_mV": 7.5}

BINS = {
    # class of initial ramp: time from the plateau [s] (centre of a bin of 0.5 s), change of the ramp [mV], sem,
    # inductions; computed from the released table of milstein_2021
    "silent": (
        (-4.75, 0.725, 0.426, 6),
        (-4.25, 0.847, 0.32, 10),
        (-3.75, 0.937, 0.293, 10),
        (-3.25, 0.881, 0.27, 14),
        (-2.75, 1.07, 0.315, 16),
        (-2.25, 1.686, 0.366, 18),
        (-1.75, 2.741, 0.353, 21),
        (-1.25, 4.133, 0.41, 22),
        (-0.75, 6.022, 0.478, 23),
        (-0.25, 7.571, 0.601, 23),
        (0.25, 7.177, 0.658, 23),
        (0.75, 5.131, 0.637, 22),
        (1.25, 3.554, 0.511, 22),
        (1.75, 2.276, 0.541, 21),
        (2.25, 1.272, 0.464, 19),
        (2.75, 0.812, 0.487, 15),
        (3.25, 0.719, 0.378, 11),
        (3.75, 1.736, 0.905, 7),
        (4.25, 0.422, 0.142, 7),
        (4.75, 1.169, 0.974, 5),
    ),
    "0_to_1_mV": (
        (-3.75, 1.424, 0.302, 7),
        (-3.25, 1.72, 0.42, 7),
        (-2.25, 2.45, 0.639, 8),
        (-1.75, 3.607, 0.596, 13),
        (-1.25, 4.006, 0.739, 16),
        (-0.75, 5.258, 0.87, 17),
        (-0.25, 6.992, 0.784, 17),
        (0.25, 6.22, 0.665, 15),
        (0.75, 4.913, 0.794, 9),
        (1.25, 3.514, 0.8, 5),
        (2.75, 2.031, 0.412, 6),
    ),
    "1_to_3_mV": (
        (-3.25, 0.604, 0.671, 5),
        (-2.75, 1.556, 0.63, 10),
        (-2.25, 2.618, 0.56, 11),
        (-1.75, 3.308, 0.698, 9),
        (-1.25, 2.843, 0.751, 9),
        (-0.75, 3.567, 0.699, 11),
        (-0.25, 5.929, 0.959, 10),
        (0.25, 5.383, 0.918, 13),
        (0.75, 3.755, 0.73, 17),
        (1.25, 1.12, 0.621, 13),
        (1.75, 0.977, 0.787, 8),
        (2.25, 0.444, 0.737, 7),
        (2.75, 0.499, 0.543, 8),
        (3.25, -0.074, 0.346, 9),
        (3.75, -0.525, 0.425, 8),
        (4.25, -0.782, 0.355, 8),
    ),
    "3_to_6_mV": (
        (-3.75, -0.549, 0.596, 7),
        (-2.75, -0.382, 0.61, 10),
        (-2.25, -0.844, 0.586, 6),
        (-0.25, 2.674, 0.768, 7),
        (0.25, 1.901, 0.683, 6),
        (0.75, 2.819, 0.906, 8),
        (1.25, 0.339, 0.51, 16),
        (1.75, -0.943, 0.285, 17),
        (2.25, -1.523, 0.42, 9),
        (2.75, -1.461, 0.235, 6),
        (3.25, -1.803, 0.373, 7),
        (3.75, -1.416, 0.275, 9),
    ),
    "above_6_mV": (
        (1.25, -0.52, 1.093, 5),
        (1.75, -1.824, 0.676, 7),
        (2.25, -3.802, 0.496, 10),
        (2.75, -4.054, 0.473, 11),
        (3.25, -3.97, 0.436, 9),
        (3.75, -2.649, 0.752, 7),
    ),
}


def milstein_2021() -> xr.Dataset:
    """Change of the membrane potential ramp against the time from the plateau, by the initial ramp at that place.

    Inputs within seconds of the plateau potentiate; strong ones further away depress. Plasticity thus depends on
    the initial weight, which pairings of spikes do not show.

    Returns
    -------
    xarray.Dataset
        65 protocols of kind ``plateau``, values in mV, with the coordinates ``time_from_plateau`` [s] (negative: the
        input was active before the plateau), ``initial_ramp`` [mV] and ``group``.

    Examples
    --------
    >>> float(milstein_2021().value.sel(protocol="silent_-0.25s"))
    7.571

    References
    ----------
    milstein_2021
    """
    rows = [(group, *row) for group, bins in BINS.items() for row in bins]
    group, time, value, sem, n = zip(*rows, strict=True)
    return make_data(
        "plateau",
        [f"{g}_{t:+.2f}s" for g, t in zip(group, time, strict=True)],
        value,
        sem,
        n,
        {"time_from_plateau": time, "initial_ramp": [INITIAL_RAMP[g] for g in group], "group": group},
        name="milstein_2021",
        title="Ramp change against time from a plateau potential in CA1 (Milstein et al. 2021)",
        references=("milstein_2021",),
        citation="Milstein AD, Li Y, Bittner KC, Grienberger C, Soltesz I, Magee JC, Romani S (2021) eLife 10:e73046",
        doi="10.7554/eLife.73046",
        figure="none: computed from the released table of ramps, in the manner of the article's figures of ramp change",
        rights="Binned means computed from a released table that has no licence file; no raw rows are kept.",
        provenance="Computed from neurosutras/BTSP, data/20220808_BTSP_CA1_data.csv: mean per induction and 0.5 s bin, "
        "then mean and standard error over inductions; bins with fewer than 5 inductions are dropped.",
        protocol_convention="Running mice; plateau potentials at one place on a few laps. n counts inductions.",
        caveat="The bins of one induction are correlated, so they are not independent measurements: leave out whole "
        "groups or many bins. initial_ramp is the middle of a class of initial ramps, 0 for cells without a field; "
        "the class above 6 mV is open, and 7.5 mV is an assumption. The article counts 29 and 26 inductions, the "
        "released table gives 23 and 27.",
    )
