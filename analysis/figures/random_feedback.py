"""Learning through exact, random and noisy feedback: loss, accuracy, and the angle between the two messages."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import (
    label,
    legend_below,
    lettered,
    line_style,
    plain,
    require_scenario,
    tidy,
)

__all__ = ["random_feedback"]

PANELS = {
    "train_loss": ("training loss (Hz²)", 1.0),
    "test_accuracy": ("test accuracy (%)", 100.0),
    "alignment": ("angle between random and\nbackpropagated message (degree)", 1.0),
}
FLOOR = 10.0  # the axis of accuracy starts at a multiple of so many percent


def random_feedback(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in a row: means over trials, with standard errors as bars."""
    require_scenario("random_feedback", runs, data)
    figure = Figure(figsize=(10.5, 3.6 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 3, squeeze=False)
    for run, panels in zip(runs, rows, strict=True):
        for ax, (name, (words, unit)) in zip(panels, PANELS.items(), strict=True):
            _curves(ax, run, name, unit)
            ax.set_ylabel(f"{label(run)}\n{words}" if len(runs) > 1 and name == "train_loss" else words)
        panels[0].set_yscale("log")
        panels[1].set_ylim(_lowest(run), 100)  # the start, where the network guesses, lies below
        panels[2].axhline(90, color="0.45", linewidth=1, linestyle=":")
        panels[2].set_ylim(0, 105)
        panels[1].set_title(f"mean ± standard error, {run.sizes['trial']} trials")
    lettered(rows[0])
    tidy(rows.ravel().tolist())
    legend_below(figure, rows[0, 0], columns=5)
    return figure


def _curves(ax: Axes, run: xr.Dataset, name: str, unit: float) -> None:
    mean, error = mean_and_error(unit * run[name].transpose("trial", "time", "condition").values)
    for index, title in enumerate(run.condition_title.values):
        every = (1 + index % max(1, len(mean) - 1), max(1, len(mean) // 5))
        style = line_style(index) | {"markevery": every, "errorevery": every, "markersize": 4.5, "capsize": 2.5}
        ax.errorbar(run.epoch, mean[:, index], error[:, index], **style, label=plain(title), linewidth=1.6)
    ax.set_xlim(0, float(run.epoch[-1]))
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _lowest(run: xr.Dataset) -> float:
    """Lower end of the axis of accuracy: below all that is reached after the first epoch."""
    reached = 100 * float(run.test_accuracy.isel(time=slice(1, None)).mean("trial").min())
    return FLOOR * max(0.0, np.floor(reached / FLOOR))
