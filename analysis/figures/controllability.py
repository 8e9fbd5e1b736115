"""Optimal paths and velocity fields of weights that are not free to move, one panel per case."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from analysis.pages.figure_parts import (
    FONT,
    colour_bar,
    draw_map,
    evenly,
    label,
    legend_below,
    line_style,
    mark,
    require_scenario,
    tidy,
)

__all__ = ["controllability"]

CASES = {
    "plain": "plain: all directions alike",
    "metric": "metric: one direction is cheap",
    "rotation": "rotation: weights turn",
    "decay": "decay: weights shrink",
}
FIELD = "#7A8793"  # of the arrows, between the map and the paths
MARKS = 12  # along a path
ROUNDING = 1e-9


def controllability(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the four cases: the field of the first run, the paths and rest points of all."""
    require_scenario("controllability", runs, data)
    figure = Figure(figsize=(7.2, 7.9), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True, sharey=True)
    for letter, ax, case in zip("abcd", axes.flat, runs[0].case.values, strict=True):
        filled = _panel(ax, [run.isel(trial=run.case.values.tolist().index(case)) for run in runs])
        ax.set_title(letter, loc="left", fontweight="bold", fontsize=FONT + 1)
        ax.set_title(CASES[str(case)])
    for ax in axes[1]:
        ax.set_xlabel(r"parameter $\theta_1$ (dimensionless)")
    for ax in axes[:, 0]:
        ax.set_ylabel(r"parameter $\theta_2$ (dimensionless)")
    tidy(axes.flat)
    colour_bar(figure, axes, filled, shrink=0.6, pad=0.02)
    legend_below(figure, axes[0, 0])
    return figure


def _panel(ax: Axes, runs: list[xr.Dataset]) -> QuadContourSet:
    first = runs[0]
    filled = draw_map(ax, first)
    ax.streamplot(
        first.grid_x.values,
        first.grid_y.values,
        first.velocity.values[..., 0],
        first.velocity.values[..., 1],
        color=FIELD,
        linewidth=0.7,
        arrowsize=0.8,
        density=0.9,
        zorder=1.5,
    )
    for index, run in enumerate(runs):
        style = line_style(index) | {"markersize": 4.5, "linewidth": 2.0, "label": f"optimal path, {label(run)}"}
        ax.plot(*run.theta.values.T, **style | {"markevery": evenly(run.theta.values, MARKS)}, zorder=3)
    mark(ax, first.theta.values[:1], "start", "start")
    mark(ax, first.optimum.values[None], "optimum", "optimum of the loss")
    mark(ax, np.stack([run.rest_point.values for run in runs]), "rest", "rest point")
    ax.annotate(
        _words(first) if len(runs) == 1 else f"{label(first)}:\n{_words(first)}",
        (0.03, 0.03),
        xycoords="axes fraction",
        fontsize=FONT - 2,
        zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2},
    )
    ax.set_xlim(float(first.grid_x[0]), float(first.grid_x[-1]))
    ax.set_ylim(float(first.grid_y[0]), float(first.grid_y[-1]))
    return filled


def _words(case: xr.Dataset) -> str:
    """Eigenvalues, curl and running cost at rest of one case."""
    turn = float(np.abs(case.eigenvalue_imag).max())
    slow, fast = map(_number, case.eigenvalue_real.values)
    values = f"{slow} ± {_number(turn)}i" if _number(turn) != "0" else f"{slow}, {fast}"
    return (
        f"eigenvalues {values} s$^{{-1}}$\ncurl {_number(case.curl)} s$^{{-1}}$\n"
        f"cost rate at rest {_number(case.cost_rate)}"
    )


def _number(value: float) -> str:
    """Three digits; what is zero up to rounding is 0."""
    return f"{float(value):.3g}".replace("-", "−") if abs(value) > ROUNDING else "0"
