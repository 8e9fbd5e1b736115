"""The loss as a pale map under dark paths, shared by the figures of learning in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.contour import QuadContourSet
from matplotlib.figure import FigureBase
from matplotlib.ticker import MaxNLocator

from analysis.figure_parts.style import FONT

# from white to a grey blue whose luminance still leaves every colour of the palette legible
PALE = LinearSegmentedColormap.from_list("pale", ["#FFFFFF", "#DCE4EC", "#AFBECC"])
LEVELS = 12
GREY = "0.35"


def draw_map(ax: Axes, run: xr.Dataset, top: float | None = None) -> QuadContourSet:
    """Draw the loss on its grid, from its lowest value to `top` (the rest is as dark as the top)."""
    loss = run.loss_map
    highest = float(loss.max())
    levels = MaxNLocator(LEVELS).tick_values(float(loss.min()), highest if top is None else top)
    extend = "max" if levels[-1] < highest else "neither"
    filled = ax.contourf(loss.grid_x, loss.grid_y, loss, levels=levels, cmap=PALE, extend=extend)
    ax.contour(loss.grid_x, loss.grid_y, loss, levels=levels, colors="white", linewidths=0.6, linestyles="solid")
    ax.set_aspect("equal")
    return filled


def colour_bar(
    figure: FigureBase, axes: Axes | Sequence[Axes], shown: QuadContourSet, shrink: float = 1.0, pad: float = 0.03
) -> None:
    """Scale of the map below its axes."""
    bar = figure.colorbar(shown, ax=axes, orientation="horizontal", aspect=40, pad=pad, shrink=shrink)
    bar.set_label("loss $L$ (dimensionless)", fontsize=FONT - 1)
    levels = np.asarray(shown.levels)
    bar.set_ticks(levels[:: 1 + len(levels) // 8].tolist())
    bar.ax.tick_params(labelsize=FONT - 2)


def mark(ax: Axes, points: np.ndarray, kind: str, label: str = "") -> None:
    """Mark points (k, 2) of the map as ``"start"``, ``"optimum"`` or ``"rest"``."""
    looks: dict[str, dict[str, Any]] = {
        "start": {"marker": "o", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 7},
        "optimum": {"marker": "+", "color": "black", "markersize": 10, "markeredgewidth": 1.6},
        "rest": {"marker": "o", "color": "black", "markersize": 5},
    }
    ax.plot(*np.asarray(points).T, linestyle="none", zorder=5, label=label or "_", **looks[kind])


def evenly(path: np.ndarray, n: int, shift: float = 0.0) -> list[int]:
    """Indices of about `n` points of a path (n_times, 2) at even distances, moved on by a share of that distance."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    share = (np.arange(n) + 0.5 + shift) / n
    return sorted(set(np.searchsorted(length, length[-1] * share).tolist()))
