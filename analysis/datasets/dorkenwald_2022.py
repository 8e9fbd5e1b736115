"""Sizes of spine heads in mouse visual cortex: two log-normal components (Dorkenwald et al. 2022)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["dorkenwald_2022"]

ROWS = (
    # synapses between the two cells, component, mean and sd of log10(volume/µm³), share, number of synapses:
    # dorkenwald_2022, table 2
    ("all", "small", -1.42, 0.24, 0.77, 1960),
    ("all", "large", -0.77, 0.22, 0.23, 1960),
    ("single", "small", -1.41, 0.24, 0.81, 1546),
    ("single", "large", -0.76, 0.21, 0.19, 1546),
    ("dual", "small", -1.44, 0.23, 0.64, 320),
    ("dual", "large", -0.77, 0.21, 0.36, 320),
    ("triple", "small", -1.49, 0.17, 0.36, 72),
    ("triple", "large", -0.86, 0.3, 0.64, 72),
)


def dorkenwald_2022() -> xr.Dataset:
    """Log-normal components of spine head volume between layer 2/3 pyramidal cells, by connections per cell pair.

    Returns
    -------
    xarray.Dataset
        8 protocols of kind ``distribution``, values log10(volume/µm³), with the coordinates ``sd_log``,
        ``mixture_weight``, ``unit`` and ``group``.

    Examples
    --------
    >>> data = dorkenwald_2022()
    >>> share = data.mixture_weight.where(data.group == "all", drop=True)
    >>> float(share.sum())
    1.0

    References
    ----------
    dorkenwald_2022, table 2
    """
    group, component, mean, spread, share, n = zip(*ROWS, strict=True)
    return make_data(
        "distribution",
        [f"{g}_{c}" for g, c in zip(group, component, strict=True)],
        mean,
        [float("nan")] * len(ROWS),
        n,
        {"sd_log": spread, "mixture_weight": share, "unit": ["µm³"] * len(ROWS), "group": group},
        name="dorkenwald_2022",
        title="Sizes of spine heads in mouse visual cortex (Dorkenwald et al. 2022)",
        references=("dorkenwald_2022",),
        citation="Dorkenwald S et al. (2022) eLife 11:e76120",
        doi="10.7554/eLife.76120",
        figure="table 2",
        rights="Published measurements quoted as facts with their source; the article is CC BY 4.0.",
        provenance="The article's own text (table 2). n is the number of synapses of the group, not of the component.",
        sem_missing="the table gives the fitted components, not their errors",
        caveat="Matching the mean and the spread of a log-normal with two numbers is no test of a rule.",
    )
