"""Learning rates after unannounced changes: 96 people track a mean or a probability (Foucault & Meyniel 2024)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["foucault_2024"]

N_PEOPLE = 96

ROWS = (
    # task, outcomes since the change (1: the first after it; 0 and -1: the last before it), learning rate, sem
    ("magnitude", -1, 0.3063, 0.0227),
    ("magnitude", 0, 0.2928, 0.0236),
    ("magnitude", 1, 0.7502, 0.0137),
    ("magnitude", 2, 0.4382, 0.0187),
    ("magnitude", 3, 0.337, 0.0218),
    ("magnitude", 4, 0.3108, 0.0222),
    ("magnitude", 5, 0.2876, 0.0234),
    ("magnitude", 6, 0.2946, 0.0242),
    ("magnitude", 7, 0.2647, 0.0238),
    ("magnitude", 8, 0.2617, 0.0229),
    ("magnitude", 9, 0.2637, 0.0246),
    ("probability", -1, 0.0715, 0.0057),
    ("probability", 0, 0.0638, 0.004),
    ("probability", 1, 0.1021, 0.0073),
    ("probability", 2, 0.0997, 0.0054),
    ("probability", 3, 0.1088, 0.0048),
    ("probability", 4, 0.0988, 0.0046),
    ("probability", 5, 0.0966, 0.0049),
    ("probability", 6, 0.0861, 0.0044),
    ("probability", 7, 0.0829, 0.0041),
    ("probability", 8, 0.0775, 0.0046),
    ("probability", 9, 0.072, 0.005),
    ("probability", 10, 0.0724, 0.0049),
    ("probability", 11, 0.0682, 0.0052),
    ("probability", 12, 0.0683, 0.0051),
    ("probability", 13, 0.0659, 0.0047),
    ("probability", 14, 0.064, 0.0046),
    ("probability", 15, 0.0675, 0.0056),
    ("probability", 16, 0.0629, 0.0051),
    ("probability", 17, 0.0639, 0.005),
)


def foucault_2024() -> xr.Dataset:
    """Learning rate, the update of an estimate over the error, by the number of outcomes since a change.

    A hidden mean changes with probability 0.1 per outcome (task ``magnitude``, outcomes scatter by 0.0333 of the
    range), a hidden probability with 0.05 (task ``probability``, binary outcomes).

    Returns
    -------
    xarray.Dataset
        30 protocols of kind ``quantities``, with the coordinates ``group`` (the task), ``unit`` and
        ``outcomes_since_change``.

    Examples
    --------
    >>> data = foucault_2024()
    >>> float(data.value.sel(protocol="magnitude_1"))
    0.7502

    References
    ----------
    foucault_2024
    """
    task, since, value, sem = zip(*ROWS, strict=True)
    return make_data(
        "quantities",
        [f"{t}_{k}".replace("-", "minus_") for t, k in zip(task, since, strict=True)],
        value,
        sem,
        [N_PEOPLE] * len(ROWS),
        {
            "unit": ["1"] * len(ROWS),
            "group": task,
            "outcomes_since_change": (since, "1", "outcomes since the change, 1: the first after it"),
        },
        name="foucault_2024",
        title="Learning rates after unannounced changes (Foucault & Meyniel 2024)",
        references=("foucault_2024",),
        citation="Foucault C, Meyniel F (2024) Open Mind",
        doi="10.1162/opmi_a_00139",
        figure="none: computed from the published single-person data, 96 files of the main study",
        rights="Statistics computed from data under CC BY 4.0 (code MIT), repository cedricfoucault/ada-learn, "
        "commit da1fce7.",
        provenance="Rate = update of the estimate over (outcome - estimate before); rates outside -0.6 to 1.3 "
        "left out, as the authors do; mean per person, then mean and standard error over people.",
        caveat="Means of ratios: errors near 0 weigh as much as large ones, and what was left out bounds them. People "
        "of one task are the same at every outcome, so the rates are not independent.",
    )
