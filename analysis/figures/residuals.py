"""Residuals of every protocol in standard errors: where each rule misses, and by how much."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from analysis.fitting.noise import noise_of
from analysis.pages.figure_parts import FONT, label, line_style, plain, require_datasets, tidy
from plasticity.errors import InputError

__all__ = ["residuals"]

BAND = 2.0  # standard errors within which a true model leaves 95 % of the measurements
ROW = 0.3  # inches of height per protocol


def residuals(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw ``(prediction − measurement)/standard error``, one panel per run, one row per protocol.

    An open marker is the prediction of a fit that has not seen the protocol, where the run holds it.
    """
    require_datasets(runs, data)
    if data is None or not runs:
        raise InputError("there is nothing to draw; residuals need data and at least one run")
    protocols = data.protocol.values.tolist()
    place = np.arange(len(protocols))
    columns = min(len(runs), 4)
    lines = -(-len(runs) // columns)
    size = (2.0 + 2.0 * columns, (1.1 + ROW * len(protocols)) * lines)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for index, (ax, run) in enumerate(zip(axes.flat, runs, strict=False)):
        ax.axvspan(-BAND, BAND, color="0.92", zorder=-1)
        ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
        for name, filled in (("left_out_prediction", False), ("weight_change", True)):
            if name in run:
                ax.plot(_residual(run[name], data), place, **_marker(index, filled))
        ax.set_title(label(run))
    for ax in axes.flat[len(runs) :]:
        ax.set_visible(False)
    axes[0, 0].set_yticks(place, [plain(name) for name in protocols])
    axes[0, 0].set_ylim(len(protocols) - 0.5, -0.5)
    tidy(list(axes.flat))
    figure.supxlabel("(prediction − measurement)/standard error", fontsize=FONT)
    return figure


def _residual(prediction: xr.DataArray, data: xr.Dataset) -> np.ndarray:
    predicted = prediction.sel(protocol=data.protocol.values).values
    return noise_of(data).standardised(predicted - data.value.values, predicted)


def _marker(index: int, filled: bool) -> dict[str, object]:
    style = line_style(index) | {"linestyle": "none", "markersize": 6}
    return style if filled else style | {"markerfacecolor": "none", "alpha": 0.8}
