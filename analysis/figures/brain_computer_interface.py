"""Maps within and outside the manifold: speeds, what is learned, and after-effects, by horizon."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, GREY, lettered, require_scenario, tidy

__all__ = ["brain_computer_interface"]


def brain_computer_interface(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in a row: strengths of maps, shares of the error that were removed, after-effects."""
    require_scenario("brain_computer_interface", runs, data)
    figure = Figure(figsize=(11.0, 3.7 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 3, squeeze=False)
    for run, (strengths, learned, after) in zip(runs, rows, strict=True):
        strengths.hist(run.strength.values.ravel(), bins=20, color=COLOURS[1])
        strengths.axvline(float(run.strength.mean()), color=GREY, linestyle="--", label="mean over days")
        strengths.axvline(1, color=COLOURS[0], label="within the manifold")
        strengths.set_xlabel("strength $s^2$ of maps outside the manifold")
        strengths.set_ylabel("directions of the cursor")
        _bars(learned, run, run.learned, "share of the error removed")
        _bars(after, run, run.after_effect, "after-effect (distances of targets)")
        for i, share in enumerate(run.larger_within.values):
            highest = float(run.after_effect[i].max())
            after.text(i, highest, f"{share:.0%}", ha="center", va="bottom", fontsize=FONT - 2)
        after.set_title("above: days on which it is larger within", fontsize=FONT - 1)
        for ax in (strengths, learned, after):
            ax.set_ylim(0, 1.25 * ax.get_ylim()[1])
            ax.legend(frameon=False, fontsize=FONT - 2)
    lettered(rows[0])
    tidy(rows.ravel().tolist())
    return figure


def _bars(ax: Axes, run: xr.Dataset, values: xr.DataArray, label: str) -> None:
    places = np.arange(run.sizes["discount"])
    for j, name in enumerate(run.perturbation.values):
        ax.bar(
            places + 0.4 * j - 0.2, values.sel(perturbation=name), 0.38, color=COLOURS[j], label=f"{name} the manifold"
        )
    ax.set_xticks(places, [f"γ = {g:g} /s" for g in run.discount.values])
    ax.set_ylabel(label)
