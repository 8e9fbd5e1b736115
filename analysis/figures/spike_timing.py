"""Spike timing under noisy feedback: learning curves, loss against noise, and when the neurons fire after learning."""

from __future__ import annotations

import numpy as np
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

__all__ = ["spike_timing"]


def spike_timing(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one run."""
    run = only_run("spike_timing", runs, data)
    figure = Figure(figsize=(7.2, 6.0), layout="constrained")
    axes = figure.subplots(2, 2)
    middle = float(run.noise[len(run.noise) // 2])
    _curves(axes[0, 0], run, middle)
    _by_noise(axes[0, 1], run)
    _precision(axes[1, 0], run)
    _rates(axes[1, 1], run, middle)
    tidy(axes.flat)
    lettered(axes.flat)
    legend_below(
        figure, axes[0, 1], columns=run.sizes["rule"], title=f"mean ± standard error, {run.sizes['trial']} learners"
    )
    return figure


def _curves(ax: Axes, run: xr.Dataset, noise: float) -> None:
    """Mean and standard error over learners against time, at one noise."""
    for index, rule in enumerate(run.rule.values):
        loss = run.loss.sel(rule=rule, noise=noise).transpose("trial", "time").values
        mean_band(ax, run.time, *mean_and_error(loss), line_style(index), marker="none", linewidth=1.5)
    ax.set_title(f"noise {noise:g} s$^{{-1/2}}$", fontsize=FONT)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("loss per presentation (nat)")


def _by_noise(ax: Axes, run: xr.Dataset) -> None:
    final = run.loss.isel(time=-1)
    _against_noise(ax, run, final)
    before = _before(ax, run.loss)
    ax.annotate(
        "before learning", (0.02, before), (0, 3), ("axes fraction", "data"), "offset points", fontsize=FONT - 2
    )
    ax.set_yscale("log")
    ax.set_ylabel("loss after learning (nat)")


def _before(ax: Axes, values: xr.DataArray) -> float:
    """Dotted line at the mean before learning, which is returned."""
    before = float(values.isel(time=0).mean())
    ax.axhline(before, color="0.5", linewidth=0.9, linestyle=":", zorder=0)
    return before


def _precision(ax: Axes, run: xr.Dataset) -> None:
    _against_noise(ax, run, run.precision.isel(time=-1))
    _before(ax, run.precision)
    ax.set_ylim(0, 1)
    ax.set_ylabel("share of spikes at a target")


def _against_noise(ax: Axes, run: xr.Dataset, values: xr.DataArray) -> None:
    """Mean and standard error over learners against the noise, on an axis that has room for 0."""
    positions = np.arange(run.sizes["noise"])
    n = run.sizes["rule"]
    for index, rule in enumerate(run.rule.values):
        mean, error = mean_and_error(values.sel(rule=rule).transpose("trial", "noise").values)
        aside = 0.08 * (index - (n - 1) / 2)
        style = line_style(index) | {"markersize": 5, "linewidth": 1.2, "capsize": 2}
        ax.errorbar(positions + aside, mean, error, **style, label=plain(rule))
    ax.set_xticks(positions, [f"{v:g}" for v in run.noise.values])
    ax.set_xlabel("noise of the feedback (s$^{-1/2}$)")


def _rates(ax: Axes, run: xr.Dataset, noise: float) -> None:
    for target in run.target.values:
        ax.axvline(target, color="0.6", linewidth=0.9, zorder=0)
    for index, rule in enumerate(run.rule.values):
        style = line_style(index)
        rate = run.rate.sel(rule=rule, noise=noise)
        ax.plot(run.phase, rate, color=style["color"], linestyle=style["linestyle"], linewidth=1.3)
    ax.set_title(f"noise {noise:g} s$^{{-1/2}}$; lines: targets", fontsize=FONT)
    ax.set_xlabel("time in the pattern (s)")
    ax.set_ylabel("escape rate after learning (Hz)")
