"""Learning with few controllers: loss by angle of the target, rates, and loss by the number of controllers."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import (
    FONT,
    label,
    legend_below,
    lettered,
    line_style,
    mean_band,
    plain,
    require_scenario,
    tidy,
)

__all__ = ["partial_control"]

DARK = "0.45"


def partial_control(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in a row: the loss along learning for every target, and what `solve` predicts."""
    require_scenario("partial_control", runs, data)
    figure = Figure(figsize=(10.0, 3.5 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 3, squeeze=False, width_ratios=(1.5, 1.0, 1.2))
    for run, (learning, rates, ranks) in zip(runs, rows, strict=True):
        _learning(learning, run, f"{label(run)}\n" if len(runs) > 1 else "")
        _rates(rates, run)
        _ranks(ranks, run)
    lettered(rows[0])
    tidy(rows.ravel().tolist())
    legend_below(figure, rows[0, 0])
    return figure


def _learning(ax: Axes, run: xr.Dataset, words: str) -> None:
    """Mean loss over trials with standard errors; dotted: at the rest point by theory."""
    for index, title in enumerate(run.rule_title.values):
        for target in range(run.sizes["target"]):
            loss = run.loss.isel(rule=index, target=target).transpose("trial", "time").values
            style = line_style(index) | {"marker": "none", "linewidth": 1.6}
            mean_band(ax, run.time, *mean_and_error(loss), style, label=plain(title) if target == 0 else "_")
            rest = float(run.predicted_loss.isel(rule=index, target=target).mean())
            ax.axhline(rest, color=style["color"], linestyle=":", linewidth=1.2, zorder=1)
    ax.plot([], [], color=DARK, linestyle=":", label="rest point by solve")
    for target, angle in enumerate(run.target.values):
        height = float(run.loss.isel(target=target, time=-1).mean())
        words_of = {0.0: "inside", 90.0: "outside"}.get(float(angle), "target at")
        ax.text(
            1.02, height, f"{words_of}\n{angle:g}°", transform=ax.get_yaxis_transform(), fontsize=FONT - 2, va="center"
        )
    ax.set_ylim(0, 1.08)
    ax.set_xlim(0, float(run.time[-1]))
    ax.set_xlabel("time (s)")
    ax.set_ylabel(f"{words}loss (relative to the start)")
    ax.set_title(f"{run.attrs['n_controlled']} controllers of {run.sizes['parameter']} weights")


def _rates(ax: Axes, run: xr.Dataset) -> None:
    highest = 1.15 * float(np.nanmax([run.rate.max(), run.predicted_rate.max()]))
    ax.plot([0, highest], [0, highest], color=DARK, linewidth=1)
    for index in range(run.sizes["rule"]):
        style = line_style(index) | {"linestyle": "none", "markersize": 7}
        ax.plot(float(run.predicted_rate[index]), float(run.rate[index]), **style)
    ax.set_xlim(0, highest)
    ax.set_ylim(0, highest)
    ax.set_xlabel("rate by solve (s$^{-1}$)")
    ax.set_ylabel("rate in the network (s$^{-1}$)")
    ax.set_title("rate of learning")


def _ranks(ax: Axes, run: xr.Dataset) -> None:
    mean, error = mean_and_error(run.rank_loss.transpose("trial", "rank").values)
    style = line_style(run.rule.values.tolist().index("finite"))
    ax.errorbar(run["rank"], mean, error, **style | {"linestyle": "none", "markersize": 4.5})
    ax.plot(run["rank"], run.predicted_rank_loss.mean("trial"), color=style["color"], linestyle=":", linewidth=1.4)
    share = np.array([0.0, 1.0])
    ax.plot(share * run.sizes["parameter"], 1 - share, color=DARK, linewidth=1, linestyle="--")
    ax.text(0.97, 0.95, "dashed: 1 − m/n", transform=ax.transAxes, ha="right", fontsize=FONT - 2, color=DARK)
    ax.set_xlabel("controllers m")
    ax.set_ylabel("loss at the end")
    ax.set_title(f"random targets, mean ± s.e.,\n{run.sizes['trial']} trials", fontsize=FONT)
    ax.set_ylim(0, 1.08)
    ax.set_xlim(0, run.sizes["parameter"] + 0.4)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
