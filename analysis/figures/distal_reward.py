"""Distal reward: the rewarded weight among the others, how often rewards come, and weights at the end."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import legend_below, lettered, line_style, mean_band, only_run, plain, tidy

__all__ = ["distal_reward"]


def distal_reward(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one run."""
    run = only_run("distal_reward", runs, data)
    figure = Figure(figsize=(7.2, 5.6), layout="constrained")
    axes = figure.subplots(2, 2)
    _course(axes[0, 0], run, run.rewarded_weight, "rewarded weight (mV)")
    _course(axes[0, 1], run, run.other_weight, "mean of the other weights (mV)")
    for ax in axes[0]:
        ax.set_ylim(0, 1.05 * run.attrs["highest"])
    _course(axes[1, 0], run, 60 * run.rewards.isel(time=slice(1, None)), "rewards per minute")
    _histogram(axes[1, 1], run)
    tidy(axes.flat)
    lettered(axes.flat)
    title = f"mean ± standard error, {run.sizes['trial']} runs; vertical lines in d: rewarded synapses"
    legend_below(figure, axes[0, 0], columns=run.sizes["rule"], title=title)
    return figure


def _course(ax: Axes, run: xr.Dataset, values: xr.DataArray, label: str) -> None:
    for index, rule in enumerate(run.rule.values):
        path = values.sel(rule=rule).transpose("trial", "time").values
        style = line_style(index) | {"label": plain(rule)}
        mean_band(ax, values.time / 60, *mean_and_error(path), style, marker="none", linewidth=1.5)
    ax.set_xlabel("time (min)")
    ax.set_ylabel(label)
    ax.set_ylim(bottom=0)


def _histogram(ax: Axes, run: xr.Dataset) -> None:
    """Share of the synapses of all runs in intervals of the weight, and where the rewarded ones are."""
    edges = np.linspace(0, run.attrs["highest"], 21)
    for index, rule in enumerate(run.rule.values):
        style = line_style(index)
        line = {"color": style["color"], "linestyle": style["linestyle"]}
        weights = run.weight.sel(rule=rule)
        others = weights.isel(synapse=slice(1, None)).values.ravel()
        ax.stairs(np.histogram(others, edges)[0] / others.size, edges, linewidth=1.5, **line)
        for weight in weights.isel(synapse=0).values:
            ax.axvline(weight, linewidth=1.0, **line)
    ax.set_yscale("log")
    ax.set_xlabel("weight at the end (mV)")
    ax.set_ylabel("share of the synapses")
