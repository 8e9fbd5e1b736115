"""Optimal path and gradient flow in a double well, and what they cost on the way."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures._loss_map import GREY, checked, draw_map, mark
from analysis.figures._style import FONT, label, look, tidy

__all__ = ["double_well"]

OPTIMAL, FLOW = 0, 1  # trials of a run
ROOM = 1.5  # the map's scale ends at this many ridge heights above the lowest loss


def double_well(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the paths on the loss, and their kinetic and potential cost over time.

    Parameters
    ----------
    *runs : xarray.Dataset
        Of the scenario double_well, on one landscape: the optimal path of each, and gradient flow of the first.
    data : None
        There are no measurements of it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there is no run, or one of another scenario.
    """
    checked("double_well", runs, data)
    figure = Figure(figsize=(7.2, 4.9), layout="constrained")
    axes = figure.subplot_mosaic([["map", "map"], ["kinetic", "potential"]], height_ratios=[1.35, 1])
    _map(figure, axes["map"], runs)
    for name in ("kinetic", "potential"):
        _cost(axes[name], runs, name)
    axes["kinetic"].set_ylabel(r"cost of change $|\dot\theta|^2/2\eta$" + "\n(loss units)")
    axes["potential"].set_ylabel("cost of loss $k\\,L$\n(loss units)")
    tidy(axes.values())
    for letter, ax in zip("abc", axes.values(), strict=True):
        ax.set_title(letter, loc="left", fontweight="bold")
    handles, labels = axes["kinetic"].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=FONT - 1)
    return figure


def _map(figure: Figure, ax: Axes, runs: tuple[xr.Dataset, ...]) -> None:
    first = runs[0]
    lowest = float(first.loss_map.min())
    shown = draw_map(ax, first, top=lowest + ROOM * (float(first.loss.max()) - lowest))
    bar = figure.colorbar(shown, ax=ax, label="loss $L$ (dimensionless)", shrink=0.9)
    bar.ax.tick_params(labelsize=FONT - 2)
    for style, run, trial in _lines(runs):
        path = run.theta.isel(trial=trial).values
        ax.plot(*path.T, **style | {"markevery": _even(path)})
    for minimum in first.minimum.values:
        mark(ax, minimum, "optimum")
    mark(ax, first.theta.values[0, 0], "start")
    ax.set_xlabel("parameter $x$ (dimensionless)")
    ax.set_ylabel("parameter $y$\n(dimensionless)")
    critical = float(first.critical_discount)
    if np.isfinite(critical):
        ax.set_title(f"critical discount {critical:.3f} 1/s, start ○, minima +", loc="right")


def _cost(ax: Axes, runs: tuple[xr.Dataset, ...], name: str) -> None:
    for style, run, trial in _lines(runs):
        ax.plot(run.sample, run[name].isel(trial=trial), **style | {"markevery": max(1, run.sizes["sample"] // 12)})
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.set_xlabel("time (s)")


def _lines(runs: tuple[xr.Dataset, ...]) -> list[tuple[dict, xr.Dataset, int]]:
    """Look, run and trial of every line: gradient flow of the first run below the optimal path of each."""
    flow = {"color": GREY, "linestyle": ":", "linewidth": 2.0, "label": "gradient flow"}
    lines = [(flow, runs[0], FLOW)]
    for index, run in enumerate(runs):
        named = f"optimal path, {label(run)}"
        lines.append((look(index) | {"label": named, "markersize": 4.5, "linewidth": 1.8}, run, OPTIMAL))
    return lines


def _even(path: np.ndarray, n: int = 10) -> list[int]:
    """Points at about even distances along a path."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return sorted(set(np.searchsorted(length, np.linspace(0, length[-1], n + 1)[1:-1])))
