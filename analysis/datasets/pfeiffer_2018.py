"""Turnover of spines on CA1 basal dendrites over four days (Pfeiffer et al. 2018)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["pfeiffer_2018"]

UNKNOWN = float("nan")

ROWS = (
    # quantity, value, sem, n, unit
    ("survival_fraction_day_0_to_2", 78.1, 3.6, 14, "%"),
    ("survival_fraction_day_0_to_4", 60.8, 3.4, 14, "%"),
    ("fraction_lost_day_0_to_2", 21.2, 3.6, 14, "%"),
    ("fraction_lost_day_2_to_4", 24.7, 3.0, 14, "%"),
    ("fraction_new_day_0_to_2", 20.4, 2.6, 14, "%"),
    ("fraction_new_day_2_to_4", 21.9, 3.0, 14, "%"),
    ("spine_density_day_0", 2.31, 0.1, 14, "1/µm"),
    ("spine_density_day_2", 2.28, 0.08, 14, "1/µm"),
    ("spine_density_day_4", 2.3, 0.1, 14, "1/µm"),
    ("survival_fraction_two_photon_only_day_0_to_4", 74.9, 2.2, 14, "%"),
    ("head_volume_median_persistent_gt_2_days", 0.03, UNKNOWN, 14, "µm³"),
    ("head_volume_median_persistent_le_2_days", 0.02, UNKNOWN, 14, "µm³"),
)


def pfeiffer_2018() -> xr.Dataset:
    """Spines that survive, vanish and appear, their density and head volume, seen by two-photon STED microscopy.

    The density stays while a fifth of the spines is replaced in two days.

    Returns
    -------
    xarray.Dataset
        12 protocols of kind ``quantities``, with the coordinate ``unit``.

    Examples
    --------
    >>> float(pfeiffer_2018().value.sel(protocol="survival_fraction_day_0_to_4"))
    60.8

    References
    ----------
    pfeiffer_2018
    """
    protocols, value, sem, n, unit = zip(*ROWS, strict=True)
    return make_data(
        "quantities",
        protocols,
        value,
        sem,
        n,
        {"unit": unit},
        name="pfeiffer_2018",
        title="Turnover of spines on CA1 basal dendrites over four days (Pfeiffer et al. 2018)",
        references=("pfeiffer_2018",),
        citation="Pfeiffer T et al. (2018) eLife 7:e34700",
        doi="10.7554/eLife.34700",
        figure="article text",
        rights="Published measurements quoted as facts with their source; the article is CC BY 4.0.",
        provenance="The article's own text: 14 dendrites of 3 mice.",
        sem_missing="the text gives no error of the medians of head volume",
        caveat="n counts dendrites, not animals (3 mice).",
    )
