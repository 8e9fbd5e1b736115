"""Motor adaptation at two rates: 17 people reach under a rotated cursor ('t Hart & Henriques, R package Reach)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["thart_reach"]

PERTURBATION = {"aligned": (0.0, 0), "rotated": (30.0, 0), "reversed": (-30.0, 0), "error_clamp": (0.0, 1)}
# deg, positive: to be countered by a positive change; 1: error clamp

BLOCKS = {
    # block: mean over people [deg], sem [deg], median [deg], people, of every trial in order; each person's mean over
    # aligned trials 17 to 32 is removed; computed from the set tworatedata of the package
    "aligned": (
        (-1.25, 1.83, 1.05, 14), (-2.54, 1.84, -2.82, 16), (-4.13, 1.18, -3.96, 16), (-2.39, 1.63, -3.21, 17),
        (-2.64, 1.4, -2.08, 17), (-3.44, 1.37, -3.4, 16), (-1.59, 1.51, -2.23, 16), (-2.83, 1.37, -4.14, 17),
        (-2.34, 1.04, -2.67, 15), (0.38, 1.09, 0.43, 16), (-0.53, 1.21, 0.04, 16), (-1.67, 1.01, -0.67, 16),
        (-0.93, 1.15, -0.92, 17), (0.94, 1.14, 1.56, 16), (-0.24, 1.04, 0.08, 16), (0.8, 1.05, 0.86, 16),
        (-0.25, 1.11, 0.66, 16), (-0.18, 1.11, -0.05, 16), (1.33, 0.97, 0.26, 16), (0.48, 0.84, 0.84, 16),
        (0.54, 1.24, 1.13, 16), (-1.43, 0.76, -2.04, 16), (0.08, 1.21, 0.23, 17), (-0.33, 0.94, -0.8, 15),
        (0.16, 1.26, 0.25, 17), (0.1, 1.0, 1.31, 16), (-0.68, 1.38, -0.85, 17), (0.48, 0.79, -0.43, 17),
        (-1.21, 1.17, -1.31, 16), (0.64, 0.83, 0.37, 16), (-0.28, 0.47, -0.51, 15), (0.52, 0.71, 0.46, 16),
    ),
    "rotated": (
        (3.8, 1.06, 2.48, 15), (14.35, 2.05, 12.18, 17), (17.97, 1.63, 17.63, 16), (18.56, 1.65, 16.69, 17),
        (17.15, 2.23, 16.25, 16), (21.47, 1.84, 22.04, 15), (19.84, 1.32, 20.23, 16), (20.28, 1.7, 21.23, 17),
        (20.69, 1.61, 22.18, 17), (22.21, 1.27, 23.55, 17), (24.86, 1.04, 25.24, 16), (22.57, 1.32, 23.59, 16),
        (25.22, 1.42, 25.17, 16), (22.95, 1.44, 20.99, 16), (22.94, 1.55, 23.16, 16), (24.8, 1.1, 25.04, 16),
        (25.84, 2.01, 24.75, 17), (24.58, 1.33, 24.98, 16), (26.56, 1.11, 27.32, 17), (23.94, 1.3, 23.61, 16),
        (25.99, 1.23, 27.21, 17), (25.13, 1.27, 23.73, 16), (26.57, 1.23, 26.92, 16), (27.71, 1.05, 27.09, 16),
        (25.95, 1.38, 23.85, 17), (27.06, 1.46, 26.35, 16), (25.53, 1.26, 27.03, 17), (26.46, 1.17, 26.76, 16),
        (26.71, 2.12, 27.28, 17), (24.38, 1.08, 25.38, 15), (25.0, 1.81, 26.46, 17), (25.77, 1.53, 26.19, 17),
        (26.38, 1.13, 27.32, 16), (25.57, 1.4, 26.84, 17), (28.17, 1.61, 28.36, 16), (27.34, 1.55, 26.92, 15),
        (24.36, 1.11, 25.24, 15), (25.26, 1.49, 25.78, 17), (29.48, 1.21, 27.55, 17), (26.25, 1.5, 27.14, 16),
        (27.74, 1.0, 27.99, 16), (27.99, 1.02, 28.18, 16), (26.58, 1.22, 28.28, 17), (28.89, 1.06, 29.19, 16),
        (26.62, 1.67, 26.45, 17), (26.71, 1.01, 25.99, 15), (26.3, 1.02, 25.96, 16), (27.51, 1.63, 29.27, 16),
        (28.5, 1.03, 29.04, 17), (25.44, 1.26, 25.33, 17), (28.36, 1.28, 27.97, 16), (27.94, 1.44, 28.26, 17),
        (25.29, 1.36, 24.63, 17), (24.39, 1.53, 23.76, 16), (27.09, 1.59, 28.49, 16), (28.74, 1.53, 29.98, 16),
        (27.7, 1.56, 29.31, 17), (26.14, 1.34, 24.99, 16), (28.0, 1.24, 28.61, 17), (26.36, 1.31, 26.8, 17),
        (24.64, 1.51, 24.89, 17), (27.63, 1.29, 27.42, 17), (28.87, 0.95, 28.93, 16), (29.13, 1.21, 28.5, 17),
        (27.1, 0.54, 26.35, 15), (26.71, 0.94, 25.88, 15), (28.6, 1.39, 28.82, 17), (27.9, 1.06, 28.83, 16),
        (29.74, 1.65, 29.15, 17), (29.68, 0.82, 29.34, 15), (30.52, 1.1, 31.33, 16), (25.92, 1.78, 24.62, 17),
        (28.67, 1.1, 30.27, 16), (28.45, 1.34, 26.91, 16), (28.63, 1.47, 27.96, 17), (28.57, 1.62, 27.32, 17),
        (27.19, 1.58, 25.98, 17), (26.02, 1.36, 25.87, 17), (26.05, 1.43, 26.43, 16), (27.02, 1.54, 29.13, 16),
        (29.99, 2.04, 27.22, 17), (26.48, 1.09, 27.53, 16), (28.47, 1.56, 26.65, 17), (25.81, 1.1, 26.33, 16),
        (27.77, 1.81, 28.66, 17), (27.9, 1.31, 29.18, 16), (26.78, 1.65, 27.01, 16), (25.55, 1.56, 27.5, 17),
        (28.13, 1.68, 29.07, 16), (26.9, 1.28, 27.25, 16), (30.46, 1.23, 29.4, 16), (27.25, 1.7, 26.03, 17),
        (30.5, 1.19, 30.98, 16), (28.56, 0.91, 29.75, 15), (26.49, 1.39, 27.21, 16), (26.53, 1.55, 26.28, 17),
        (27.21, 1.21, 27.47, 16), (29.55, 1.49, 29.26, 17), (28.57, 1.18, 29.07, 17), (26.62, 1.59, 26.45, 17),
    ),
    "reversed": (
        (28.39, 1.83, 27.63, 16), (5.78, 3.57, 5.58, 16), (-9.72, 2.82, -13.61, 16), (-8.7, 3.73, -10.11, 17),
        (-12.0, 3.34, -11.4, 16), (-12.41, 3.42, -15.9, 16), (-16.12, 2.59, -16.47, 17), (-15.75, 2.36, -16.39, 17),
        (-12.36, 3.69, -17.27, 17), (-12.49, 2.27, -15.15, 17), (-17.36, 2.69, -17.94, 15), (-15.98, 2.58, -13.61, 16),
    ),
    "error_clamp": (
        (-12.92, 3.7, -14.68, 17), (0.8, 3.27, 2.18, 15), (-0.03, 3.64, 1.15, 17), (2.84, 1.9, 0.74, 17),
        (4.44, 2.4, 3.9, 17), (9.02, 3.01, 11.64, 17), (7.0, 2.32, 9.98, 16), (3.16, 2.46, 5.38, 17),
        (8.31, 1.54, 9.46, 16), (7.39, 2.33, 8.04, 16), (3.89, 2.67, 5.18, 17), (6.56, 1.89, 7.57, 17),
        (7.15, 2.08, 7.53, 17), (8.1, 2.24, 8.4, 17), (6.3, 2.93, 10.68, 17), (5.84, 2.37, 4.09, 17),
        (10.17, 2.71, 11.31, 17), (3.81, 2.29, 4.69, 16), (8.71, 1.9, 10.9, 16), (5.34, 1.95, 7.34, 17),
    ),
}  # fmt: skip


def thart_reach() -> xr.Dataset:
    """Reach direction on every trial: 32 aligned, 100 rotated by 30°, 12 reversed, 20 with the error held at zero.

    The rebound in the last block (spontaneous recovery) needs at least two memories with different time constants.

    Returns
    -------
    xarray.Dataset
        164 protocols of kind ``trials``, one per trial in order, values in deg, with the coordinates
        ``perturbation`` [deg], ``clamped``, ``group`` (the block) and ``median`` [deg].

    Examples
    --------
    >>> data = thart_reach()
    >>> rebound = data.value[data.group == "error_clamp"][5:]
    >>> round(float(rebound.mean()), 1)
    6.7

    References
    ----------
    thart_reach; smith_2006 (the model of two rates)
    """
    rows = [(block, *row) for block, trials in BLOCKS.items() for row in trials]
    group, value, sem, median, n = zip(*rows, strict=True)
    turns, clamped = zip(*(PERTURBATION[g] for g in group), strict=True)
    return make_data(
        "trials",
        [f"trial_{i + 1}" for i in range(len(rows))],
        value,
        sem,
        n,
        {
            "perturbation": turns,
            "clamped": clamped,
            "group": group,
            "median": (median, "deg", "median over people of the change of the movement"),
        },
        name="thart_reach",
        title="Motor adaptation at two rates ('t Hart & Henriques, R package Reach)",
        references=("thart_reach", "smith_2006"),
        citation="'t Hart BM, Henriques DYP, R package Reach, data set tworatedata",
        doi="none: a data set of an R package, see the attribute url",
        url="https://github.com/thartbm/Reach",
        figure="none: the data set tworatedata of the package",
        rights="Per-trial statistics computed from a data set of a GPL-3 package; no single person's data are kept.",
        provenance="Computed from thartbm/Reach, data/tworatedata.rda: mean, standard error and median over people.",
        protocol_convention="A reach change that opposes the first rotation is positive. On clamped trials the error "
        "is held at zero.",
        caveat="Trials of one person are correlated, so the trials are not independent measurements. Means and "
        "medians differ early in a block.",
    )
