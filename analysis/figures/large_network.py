"""Learning curves of a large network by horizon: training loss and test accuracy against gradient evaluations."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import legend_below, line_style, mean_band, require_scenario, tidy

__all__ = ["large_network"]

PANEL = (5.0, 3.6)  # inches
PERCENT = 100.0
FLOOR = 5.0  # the axis of accuracy starts at a multiple of so many percent


def large_network(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw means over trials with standard errors as bands, a row per run."""
    require_scenario("large_network", runs, data)
    figure = Figure(figsize=(2 * PANEL[0], (PANEL[1] + 0.5) * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 2, squeeze=False)
    for run, (loss, accuracy) in zip(runs, rows, strict=True):
        _curves(loss, run, "train_loss", 1.0)
        loss.set_yscale("log")
        loss.set_ylabel("training loss (nats per image)")
        _curves(accuracy, run, "test_accuracy", PERCENT)
        final = run.test_accuracy.isel(evaluation=slice(len(run.evaluation) // 2, None)).mean("trial")
        lowest = PERCENT * float(final.min())
        accuracy.set_ylim(FLOOR * np.floor(lowest / FLOOR) - FLOOR, PERCENT)
        accuracy.set_ylabel("test accuracy (%)")
    legend_below(figure, rows[0, 0], columns=3)
    tidy(rows.ravel().tolist())
    return figure


def _curves(ax: Axes, run: xr.Dataset, name: str, unit: float) -> None:
    mean, error = mean_and_error(unit * run[name].transpose("trial", "evaluation", "rule").values)
    for index in range(run.sizes["rule"]):
        style = line_style(index) | {"markevery": (1 + index, 6), "markersize": 4.5}
        title = str(run.rule_title.values[index])
        mean_band(ax, run.evaluation, mean[:, index], error[:, index], style, label=title, linewidth=1.6)
    ax.set_xlabel("gradient evaluations (a product counts as two)")
    weights = f"{run.attrs['n_weights']:,} weights"
    ax.set_title(f"{weights}; mean ± standard error, {run.sizes['trial']} trials")
