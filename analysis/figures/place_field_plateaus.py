"""Place fields by plateaus: the ramp before and after either plateau, a panel for every rule and speed."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import FONT, legend_below, lettered, line_style, only_run, plain, tidy

__all__ = ["place_field_plateaus"]

LEGEND = {"first": "after plateaus at the first place", "second": "after plateaus at the second place"}


def place_field_plateaus(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one run."""
    run = only_run("place_field_plateaus", runs, data)
    rows, columns = run.sizes["rule"], run.sizes["speed"]
    figure = Figure(figsize=(3.6 * columns, 0.8 + 2.4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for row, rule in zip(axes, run.rule.values, strict=True):
        for ax, speed in zip(row, run.speed.values, strict=True):
            _fields(ax, run, run.sel(rule=rule, speed=speed))
            ax.set_title(f"{plain(rule)}, {speed:g} cm/s", fontsize=FONT)
        row[0].set_ylabel("ramp (mV)")
    for ax in axes[-1]:
        ax.set_xlabel("place on the track (cm)")
    axes[0, 0].set_ylim(bottom=0)
    tidy(list(axes.flat))
    lettered(axes.flat)
    legend_below(figure, axes[0, 0], columns=2, title="vertical lines: places of the plateaus")
    return figure


def _fields(ax: Axes, run: xr.Dataset, ran: xr.Dataset) -> None:
    """Ramps after both stages, and where the plateaus were."""
    places = [float(place) for place in run.attrs["plateaus"].split()]
    for index, (stage, place) in enumerate(zip(LEGEND, places, strict=True)):
        style = line_style(index)
        ramp = ran.weight.sel(stage=stage)
        ax.plot(ran.place, ramp, color=style["color"], linestyle=style["linestyle"], label=LEGEND[stage])
        ax.axvline(place, color=style["color"], linewidth=0.8, linestyle=":", zorder=0)
