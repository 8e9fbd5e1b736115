"""Inhibitory balance: inhibition over excitation by signal, the rate of the neuron, and weights during learning."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import (
    FONT,
    legend_below,
    lettered,
    line_style,
    mean_band,
    only_run,
    plain,
    tidy,
)

__all__ = ["inhibitory_balance"]


def inhibitory_balance(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one run."""
    run = only_run("inhibitory_balance", runs, data)
    figure = Figure(figsize=(7.2, 5.6), layout="constrained")
    axes = figure.subplots(2, 2)
    _tuning(axes[0, 0], run)
    _rates(axes[0, 1], run)
    _weights(axes[1, 0], run)
    _against_excitation(axes[1, 1], run)
    tidy(axes.flat)
    lettered(axes.flat)
    title = f"mean ± standard error, {run.sizes['trial']} neurons; grey: excitation"
    legend_below(figure, axes[0, 0], columns=run.sizes["rule"], title=title)
    return figure


def _tuning(ax: Axes, run: xr.Dataset) -> None:
    """Final inhibitory weights by signal, and the excitatory ones in grey, each over the largest of its kind."""
    excitation = run.excitatory_weight.mean("trial")
    ax.plot(run.signal, excitation / excitation.max(), color="0.6", marker="o", linewidth=1.2)
    for index, rule in enumerate(run.rule.values):
        weights = run.inhibitory_weight.isel(time=-1).sel(rule=rule).transpose("trial", "signal").values
        mean, error = mean_and_error(weights / weights.mean(0).max())
        ax.errorbar(run.signal, mean, error, **line_style(index) | {"markersize": 5, "capsize": 2}, label=plain(rule))
    ax.set_xlabel("signal")
    ax.set_ylabel("weight / largest weight")
    ax.set_ylim(bottom=0)


def _rates(ax: Axes, run: xr.Dataset) -> None:
    for index, rule in enumerate(run.rule.values):
        rate = run.firing_rate.sel(rule=rule).isel(time=slice(1, None)).transpose("trial", "time").values
        mean_band(ax, run.time[1:], *mean_and_error(rate), line_style(index), marker="none", linewidth=1.5)
    ax.axhline(run.attrs["target_rate"], color="0.5", linewidth=0.9, linestyle=":", zorder=0)
    ax.annotate(
        "target", (1, run.attrs["target_rate"]), (-2, 3), ("axes fraction", "data"), "offset points", ha="right"
    )
    ax.set_xlabel("time (s)")
    ax.set_ylabel("firing rate (Hz)")
    ax.set_ylim(bottom=0)


def _weights(ax: Axes, run: xr.Dataset) -> None:
    """Weights of the preferred signal, its neighbour and one far away, of the first rule."""
    weights = run.inhibitory_weight.isel(rule=0).mean("trial")
    for index, signal in enumerate((5, 4, 1)):
        style = line_style(index)
        path = weights.sel(signal=signal)
        ax.plot(run.time, path, color="black", linestyle=style["linestyle"], linewidth=1.3)
        ax.annotate(f" signal {signal}", (run.time[-1], path[-1]), fontsize=FONT - 2, va="center")
    ax.margins(x=0.2)
    ax.set_xlim(left=0)
    ax.set_title(f"rule: {plain(run.rule.values[0])}", fontsize=FONT)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("inhibitory weight")
    ax.set_ylim(bottom=0)


def _against_excitation(ax: Axes, run: xr.Dataset) -> None:
    for index, rule in enumerate(run.rule.values):
        weights = run.inhibitory_weight.isel(time=-1).sel(rule=rule).transpose("trial", "signal").values
        style = line_style(index)
        ax.plot(
            run.excitatory_weight.transpose("trial", "signal").values.ravel(),
            weights.ravel(),
            linestyle="none",
            marker=style["marker"],
            color=style["color"],
            markersize=4,
        )
    ax.set_xlabel("excitatory weight of a signal")
    ax.set_ylabel("inhibitory weight")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
