"""Sizes of synapses: changes by size, shares that changed, compensation against fluctuation, survival."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, GREY, MARKERS, MEASURED, lettered, require_scenario, tidy

__all__ = ["synapse_sizes"]

SEEN_CHANGED = 0.70  # more than this share changed by > 50 % within 20 days: loewenstein_2011, quoted in raman_2021


def synapse_sizes(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in a row of four panels: simulated points on their formulas, measurements in black."""
    require_scenario("synapse_sizes", runs, data)
    figure = Figure(figsize=(13.0, 3.7 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 4, squeeze=False)
    for run, row in zip(runs, rows, strict=True):
        for draw, ax in zip((_slopes, _changes, _compensation, _survival), row, strict=True):
            draw(ax, run)
            ax.legend(frameon=False, fontsize=FONT - 2)
    lettered(rows[0])
    tidy(rows.ravel().tolist())
    return figure


def _points(ax: Axes, x: xr.DataArray, y: xr.DataArray, i: int, label: str) -> None:
    ax.plot(x, y, MARKERS[i], color=COLOURS[i], label=label)


def _slopes(ax: Axes, run: xr.Dataset) -> None:
    ax.plot([0, 1], [0, 1], color=GREY, label="b")
    _points(ax, run.exponent, run.slope, 0, f"{len(run.exponent)} metrics, simulated")
    ax.set_xlabel("b of the metric $w^{-2b}$")
    ax.set_ylabel(r"slope of ln sd($\Delta w$) on ln $w$")


def _changes(ax: Axes, run: xr.Dataset) -> None:
    ax.plot(run.lag, run.changed_formula, color=GREY, label="log-normal sizes, one rate")
    _points(ax, run.lag, run.changed, 1, "simulated")
    ax.plot(20, SEEN_CHANGED, "k^", markersize=7, label="seen within 20 days: more")
    ax.set_ylim(0, 1)
    ax.set_xlabel("days between two looks")
    ax.set_ylabel("share changed by more than half")


def _compensation(ax: Axes, run: xr.Dataset) -> None:
    window = np.linspace(0.01, 1.3 * float(run.window.max()), 200)
    ax.plot(window, 1 + np.expm1(-window) / window, color=GREY, label=r"$1 - (1 - e^{-RT})/RT$")
    for i, noise in enumerate(run.noise.values):
        _points(ax, run.window, run.compensated.sel(noise=noise), i, f"feedback noise {noise:g}, simulated")
    ax.axhline(1, color=GREY, linestyle=":")
    ax.set_ylim(0, 1.1)
    ax.set_xlabel("window RT")
    ax.set_ylabel("Var(compensation)/Var(fluctuation)")


def _survival(ax: Axes, run: xr.Dataset) -> None:
    ax.plot(run.day, run.constant_rate, color=GREY, label="constant rate")
    _points(ax, run.day, run.survival, 2, "vanish below $-1$ sd, simulated")
    ax.errorbar(run.day, run.measured, run.measured_sem, **MEASURED)
    ax.set_ylim(0, 1.05)
    ax.set_xlabel("days")
    ax.set_ylabel("share of spines still there")
