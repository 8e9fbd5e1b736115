"""Measured and predicted weight change of every protocol, for data without an axis of their own."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from analysis.pages.figure_parts import FONT, MEASURED, label, line_style, plain, require_datasets, tidy
from analysis.pages.render import display_units
from plasticity.errors import InputError

__all__ = ["by_protocol"]

ROW = 0.38  # inches of height per protocol
SPREAD = 0.5  # of a row, over which the rules are spread


def by_protocol(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one row per protocol: the measurement with its standard error, and the prediction of each run."""
    require_datasets(runs, data)
    if data is None and not runs:
        raise InputError("there is nothing to draw; give a run or data")
    factor, unit = display_units(runs[0] if data is None else data)
    protocols = (runs[0] if data is None else data).protocol.values.tolist()
    place = np.arange(len(protocols))
    figure = Figure(figsize=(7.2, 1.4 + ROW * len(protocols)), layout="constrained")
    ax = figure.subplots()
    ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    for row in place[::2]:
        ax.axhspan(row - 0.5, row + 0.5, color="0.95", zorder=-1)
    if data is not None:
        ax.errorbar(factor * data.value.values, place, xerr=factor * data.sem.values, **MEASURED)
    offsets = np.linspace(-SPREAD / 2, SPREAD / 2, len(runs) + 2)[1:-1]
    for index, (run, offset) in enumerate(zip(runs, offsets, strict=True)):
        change = factor * run.weight_change.sel(protocol=protocols).values
        style = line_style(index) | {"linestyle": "none"}
        if "weight_change_low" in run:
            interval = run[["weight_change_low", "weight_change_high"]].sel(protocol=protocols)
            low, high = (factor * values.values for values in interval.data_vars.values())
            ax.hlines(place + offset, low, high, color=style["color"], linewidth=1.5, alpha=0.7)
        ax.plot(change, place + offset, label=label(run), markersize=6, **style)
    ax.set_yticks(place, [plain(name) for name in protocols])
    ax.set_ylim(len(protocols) - 0.5, -0.5)
    ax.set_xlabel(f"change ({plain(unit)})" if unit != "%" else "weight change (%)")
    tidy([ax])
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=FONT - 1)
    return figure
