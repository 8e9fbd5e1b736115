"""Weight matrices of a run: before, after, and their difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.pages.figure_parts import FONT, plain, tidy
from analysis.pages.run_parts import matrices, named, one_run, require_some

__all__ = ["weight_matrices"]

PROJECTIONS = 4  # that are drawn at most
ABSENT = "0.85"  # grey of pairs of neurons without a synapse
IMAGE: dict[str, Any] = {"aspect": "auto", "interpolation": "nearest", "origin": "lower"}


def weight_matrices(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the weights of every projection at the start and at the end on one scale, and the changes on another."""
    run = one_run(runs, data)
    known = [name for name in named(run, "initial_weight_", "all") if f"post_all_{name}" in run]
    require_some(known, run, "weights of all synapses with their neurons", "draw a run that as_dataset has labelled")
    figure = Figure(figsize=(9.0, 0.6 + 2.8 * min(len(known), PROJECTIONS)), layout="constrained")
    rows = figure.subplots(min(len(known), PROJECTIONS), 3, squeeze=False)
    for name, axes in zip(known, rows, strict=False):
        (before, after), block, size = matrices(run, name)
        both = np.concatenate([before.ravel(), after.ravel()])
        low, high = float(np.nanmin(both)), float(np.nanmax(both))
        signed = low < 0 < high
        limit = max(-low, high)
        scale = (-limit, limit, "RdBu_r") if signed else (min(low, 0.0), max(high, 0.0), "viridis")
        change = after - before
        largest = float(np.nanmax(np.abs(change))) or 1.0
        for ax, values, title, (least, most, colours) in zip(
            axes,
            (before, after, change),
            ("before", "after", "change"),
            (scale, scale, (-largest, largest, "PuOr_r")),
            strict=True,
        ):
            image = ax.imshow(values, vmin=least, vmax=most, cmap=colours, extent=_extent(values, block), **IMAGE)
            figure.colorbar(image, ax=ax, shrink=0.9).ax.tick_params(labelsize=FONT - 2)
            ax.set_title(f"{plain(name)}: {title}{'' if block == (1, 1) else f', means of {block[0]} × {block[1]}'}")
            _finish(ax, size)
        axes[0].set_ylabel("postsynaptic neuron")
    for ax in rows[-1]:
        ax.set_xlabel("presynaptic neuron")
    tidy(rows.ravel().tolist())
    return figure


def _extent(values: np.ndarray, block: tuple[int, int]) -> tuple[float, float, float, float]:
    """Neurons that the edges of an image stand for."""
    return -0.5, values.shape[1] * block[1] - 0.5, -0.5, values.shape[0] * block[0] - 0.5


def _finish(ax: Axes, size: tuple[int, int]) -> None:
    ax.set_facecolor(ABSENT)
    ax.set_ylim(-0.5, size[0] - 0.5)
    ax.set_xlim(-0.5, size[1] - 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
