"""Histogram of the weights of a run over time."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.pages.figure_parts import COLOURS, FONT, plain, tidy
from analysis.pages.run_parts import first_trial, named, one_run, require_some

__all__ = ["weight_histogram"]

BINS = 40


def weight_histogram(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the share of synapses by weight and time, of all that were recorded; beside it the start and the end."""
    run = one_run(runs, data)
    names = [n for n in named(run, "weight_", "synapse") if run[f"weight_{n}"].shape[-1] > 1]
    require_some(names, run, "weights over time", "set record_every, or draw the file of record_weights")
    figure = Figure(figsize=(7.2, 0.6 + 2.6 * len(names)), layout="constrained")
    rows = figure.subplots(len(names), 2, squeeze=False, width_ratios=(3, 1), sharey="row")
    for name, (over_time, ends) in zip(names, rows, strict=True):
        weights = first_trial(run[f"weight_{name}"]).values
        edges = np.histogram_bin_edges(weights[np.isfinite(weights)], BINS)
        shares = np.stack([np.histogram(row, edges)[0] / row.size for row in weights])
        _image(figure, over_time, run.time.values, edges, shares)
        over_time.set_ylabel(f"weight of {plain(name)}")
        for row, label, style in ((0, "start", ":"), (-1, "end", "-")):
            ends.stairs(shares[row], edges, orientation="horizontal", color=COLOURS[0], linestyle=style, label=label)
        n = weights.shape[1]
        over_time.set_title(
            f"{n} {'of ' + str(_total(run, name, n)) + ' ' if _total(run, name, n) > n else ''}synapses"
        )
        ends.legend(frameon=False, fontsize=FONT - 1)
    rows[-1, 0].set_xlabel("time (s)")
    rows[-1, 1].set_xlabel("share of synapses")
    tidy(rows.ravel().tolist())
    return figure


def _total(run: xr.Dataset, name: str, recorded: int) -> int:
    return run.sizes.get(f"all_{name}", recorded)


def _image(
    figure: Figure, ax: Axes, times: NDArray[np.float64], edges: NDArray[np.float64], shares: NDArray[np.float64]
) -> None:
    width = np.diff(times).mean() if times.size > 1 else 1.0
    image = ax.pcolormesh(
        np.append(times, times[-1] + width), edges, shares.T, cmap="Blues", norm=PowerNorm(0.5, vmin=0.0)
    )
    bar = figure.colorbar(image, ax=ax)
    bar.set_label("share of synapses", fontsize=FONT - 1)
    bar.ax.tick_params(labelsize=FONT - 2)
