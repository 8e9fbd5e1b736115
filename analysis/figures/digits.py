"""Loss and test accuracy of a network that learns digits, one line per rule, with standard errors over trials."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import FONT, label, line_style, mean_band, plain, require_scenario, tidy

__all__ = ["digits"]

PERCENT = 100.0
PANEL = (5.0, 3.6)  # inches
GAP = 0.11  # least distance of two labels, in heights of a panel
FLOOR = 5.0  # the axis of accuracy starts at a multiple of so many percent


def digits(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the learning curves of each run in a row: means over trials, with standard errors as bands.

    The start, where the network guesses, lies below the axis of accuracy.
    """
    require_scenario("digits", runs, data)
    figure = Figure(figsize=(2 * PANEL[0], PANEL[1] * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 2, squeeze=False)
    for run, (loss, accuracy) in zip(runs, rows, strict=True):
        _row(loss, accuracy, run, f"{label(run)}\n" if len(runs) > 1 else "")
    tidy(rows.ravel().tolist())
    return figure


def _row(loss: Axes, accuracy: Axes, run: xr.Dataset, words: str) -> None:
    _curves(loss, run, "train_loss", 1.0)
    loss.set_yscale("log")
    loss.set_ylabel(f"{words}training loss (nats per image)")
    _name_lines(loss, run, "train_loss", 1.0, _tuned(run))
    mean, error = _curves(accuracy, run, "test_accuracy", PERCENT)
    lowest = (mean - np.nan_to_num(error))[min(1, len(mean) - 1) :].min()
    accuracy.set_ylim(FLOOR * np.floor(lowest / FLOOR), PERCENT)
    accuracy.set_ylabel("test accuracy (%)")
    reached = [
        f"{m:.1f} %" if np.isnan(e) else f"{m:.1f} ± {e:.1f} %" for m, e in zip(mean[-1], error[-1], strict=True)
    ]
    _name_lines(accuracy, run, "test_accuracy", PERCENT, reached)
    for ax in (loss, accuracy):
        ax.set_xlabel("epoch")
        ax.set_title(f"mean ± standard error, {run.sizes['trial']} trials")
        ax.set_xlim(0, float(run.epoch[-1]))
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _curves(ax: Axes, run: xr.Dataset, name: str, unit: float) -> tuple[NDArray, NDArray]:
    """Draw a variable for every rule; its mean and standard error over trials (time, rule)."""
    mean, error = mean_and_error(unit * _by_trial(run, name))
    for index in range(run.sizes["rule"]):
        style = line_style(index) | {"markevery": (1 + index, max(1, len(mean) // 6)), "markersize": 4.5}
        name_of = plain(run.rule_title.values[index])
        mean_band(ax, run.epoch, mean[:, index], error[:, index], style, label=name_of, linewidth=1.6)
    return mean, error


def _by_trial(run: xr.Dataset, name: str) -> NDArray:
    return run[name].transpose("trial", "time", "rule").values


def _tuned(run: xr.Dataset) -> list[str]:
    edge = {0: "", 1: ", at the edge"}
    pairs = zip(run.learning_rate.values, run.at_edge.values, strict=True)
    return [f"learning rate {rate:.2g}{edge[int(at)]}" for rate, at in pairs]


def _name_lines(ax: Axes, run: xr.Dataset, name: str, unit: float, words: list[str]) -> None:
    """Write name and words at the end of every line, apart from each other."""
    ends = unit * _by_trial(run, name).mean(0)[-1]
    ax.autoscale_view()
    to_axes = ax.transScale + ax.transLimits
    height = [float(to_axes.transform((float(run.epoch[-1]), end))[1]) for end in ends]
    for index, place in enumerate(_apart(np.array(height))):
        ax.annotate(
            f"{run.rule_title.values[index]}\n{words[index]}",
            xy=(1.0, height[index]),
            xytext=(1.07, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=line_style(index)["color"],
            fontsize=FONT - 1,
            verticalalignment="center",
            arrowprops={
                "arrowstyle": "-",
                "color": line_style(index)["color"],
                "linewidth": 0.7,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )


def _apart(height: NDArray) -> NDArray:
    """Places near the heights, in the same order, at least a gap apart."""
    order = np.argsort(height, kind="stable")
    ranks = GAP * np.arange(height.size)
    merged: list[list[float]] = []
    for level in height[order] - ranks:  # pool neighbours that are out of order, as in isotonic regression
        merged.append([float(level)])
        while len(merged) > 1 and np.mean(merged[-2]) > np.mean(merged[-1]):
            merged[-2:] = [merged[-2] + merged[-1]]
    pooled = np.concatenate([np.full(len(block), np.mean(block)) for block in merged])
    places = np.empty_like(height)
    places[order] = pooled + ranks
    return places
