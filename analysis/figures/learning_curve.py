"""Learning curves of runs: the mean over seeds and trials with its standard error, a line per rule."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import label, legend_below, line_style, mean_band, plain, require_datasets, tidy
from plasticity.errors import InputError

__all__ = ["learning_curve"]


def learning_curve(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the loss of rate circuits, or half the squared error that a population of spiking ones recorded."""
    require_datasets(runs, data)
    if not runs:
        raise InputError("there is nothing to draw; give runs of a circuit, one for each seed")
    if data is not None:
        raise InputError("there are no measurements to draw with learning curves; give data=None")
    groups: dict[str, list[xr.Dataset]] = {}
    for run in runs:
        groups.setdefault(label(run), []).append(run)
    figure = Figure(figsize=(7.2, 4.0), layout="constrained")
    ax = figure.subplots()
    any_bands = False
    for index, (name, members) in enumerate(groups.items()):
        curves, unit = zip(*(_curves(run) for run in members), strict=True)
        if any(not np.array_equal(run.time, members[0].time) for run in members):
            raise InputError(f"runs of {name!r} were recorded at different times; give all the same record_every")
        every = np.concatenate(curves)
        any_bands |= len(every) > 1
        style = line_style(index) | {"markevery": max(1, every.shape[1] // 8), "markersize": 4.5}
        words = f"{name}, {len(every)} run{'s' if len(every) > 1 else ''}"
        mean_band(ax, members[0].time, *mean_and_error(every), style, label=words)
        ax.set_ylabel(unit[0])
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("time (s)")
    if any_bands:
        ax.set_title("mean ± standard error over seeds and trials")
    tidy([ax])
    legend_below(figure, ax, columns=3)
    return figure


def _curves(run: xr.Dataset) -> tuple[NDArray[np.float64], str]:
    """Curves (n, n_times) of a run, and what they are."""
    if "loss" in run and "time" in run.loss.dims and bool(np.isfinite(run.loss).any()):
        return run.loss.transpose(..., "time").values.reshape(-1, run.sizes["time"]), "loss (Hz²)"
    errors = [str(name) for name in run.data_vars if str(name).endswith("_error") and "time" in run[name].dims]
    if not errors:
        raise InputError(
            f"{run.attrs.get('title', 'the run')!r} has neither a loss over time nor a recorded error; set "
            "record_every, and record the error of a readout, such as record=('readout.error',)"
        )
    error = run[errors[0]]
    loss = 0.5 * np.square(error.transpose(..., "time").values).reshape(-1, run.sizes["time"]).sum(axis=0)
    return loss[None], f"½ Σ {plain(errors[0])}² ({plain(error.attrs['units'])}²)"
