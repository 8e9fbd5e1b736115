"""What every figure of one scenario refuses."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from plasticity.errors import InputError


def checked(scenario: str, runs: Sequence[xr.Dataset], data: xr.Dataset | None) -> None:
    """Refuse what a figure of one scenario cannot show.

    Raises
    ------
    InputError
        If there is no run, a run is of another scenario, or there are measurements.
    """
    if not runs:
        raise InputError(f"there is nothing to draw; give a run of {scenario}")
    if data is not None:
        raise InputError(f"there are no measurements to draw with a run of {scenario}; give data=None")
    for run in runs:
        if run.attrs["scenario"] != scenario:
            raise InputError(f"{run.attrs['title']!r} is no run of {scenario}; draw it on its own")
