"""Weights of the tracked synapses of a run over time, with the mean of all."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, legend_below, plain, tidy
from analysis.pages.run_parts import first_trial, named, one_run, require_some

__all__ = ["weight_traces"]

LINES = 60  # of a projection that are drawn at most, at even distances


def weight_traces(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw a thin line for each tracked synapse, and the mean and standard deviation of all of a projection."""
    run = one_run(runs, data)
    names = require_some(named(run, "weight_", "synapse"), run, "weights over time", "set record_every")
    figure = Figure(figsize=(7.2, 0.8 + 2.4 * len(names)), layout="constrained")
    rows = figure.subplots(len(names), 1, squeeze=False, sharex=True)[:, 0]
    for name, ax in zip(names, rows, strict=True):
        weights = first_trial(run[f"weight_{name}"]).values
        shown = np.unique(np.round(np.linspace(0, weights.shape[1] - 1, LINES)).astype(int))
        ax.plot(run.time, weights[:, shown], color="0.6", linewidth=0.7)
        ax.plot([], [], color="0.6", linewidth=0.7, label="single synapses")
        if f"weight_mean_{name}" in run:
            mean, std = (first_trial(run[f"weight_{part}_{name}"]).values for part in ("mean", "std"))
            ax.fill_between(run.time, mean - std, mean + std, color=COLOURS[0], alpha=0.2, linewidth=0)
            ax.plot(run.time, mean, color=COLOURS[0], label="mean ± standard deviation of all")
        ax.set_ylabel(f"weight of {plain(name)}")
        ax.set_title(f"{len(shown)} synapses")
    rows[-1].set_xlabel("time (s)")
    tidy(list(rows))
    legend_below(figure, rows[0])
    return figure
