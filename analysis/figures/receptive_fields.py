"""Fields of the neurons of a run: the weights of what each of them receives, as an image or along the inputs."""

from __future__ import annotations

from math import isqrt

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.pages.figure_parts import COLOURS, FONT, GREY, plain, tidy
from analysis.pages.run_parts import first_trial, named, one_run, require_some

__all__ = ["receptive_fields"]

FEWEST = 8  # inputs that make a field
IMAGES = 49  # inputs, a square number, from which a field is an image
NEURONS = 6  # that are drawn at most, spread evenly


def receptive_fields(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the incoming weights of neurons, before above after, of the first projection whose inputs make a field.

    A square number of inputs, 49 or more, is drawn as an image, row by row; any other along the number of the input, as
    for a place field. Six neurons at most are drawn, spread evenly.
    """
    run = one_run(runs, data)
    known = [name for name in named(run, "initial_weight_", "all") if f"post_all_{name}" in run]
    wide = [name for name in known if int(run[f"pre_all_{name}"].max()) + 1 >= FEWEST]
    require_some(wide, run, f"projection from {FEWEST} or more inputs", "its weights are in weight_matrices")
    name = wide[0]
    post, pre = (run[f"{side}_all_{name}"].values for side in ("post", "pre"))
    n_inputs, chosen = int(pre.max()) + 1, _spread(np.unique(post))
    fields = np.full((2, len(chosen), n_inputs), np.nan)
    for when, values in enumerate((run[f"initial_weight_{name}"], run[f"final_weight_{name}"])):
        for k, neuron in enumerate(chosen):
            mine = post == neuron
            fields[when, k, pre[mine]] = first_trial(values).values[mine]
    image = n_inputs >= IMAGES and isqrt(n_inputs) ** 2 == n_inputs
    return (_images if image else _curves)(fields, chosen, name)


def _spread(neurons: np.ndarray) -> np.ndarray:
    return neurons[np.unique(np.linspace(0, len(neurons) - 1, min(len(neurons), NEURONS)).round().astype(int))]


def _images(fields: np.ndarray, chosen: np.ndarray, name: str) -> Figure:
    side = isqrt(fields.shape[-1])
    low, high = float(np.nanmin(fields)), float(np.nanmax(fields))
    limit = max(-low, high)
    scale = (-limit, limit, "RdBu_r") if low < 0 < high else (min(low, 0.0), max(high, 0.0), "viridis")
    figure = Figure(figsize=(1.2 + 1.7 * len(chosen), 3.8), layout="constrained")
    axes = figure.subplots(2, len(chosen), squeeze=False)
    for row, when, words in zip(axes, fields, ("before", "after"), strict=True):
        for ax, field, neuron in zip(row, when, chosen, strict=True):
            drawn = ax.imshow(field.reshape(side, side), vmin=scale[0], vmax=scale[1], cmap=scale[2])
            ax.set_title(f"neuron {neuron}, {words}")
            ax.set_xticks([])
            ax.set_yticks([])
    tidy(axes.ravel().tolist())
    figure.colorbar(drawn, ax=axes.ravel().tolist(), shrink=0.8, label=f"weight of {plain(name)}")
    return figure


def _curves(fields: np.ndarray, chosen: np.ndarray, name: str) -> Figure:
    figure = Figure(figsize=(7.5, 0.7 + 1.5 * len(chosen)), layout="constrained")
    axes = figure.subplots(len(chosen), 1, squeeze=False, sharex=True)[:, 0]
    for ax, before, after, neuron in zip(axes, *fields, chosen, strict=True):
        ax.plot(before, color=GREY, linestyle="--", label="before")
        ax.plot(after, color=COLOURS[0], label="after")
        ax.set_ylabel(f"neuron {neuron}")
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes[0].set_title(f"weights of {plain(name)}")
    axes[-1].set_xlabel("input")
    axes[0].legend(frameon=False, fontsize=FONT - 1)
    tidy(axes.tolist())
    return figure
