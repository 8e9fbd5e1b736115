"""Which assumption gives which name: one row per case, one column per named rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, only_run

__all__ = ["named_rules"]

ROW, GAP = 0.21, 1.3  # inches of height per case; rows between two systems


def named_rules(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the distances of the optimal rule of every case from named rules; coloured where it has that name."""
    run = only_run("named_rules", runs, data)
    systems = run.system.values
    starts = np.flatnonzero(np.concatenate([[True], systems[1:] != systems[:-1]]))
    place = np.arange(systems.size) + GAP * (np.searchsorted(starts, np.arange(systems.size), side="right") - 1)
    figure = Figure(figsize=(7.2, 1.6 + ROW * (place[-1] + 1)), layout="constrained")
    ax = figure.subplots()
    named = run.name.values[:, None] == run.rule.values
    for row, column in zip(*np.nonzero(run.distance.notnull().values), strict=True):
        has_name, distance = named[row, column], float(run.distance[row, column])
        ax.annotate(
            f"{distance:.0%}" if distance < 10 else ">10",
            (column, place[row]),
            ha="center",
            va="center",
            fontsize=FONT - 2,
            color="white" if has_name else "0.35",
            bbox={"boxstyle": "square,pad=0.25", "facecolor": COLOURS[0] if has_name else "0.93", "linewidth": 0},
        )
    ax.set_xlim(-0.6, run.sizes["rule"] - 0.4)
    ax.set_ylim(place[-1] + 0.7, -1.5)
    ax.set_xticks(range(run.sizes["rule"]), run.rule.values, rotation=35, ha="left", fontsize=FONT - 2)
    ax.xaxis.tick_top()
    ax.set_yticks(place, run.assumption.values, fontsize=FONT - 2)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for start in starts:
        heading: dict[str, Any] = {"ha": "right", "va": "center", "fontsize": FONT - 2, "fontweight": "bold"}
        ax.annotate(systems[start], (-0.01, place[start] - 1), xycoords=("axes fraction", "data"), **heading)
    tolerance = f"{run.attrs['tolerance']:.0%}"
    ax.set_xlabel(
        f"distance from the change of weights by a named rule; blue: the first below {tolerance}", fontsize=FONT
    )
    return figure
