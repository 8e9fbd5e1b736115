"""Competitive STDP: histograms of the weights, rate of the neuron against that of its inputs, rate during learning."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import FONT, legend_below, lettered, line_style, only_run, plain, tidy

__all__ = ["competitive_stdp"]


def competitive_stdp(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one run."""
    run = only_run("competitive_stdp", runs, data)
    middle = float(run.input_rate[len(run.input_rate) // 2])
    figure = Figure(figsize=(7.2, 6.0), layout="constrained")
    axes = figure.subplots(2, 2)
    _weights(axes[0, 0], run, middle)
    _against_input(axes[0, 1], run, run.firing_rate)
    axes[0, 1].set_ylabel("firing rate (Hz)")
    axes[0, 1].set_yscale("symlog", linthresh=10)
    axes[0, 1].yaxis.set_major_formatter("{x:g}")
    axes[0, 1].set_ylim(bottom=0)
    _course(axes[1, 0], run, middle)
    _against_input(axes[1, 1], run, run.irregularity)
    axes[1, 1].axhline(1.0, color="0.5", linewidth=0.9, linestyle=":", zorder=0)
    axes[1, 1].set_ylabel("irregularity of intervals")
    axes[1, 1].set_ylim(bottom=0)
    tidy(axes.flat)
    lettered(axes.flat)
    title = "grey: before learning, alike for all rules; dotted in d: a Poisson process"
    legend_below(figure, axes[0, 1], columns=run.sizes["rule"], title=title)
    return figure


def _weights(ax: Axes, run: xr.Dataset, input_rate: float) -> None:
    """Histograms of final weights at one input rate, over those at the start."""
    edges = np.linspace(0, 1, 21)
    start = run.initial_weight.sel(input_rate=input_rate).values.ravel()
    ax.stairs(np.histogram(start, edges)[0] / start.size, edges, fill=True, color="0.8")
    for index, rule in enumerate(run.rule.values):
        weights = run.weight.sel(rule=rule, input_rate=input_rate).values.ravel()
        style = line_style(index)
        share = np.histogram(weights, edges)[0] / weights.size
        ax.stairs(share, edges, color=style["color"], linestyle=style["linestyle"], linewidth=1.5)
    ax.set_title(f"inputs of {input_rate:g} Hz", fontsize=FONT)
    ax.set_xlabel(r"weight / $g_\mathrm{max}$")
    ax.set_ylabel("share of the synapses")


def _against_input(ax: Axes, run: xr.Dataset, values: xr.DataArray) -> None:
    """Mean over neurons against the rate of the inputs, before learning in grey and afterwards."""
    mean = values.mean("trial")
    ax.plot(run.input_rate, mean.sel(stage="before").isel(rule=0), color="0.6", marker="o", linewidth=1.2)
    for index, rule in enumerate(run.rule.values):
        style = line_style(index) | {"markersize": 5, "linewidth": 1.3}
        ax.plot(run.input_rate, mean.sel(stage="after", rule=rule), **style, label=plain(rule))
    ax.set_xlabel("rate of the inputs (Hz)")


def _course(ax: Axes, run: xr.Dataset, input_rate: float) -> None:
    for index, rule in enumerate(run.rule.values):
        style = line_style(index)
        rate = run.rate_while_learning.sel(rule=rule, input_rate=input_rate).mean("trial")
        ax.plot(run.time, rate, color=style["color"], linestyle=style["linestyle"], linewidth=1.3)
    ax.set_title(f"inputs of {input_rate:g} Hz", fontsize=FONT)
    ax.set_xlabel("time of learning (s)")
    ax.set_ylabel("firing rate (Hz)")
    ax.set_ylim(bottom=0)
