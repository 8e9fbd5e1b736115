"""Learning within and outside the neural manifold: monkeys with a brain-computer interface (Sadtler et al. 2014)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["sadtler_2014"]

UNKNOWN = float("nan")

ROWS = (
    # quantity, value, sem, n, unit, source
    ("intrinsic_dimensionality_mean", 9.81, 0.31, 88, "1", "sadtler_2014"),
    ("dimensions_used_by_decoder", 10.0, UNKNOWN, UNKNOWN, "1", "sadtler_2014"),
    ("perturbation_trials_monkey_J", 600.0, UNKNOWN, UNKNOWN, "1", "sadtler_2014"),
    ("perturbation_trials_monkey_L", 400.0, UNKNOWN, UNKNOWN, "1", "sadtler_2014"),
    ("aftereffect_sessions_within_monkey_J", 27.0, UNKNOWN, UNKNOWN, "1", "sadtler_2014"),
    ("aftereffect_sessions_within_monkey_L", 14.0, UNKNOWN, UNKNOWN, "1", "sadtler_2014"),
    ("aftereffect_sessions_outside_monkey_J", 33.0, UNKNOWN, UNKNOWN, "1", "sadtler_2014"),
    ("aftereffect_sessions_outside_monkey_L", 15.0, UNKNOWN, UNKNOWN, "1", "sadtler_2014"),
    ("experiments", 48.0, UNKNOWN, 3, "1", "golub_2018"),
    ("reassociation_vs_data_repertoire_change_p", 0.55, UNKNOWN, UNKNOWN, "1", "golub_2018"),
)


def sadtler_2014() -> xr.Dataset:
    """Counts and tests from experiments in which the map from neurons to cursor is changed.

    Perturbations within the space of natural activity patterns are learned, others hardly: control is partial.

    Returns
    -------
    xarray.Dataset
        10 protocols of kind ``quantities``, with the coordinates ``unit`` and ``group``.

    Examples
    --------
    >>> data = sadtler_2014()
    >>> float(data.value.sel(protocol="intrinsic_dimensionality_mean"))
    9.81

    References
    ----------
    sadtler_2014; golub_2018
    """
    protocols, value, sem, n, unit, group = zip(*ROWS, strict=True)
    return make_data(
        "quantities",
        protocols,
        value,
        sem,
        n,
        {"unit": unit, "group": group},
        name="sadtler_2014",
        title="Learning within and outside the neural manifold: monkeys with a brain-computer interface (Sadtler et"
        " al. 2014)",
        references=(
            "sadtler_2014",
            "golub_2018",
        ),
        citation="Sadtler PT et al. (2014) Nature 512:423-426; Golub MD et al. (2018) Nat Neurosci 21:607-616",
        doi="10.1038/nature13665",
        figure="extended data figure 7 (sessions, tests); else not recorded",
        rights="Published measurements quoted as facts with their source; no figure or text is reproduced.",
        provenance="Sessions and tests: figure page of the publisher. The rest: reading notes in public (secondary).",
        sem_missing="counts and p values have none",
        caveat="The mean amount of learning per perturbation was not found: only the direction can be tested (within"
        " > outside). Not listed, because they are bounds or ranges: sadtler_2014 units_recorded: 85-91; "
        "sadtler_2014 aftereffect_within_gt_outside_p_monkey_J: <0.001; sadtler_2014 "
        "aftereffect_within_gt_outside_p_monkey_L: >0.05; golub_2018 "
        "realignment_or_rescaling_vs_data_repertoire_change_p: <1e-10.",
    )
