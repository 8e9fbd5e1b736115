"""Voltage rule: the voltage of the cell, changes against frequency beside the measured ones, and with a held cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import datasets
from analysis.pages.figure_parts import FONT, MEASURED, lettered, line_style, only_run, plain, tidy

__all__ = ["voltage_rule"]

PERCENT = 100.0


def voltage_rule(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one run."""
    run = only_run("voltage_rule", runs, data)
    rules = [rule for rule in run.rule.values if rule != "derived" or "published" not in run.rule.values]
    figure = Figure(figsize=(8.2, 3.0 + 2.9 * len(rules)), layout="constrained")
    layout: list[Any] = [["voltage", "voltage"], *([f"{rule} measured", f"{rule} held"] for rule in rules)]
    rows = figure.subplot_mosaic(layout, height_ratios=[0.8, *(1.0 for _ in rules)])
    _voltage(rows["voltage"], run)
    for rule in rules:
        _measured(rows[f"{rule} measured"], run.change.sel(rule=rule).isel(current=0))
        _held(rows[f"{rule} held"], run.change.sel(rule=rule).isel(interval=0))
        same = ", derived" if rule == "published" and "derived" in run.rule.values else ""
        for kind, cell in (("measured", "cell at rest"), ("held", f"cell held, {_order(run.interval.values[0])}")):
            ax = rows[f"{rule} {kind}"]
            if ax is not (first := rows[f"{rules[0]} measured"]):
                ax.sharey(first)
            ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
            ax.set_title(f"{plain(rule)}{same}: {cell}", fontsize=FONT)
            ax.set_xlabel("pairs per second (Hz)")
            ax.set_ylabel("weight change (%)")
            ax.legend(fontsize=FONT - 2)
    tidy(list(rows.values()))
    lettered(list(rows.values()))
    return figure


def _voltage(ax: Axes, run: xr.Dataset) -> None:
    """Voltage with the first current and interval, at the lowest and the highest frequency."""
    shown = run.voltage.isel(frequency=[0, -1] if run.sizes["frequency"] > 1 else [0])
    for index, frequency in enumerate(shown.frequency.values):
        style = line_style(index)
        trace = shown.sel(frequency=frequency)
        ax.plot(1e3 * run.time, trace, color=style["color"], linestyle=style["linestyle"], label=f"{frequency:g} Hz")
    ax.set_xlim(-30, 250)
    ax.set_xlabel("time since the first presynaptic spike (ms)")
    ax.set_ylabel("voltage (mV)")
    ax.legend(fontsize=FONT - 2, title="pairs")


def _measured(ax: Axes, change: xr.DataArray) -> None:
    """Changes of either order of the spikes, and the measurements at the same intervals."""
    data = datasets.load("sjostrom_2001")
    for index, interval in enumerate(change.interval.values):
        style = line_style(index)
        ax.plot(change.frequency, PERCENT * change.sel(interval=interval), label=_order(interval), **style)
        chosen = np.isclose(data.interval.values, interval)
        if chosen.any():
            points = {**MEASURED, "color": style["color"], "label": f"measured, {_order(interval)}", "mfc": "white"}
            at, value, sem = (v.values[chosen] for v in (data.frequency, data.value, data.sem))
            ax.errorbar(at, PERCENT * value, PERCENT * sem, **points)


def _held(ax: Axes, change: xr.DataArray) -> None:
    """Changes by the current that holds the cell, with the first interval."""
    for index, current in enumerate(change.current.values):
        name = f"{current:+g} pA".replace("-", "−") if current else "no current"
        ax.plot(change.frequency, PERCENT * change.sel(current=current), label=name, **line_style(index))


def _order(interval: float) -> str:
    return f"{1e3 * interval:+g} ms".replace("-", "−")
