"""How much of synaptic change is fluctuation: a collection of ten studies (Raman & O'Leary 2021)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["raman_2021"]

UNKNOWN = float("nan")

ROWS = (
    # quantity, value, ± as printed, n, unit, source
    ("pfeiffer_2018_turnover_per_4_days", 40.0, UNKNOWN, UNKNOWN, "%", "pfeiffer_2018"),
    ("zuo_2005_spines_stable_over_18_months", 73.9, 2.8, UNKNOWN, "%", "zuo_2005"),
    ("nagaoka_2016_turnover_per_2_days_visually_deprived", 8.0, UNKNOWN, UNKNOWN, "%", "nagaoka_2016"),
    ("nagaoka_2016_turnover_per_2_days_visually_enriched", 15.0, UNKNOWN, UNKNOWN, "%", "nagaoka_2016"),
    ("nagaoka_2016_activity_independent_share_of_turnover", 50.0, UNKNOWN, UNKNOWN, "%", "nagaoka_2016"),
    ("quinn_2019_synapses_formed_per_24_h", 28.0, 3.7, UNKNOWN, "%", "quinn_2019"),
    ("quinn_2019_synapses_eliminated_per_24_h", 28.6, 2.3, UNKNOWN, "%", "quinn_2019"),
    ("quinn_2019_activity_independent_share_of_turnover", 75.0, UNKNOWN, UNKNOWN, "%", "quinn_2019"),
    ("yasumatsu_2008_generation_elimination_per_day_control", 32.8, 3.7, UNKNOWN, "%", "yasumatsu_2008"),
    ("yasumatsu_2008_generation_elimination_per_day_NMDAR_blocked", 22.0, 3.6, UNKNOWN, "%", "yasumatsu_2008"),
    ("yasumatsu_2008_activity_independent_share_of_turnover", 67.0, 17.0, UNKNOWN, "%", "yasumatsu_2008"),
    ("minerbi_2009_rank_remodelling_measure_at_30_h_control", 0.4, UNKNOWN, UNKNOWN, "1", "minerbi_2009"),
    ("minerbi_2009_rank_remodelling_measure_at_30_h_TTX", 0.3, UNKNOWN, UNKNOWN, "1", "minerbi_2009"),
    ("minerbi_2009_activity_independent_share", 75.0, UNKNOWN, UNKNOWN, "%", "minerbi_2009"),
    (
        "kasthuri_2015_activity_history_independent_share_PSD_size_r2_0.23_124_pairs",
        77.0,
        UNKNOWN,
        UNKNOWN,
        "%",
        "kasthuri_2015",
    ),
    (
        "kasthuri_2015_activity_history_independent_share_spine_volume_r2_0.34_124_pairs",
        66.0,
        UNKNOWN,
        UNKNOWN,
        "%",
        "kasthuri_2015",
    ),
    ("ziv_2018_activity_independent_share_in_a_review_of_several_systems", 50.0, UNKNOWN, UNKNOWN, "%", "ziv_2018"),
)


def raman_2021() -> xr.Dataset:
    """Turnover of spines, and the share of turnover and size change that does not depend on activity or its history.

    What stands behind ± in the review is the coordinate ``spread``, not ``sem``: the review does not say whether it is
    a standard deviation or a standard error, nor of how many.

    Returns
    -------
    xarray.Dataset
        17 protocols of kind ``quantities``, with the coordinates ``unit``, ``group`` and ``spread``.

    Examples
    --------
    >>> data = raman_2021()
    >>> float(data.value[data.group == "kasthuri_2015"].max())
    77.0

    References
    ----------
    raman_2021
    """
    protocols, value, spread, n, unit, group = zip(*ROWS, strict=True)
    return make_data(
        "quantities",
        protocols,
        value,
        [UNKNOWN] * len(ROWS),
        n,
        {
            "unit": unit,
            "group": group,
            "spread": (spread, "1", "number behind ±, in the coordinate unit (NaN: none); its kind is not stated"),
        },
        name="raman_2021",
        title="How much of synaptic change is fluctuation: a collection of ten studies (Raman & O'Leary 2021)",
        references=("raman_2021",),
        citation="Raman DV, O'Leary T (2021) eLife 10:e62912, table 1, which collects the studies named in the "
        "coordinate group",
        doi="10.7554/eLife.62912",
        figure="table 1",
        rights="Published measurements quoted as facts with their source; the article is CC BY 4.0.",
        provenance="Table 1 in the full text of the review; the studies themselves were not consulted.",
        sem_missing="the review gives no error for most of these numbers, and does not say what its ± is",
        caveat="Given there as a bound or a range and therefore not listed: loewenstein_2011 spines that changed "
        "size by >50 percent within 20 days: >70 %; zuo_2005 turnover in 2 weeks: 3-5 %; nagaoka_2016 "
        "turnover per 2 days, spiking suppressed: 7-8 %; yasumatsu_2008 activity-independent share of "
        "head-volume change: >50 %; dvorkin_ziv_2016 activity-history-independent share of size change: 62-64"
        " %. Of ziv_2018 and of shares marked ≈ the number is approximate.",
    )
