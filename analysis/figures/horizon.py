"""The way down a valley at different planning horizons: paths, loss, distances, ratio of rates."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import (
    COLOURS,
    FONT,
    colour_bar,
    draw_map,
    evenly,
    label,
    legend_below,
    lettered,
    line_style,
    mark,
    require_scenario,
    tidy,
)

__all__ = ["horizon"]

MARKS = 6  # along a path
FLOOR = 1e-6  # of the first value, the lowest that is drawn
DIRECTIONS = {"flat": "-", "steep": (0, (3, 1.5))}


def horizon(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one run with the learners that it is compared with, or several runs, by rising discount, on one valley."""
    require_scenario("horizon", runs, data)
    runs = (*runs, *_compared(runs[0])) if len(runs) == 1 else runs
    runs = tuple(sorted(runs, key=lambda run: run.attrs["discount"]))
    figure = Figure(figsize=(7.2, 6.4), layout="constrained")
    axes = figure.subplots(2, 2)
    styles = _styles(len(runs))
    _paths(figure, axes[0, 0], runs, styles)
    _losses(axes[0, 1], runs, styles)
    _distances(axes[1, 0], runs, styles)
    _ratios(axes[1, 1], runs, styles)
    tidy(axes.flat)
    lettered(axes.flat)
    legend_below(figure, axes[0, 0])
    return figure


def _compared(run: xr.Dataset) -> list[xr.Dataset]:
    """One Dataset per learner with another discount than the run."""
    names = ("theta", "loss", "distance", "rate_ratio")
    others = [run.sel(compared_discount=d) for d in run.compared_discount.values if d != run.attrs["discount"]]
    return [
        other.assign({name: other[f"compared_{name}"] for name in names}).assign_attrs(
            discount=float(other.compared_discount), label=f"discount {float(other.compared_discount):g} s⁻¹"
        )
        for other in others
    ]


def _paths(figure: Figure, ax: Axes, runs: tuple[xr.Dataset, ...], styles: list[dict]) -> None:
    colour_bar(figure, ax, draw_map(ax, runs[0]), shrink=0.75)
    mark(ax, runs[0].theta.values[:1], "start", "start")
    mark(ax, runs[0].optimum.values[None], "optimum", "optimum")
    for index, (run, style) in enumerate(zip(runs, styles, strict=True)):
        ax.plot(
            *run.theta.values.T,
            **style | {"label": label(run), "markevery": evenly(run.theta.values, MARKS, 0.15 * (index % 6 - 2.5))},
        )
    ax.set_xlabel(r"parameter $\theta_1$ (dimensionless)")
    ax.set_ylabel(r"parameter $\theta_2$ (dimensionless)")


def _losses(ax: Axes, runs: tuple[xr.Dataset, ...], styles: list[dict]) -> None:
    for run, style in zip(runs, styles, strict=True):
        ax.semilogy(run.time, run.loss, **style | {"markevery": _every(run)})
    _down_to(ax, float(runs[0].loss[0]))
    ax.set_xlabel("time (s)")
    ax.set_ylabel("loss $L$ (dimensionless)")


def _distances(ax: Axes, runs: tuple[xr.Dataset, ...], styles: list[dict]) -> None:
    for run, style in zip(runs, styles, strict=True):
        for direction, dashes in DIRECTIONS.items():
            away = np.abs(run.distance.sel(direction=direction))
            ax.semilogy(run.time, away, **style | {"markevery": _every(run), "linestyle": dashes})
    for direction, dashes in DIRECTIONS.items():
        curvature = float(runs[0].curvature.sel(direction=direction))
        ax.plot([], [], color="black", linestyle=dashes, label=f"curvature {curvature:g}")
    _down_to(ax, float(np.abs(runs[0].distance[0]).max()))
    ax.legend(
        frameon=False,
        fontsize=FONT - 2,
        ncols=2,
        columnspacing=1.0,
        handlelength=1.8,
        loc="lower right",
        bbox_to_anchor=(1.02, 0.98),
    )
    ax.set_xlabel("time (s)")
    ax.set_ylabel("distance from the optimum\nalong a direction (dimensionless)")


def _ratios(ax: Axes, runs: tuple[xr.Dataset, ...], styles: list[dict]) -> None:
    curve = runs[0].ratio_curve
    ax.plot(curve.curve_discount, curve, color="0.5", linewidth=1.4, zorder=1)
    curvature_ratio = runs[0].attrs["curvature_ratio"]
    for level, name in (
        (curvature_ratio, "short horizon, this metric: gradient descent"),
        (np.sqrt(curvature_ratio), "long horizon: ballistic rule"),
    ):
        ax.axhline(level, color="0.5", linewidth=0.9, linestyle=":", zorder=0)
        ax.annotate(name, (0.97, level), (0, 3), ("axes fraction", "data"), "offset points", ha="right", fontsize=8)
    for run, style in zip(runs, styles, strict=True):
        ax.plot(run.attrs["discount"], run.rate_ratio, **style | {"linestyle": "none", "markersize": 7}, clip_on=False)
    ax.set_xscale("symlog", linthresh=float(curve.curve_discount[1]), linscale=0.5)
    ax.set_xlim(0, max(float(curve.curve_discount[-1]), runs[-1].attrs["discount"]))
    ax.margins(y=0.12)
    ax.set_xlabel("discount (s$^{-1}$)")
    ax.set_ylabel("rate along the steep direction\nover the flat one")


def _styles(number: int) -> list[dict]:
    """One style per run; more runs than colours get a scale from dark to light by their discount."""
    if number <= len(COLOURS):
        styles = [line_style(i) for i in range(number)]
    else:
        shades = mpl.colormaps["viridis"](np.linspace(0, 0.78, number))
        styles = [line_style(i) | {"color": tuple(shade)} for i, shade in enumerate(shades)]
    return [style | {"markersize": 4.5, "linewidth": 1.6} for style in styles]


def _down_to(ax: Axes, top: float) -> None:
    ax.set_ylim(FLOOR * top, 2 * top)


def _every(run: xr.Dataset) -> int:
    return max(1, run.sizes["time"] // 12)
