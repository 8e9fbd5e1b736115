"""Choices with a reversal: learning curves, relearning, confusion of models, recovery of their numbers."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, lettered, require_scenario, tidy

__all__ = ["choices"]


def choices(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in two rows: learning curves and relearning, confusion and recovery."""
    require_scenario("choices", runs, data)
    figure = Figure(figsize=(10.5, 7.2 * len(runs)), layout="constrained")
    rows = figure.subplots(2 * len(runs), 2, squeeze=False)
    for run, (curves, ratios), (shares, numbers) in zip(runs, rows[::2], rows[1::2], strict=True):
        _curves(curves, run)
        _ratios(ratios, run)
        _confusion(shares, run)
        _recovery(numbers, run)
    lettered(rows[:2].ravel())
    tidy([ax for i, row in enumerate(rows) for j, ax in enumerate(row) if i % 2 == 0 or j == 1])
    return figure


def _curves(ax: Axes, run: xr.Dataset) -> None:
    for i, name in enumerate(run.model.values):
        smooth = run.accuracy.sel(model=name).rolling(trial=4, min_periods=1).mean()
        ax.plot(run.trial, smooth, color=COLOURS[i], label=str(name))
    ax.axvline(run.sizes["trial"] // 2 + 0.5, color="0.6", linestyle=":")
    ax.set_ylim(0, 1)
    ax.set_xlabel("trial of the session (dotted: reversal)")
    ax.set_ylabel("chance of the better answer")
    ax.legend(frameon=False, fontsize=FONT - 2, loc="lower left")


def _ratios(ax: Axes, run: xr.Dataset) -> None:
    places = np.arange(run.sizes["model"])
    mean, n = run.log_ratio.mean("person").values, run.sizes["person"]
    error = run.log_ratio.std("person", ddof=1).values / np.sqrt(n)
    for i, place in enumerate(places):
        ax.plot(np.linspace(-0.15, 0.15, n) + place, run.log_ratio[i], ".", color=COLOURS[i], alpha=0.5)
        ax.errorbar(place, mean[i], error[i], fmt="_", color="k", markersize=18, capsize=3)
    ax.axhline(0, color="0.6", linewidth=0.8)
    ax.set_xticks(places, [str(m).replace(", ", ",\n") for m in run.model.values], fontsize=FONT - 2)
    ax.set_ylabel("ln(trials to learn / to relearn)")


def _confusion(ax: Axes, run: xr.Dataset) -> None:
    ax.imshow(run.share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(run.share.values):
        ax.text(j, i, f"{value:.2f}", ha="center", va="center", color="w" if value > 0.5 else "k", fontsize=FONT - 1)
    names = [str(m).replace(", ", ",\n") for m in run.made_by.values]
    ax.set_xticks(range(len(names)), names, fontsize=FONT - 2)
    ax.set_yticks(range(len(names)), names, fontsize=FONT - 2)
    ax.set_xlabel("chosen by AIC", fontsize=FONT)
    ax.set_ylabel("made by", fontsize=FONT)


def _recovery(ax: Axes, run: xr.Dataset) -> None:
    places = np.arange(run.sizes["number"])
    ax.barh(places, run.recovered, color=COLOURS[0], label="recovered")
    ax.barh(places, run.flagged, left=run.recovered, color="0.8", label="flagged")
    ax.set_yticks(places, [str(n) for n in run.number.values], fontsize=FONT - 2)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of people (rest: missed)")
    ax.legend(frameon=False, fontsize=FONT - 2, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
