"""Assumptions of a rule near its rest point: its motion, the metrics that make it optimal, and the least drift."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, DASHES, FONT, GREY, require_scenario, tidy
from plasticity.errors import InputError

__all__ = ["assumptions", "draw_ellipse", "draw_flow"]


def assumptions(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each rule in a row, along its first two parameters.

    Left: the motion about the rest point on contours of the loss. Middle: for each discount the directions in which
    change is cheap, an ellipse of the inverse metric, of equal area. Right: the least drift at those discounts.
    """
    require_scenario("assumptions", runs, data)
    if any(run.sizes["parameter"] < 2 for run in runs):
        raise InputError("the figure of assumptions needs two parameters or more; with one, print the verdict")
    figure = Figure(figsize=(9.6, 3.2 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 3, squeeze=False)
    for run, (motion, metric, drift) in zip(runs, rows, strict=True):
        pair = run.isel(parameter=slice(2), other_parameter=slice(2))
        _contours(motion, pair.hessian.values)
        draw_flow(motion, -pair.slope.values, COLOURS[0])
        motion.set_title(f"{run.attrs['rule']}: {run.attrs['kind']}", fontsize=FONT)
        for i, discount in enumerate(run.discount.values):
            inverse = pair.inverse_metric.values[i]
            if np.all(np.isfinite(inverse)) and np.any(inverse):
                draw_ellipse(metric, inverse, f"γ = {discount:g} /s", COLOURS[i % 6], DASHES[i % 6])
        metric.set_title("cheap directions of change", fontsize=FONT)
        _drifts(drift, pair)
        for ax in (motion, metric):
            ax.set_aspect("equal")
            ax.set_xlabel("θ₁ − rest")
            ax.set_ylabel("θ₂ − rest")
        if metric.get_legend_handles_labels()[0]:
            metric.legend(frameon=False, fontsize=FONT - 2, loc="lower right")
        else:
            metric.text(0.5, 0.5, "no metric by the\nvelocity alone", ha="center", transform=metric.transAxes)
    tidy(rows.ravel().tolist())
    return figure


def draw_ellipse(ax: Axes, matrix: np.ndarray, label: str, colour: str, dashes: object = "-", **style: object) -> None:
    """Draw ``θᵀM⁻¹θ = const`` of a matrix M (2, 2) ⪰ 0, scaled to a mean squared radius of 1."""
    values, vectors = np.linalg.eigh(matrix)
    angle = np.linspace(0, 2 * np.pi, 200)
    radius = np.sqrt(np.maximum(values, 0.0) / values.sum() * 2)
    x, y = (vectors * radius) @ np.stack([np.cos(angle), np.sin(angle)])
    ax.plot(x, y, color=colour, linestyle=dashes, label=label, **style)  # type: ignore[arg-type]


def draw_flow(ax: Axes, slope: np.ndarray, colour: str) -> None:
    """Stream lines of ė = Ae on the square of half width 1."""
    grid = np.linspace(-1, 1, 21)
    x, y = np.meshgrid(grid, grid)
    u, v = np.einsum("ij,jkl->ikl", slope, np.stack([x, y]))
    ax.streamplot(grid, grid, u, v, color=colour, density=0.7, linewidth=0.9, arrowsize=0.9)


def _contours(ax: Axes, hessian: np.ndarray) -> None:
    grid = np.linspace(-1, 1, 61)
    x, y = np.meshgrid(grid, grid)
    loss = 0.5 * np.einsum("ikl,ij,jkl->kl", np.stack([x, y]), hessian, np.stack([x, y]))
    ax.contour(x, y, loss, levels=8, colors="0.8", linewidths=0.8)


def _drifts(ax: Axes, pair: xr.Dataset) -> None:
    """Least drift at the middle discount as a field, or a statement that there is none."""
    middle = pair.sizes["discount"] // 2
    drift = pair.drift.values[middle]
    ax.set_aspect("equal")
    ax.set_xlim(-1, 1)
    ax.set_ylim(-1, 1)
    if not np.all(np.isfinite(drift)):
        ax.text(0, 0, "none by the\nvelocity alone", ha="center", va="center")
    elif not np.any(drift):
        ax.text(0, 0, "no drift needed", ha="center", va="center", color=GREY)
    else:
        draw_flow(ax, drift, COLOURS[1])
    ax.set_title(f"least drift, γ = {pair.discount.values[middle]:g} /s", fontsize=FONT)
    ax.set_xlabel("θ₁")
    ax.set_ylabel("θ₂")
