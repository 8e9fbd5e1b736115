"""Time constants and slopes of plasticity by plateau potentials in CA1 (Bittner et al. 2017 and after)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["bittner_2017"]

UNKNOWN = float("nan")

ROWS = (
    # quantity, value, sem, n, unit, source
    ("tau_input_before_plateau", 1.31, UNKNOWN, UNKNOWN, "s", "bittner_2017"),
    ("tau_input_after_plateau", 0.69, UNKNOWN, UNKNOWN, "s", "bittner_2017"),
    ("peak_positive_change_place_cells", 6.73, 0.73, 26, "mV", "milstein_2021"),
    ("peak_negative_change_place_cells", -3.89, 0.32, 26, "mV", "milstein_2021"),
    ("slope_delta_vs_initial_ramp", -0.91, UNKNOWN, 26, "1", "milstein_2021"),
    ("slope_final_vs_initial_ramp", 0.04, UNKNOWN, 26, "1", "milstein_2021"),
    ("potentiation_duration_ratio_before_after", 2.2, UNKNOWN, 26, "1", "milstein_2021"),
    ("distance_new_field_to_plateau", 19.5, 4.7, 26, "cm", "milstein_2021"),
    ("fit_silent_cells_amplitude", 9.3, 0.14, 23, "mV", "released_table"),
    ("fit_silent_cells_tau_before", 1.47, 0.04, 23, "s", "released_table"),
    ("fit_silent_cells_tau_after", 1.08, 0.04, 23, "s", "released_table"),
    ("slope_delta_vs_initial_ramp_place_bins", -0.83, UNKNOWN, 27, "1", "released_table"),
    ("slope_delta_vs_initial_ramp_within_3s", -0.94, UNKNOWN, 27, "1", "released_table"),
    ("model_tau_eligibility_mean_of_fits", 0.9, UNKNOWN, UNKNOWN, "s", "model"),
    ("model_tau_instructive_mean_of_fits", 0.5, UNKNOWN, UNKNOWN, "s", "model"),
    ("model_k_pot_mean_of_fits", 2.27, UNKNOWN, UNKNOWN, "1/s", "model"),
    ("model_k_dep_mean_of_fits", 0.33, UNKNOWN, UNKNOWN, "1/s", "model"),
    ("network_model_tau_eligibility", 1.66, UNKNOWN, UNKNOWN, "s", "model"),
    ("network_model_tau_instructive", 0.44, UNKNOWN, UNKNOWN, "s", "model"),
    ("network_model_k_pot", 1.1, UNKNOWN, UNKNOWN, "1/s", "model"),
    ("network_model_k_dep", 0.424, UNKNOWN, UNKNOWN, "1/s", "model"),
)


def bittner_2017() -> xr.Dataset:
    """Scalar facts about behavioural time scale plasticity: time constants, peaks, dependence on the initial ramp.

    The group ``model`` holds fitted parameters of the published two-trace model, not measurements.

    Returns
    -------
    xarray.Dataset
        21 protocols of kind ``quantities``, with the coordinates ``unit`` and ``group``.

    Examples
    --------
    >>> data = bittner_2017()
    >>> float(data.value.sel(protocol="tau_input_before_plateau"))
    1.31

    References
    ----------
    bittner_2017; milstein_2021
    """
    protocols, value, sem, n, unit, group = zip(*ROWS, strict=True)
    return make_data(
        "quantities",
        protocols,
        value,
        sem,
        n,
        {"unit": unit, "group": group},
        name="bittner_2017",
        title="Time constants and slopes of plasticity by plateau potentials in CA1 (Bittner et al. 2017 and after)",
        references=(
            "bittner_2017",
            "milstein_2021",
        ),
        citation="Bittner KC, Milstein AD, Grienberger C, Romani S, Magee JC (2017) Science 357:1033-1036; Milstein AD"
        " et al. (2021) eLife 10:e73046",
        doi="10.1126/science.aan3846",
        figure="article text and tables; see provenance",
        rights="Published measurements quoted as facts with their source; no figure or text is reproduced.",
        provenance="Group milstein_2021: text of the article. Groups bittner_2017 and model: comments in public code "
        "(antoinemadar/BTSPvsSTDP). Group released_table: own fits to the table in neurosutras/BTSP "
        "(two-sided exponential within 5 s; slopes by least squares).",
        sem_missing="not given in the source",
        caveat="The article of Bittner et al. was not consulted: check values against it before citing them in print.",
    )
