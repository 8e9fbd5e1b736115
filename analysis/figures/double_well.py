"""Optimal path and gradient flow in a double well, and what they cost on the way."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from analysis.pages.figure_parts import (
    FONT,
    GREY,
    colour_bar,
    draw_map,
    evenly,
    label,
    lettered,
    line_style,
    mark,
    require_scenario,
    tidy,
)

__all__ = ["double_well"]

OPTIMAL, FLOW = 0, 1  # trials of a run
ROOM = 1.5  # the scale of the map ends at this many times the highest loss on the paths, above the lowest
NEAR = 0.02  # distance from the end of a path that counts as arrived
MARKS = 9  # along a path
AFTER = 1.4  # the time axis goes on for a while


def double_well(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the paths on the loss, and their kinetic and potential cost over time."""
    require_scenario("double_well", runs, data)
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.5, 1], squeeze=False)[0]
    chart, legend = left.subplots(2, 1, height_ratios=[2.6, 1])
    kinetic, potential = right.subplots(2, 1, sharex=True)
    _map(left, chart, runs)
    _cost(kinetic, runs, "kinetic", "cost of change\n" + r"$|\dot\theta|^2/2\eta$ (dimensionless)")
    _cost(potential, runs, "potential", "cost of loss\n$k\\,L$ (dimensionless)")
    potential.set_xlabel("time (s)")
    potential.set_xlim(0, _settled(runs))
    tidy([chart, kinetic, potential])
    lettered((chart, kinetic, potential))
    handles, labels = chart.get_legend_handles_labels()
    legend.axis("off")
    legend.legend(handles, labels, loc="center", ncols=2, frameon=False, fontsize=FONT - 1, handlelength=3)
    return figure


def _map(figure: SubFigure, ax: Axes, runs: tuple[xr.Dataset, ...]) -> None:
    first = runs[0]
    lowest = float(first.loss_map.min())
    filled = draw_map(ax, first, top=lowest + ROOM * (float(first.loss.max()) - lowest))
    colour_bar(figure, ax, filled)
    for style, run, trial in _lines(runs):
        path = run.theta.isel(trial=trial).values
        ax.plot(*path.T, **style | {"markevery": evenly(path, MARKS)})
    mark(ax, first.theta.values[:1, 0], "start", "start")
    mark(ax, first.minimum.values, "optimum", "minimum of the loss")
    if "saddle" in first and np.all(np.isfinite(first.saddle)):
        mark(ax, first.saddle.values[None], "saddle", "saddle")
    ax.set_xlabel("parameter $x$ (dimensionless)")
    ax.set_ylabel("parameter $y$\n(dimensionless)")
    critical = float(first.critical_discount)
    if np.isfinite(critical):
        ax.set_title(f"critical discount at the minimum: {critical:.3f} s$^{{-1}}$", loc="right", fontsize=FONT)


def _cost(ax: Axes, runs: tuple[xr.Dataset, ...], name: str, words: str) -> None:
    stop = _settled(runs)
    for index, (style, run, trial) in enumerate(_lines(runs)):
        n_drawn = int((run.sample < stop).sum())
        every = (index * n_drawn // 60, max(1, n_drawn // 10))
        ax.plot(run.sample, run[name].isel(trial=trial), **style | {"markevery": every})
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.set_ylabel(words)


def _settled(runs: tuple[xr.Dataset, ...]) -> float:
    """End of the time axis: some time after the last path has come close to its end."""
    last = 0.0
    for run in runs:
        away = np.abs(run.theta - run.theta.isel(time=-1)).max(("trial", "parameter"))
        last = max(last, float(run.time[int(np.flatnonzero(away > NEAR)[-1])]))
    return min(AFTER * last, float(runs[0].time[-1]))


def _lines(runs: tuple[xr.Dataset, ...]) -> list[tuple[dict, xr.Dataset, int]]:
    """Style, run and trial of every line: gradient flow of the first run below the optimal paths.

    One run shows the paths that it is compared with, too; of several runs each shows its own.
    """
    rate = f"gradient flow,\nrate {runs[0].attrs['learning_rate']:g} s⁻¹"
    flow = {"color": GREY, "linestyle": ":", "linewidth": 2.0, "label": rate}
    drawn = [(runs[0], FLOW, rate), *((run, OPTIMAL, f"optimal path,\n{label(run)}") for run in runs)]
    if len(runs) == 1:
        others = runs[0].trial_discount.values[FLOW + 1 :]
        drawn += [(runs[0], FLOW + 1 + i, f"optimal path,\ndiscount {d:g} s⁻¹") for i, d in enumerate(others)]
    styles = [flow, *(line_style(i) | {"markersize": 4.5, "linewidth": 1.8} for i in range(len(drawn) - 1))]
    return [(style | {"label": words}, run, trial) for style, (run, trial, words) in zip(styles, drawn, strict=True)]
