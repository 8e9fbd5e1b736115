"""Unsupervised digits: accuracy by rule, and fields of the neurons of the first network before and after learning."""

from __future__ import annotations

from math import ceil, isqrt
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import FONT, line_style, plain, require_scenario, tidy
from plasticity.errors import InputError

__all__ = ["unsupervised_digits"]

COLUMNS = 10  # neurons in a row of fields
CHANCE = 0.1


def unsupervised_digits(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one run."""
    require_scenario("unsupervised_digits", runs, data)
    if len(runs) != 1:
        raise InputError(f"the figure unsupervised_digits draws one run, got {len(runs)}; draw them one by one")
    run = runs[0]
    learned = [rule for rule in run.rule.values if rule != "untrained"]
    rows = ceil(run.sizes["cell"] / COLUMNS)
    figure = Figure(figsize=(7.6, 2.6 + (1 + len(learned)) * (0.5 + 0.48 * rows)), layout="constrained")
    layout: list[Any] = [["accuracy"], ["before"], *([f"{rule} fields"] for rule in learned)]
    axes = figure.subplot_mosaic(layout, height_ratios=[2.4, *(0.5 + 0.48 * rows for _ in layout[1:])])
    _accuracy(axes["accuracy"], run)
    first = run.isel(trial=0)
    fields = {"before": first.initial_weight, **{f"{rule} fields": first.weight.sel(rule=rule) for rule in learned}}
    top = max(float(np.quantile(field, 0.995)) for field in fields.values())
    for name, field in fields.items():
        drawn = _fields(axes[name], field.values, top)
        when = "before learning" if name == "before" else f"after learning, {plain(name.removesuffix(' fields'))}"
        axes[name].set_title(f"weights {when}", fontsize=FONT)
    for rule in learned:
        _labels(axes[f"{rule} fields"], first.label.sel(rule=rule).values, isqrt(run.sizes["pixel"]))
    tidy([axes["accuracy"]])
    bar = figure.colorbar(drawn, ax=[axes[name] for name in fields], shrink=0.5, aspect=30)
    bar.set_label("weight", fontsize=FONT)
    for letter, ax in zip("abcdefgh", axes.values(), strict=False):
        ax.set_title(letter, loc="left", fontweight="bold", fontsize=FONT + 1)
    return figure


def _accuracy(ax: Axes, run: xr.Dataset) -> None:
    """Every network as a point, the mean with its standard error; a linear readout and chance as lines."""
    accuracy = run.accuracy.transpose("trial", "rule").values
    mean, error = mean_and_error(accuracy)
    for index in range(run.sizes["rule"]):
        style = line_style(index)
        ax.plot(np.full(len(accuracy), index - 0.15), accuracy[:, index], "o", color="0.6", markersize=4)
        ax.errorbar(
            index, mean[index], error[index], color=style["color"], marker=style["marker"], markersize=4, capsize=4
        )
    for level, words in ((float(run.readout_accuracy.mean()), "linear readout, with labels"), (CHANCE, "chance")):
        ax.axhline(level, color="0.5", linewidth=0.9, linestyle=":", zorder=0)
        ax.annotate(
            words, (1, level), (-2, 3), ("axes fraction", "data"), "offset points", ha="right", fontsize=FONT - 2
        )
    ax.set_xticks(range(run.sizes["rule"]), [plain(rule) for rule in run.rule.values])
    ax.set_xlim(-0.6, run.sizes["rule"] + 0.2)
    ax.set_ylim(0, 1.08)
    ax.set_ylabel("held-out images\nnamed rightly")
    ax.set_title(f"mean ± standard error, {run.sizes['trial']} networks", fontsize=FONT)


def _fields(ax: Axes, weights: NDArray, top: float) -> Any:
    """Weights (cell, pixel) as images side by side, with a gap between them."""
    side = isqrt(weights.shape[1])
    rows = ceil(len(weights) / COLUMNS)
    tiles = np.full((rows * COLUMNS, side + 1, side + 1), np.nan)
    tiles[: len(weights), :side, :side] = weights.reshape(-1, side, side)
    mosaic = tiles.reshape(rows, COLUMNS, side + 1, side + 1).swapaxes(1, 2).reshape(rows * (side + 1), -1)
    ax.set_axis_off()
    return ax.imshow(mosaic[:-1, :-1], vmin=0, vmax=top, cmap="viridis")


def _labels(ax: Axes, labels: NDArray, side: int) -> None:
    """Digit of every neuron, in the lower right corner of its field."""
    for cell, label in enumerate(labels.astype(int)):
        row, column = divmod(cell, COLUMNS)
        place = (side + 1) * column + side - 0.6, (side + 1) * row + side - 0.6
        ax.annotate(str(label), place, color="white", fontsize=FONT - 2, ha="right", va="bottom")
